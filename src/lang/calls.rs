//! Which call a place is in, also while its end is still to be written.

use super::Tree;
use super::facts::Span;
use super::words::Leaf;

/// Text before the place that is looked at; a call's arguments are hardly longer.
const BEFORE_BYTES_MAX: usize = 16 << 10;

/// The innermost call whose arguments hold a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Behind the last letter of the name that is called.
    pub callee_end: u32,
    /// Which argument the place is in, from zero.
    pub argument: usize,
    /// The name that the argument is given for, if it is.
    pub keyword: Option<String>,
    /// The brackets' inside up to the place.
    pub inside: Span,
}

/// The call at the offset. Brackets and commas are read backwards from there, so nothing has to be closed yet.
pub fn call_at(tree: &Tree, text: &str, offset: u32) -> Option<Call> {
    let end = offset as usize;
    let bytes = text.as_bytes().get(..end)?;
    let floor = end.saturating_sub(BEFORE_BYTES_MAX);
    let is_code = |at: usize| !matches!(tree.leaf_at(at as u32).0, Leaf::Comment | Leaf::String);
    let (mut depth, mut argument, mut argument_start) = (0usize, 0, None);
    let mut at = end;
    while at > floor {
        at -= 1;
        match bytes[at] {
            b')' | b']' | b'}' if is_code(at) => depth += 1,
            b'[' | b'{' if is_code(at) => depth = depth.checked_sub(1)?,
            b'(' if is_code(at) => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => {
                    let from = argument_start.unwrap_or(at + 1);
                    return Some(Call {
                        callee_end: callee_end(text, at)? as u32,
                        argument,
                        keyword: keyword(&text[from..end]),
                        inside: Span::new(at as u32 + 1, offset),
                    });
                }
            },
            b',' if depth == 0 && is_code(at) => {
                argument += 1;
                argument_start.get_or_insert(at + 1);
            }
            // A statement's end before any bracket: the place is in no call.
            b';' if depth == 0 && is_code(at) => return None,
            _ => {}
        }
    }
    None
}

/// Behind the name before an opening bracket, type arguments and marks of macros left out.
fn callee_end(text: &str, bracket: usize) -> Option<usize> {
    let mut before = text[..bracket].trim_end_matches([' ', '\t']);
    before = before.strip_suffix('!').unwrap_or(before);
    before = before.strip_suffix("?.").unwrap_or(before);
    for (open, close) in [('<', '>'), ('[', ']')] {
        if before.ends_with(close) {
            let mut depth = 0;
            let opened = before.char_indices().rev().find(|(_, c)| {
                depth += i32::from(*c == close) - i32::from(*c == open);
                depth == 0
            });
            before = before[..opened?.0].trim_end_matches("::");
        }
    }
    let named = before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$');
    named.then_some(before.len())
}

/// `name` of an argument that is written `name=…`.
fn keyword(argument: &str) -> Option<String> {
    let (name, rest) = argument.split_once('=')?;
    let name = name.trim();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    (is_name && !rest.starts_with('=') && !rest.starts_with('>')).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{LangId, ParseLimits, Parser};

    fn at(lang: &str, text: &str) -> Option<(String, usize)> {
        let offset = text.find('|').unwrap();
        let text = text.replace('|', "");
        let lang = LangId::of_language_id(lang).unwrap();
        let tree = Parser::new().parse(lang, &text, None, &ParseLimits::default()).unwrap();
        let call = call_at(&tree, &text, offset as u32)?;
        let name: String =
            text[..call.callee_end as usize].chars().rev().take_while(|c| c.is_alphanumeric()).collect();
        Some((name.chars().rev().collect(), call.argument))
    }

    #[test]
    fn the_innermost_call_and_its_argument() {
        let of = |name: &str, n| Some((name.to_owned(), n));
        assert_eq!(at("python", "f(a, g(b, [1, 2], |"), of("g", 2));
        assert_eq!(at("python", "f(a, g(b), |)"), of("f", 2));
        assert_eq!(at("typescript", "x.f<A, B>('(,', |)"), of("f", 1));
        assert_eq!(at("rust", "fn a() { b::f::<A>(1, |) }"), of("f", 1));
        assert_eq!(at("go", "func a() { f(1); | }"), None);
        assert_eq!(at("python", "x = (1, |)"), None);
    }
}
