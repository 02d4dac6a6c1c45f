//! Macros whose text declares things where it is put: members of a type (`#define NODE_FIELDS int kind; node_t *next;`),
//! namespaces that it opens (`#define BEGIN namespace a { inline namespace v2 {`).

use super::tokens::{Kind, Token, tokens};
use crate::lang::facts::Span;

/// Longer texts are not read as members, in bytes.
const TEXT_MAX: usize = 16 * 1024;

/// A member that the text of a macro declares, as places in that text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Member {
    Field {
        name: Span,
        /// The name of its type, and whether that is behind `struct` and the like; nothing if it has no name.
        ty: Option<(Span, bool)>,
    },
    /// The members of another macro.
    Macro(Span),
}

/// The members that the text declares; `None` if it is anything but a list of them.
pub fn members(text: &str) -> Option<Vec<Member>> {
    if text.len() > TEXT_MAX || !text.contains(';') {
        return None;
    }
    let tokens: Vec<Token> =
        tokens(text).into_iter().filter(|token| token.kind != Kind::Punctuation(b'\\')).collect();
    let reader = Reader { text, tokens: &tokens };
    let (mut found, mut start, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Punctuation(b'{' | b'(' | b'[') => depth += 1,
            Kind::Punctuation(b'}' | b')' | b']') => depth = depth.checked_sub(1)?,
            Kind::Punctuation(b';') if depth == 0 => {
                reader.declaration(start, at, &mut found)?;
                start = at + 1;
            }
            _ => {}
        }
    }
    let rest = &tokens[start..];
    if (start..tokens.len()).all(|at| reader.is_macro(at)) {
        found.extend(rest.iter().map(|token| Member::Macro(span(token))));
    } else {
        // The semicolon of the last one stands where the macro is put.
        reader.declaration(start, tokens.len(), &mut found)?;
    }
    found.iter().any(|member| matches!(member, Member::Field { .. })).then_some(found)
}

/// The names of the namespaces that the text opens and does not close, the outermost first.
pub fn opened_namespaces(text: &str) -> Vec<Span> {
    if text.len() > TEXT_MAX || !text.contains("namespace") {
        return Vec::new();
    }
    let tokens = tokens(text);
    // Those of the open braces, for braces of a namespace.
    let mut open: Vec<Option<Span>> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Punctuation(b'{') => {
                let named = at >= 2 && tokens[at - 1].kind == Kind::Name;
                let opens = named && tokens[at - 2].text(text) == "namespace";
                open.push(opens.then(|| span(&tokens[at - 1])));
            }
            Kind::Punctuation(b'}') => {
                open.pop();
            }
            _ => {}
        }
    }
    open.into_iter().flatten().collect()
}

fn span(token: &Token) -> Span {
    Span::new(token.start, token.end)
}

/// `NODE_FIELDS`: capitals with an underscore between them.
pub fn is_macro_name(word: &str) -> bool {
    word.contains('_')
        && !word.starts_with('_')
        && word.bytes().all(|b| b == b'_' || b.is_ascii_uppercase() || b.is_ascii_digit())
}

struct Reader<'t> {
    text: &'t str,
    tokens: &'t [Token],
}

impl Reader<'_> {
    fn is_macro(&self, at: usize) -> bool {
        self.tokens[at].kind == Kind::Name && is_macro_name(self.tokens[at].text(self.text))
    }

    fn is(&self, at: usize, byte: u8) -> bool {
        self.tokens[at].kind == Kind::Punctuation(byte)
    }

    /// The members that the tokens between two semicolons declare.
    fn declaration(&self, mut start: usize, end: usize, found: &mut Vec<Member>) -> Option<()> {
        // A macro in front, if a type and a name still follow.
        while end > start + 2 && self.is_macro(start) && self.tokens[start + 1].kind.is_word() {
            found.push(Member::Macro(span(&self.tokens[start])));
            start += 1;
        }
        if end == start + 1 && self.is_macro(start) {
            found.push(Member::Macro(span(&self.tokens[start])));
            return Some(());
        }
        let (mut part, mut depth, mut ty) = (start, 0_usize, None);
        for at in start..=end {
            match at {
                at if at == end || depth == 0 && self.is(at, b',') => {
                    let first = part == start;
                    let name = self.declared(part, at)?;
                    if first {
                        ty = self.type_of(part, name)?;
                    }
                    found.push(Member::Field { name: span(&self.tokens[name]), ty });
                    part = at + 1;
                }
                at if self.is(at, b'{') || self.is(at, b'(') || self.is(at, b'[') => depth += 1,
                at if self.is(at, b'}') || self.is(at, b')') || self.is(at, b']') => depth -= 1,
                _ => {}
            }
        }
        Some(())
    }

    /// The name that a declarator declares.
    fn declared(&self, start: usize, end: usize) -> Option<usize> {
        // `void (*name)(int)`
        let pointer = (start..end.saturating_sub(3))
            .find(|at| self.is(*at, b'(') && self.is(at + 1, b'*') && self.is(at + 3, b')'));
        if let Some(open) = pointer.filter(|open| self.tokens[open + 2].kind == Kind::Name) {
            return Some(open + 2);
        }
        let from = (start..end).rfind(|at| self.is(*at, b'}')).unwrap_or(start);
        let behind = (from..end).find(|at| self.is(*at, b'[') || self.is(*at, b':')).unwrap_or(end);
        let name = behind.checked_sub(1).filter(|name| *name >= start)?;
        (self.tokens[name].kind == Kind::Name).then_some(name)
    }

    /// The name of the type before a declared name; `None` if there is no type.
    fn type_of(&self, start: usize, name: usize) -> Option<Option<(Span, bool)>> {
        let before = start..name;
        let pointer = name >= start + 2 && self.is(name - 1, b'*') && self.is(name - 2, b'(');
        let before = if pointer { start..name - 2 } else { before };
        let body = before.clone().find(|at| self.is(*at, b'{'));
        if let Some(body) = body {
            // `union { … } name`
            let tagged = (start..body).any(|at| self.tokens[at].kind == Kind::Tag);
            return tagged.then_some(None);
        }
        let words_and_stars = before.clone().all(|at| self.tokens[at].kind.is_word() || self.is(at, b'*'));
        if before.is_empty() || !words_and_stars {
            return None;
        }
        if pointer {
            return Some(None);
        }
        let named = before.rev().find(|at| self.tokens[*at].kind == Kind::Name);
        let tagged = |at: usize| at > start && self.tokens[at - 1].kind == Kind::Tag;
        Some(named.map(|at| (span(&self.tokens[at]), tagged(at))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let at = |span: &Span| &text[span.start as usize..span.end as usize];
        let found: Vec<String> = members(text)
            .unwrap_or_default()
            .iter()
            .map(|member| match member {
                Member::Field { name, ty: Some((ty, tag)) } => {
                    format!("{}{} {}", if *tag { "struct " } else { "" }, at(ty), at(name))
                }
                Member::Field { name, ty: None } => at(name).to_owned(),
                Member::Macro(name) => format!("...{}", at(name)),
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn members_are_read() {
        check("int fd; \\\n  node_t *next, **last; /* links */", &["fd", "node_t next", "node_t last"]);
        check("struct node *n; unsigned int f : 3; char b[8];", &["struct node n", "f", "b"]);
        check("void (*done)(node_t *n); union { int fd; void *p; } u;", &["done", "u"]);
        check("node_t *n; long l", &["node_t n", "l"]);
        check("BASE_FIELDS node_t *n; MORE_FIELDS", &["...BASE_FIELDS", "node_t n", "...MORE_FIELDS"]);
    }

    #[test]
    fn namespaces_that_stay_open_are_read() {
        let check = |text: &str, expected: &[&str]| {
            let found = opened_namespaces(text);
            let names: Vec<&str> = found.iter().map(|s| &text[s.start as usize..s.end as usize]).collect();
            assert_eq!(names, expected, "{text}");
        };
        check("namespace a { \\\n inline namespace v2 {", &["a", "v2"]);
        check("namespace a { int b; } namespace c {", &["c"]);
        check("} }", &[]);
        check("namespace", &[]);
    }

    #[test]
    fn what_is_no_list_of_members_is_left_alone() {
        for text in [
            "f(a); g(b);",
            "do { a; } while (0)",
            "x = 1;",
            "return;",
            "1",
            "if (a) b;",
            "A_B;",
            "int a; f(a)",
        ] {
            check(text, &[]);
        }
    }
}
