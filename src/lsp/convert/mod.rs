//! From plain data to the protocol's types. Only here do the two meet.

mod completion;
mod diagnostic;
mod edit;
mod hierarchy;
mod hint;
mod hover;
mod location;
mod prose;
mod semantic_tokens;
mod signature;
mod status;
mod structure;
mod symbol;

pub use completion::{CompletionData, CompletionFeatures, completion_list, described, insertion_edit};
pub use diagnostic::{about_document, about_folder, finding, not_looked_for, skipped_file, syntax_error};
pub use edit::{EditFeatures, WorkspaceEdits};
pub use hierarchy::{call_item, type_item};
pub use hint::{Declared, HintFeatures, inlay_hint, resolved_hint};
pub use hover::{hover, hover_content, hover_outside};
pub use location::{Places, full_range, location, location_link, range, text_position};
pub use prose::Prose;
pub use semantic_tokens::{TokenLegend, token_edits};
pub use signature::{SignatureFeatures, signature_help};
pub use status::{ServerStatus, Status, health, status};
pub use structure::{folding_ranges, selection_range};
pub use symbol::{SymbolKinds, flat_symbols, nested_symbols, workspace_symbol};
