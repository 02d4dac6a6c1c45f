//! The code graph: what all files of a folder say, compact, indexed by name, immutable.
//!
//! A worker encodes each file on its own ([`EncodedFile`]); a [`GraphBuilder`] numbers the names and freezes everything
//! into columns of one memory map ([`frozen`]); [`Graph::update`] lays changed files over the columns; a [`View`] lays
//! the open documents over a graph; [`Graph::saving`] and [`Saved`] are its way to disk and back. No part of
//! it reads files: texts come through [`Texts`].

pub mod blob;
mod builder;
pub mod cache;
pub mod codec;
pub mod encoded;
pub mod fixture;
pub mod frozen;
mod generation;
mod imports;
mod layout;
mod leads;
mod lender;
mod libraries;
mod lines;
pub mod names;
mod open;
mod overlay;
mod postings;
mod receivers;
mod region;
mod snapshot;
mod update;
mod view;

pub use blob::{DefSketch, Mentions};
pub use builder::GraphBuilder;
pub use encoded::{EncodedFile, FileMeta, content_hash};
pub use frozen::{FreezeError, Totals};
pub use generation::{FACTS_CACHE_BYTES_MAX, FileRow, Graph, Held, facts_bytes};
pub use imports::{Imports, Node, is_main, member_of};
pub use leads::{LEADS_BYTES_MAX, Leads, leads_of};
pub use lender::{Lender, Loan};
pub use libraries::Libraries;
pub use open::OpenFile;
pub use receivers::{Holder, Holders, Receivers};
pub use snapshot::{LoadError, Saved, Saving};
pub use update::Changes;
pub use view::{Positions, Texts, View};
