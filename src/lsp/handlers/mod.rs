//! One file per method.
//!
//! A handler that changes state takes the session and returns nothing. One that reads returns an
//! [`Answer`](super::reading::Answer): it captures what it needs before it returns, and the rest happens on the pool.

pub mod call_hierarchy;
pub mod code_action;
pub mod code_lens;
pub mod completion;
pub mod completion_resolve;
pub mod declaration;
pub mod definition;
pub mod diagnostic;
pub mod did_change;
pub mod did_change_configuration;
pub mod did_change_watched_files;
pub mod did_change_workspace_folders;
pub mod did_close;
pub mod did_open;
pub mod did_save;
pub mod document_highlight;
pub mod document_link;
pub mod document_symbol;
pub mod execute_command;
mod file_edits;
pub mod file_operations;
pub mod folding_range;
pub mod graph;
pub mod hover;
pub mod implementation;
pub mod initialize;
pub mod initialized;
pub mod inlay_hint;
pub mod left_out;
pub mod linked_editing_range;
pub mod moniker;
pub mod prepare_rename;
pub mod references;
pub mod rename;
pub mod rename_home;
pub mod selection_range;
pub mod semantic_tokens;
pub mod signature_help;
pub mod status;
pub mod test_hooks;
pub mod type_definition;
pub mod type_hierarchy;
pub mod workspace_diagnostic;
pub mod workspace_symbol;
