//! What editors ask, one file per feature: plain synchronous functions from a view to plain data.
//!
//! Offsets are bytes; who talks to an editor converts them by the view.

pub mod agreement;
mod call_hierarchy;
mod code_lens;
mod completion;
mod container;
mod declaration;
mod definition;
pub mod docs;
mod document_links;
pub mod document_symbols;
mod enclosing;
mod file_existence;
mod file_renames;
mod file_uses;
pub mod findings;
mod folding;
mod highlight;
mod hover;
mod implementation;
mod importers;
mod inlay_hints;
mod item;
mod missing_imports;
mod moniker;
mod more_than_called;
mod picture;
mod reading;
mod references;
mod rename;
mod selection;
mod semantic_tokens;
pub mod signature;
mod signature_help;
mod stubs;
mod type_definition;
mod type_hierarchy;
mod unused_imports;
mod why;
pub mod workspace_symbols;

use crate::graph::View;
use crate::lang::facts::{DefKind, ScopeId, Span};
use crate::lang::modules::{FileId, Layout, file_name};
use crate::resolve::{Occurrence, Outcome, Resolver, Symbol, Target, Tier};

pub use call_hierarchy::{Call, Calls, incoming_calls, outgoing_calls, prepare_calls};
pub use code_lens::{Counted, Lens, LensKind, code_lenses, count_lens};
pub use completion::{
    Completion, CompletionKind, Completions, Described, Import, ImportPlaces, completions, described,
    import_of, is_behind_mark,
};
pub use declaration::declaration;
pub use definition::definition;
pub use document_links::{Link, document_links};
pub use document_symbols::{DocumentSymbol, document_symbols, document_symbols_of};
pub use file_existence::{file_creations, file_deletions};
pub use file_renames::file_renames;
pub use file_uses::{FileUses, file_uses, files_away, paths_held};
pub use findings::{Finding, FindingKind, Findings, What, findings};
pub use folding::{Fold, FoldKind, folding_ranges};
pub use highlight::{Highlight, highlight};
pub use hover::{Hover, Outside, hover, outside};
pub use implementation::{Implementers, implementation, implementation_of};
pub use inlay_hints::{Hint, HintKind, Hints, inlay_hints};
pub use item::Item;
pub use missing_imports::{MissingImport, missing_imports};
pub use moniker::{Moniker, monikers};
pub use picture::{Centre, EdgeKind, Leading, Picture, centre_at, leading_to, picture};
pub use references::{Use, Uses, references, references_to};
pub use rename::{Edit, Refusal, Renaming, Shared, prepare_rename, rename, rename_abroad, rename_outside};
pub use selection::selection_ranges;
pub use semantic_tokens::{Token, TokenKind, TokenModifiers, Tokens, semantic_tokens};
pub use signature_help::{Signature, SignatureHelp, signature_help};
pub use stubs::{MissingFunction, missing_functions};
pub use type_definition::type_definition;
pub use type_hierarchy::{Relatives, prepare_types, subtypes, supertypes};
pub use unused_imports::{remove_unused_imports, remove_unused_imports_on_lines};
pub use why::{Candidate, Why, why};
pub use workspace_symbols::{WorkspaceSymbol, workspace_symbols};

#[cfg(test)]
/// Where locations start, by path, in the order of a fixture's ranges.
fn starts<'l>(view: &View, locations: impl Iterator<Item = &'l Location>) -> Vec<(String, u32)> {
    let mut starts: Vec<(String, u32)> =
        locations.map(|l| (view.path(l.file).to_owned(), l.span.start)).collect();
    starts.sort();
    starts
}

/// A place in a file of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    pub file: FileId,
    /// The identifier; empty at the start of the file for a module.
    pub span: Span,
    /// The whole declaration or statement around it.
    pub full: Span,
}

/// Where a name leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    pub location: Location,
    /// `None` for a module: its file.
    pub symbol: Option<Symbol>,
    pub tier: Tier,
    pub kind: DefKind,
    pub name: String,
}

impl Destination {
    pub fn target(&self) -> Target {
        match self.symbol {
            Some(symbol) => Target::Symbol(symbol),
            None => Target::File(self.location.file),
        }
    }

    fn new(view: &View, target: Target, tier: Tier) -> Destination {
        match target {
            Target::Symbol(symbol) => {
                let facts = view.facts(symbol.file);
                let def = facts.def(symbol.def);
                Destination {
                    location: Location { file: symbol.file, span: def.name_span, full: def.span },
                    symbol: Some(symbol),
                    tier,
                    kind: def.kind,
                    name: view.name_text(def.name).to_owned(),
                }
            }
            Target::File(file) => Destination {
                location: {
                    let start = view.facts(file).scope(ScopeId::FILE).span.start;
                    let span = Span::new(start, start);
                    Location { file, span, full: span }
                },
                symbol: None,
                tier,
                kind: DefKind::Module,
                name: file_name(view.path(file)).to_owned(),
            },
        }
    }
}

/// Why an answer is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Empty {
    /// There is no name under the cursor.
    NotAName,
    /// It is defined outside the folder.
    External,
    /// It is not known where it is defined, and why.
    Unresolved(&'static str),
}

/// Where a name leads, never empty, or why nowhere.
pub type Answer = Result<Vec<Destination>, Empty>;

/// What the name at the offset stands for.
fn destinations(resolver: &Resolver<'_>, file: FileId, offset: u32) -> Answer {
    let outcome = match resolver.at(file, offset) {
        None => return Err(Empty::NotAName),
        Some(Occurrence::Ref(reference)) => resolver.resolve(file, reference),
        Some(Occurrence::Def(def)) => resolver.meaning(Symbol { file, def }),
    };
    match outcome {
        Outcome::Found(targets) => Ok(targets
            .into_iter()
            .map(|(target, tier)| Destination::new(resolver.view(), target, tier))
            .collect()),
        Outcome::External => Err(Empty::External),
        Outcome::Unresolved(why) => Err(Empty::Unresolved(why)),
    }
}
