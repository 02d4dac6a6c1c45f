//! The names of an enumeration that a list makes: `LIST(MAKE)`, where `#define LIST(X) X(A) X(B)` and
//! `#define MAKE(name) PREFIX_ ## name,`.

use memchr::memmem;
use tree_sitter::Node;

use super::tokens::{Kind, Token, is_word, tokens};
use crate::lang::facts::{DefKind, Span};
use crate::lang::walk::{Hooked, Walk};

/// Names that the lists of one enumeration make.
const NAMES_MAX: usize = 4_096;

/// Lists in each other.
const NESTED_MAX: usize = 4;

/// Places of a macro's name among which its definition is looked for.
const PLACES_MAX: usize = 1_024;

/// Bytes before an enumeration among which its lists are looked for, and bytes of lists that are read for one.
const TEXT_MAX: usize = 64 * 1024;

/// Lists that are looked for, those in lists among them, for one enumeration.
const LISTS_MAX: usize = 64;

/// Tokens of one entry.
const ENTRY_MAX: usize = 256;

/// A macro with parameters.
struct Macro<'t> {
    parameters: Vec<&'t str>,
    body: &'t str,
}

/// Defines what the lists of an enumeration make, each name where its list is put.
pub fn listed<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let source = walk.source();
    let (start, end) = (node.start_byte(), node.end_byte());
    walk.keep_whole(end);
    let text = &source[start..end];
    if !text.contains('(') {
        return Hooked::Continue;
    }
    let tokens = tokens(text);
    let is = |at: usize, byte: u8| tokens.get(at).is_some_and(|t| t.kind == Kind::Punctuation(byte));
    let is_name = |at: usize| tokens.get(at).is_some_and(|t| t.kind == Kind::Name);
    let (mut left, mut lists) = (NAMES_MAX, Lists { source, lists: LISTS_MAX, text: TEXT_MAX });
    for at in 1..tokens.len() {
        let put = is_name(at) && is(at + 1, b'(') && is_name(at + 2) && is(at + 3, b')');
        if !put || is(at - 1, b'=') || !walk.is_macro(tokens[at].text(text)) {
            continue;
        }
        let place = start + tokens[at].start as usize;
        let maker = lists.definition(tokens[at + 2].text(text), place);
        let mut names = Vec::new();
        if let Some(maker) = maker {
            lists.entries(tokens[at].text(text), place, NESTED_MAX, &mut |given| {
                names.extend(made(&maker, given));
                names.len() < left
            });
        }
        left -= names.len().min(left);
        let span = |first: Token, last: Token| Span::new(start as u32 + first.start, start as u32 + last.end);
        for name in names {
            let (list, call) = (span(tokens[at], tokens[at]), span(tokens[at], tokens[at + 3]));
            let def = walk.define_span(DefKind::EnumMember, list, call, None);
            walk.rename(def, &name);
        }
    }
    Hooked::Continue
}

/// The lists of one enumeration, and how many more of them are looked for and read.
struct Lists<'t> {
    source: &'t str,
    lists: usize,
    text: usize,
}

impl<'t> Lists<'t> {
    /// The definition of a macro with parameters that is nearest before the place.
    fn definition(&mut self, name: &str, before: usize) -> Option<Macro<'t>> {
        self.lists = self.lists.checked_sub(1)?;
        let source = self.source;
        let near = before.saturating_sub(TEXT_MAX);
        let places = memmem::rfind_iter(&source.as_bytes()[near..before], name.as_bytes());
        let start = places.map(|at| near + at).take(PLACES_MAX).find(|at| {
            let behind = source[at + name.len()..].starts_with('(');
            let line = source[..*at].trim_end_matches([' ', '\t']).strip_suffix("define");
            behind && line.is_some_and(|line| line.trim_end_matches([' ', '\t']).ends_with('#'))
        })?;
        let open = start + name.len() + 1;
        let close = open + source[open..].find(')')?;
        let parameters = source[open..close].split(',').map(str::trim).collect();
        let mut end = close + 1;
        for line in source[end..].split_inclusive('\n') {
            end += line.len();
            if !line.trim_end().ends_with('\\') {
                break;
            }
        }
        Some(Macro { parameters, body: &source[close + 1..end] })
    }

    /// Hands on what each entry of a list is given, until it is not wanted any more.
    fn entries(&mut self, list: &str, before: usize, nested: usize, each: &mut dyn FnMut(&[&str]) -> bool) {
        let Some(list) = self.definition(list, before) else { return };
        let [entry] = list.parameters[..] else { return };
        let Some(text) = self.text.checked_sub(list.body.len()) else { return };
        self.text = text;
        let tokens = tokens(list.body);
        let is = |at: usize, byte: u8| tokens.get(at).is_some_and(|t| t.kind == Kind::Punctuation(byte));
        for at in 0..tokens.len() {
            let word = tokens[at].text(list.body);
            if tokens[at].kind != Kind::Name || !is(at + 1, b'(') {
                continue;
            }
            if word == entry {
                if !each(&arguments(list.body, &tokens[at + 1..])) {
                    return;
                }
            } else if nested > 0 && is(at + 3, b')') && tokens[at + 2].text(list.body) == entry {
                self.entries(word, before, nested - 1, each);
            }
        }
    }
}

/// What stands between parentheses, the first of which is the first token.
fn arguments<'t>(text: &'t str, tokens: &[Token]) -> Vec<&'t str> {
    let (mut given, mut depth) = (Vec::new(), 0_usize);
    let mut start = tokens.first().map_or(0, |open| open.end as usize);
    for token in tokens.iter().take(ENTRY_MAX) {
        match token.kind {
            Kind::Punctuation(b'(') => depth += 1,
            Kind::Punctuation(byte @ (b')' | b',')) => {
                if depth == 1 {
                    given.push(text[start..token.start as usize].trim());
                    start = token.end as usize;
                }
                depth -= usize::from(byte == b')');
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    given
}

/// The name that the macro makes of an entry.
fn made(maker: &Macro<'_>, given: &[&str]) -> Option<String> {
    let end = maker.body.find(['=', ',']).unwrap_or(maker.body.len());
    let mut name = String::new();
    for part in maker.body[..end].split("##") {
        let part = part.trim_matches(|c: char| c.is_whitespace() || c == '\\');
        let at = maker.parameters.iter().position(|parameter| *parameter == part);
        name.push_str(at.map_or(Some(part), |at| given.get(at).copied())?);
    }
    let fits = name.bytes().all(is_word) && name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    fits.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, list: &str, maker: &str, expected: &[&str]) {
        let mut lists = Lists { source, lists: LISTS_MAX, text: TEXT_MAX };
        let maker = lists.definition(maker, source.len()).unwrap();
        let mut names = Vec::new();
        lists.entries(list, source.len(), NESTED_MAX, &mut |given| {
            names.extend(made(&maker, given));
            true
        });
        assert_eq!(names, expected, "{source}");
    }

    #[test]
    fn lists_make_names() {
        let lists = "#define L(X) \\\n  X(A, \"a, b\") \\\n X(B, (c, d))\n#define M(X) L(X) X(C,)\n";
        check(&format!("{lists}#define X(n, t) P_ ## n = Q_##n,\n"), "L", "X", &["P_A", "P_B"]);
        check(&format!("{lists}#  define X(n, t) n,\n"), "M", "X", &["A", "B", "C"]);
        check(&format!("{lists}#define X(n, t) P_##n##_S,\n"), "M", "X", &["P_A_S", "P_B_S", "P_C_S"]);
    }

    #[test]
    fn what_makes_no_name_is_left_alone() {
        check("#define L(X) X(1) X(a b)\n#define X(n) n,\n", "L", "X", &[]);
        check("#define L(X) X(a)\n#define X(n) case n: return #n;\n", "L", "X", &[]);
        check("#define L(X) L(X)\n#define X(n) n,\n", "L", "X", &[]);
    }
}
