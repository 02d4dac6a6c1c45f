//! The head of a declaration, cut out of its source.

use crate::lang::facts::{Def, DefKind};
use crate::lang::pack::Knobs;

/// A longer head is cut here.
const SIGNATURE_CHARS_MAX: usize = 800;
/// A longer value is cut here in a variable's head.
const VALUE_CHARS_MAX: usize = 120;

/// The declaration without its body, on one line if it is short: `def f(a: int) -> str`, `struct Point<T>`,
/// `const LIMIT: usize = 4`. Empty if the text is not the one that the definition was read from.
pub fn signature(text: &str, def: &Def, knobs: &Knobs) -> String {
    let (start, end) = (def.span.start as usize, def.span.end as usize);
    let Some(whole) = text.get(start..end) else { return String::new() };
    let name_end = (def.name_span.end as usize).clamp(start, end) - start;
    let from = skip_decorators(whole, knobs).min(name_end);
    let head_end = match def.kind {
        DefKind::Parameter | DefKind::TypeParameter | DefKind::EnumMember | DefKind::Label => whole.len(),
        _ if def.body.is_some() || def.kind.is_callable() || def.kind.is_type() => {
            overload_end(whole, name_end).unwrap_or_else(|| body_start(whole, name_end))
        }
        _ => return with_value(&whole[from..], name_end - from),
    };
    let head = whole.get(from..head_end.max(name_end)).unwrap_or_default();
    collapse(head.trim().trim_end_matches([';', ',']))
}

/// Decorators and attributes above the declaration, each on lines of its own.
fn skip_decorators(whole: &str, knobs: &Knobs) -> usize {
    let mut at = 0;
    'lines: loop {
        let rest = whole[at..].trim_start();
        at = whole.len() - rest.len();
        for prefix in knobs.decorator_prefixes {
            if rest.starts_with(prefix) {
                match rest.find('\n') {
                    Some(end) => {
                        at += end + 1;
                        continue 'lines;
                    }
                    None => return at,
                }
            }
        }
        return at;
    }
}

/// Where the body starts: a brace or a colon before a line end, outside of brackets; a semicolon; `=>`.
fn body_start(whole: &str, from: usize) -> usize {
    let bytes = whole.as_bytes();
    let mut depth = 0usize;
    let mut at = from;
    let mut quote = 0u8;
    while at < bytes.len() {
        let byte = bytes[at];
        if quote != 0 {
            if byte == b'\\' {
                at += 1;
            } else if byte == quote || byte == b'\n' {
                quote = 0;
            }
            at += 1;
            continue;
        }
        match byte {
            b'"' | b'`' => quote = byte,
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'{' if depth == 0 => return at,
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b';' if depth == 0 => return at,
            b'=' if depth == 0 && bytes.get(at + 1) == Some(&b'>') => return at,
            b':' if depth == 0 && ends_line(&whole[at + 1..]) => return at,
            _ => {}
        }
        at += 1;
    }
    // `def f(): return 1` on one line.
    if let Some(colon) = whole[from..].find("): ") {
        return from + colon + 1;
    }
    bytes.len()
}

fn ends_line(rest: &str) -> bool {
    let line = rest.split('\n').next().unwrap_or_default().trim_start();
    line.trim_end().is_empty() && rest.contains('\n') || line.starts_with('#')
}

/// Where `: ...` begins, all that a declaration has for a body (Python).
fn overload_end(whole: &str, from: usize) -> Option<usize> {
    let head = whole[from..].trim_end().strip_suffix("...")?.trim_end().strip_suffix(':')?;
    Some(from + head.len())
}

/// A variable's declaration with the beginning of its value. A value of several lines with comments among them is left
/// out, which would not be told from it on one line.
fn with_value(declaration: &str, from: usize) -> String {
    let Some(equals) = equals_sign(&declaration[from..]).map(|at| from + at) else {
        let line = declaration[from..].find('\n').map_or(declaration.len(), |at| from + at);
        return collapse(declaration[..line].trim().trim_end_matches([';', ',']));
    };
    let (head, value) = declaration.split_at(equals + 1);
    let value = value.trim().trim_end_matches([';', ',']);
    if value.contains('\n') && ["//", "/*", "#"].iter().any(|comment| value.contains(comment)) {
        return collapse(head.trim_end_matches(['=', ':', ' ']));
    }
    let mut value = collapse(value);
    if let Some((cut, _)) = value.char_indices().nth(VALUE_CHARS_MAX) {
        value.truncate(cut);
        value.push('…');
    }
    format!("{} {value}", collapse(head))
}

/// Where a value is given: the sign is neither part of an arrow nor of a comparison.
fn equals_sign(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let is_part = |at: usize| {
        matches!(bytes.get(at + 1), Some(b'=' | b'>'))
            || at > 0 && matches!(bytes[at - 1], b'=' | b'!' | b'<' | b'>')
    };
    text.match_indices('=').map(|(at, _)| at).find(|at| !is_part(*at))
}

/// Runs of white space become one space; what is too long ends in an ellipsis.
fn collapse(head: &str) -> String {
    let mut out = String::new();
    for word in head.split_whitespace() {
        if !out.is_empty() && !out.ends_with(['(', '[']) && !word.starts_with([')', ']', ',']) {
            out.push(' ');
        }
        out.push_str(word);
    }
    if let Some((cut, _)) = out.char_indices().nth(SIGNATURE_CHARS_MAX) {
        out.truncate(cut);
        out.push('…');
    }
    out.replace(",)", ")")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;
    use crate::lang::modules::Layout;

    fn check_signature(path: &str, source: &str, name: &str, expected: &str) {
        let fixture = Fixture::parse(&format!("//- /{path}\n{source}"));
        let view = fixture.view();
        let file = view.file(path).unwrap();
        let facts = view.facts(file);
        let name = view.lookup_name(name).unwrap();
        let def = facts.defs.iter().find(|d| d.name == name).unwrap();
        let text = view.text(file).unwrap();
        assert_eq!(signature(&text, def, view.lang(file).knobs()), expected);
    }

    #[test]
    fn bodies_are_left_out() {
        check_signature(
            "a.py",
            "@deco(1)\ndef f(a: int,\n      b={'x': 1}) -> str:\n    pass\n",
            "f",
            "def f(a: int, b={'x': 1}) -> str",
        );
        check_signature("a.py", "class A(B[int], m=C):\n    x = 1\n", "A", "class A(B[int], m=C)");
        check_signature("a.py", "def g(): return 1\n", "g", "def g()");
        check_signature("a.py", "LIMIT: int = 4\n", "LIMIT", "LIMIT: int = 4");
        check_signature(
            "a.py",
            "@overload\ndef f(x: int,\n  y: str) -> int: ...\n",
            "f",
            "def f(x: int, y: str) -> int",
        );
    }

    #[test]
    fn a_value_is_shown_as_far_as_there_is_room() {
        check_signature("a.py", "TABLE = {\n  1: 2,\n}\n", "TABLE", "TABLE = { 1: 2, }");
        check_signature("a.py", "T = Union[\n    A,\n    B,\n]\n", "T", "T = Union[A, B,]");
        check_signature("a.py", "TABLE = {\n  1: 2,  # two\n}\n", "TABLE", "TABLE");
        let (long, start) = ("x".repeat(200), "x".repeat(VALUE_CHARS_MAX - 1));
        check_signature("a.py", &format!("NAME = '{long}'\n"), "NAME", &format!("NAME = '{start}…"));
        check_signature("a.ts", "let f: () => void = g;\n", "f", "f: () => void = g");
        check_signature("a.go", "package a\nvar (\n\tx = 1\n)\n", "x", "x = 1");
    }
}
