//! From plain data to the protocol's types. Only here do the two meet.

mod diagnostic;
mod hierarchy;
mod hover;
mod location;
mod status;
mod symbol;

pub use diagnostic::{about_document, about_folder, skipped_file, syntax_error};
pub use hierarchy::{call_item, type_item};
pub use hover::hover;
pub use location::{Places, location, location_link, range, text_position};
pub use status::{ServerStatus, Status, health, status};
pub use symbol::{flat_symbols, nested_symbols, workspace_symbol};
