//! The code graph: what all files of a folder say, compact, indexed by name, immutable.
//!
//! A worker encodes each file on its own ([`EncodedFile`]); a [`GraphBuilder`] numbers the names and freezes everything
//! into columns of one memory map ([`frozen`]); [`Graph::update`] lays changed files over the columns; a [`View`] lays
//! the open documents over a graph. No part of it reads files: texts come through [`Texts`].

pub mod blob;
pub mod cache;
pub mod codec;
pub mod encoded;
pub mod fixture;
pub mod frozen;
pub mod names;
mod overlay;
mod region;
mod snapshot;
mod view;

pub use encoded::{EncodedFile, FileMeta, content_hash};
pub use frozen::FreezeError;
pub use snapshot::{Changes, FACTS_CACHE_BYTES_MAX, FileRow, Graph, GraphBuilder, Held, Totals, facts_bytes};
pub use view::{OpenFile, Positions, Texts, View};
