//! Which branch of a condition is compiled, as far as that can be told without a build.
//!
//! Every branch is read. Where several declare one name, the one of the likely branch goes first: what is compiled for
//! another system does not, nor what a switch turns on that nothing turns on here.

use tree_sitter::Node;

use super::targets::is_for_another;
use crate::lang::walk::{Hooked, Walk};

/// Operators in each other that are looked at.
const DEPTH_MAX: usize = 32;

/// Macros of the systems and compilers that code is read for.
const DEFINED: [&str; 21] = [
    "__GLIBC__",
    "__GNUC__",
    "__LP64__",
    "__SIZEOF_INT128__",
    "__STDC__",
    "__amd64",
    "__amd64__",
    "__cplusplus",
    "__clang__",
    "__gnu_linux__",
    "__linux",
    "__linux__",
    "__unix",
    "__unix__",
    "__x86_64",
    "__x86_64__",
    "_LP64",
    "_POSIX_VERSION",
    "linux",
    "unix",
    "__ELF__",
];

/// Beginnings of names that a configuration step defines more often than not.
const CONFIGURED: [&str; 3] = ["HAVE_", "CONFIG_", "_GNU_"];

/// Values of macros where the code is built, as far as conditions compare them.
const VALUES: [(&str, i128); 17] = [
    ("CHAR_BIT", 8),
    ("INTPTR_MAX", i64::MAX as i128),
    ("INT_MAX", i32::MAX as i128),
    ("LLONG_MAX", i64::MAX as i128),
    ("LONG_MAX", i64::MAX as i128),
    ("SIZE_MAX", u64::MAX as i128),
    ("UINTPTR_MAX", u64::MAX as i128),
    ("UINT_MAX", u32::MAX as i128),
    ("ULLONG_MAX", u64::MAX as i128),
    ("ULONG_MAX", u64::MAX as i128),
    ("USHRT_MAX", u16::MAX as i128),
    ("__CHAR_BIT__", 8),
    ("__SIZEOF_INT__", 4),
    ("__SIZEOF_LONG__", 8),
    ("__SIZEOF_POINTER__", 8),
    ("__STDC_VERSION__", 201_710),
    ("__cplusplus", 201_703),
];

/// Macros of other systems and compilers that conditions ask for by their value, which is none here.
const OTHERS: [&str; 24] = [
    "WIN32",
    "_AIX",
    "_MSC_FULL_VER",
    "_MSC_VER",
    "_WIN32",
    "_WIN32_WINNT",
    "_WIN64",
    "__APPLE__",
    "__BORLANDC__",
    "__CUDACC__",
    "__CYGWIN__",
    "__EMSCRIPTEN__",
    "__FreeBSD__",
    "__HAIKU__",
    "__INTEL_COMPILER",
    "__MINGW32__",
    "__MVS__",
    "__NetBSD__",
    "__OpenBSD__",
    "__SUNPRO_C",
    "__SUNPRO_CC",
    "__VMS",
    "__hpux",
    "__sun",
];

/// Bits by which a value can be shifted.
const SHIFT_MAX: i128 = 63;

/// The branch at hand: its definitions are marked if it likely is not compiled.
pub fn condition<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let own = match node.kind() {
        "preproc_else" => None,
        _ => holds(walk, node),
    };
    let asked = node.child_by_field_name("name").or_else(|| node.child_by_field_name("condition"));
    if let Some(asked) = asked {
        walk.keep_whole(asked.end_byte());
    }
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
    DEFINED.contains(&name) || CONFIGURED.iter().any(|start| name.starts_with(start)) && !is_for_another(name)
}

/// The value of a condition.
fn value<'t>(walk: &mut Walk<'t>, node: Node<'t>, depth: usize) -> Option<i128> {
    if depth > DEPTH_MAX {
        return None;
    }
    match node.kind() {
        "number_literal" => number(walk.text(node)),
        "parenthesized_expression" => value(walk, node.named_child(0)?, depth + 1),
        "identifier" => named(walk, walk.text(node)),
        "preproc_defined" => {
            let name = walk.text(node.named_child(0)?);
            Some(i128::from(is_defined(walk, name)))
        }
        "unary_expression" => {
            let inner = value(walk, node.child_by_field_name("argument")?, depth + 1)?;
            match walk.text(node.child_by_field_name("operator")?) {
                "!" => Some(i128::from(inner == 0)),
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
                    "==" => Some(i128::from(l == r)),
                    "!=" => Some(i128::from(l != r)),
                    "<" => Some(i128::from(l < r)),
                    "<=" => Some(i128::from(l <= r)),
                    ">" => Some(i128::from(l > r)),
                    ">=" => Some(i128::from(l >= r)),
                    "+" => l.checked_add(r),
                    "-" => l.checked_sub(r),
                    "*" => l.checked_mul(r),
                    "/" => l.checked_div(r),
                    "%" => l.checked_rem(r),
                    "&" => Some(l & r),
                    "|" => Some(l | r),
                    "<<" if (0..=SHIFT_MAX).contains(&r) => l.checked_mul(1 << r),
                    ">>" if (0..=SHIFT_MAX).contains(&r) => Some(l >> r),
                    _ => None,
                },
                _ => None,
            }
        }
        _ => None,
    }
}

/// The value of a macro by its name.
fn named(walk: &mut Walk<'_>, name: &str) -> Option<i128> {
    if walk.is_macro(name) {
        return None;
    }
    let known = VALUES.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    known.or((OTHERS.contains(&name) || is_for_another(name)).then_some(0))
}

fn number(text: &str) -> Option<i128> {
    let digits = text.trim_end_matches(['u', 'U', 'l', 'L']);
    match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(hex) => i128::from_str_radix(hex, 16).ok(),
        None => digits.parse().ok(),
    }
}
