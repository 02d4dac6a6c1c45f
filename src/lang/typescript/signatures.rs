//! What newer TypeScript has that the grammar does not know: signatures told apart by lines, and variance.
//!
//! In an interface written without semicolons, `a: T` and `<U>(u: U): V` on the next line are two members. The grammar reads
//! `T<U>` and loses the thread, often for the rest of the file: a semicolon takes the place of the space before the `<`.
//! The words `in` and `out` before a type parameter are covered.

use crate::lang::facts::Span;
use crate::lang::patch::Patch;

/// Bytes of the type parameters, or of the parameters, of a signature.
const PARAMETERS_MAX: usize = 8_192;

/// Bytes of a comment before a type parameter.
const COMMENT_BYTES_MAX: usize = 4_096;

/// Lines of comment between two members.
const COMMENT_LINES_MAX: usize = 500;

/// What the parser is to see otherwise.
pub fn patches(text: &str) -> Vec<Patch> {
    let bytes = text.as_bytes();
    let mut found: Vec<Patch> =
        memchr::memchr_iter(b'<', bytes).filter_map(|at| signature(text, at)).collect();
    found.extend(memchr::memmem::find_iter(bytes, b"out ").filter_map(|at| variance(bytes, at, 3)));
    found.extend(memchr::memmem::find_iter(bytes, b"in ").filter_map(|at| variance(bytes, at, 2)));
    found.sort_unstable_by_key(|patch| patch.span.start);
    found
}

/// A semicolon before the signature that begins there, if it needs one.
fn signature(text: &str, at: usize) -> Option<Patch> {
    let bytes = text.as_bytes();
    let before = at.checked_sub(1).filter(|before| matches!(bytes[*before], b' ' | b'\t'))?;
    let line = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |end| end + 1);
    let begins = bytes[line..at].iter().all(|byte| matches!(byte, b' ' | b'\t'));
    let wanted = begins && is_signature(&bytes[at..]) && ends_a_type(&text[..line]);
    wanted.then(|| Patch { span: Span::new(before as u32, at as u32), semicolon: true })
}

/// The word for a variance that stands there before a type parameter, covered.
fn variance(bytes: &[u8], at: usize, len: usize) -> Option<Patch> {
    let mut before = bytes[..at].trim_ascii_end();
    if let Some(comment) = before.strip_suffix(b"*/") {
        let from = comment.len().saturating_sub(COMMENT_BYTES_MAX);
        before = comment[..from + memchr::memmem::rfind(&comment[from..], b"/*")?].trim_ascii_end();
    }
    let begins = match before.last()? {
        b'<' | b',' => true,
        b'n' => before.strip_suffix(b"in").is_some_and(|rest| {
            before.len() < at && matches!(rest.trim_ascii_end().last(), Some(b'<' | b','))
        }),
        _ => false,
    };
    let rest = bytes[at + len..].trim_ascii_start();
    let name = rest.first().is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$'));
    let bare = rest.starts_with(b"extends ");
    (begins && name && !bare)
        .then(|| Patch { span: Span::new(at as u32, (at + len) as u32), semicolon: false })
}

/// Whether it is `<…>(…):`.
fn is_signature(bytes: &[u8]) -> bool {
    let first = bytes[1..].trim_ascii_start().first().copied();
    if !first.is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'$')) {
        return false;
    }
    let Some(types) = closing(bytes, b'<', b'>') else { return false };
    let rest = bytes[types..].trim_ascii_start();
    if rest.first() != Some(&b'(') {
        return false;
    }
    closing(rest, b'(', b')').is_some_and(|end| rest[end..].trim_ascii_start().first() == Some(&b':'))
}

/// The place behind the bracket that closes the first one.
fn closing(bytes: &[u8], open: u8, close: u8) -> Option<usize> {
    let mut depth = 0;
    let mut last = 0;
    for (at, byte) in bytes.iter().enumerate().take(PARAMETERS_MAX) {
        if *byte == open {
            depth += 1;
        } else if *byte == close && last != b'=' {
            depth -= 1;
            if depth == 0 {
                return Some(at + 1);
            }
        }
        last = *byte;
    }
    None
}

/// Whether the text ends as a type may, but for comments.
fn ends_a_type(text: &str) -> bool {
    for line in text.lines().rev().take(COMMENT_LINES_MAX) {
        let code = line.split("//").next().unwrap_or_default();
        let code = code.trim();
        if code.is_empty() || code.starts_with('*') || code.starts_with("/*") {
            continue;
        }
        return code.ends_with(|c: char| {
            c.is_alphanumeric() || matches!(c, '_' | '$' | '>' | ')' | ']' | '}' | '"' | '\'')
        });
    }
    false
}

#[cfg(test)]
mod tests {
    use super::patches;

    fn check(text: &str, semicolons: usize) {
        assert_eq!(patches(text).len(), semicolons, "{text}");
    }

    #[test]
    fn signatures_behind_a_type_are_set_apart() {
        check("interface I {\n  <T>(t: T): T\n  <U extends A<T>>(u: (v: U) => void): U\n}\n", 1);
        check("interface I {\n  a: A // why\n  /** what\n   * it is */\n  <T>(t: T): T\n}\n", 1);
        check("interface I {\n  a: A;\n  <T>(t: T): T;\n}\n", 0);
        check("type F =\n  <T>(t: T) => T\n", 0);
        check("f(\n  <T>(t: T): T => t\n)\n", 0);
        check("interface I {\n  a(): A\n  <\n    T,\n  >(t: T): T\n}\n", 1);
        check("<div>\n  <b>(x)</b>\n</div>\n", 0);
    }

    #[test]
    fn variance_is_covered() {
        check("interface I<in out A, out B extends A, in C> {}\n", 4);
        check("interface I<\n  /** cast */\n  out A,\n> {}\n", 1);
        check("type F<out extends A> = out\nfor (a in b) {}\nf(a, out)\n", 0);
    }
}
