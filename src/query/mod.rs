//! What editors ask, one file per feature: plain synchronous functions from a view to plain data.

pub mod docs;
pub mod document_symbols;
pub mod signature;
pub mod workspace_symbols;

use crate::lang::facts::Span;
use crate::lang::modules::FileId;

pub use document_symbols::{DocumentSymbol, document_symbols, document_symbols_of};
pub use workspace_symbols::{WorkspaceSymbol, workspace_symbols};

/// A place in a file of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    pub file: FileId,
    /// The identifier.
    pub span: Span,
    /// The whole declaration or statement around it.
    pub full: Span,
}
