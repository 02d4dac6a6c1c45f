//! Directives where the grammar knows of none: in the midst of a declaration or an expression, and with comments in a
//! macro's text.

use super::conditions::likely_defined;
use super::tokens::{Kind, Token};
use crate::lang::facts::Span;

/// Conditions in each other.
const NESTED_MAX: usize = 64;

/// Tokens between `case` and its colon.
const CASE_MAX: usize = 64;

/// What the parser is not to see of directives, and which tokens are left when that is gone.
pub(super) fn hidden(text: &str, tokens: &mut Vec<Token>) -> Vec<Span> {
    let mut found = Vec::new();
    for token in tokens.iter().filter(|token| token.kind == Kind::Directive) {
        within(token.text(text), token.start, &mut found);
    }
    let spans = Splits { text, tokens, open: Vec::new(), found: Vec::new() }.find();
    if !spans.is_empty() {
        let mut spans = spans.iter().peekable();
        tokens.retain(|token| {
            while spans.next_if(|span| span.end <= token.start).is_some() {}
            spans.peek().is_none_or(|span| token.start < span.start)
        });
    }
    found.extend(spans);
    found
}

/// Comments in the text of a macro, behind which the grammar reads no more of it.
fn within(directive: &str, start: u32, found: &mut Vec<Span>) {
    if name_of(directive) != "define" {
        return;
    }
    let bytes = directive.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                let Some(end) = directive[at + 2..].find("*/").map(|end| at + 2 + end + 2) else { return };
                let goes_on = directive[end..].bytes().any(|b| !b.is_ascii_whitespace() && b != b'\\');
                // One that spans lines holds the directive together.
                if goes_on && !directive[at..end].contains('\n') {
                    found.push(Span::new(start + at as u32, start + end as u32));
                }
                at = end;
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => return,
            quote @ (b'"' | b'\'') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += 1 + usize::from(bytes[at] == b'\\');
                }
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// The word that says what a directive does.
fn name_of(directive: &str) -> &str {
    let rest = directive.trim_start_matches('#').trim_start();
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    &rest[..end]
}

/// A condition that is open.
struct Open {
    /// Its directives so far, if it stands in the midst of something.
    splits: Option<Vec<usize>>,
    /// The parentheses that were open at its beginning.
    depth: usize,
    /// Those open at the end of its first branch.
    first: Option<usize>,
}

/// Conditions in the midst of a declaration or an expression: one branch is read, the directives and all else are not.
struct Splits<'t> {
    text: &'t str,
    tokens: &'t [Token],
    open: Vec<Open>,
    found: Vec<Span>,
}

impl Splits<'_> {
    fn find(mut self) -> Vec<Span> {
        // Parentheses that are open, and those before each open brace.
        let (mut depth, mut around, mut in_loop) = (0_usize, Vec::new(), false);
        for at in 0..self.tokens.len() {
            match self.tokens[at].kind {
                Kind::Punctuation(b'(') => {
                    if depth == 0 {
                        in_loop = at > 0 && self.tokens[at - 1].text(self.text) == "for";
                    }
                    depth += 1;
                }
                Kind::Punctuation(b')') => depth = depth.saturating_sub(1),
                // What is being typed may have no end yet.
                Kind::Punctuation(b';') if !in_loop => depth = 0,
                Kind::Punctuation(b'{') => around.push(std::mem::take(&mut depth)),
                Kind::Punctuation(b'}') => depth = around.pop().unwrap_or(depth),
                Kind::Directive => depth = self.directive(at, depth),
                _ => {}
            }
        }
        self.found.sort_unstable();
        self.found
    }

    /// Reads a directive where so many parentheses are open; how many are from there on.
    fn directive(&mut self, at: usize, depth: usize) -> usize {
        match name_of(self.tokens[at].text(self.text)) {
            "if" | "ifdef" | "ifndef" => {
                let splits =
                    (self.open.len() < NESTED_MAX && (depth > 0 || self.is_amid(at))).then(|| vec![at]);
                self.open.push(Open { splits, depth, first: None });
                depth
            }
            "else" | "elif" | "elifdef" | "elifndef" => match self.open.last_mut() {
                Some(open) => {
                    if let Some(splits) = &mut open.splits {
                        splits.push(at);
                    }
                    open.first.get_or_insert(depth);
                    open.depth
                }
                None => depth,
            },
            "endif" => match self.open.pop() {
                Some(open) => {
                    if let Some(mut splits) = open.splits {
                        splits.push(at);
                        self.keep_one(&splits);
                    }
                    open.first.unwrap_or(depth)
                }
                None => depth,
            },
            _ => depth,
        }
    }

    /// Hides the directives and all branches but the likely one.
    fn keep_one(&mut self, directives: &[usize]) {
        let [first, .., last] = directives else { return };
        let holds = holds(self.tokens[*first].text(self.text));
        let kept = usize::from(holds == Some(false) && directives.len() > 2);
        let (start, end) = (directives[kept], directives[kept + 1]);
        for (from, to) in [(*first, start), (end, *last)] {
            self.found.push(Span::new(self.tokens[from].start, self.tokens[to].end));
        }
    }

    /// Whether a condition begins where neither a statement nor a declaration does.
    fn is_amid(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else { return false };
        let next = self.tokens.get(at + 1).map(|token| token.kind);
        let is = |at: usize, byte: u8| self.tokens.get(at).is_some_and(|t| t.kind == Kind::Punctuation(byte));
        match self.tokens[before].kind {
            Kind::Type | Kind::Specifier | Kind::Keyword => true,
            Kind::Punctuation(b'=' | b'+' | b'-' | b'|' | b'&' | b'<' | b'>' | b'?') => true,
            Kind::Punctuation(b':') => before > 0 && is(before - 1, b')') && !self.is_case(before),
            Kind::Punctuation(b')') | Kind::Name => match next {
                Some(Kind::Punctuation(b'|' | b'?' | b'.' | b'=')) => true,
                Some(Kind::Punctuation(b':')) => !is(at + 2, b':'),
                Some(Kind::Punctuation(b'{')) => is(before, b')'),
                Some(Kind::Punctuation(byte @ (b'&' | b'<'))) => is(at + 2, byte),
                Some(Kind::Specifier) => {
                    let word = self.tokens[at + 1].text(self.text);
                    is(before, b')') && matches!(word, "noexcept" | "override")
                }
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether the colon is that of a `case`.
    fn is_case(&self, colon: usize) -> bool {
        let before = self.tokens[..colon].iter().rev().take(CASE_MAX);
        before
            .take_while(|token| !matches!(token.kind, Kind::Punctuation(b';' | b'{' | b'}')))
            .any(|token| token.text(self.text) == "case")
    }
}

/// Whether a condition holds, if it asks for one macro or is a number.
fn holds(directive: &str) -> Option<bool> {
    let word = name_of(directive);
    let rest = directive.trim_start_matches('#').trim_start().strip_prefix(word)?.trim();
    let is_name =
        |name: &str| !name.is_empty() && name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric());
    match word {
        "ifdef" => is_name(rest).then(|| likely_defined(rest)),
        "ifndef" => is_name(rest).then(|| !likely_defined(rest)),
        _ => {
            let negated = rest.starts_with('!');
            let rest = rest.trim_start_matches('!').trim();
            let asked = rest.strip_prefix("defined").map(|name| name.trim().trim_matches(['(', ')']).trim());
            match (asked, rest) {
                (Some(name), _) => is_name(name).then(|| likely_defined(name) != negated),
                (None, "0") => Some(negated),
                _ => None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::lang::cfamily::macros::tests::check;

    #[test]
    fn conditions_in_the_midst_of_something_keep_one_branch() {
        check(true, "class A\n#if B\n : public C\n#endif\n{ };", "class A : public C { };");
        check(false, "int a = f(b\n#ifdef C\n, c\n#endif\n);", "int a = f(b , c );");
        check(false, "int a = b\n#ifdef C\n || c\n#endif\n;", "int a = b || c ;");
        check(false, "static\n#ifdef _WIN32\nlong\n#else\nint\n#endif\nf(void);", "static int f(void);");
        check(false, "f(\n#if A\n(\n#else\n((\n#endif\n1));\n#if B\n#endif", "f( ( 1)); #if B #endif");
        check(true, "A::A() :\n#if B\n b(1),\n#endif\n c(2) { }", "A::A() : b(1), c(2) { }");
        check(true, "void f() const\n#if B\nnoexcept\n#endif\n{ }", "void f() const noexcept { }");
    }

    #[test]
    fn conditions_around_declarations_stay() {
        for text in [
            "A_B(c)\n#if D\nint e;\n#endif",
            "void f(void) {\n#if A\n g();\n#endif\n}",
            "class A {\n public:\n#if B\n int c;\n#endif\n};",
            "enum e {\n A,\n#if B\n C\n#endif\n};",
            "void f(void) { switch (a) {\n case B(c):\n#if D\n g();\n#endif\n } }",
            "A();\n#if B\n::C d;\n#endif",
            "int f(int a;\n#if D\nint e;\n#endif",
        ] {
            let seen = text.split_whitespace().collect::<Vec<_>>().join(" ");
            check(true, text, &seen);
        }
    }

    #[test]
    fn comments_in_the_text_of_a_macro_are_hidden() {
        check(false, "#define A /* b */ \\\n int c; /* d */", "#define A \\ int c; /* d */");
        check(false, "#define A \"/* b */\" c", "#define A \"/* b */\" c");
    }
}
