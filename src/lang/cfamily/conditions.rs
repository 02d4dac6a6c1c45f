//! Which branch of a condition is compiled, as far as that can be told without a build.
//!
//! Every branch is read. Where several declare one name, the one of the likely branch goes first: what is compiled for
//! another system does not, nor what a switch turns on that nothing turns on here.

use tree_sitter::Node;

use crate::lang::walk::{Hooked, Walk};

/// Operators in each other that are looked at.
const DEPTH_MAX: usize = 32;

/// Macros of the systems and compilers that code is read for.
const DEFINED: [&str; 14] = [
    "__GNUC__",
    "__STDC__",
    "__cplusplus",
    "__clang__",
    "__gnu_linux__",
    "__linux",
    "__linux__",
    "__unix",
    "__unix__",
    "__x86_64__",
    "_POSIX_VERSION",
    "linux",
    "unix",
    "__ELF__",
];

/// Beginnings of names that a configuration step defines more often than not.
const CONFIGURED: [&str; 3] = ["HAVE_", "CONFIG_", "_GNU_"];

/// The branch at hand: its definitions are marked if it likely is not compiled.
pub fn condition<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let own = match node.kind() {
        "preproc_else" => None,
        _ => holds(walk, node),
    };
    let continues = matches!(node.kind(), "preproc_else" | "preproc_elif" | "preproc_elifdef");
    walk.enter_branch(continues, own);
    Hooked::Continue
}

/// Whether the branch's own condition holds; `None` if that cannot be told.
fn holds<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Option<bool> {
    match node.kind() {
        "preproc_ifdef" | "preproc_elifdef" => {
            let name = walk.text(node.child_by_field_name("name")?);
            let negated = node.child(0).is_some_and(|directive| directive.kind().ends_with("ndef"));
            Some(is_defined(walk, name) != negated)
        }
        _ => {
            let condition = node.child_by_field_name("condition")?;
            value(walk, condition, 0).map(|value| value != 0)
        }
    }
}

fn is_defined(walk: &mut Walk<'_>, name: &str) -> bool {
    likely_defined(name) || walk.is_macro(name)
}

/// Whether the macro likely is defined where the code is built.
pub(super) fn likely_defined(name: &str) -> bool {
    DEFINED.contains(&name) || CONFIGURED.iter().any(|start| name.starts_with(start))
}

/// The value of a condition.
fn value<'t>(walk: &mut Walk<'t>, node: Node<'t>, depth: usize) -> Option<i64> {
    if depth > DEPTH_MAX {
        return None;
    }
    match node.kind() {
        "number_literal" => number(walk.text(node)),
        "parenthesized_expression" => value(walk, node.named_child(0)?, depth + 1),
        "preproc_defined" => {
            let name = walk.text(node.named_child(0)?);
            Some(i64::from(is_defined(walk, name)))
        }
        "unary_expression" => {
            let inner = value(walk, node.child_by_field_name("argument")?, depth + 1)?;
            match walk.text(node.child_by_field_name("operator")?) {
                "!" => Some(i64::from(inner == 0)),
                "-" => inner.checked_neg(),
                _ => None,
            }
        }
        "binary_expression" => {
            let left = value(walk, node.child_by_field_name("left")?, depth + 1);
            let right = value(walk, node.child_by_field_name("right")?, depth + 1);
            match (walk.text(node.child_by_field_name("operator")?), left, right) {
                ("&&", Some(0), _) | ("&&", _, Some(0)) => Some(0),
                ("&&", Some(_), Some(_)) => Some(1),
                ("||", Some(0), Some(0)) => Some(0),
                ("||", Some(l), _) if l != 0 => Some(1),
                ("||", _, Some(r)) if r != 0 => Some(1),
                (operator, Some(l), Some(r)) => match operator {
                    "==" => Some(i64::from(l == r)),
                    "!=" => Some(i64::from(l != r)),
                    "<" => Some(i64::from(l < r)),
                    "<=" => Some(i64::from(l <= r)),
                    ">" => Some(i64::from(l > r)),
                    ">=" => Some(i64::from(l >= r)),
                    _ => None,
                },
                _ => None,
            }
        }
        _ => None,
    }
}

fn number(text: &str) -> Option<i64> {
    let digits = text.trim_end_matches(['u', 'U', 'l', 'L']);
    match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    }
}
