//! coppice: a language server for every language in the workspace, in one process, inside one memory budget.
//!
//! The layers, each of which may use those named before it and none named after it:
//! [`text`], [`lang`], [`graph`], [`resolve`], [`query`], [`workspace`], [`lsp`], [`cli`].

pub mod cli;
pub mod graph;
pub mod lang;
pub mod lsp;
pub mod query;
pub mod resolve;
pub mod text;
pub mod workspace;
