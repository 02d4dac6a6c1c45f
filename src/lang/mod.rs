//! Languages: packs of grammar, rules and knobs, and the one syntax walk that turns a file into [`facts::Facts`].
//!
//! This layer alone uses tree-sitter.

pub mod call_sites;
pub mod calls;
pub mod dump;
mod elements;
pub mod facts;
mod fingerprint;
pub mod imports;
pub mod mend;
pub mod modules;
pub mod outline;
pub mod pack;
pub mod parse;
pub mod patch;
mod reading;
pub mod rules;
pub mod scratch;
pub mod structure;
pub mod walk;
pub mod words;

mod c;
mod cfamily;
mod cpp;
mod ecmascript;
mod go;
mod java;
mod javascript;
mod python;
mod rust;
mod typescript;

use facts::Facts;
pub use fingerprint::fingerprint;
use modules::{LEADS, Manifest, file_name, parent, ways_out};
pub use pack::{Family, Knobs, LangId, Pack, Usage};
pub use parse::{ParseError, ParseLimits, Parser, SkipReason, SyntaxError, Tree, TreeRef, check_text};
pub use reading::Reading;
pub use scratch::ScratchParser;
pub use walk::compact::canonical;
pub use walk::{Replaced, Seams};

/// What the first language that wants this manifest makes of it. Languages of one family share manifests; one reading is
/// enough.
pub fn read_manifest(path: &str, text: &str) -> Option<Manifest> {
    let name = file_name(path);
    let strategies = LangId::all().map(|l| l.strategy()).filter(|s| s.manifest_names().contains(&name));
    let mut manifest = strategies.filter_map(|s| s.read_manifest(parent(path), name, text)).next()?;
    let leads = ways_out(parent(path), text).into_iter().map(|way| (LEADS.to_owned(), way));
    manifest.entries.extend(leads);
    Some(manifest)
}

/// One walk over the tree; the facts' names are the file's own.
pub fn extract<'t>(lang: LangId, tree: impl Into<TreeRef<'t>>, text: &str) -> Facts {
    walk::walk(lang, tree.into(), text)
}

/// The same, and where the walk can be taken up again when the text has changed. `may_have` is asked whether the trees of
/// the text's fragments may take so many bytes together: what they may not take is not read, and the facts are then not all.
pub fn extract_with_seams(
    lang: LangId,
    tree: &Tree,
    text: &str,
    may_have: &dyn Fn(u64) -> bool,
) -> (Facts, Seams) {
    walk::walk_with_seams(lang, tree.read().within(may_have), text)
}

/// What [`extract_with_seams`] gives, from what it gave before the change, but for the order of names. Only what lies around
/// the change is read; `None` where that is not enough.
pub fn follow(
    lang: LangId,
    tree: &Tree,
    text: &str,
    may_have: &dyn Fn(u64) -> bool,
    before: (&Facts, &Seams),
    change: Replaced,
) -> Option<(Facts, Seams)> {
    walk::follow(lang, tree.read().within(may_have), text, before, change)
}
