//! What C and C++ share: includes, macros, declarators, names of the standard libraries.

mod builtins;
mod conditions;
mod directives;
mod fields;
mod handed;
mod headers;
mod heads;
mod hooks;
mod includes;
mod listed;
mod macros;
mod system;
mod targets;
mod tokens;

use super::walk::Hook;
pub use builtins::BUILTINS;
pub use conditions::condition;
pub use headers::header_language;
pub use hooks::{directive, embedded, function_name, include, label, macro_definition, parenthesized};
pub use includes::Includes;
pub use listed::listed;
pub use macros::{patches_c, patches_cpp};

/// Comments that document what follows.
pub const DOC_PREFIXES: &[&str] = &["///", "//!", "/**", "/*!", "//", "/*"];

pub const HOOKS: &[(&str, Hook)] = &[
    ("include", hooks::include),
    ("condition", conditions::condition),
    ("macro", hooks::macro_definition),
    ("directive", hooks::directive),
    ("embedded", hooks::embedded),
    ("function", hooks::function),
    ("parenthesized", hooks::parenthesized),
    ("label", hooks::label),
    ("listed", listed::listed),
];
