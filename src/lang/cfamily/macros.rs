//! Macros that stand where the grammar knows of none, kept from the parser.
//!
//! The grammars read text that no preprocessor has seen. An attribute macro among the words of a declaration
//! (`API int f(void)`, `static int __init g(void)`, `class EXPORT A`) or a macro that is a statement without a
//! semicolon makes them lose the thread, sometimes for the rest of the file. Two adjacent names are nothing but a
//! type and what it declares, so what is too much among them is told by counting: it is covered with spaces. Where a
//! statement ends without a semicolon, one takes the place of a space.

use super::directives;
use super::fields::is_macro_name;
use super::tokens::{Kind, Token, tokens};
use crate::lang::facts::Span;
use crate::lang::patch::Patch;

/// Tokens between the parentheses of a macro in a declaration, or of a statement.
pub(super) const ARGUMENTS_MAX: usize = 4_096;

/// Patches of one file.
const PATCHES_MAX: usize = 65_536;

/// Patches among which one that has just been made is looked for.
const RECENT_MAX: usize = 8;

/// What the parser is to see otherwise in a C file.
pub fn patches_c(text: &str) -> Vec<Patch> {
    patches(text, false)
}

/// What the parser is to see otherwise in a C++ file.
pub fn patches_cpp(text: &str) -> Vec<Patch> {
    patches(text, true)
}

fn patches(text: &str, cpp: bool) -> Vec<Patch> {
    let mut tokens = tokens(text);
    let unseen = directives::hidden(text, &mut tokens);
    let found = unseen.into_iter().map(|span| Patch { span, semicolon: false }).collect();
    let mut finder = Finder { text, tokens: &tokens, cpp, found, braces: Vec::new() };
    finder.guarded();
    finder.run();
    let mut found = finder.found;
    found.sort_unstable_by_key(|patch| patch.span.start);
    // One inside another changes nothing.
    let mut end = 0;
    found.retain(|patch| {
        let apart = patch.span.start >= end;
        if apart {
            end = patch.span.end;
        }
        apart
    });
    found.truncate(PATCHES_MAX);
    found
}

/// What a pair of braces holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Brace {
    /// Declarations: a namespace, an `extern "C"` block.
    Outside,
    /// The members of a type, by the token that names it.
    Members(Option<usize>),
    /// The names of an enumeration.
    Names,
    /// Statements, or the elements of an initialiser.
    Inside,
}

pub(super) struct Finder<'t> {
    text: &'t str,
    pub(super) tokens: &'t [Token],
    cpp: bool,
    found: Vec<Patch>,
    pub(super) braces: Vec<Brace>,
}

impl Finder<'_> {
    pub(super) fn kind(&self, at: usize) -> Option<Kind> {
        self.tokens.get(at).map(|t| t.kind)
    }

    pub(super) fn is(&self, at: usize, byte: u8) -> bool {
        self.kind(at) == Some(Kind::Punctuation(byte))
    }

    pub(super) fn word(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |t| t.text(self.text))
    }

    /// Whether the token has been hidden just now.
    pub(super) fn is_hidden(&self, at: usize) -> bool {
        self.found.iter().rev().take(RECENT_MAX).any(|patch| patch.span.start == self.tokens[at].start)
    }

    pub(super) fn hide(&mut self, first: usize, last: usize) {
        let span = Span::new(self.tokens[first].start, self.tokens[last].end);
        self.found.push(Patch { span, semicolon: false });
    }

    /// Whether the place is the first of a statement or declaration.
    fn starts(&self, at: usize) -> bool {
        match at.checked_sub(1).and_then(|before| self.kind(before)) {
            None | Some(Kind::Directive) => true,
            Some(Kind::Punctuation(byte)) => matches!(byte, b';' | b'{' | b'}'),
            _ => false,
        }
    }

    /// Parts for C++ alone: C does not see them, and C++ not the braces that stand in them alone.
    fn guarded(&mut self) {
        let mut open: Vec<Option<usize>> = Vec::new();
        for at in 0..self.tokens.len() {
            if self.kind(at) != Some(Kind::Directive) {
                continue;
            }
            let text = self.text;
            let directive = self.tokens[at].text(text).trim_start_matches('#').trim_start();
            if directive.starts_with("if") {
                let cpp = directive.contains("__cplusplus")
                    && !directive.starts_with("ifndef")
                    && !directive.contains('!');
                open.push(cpp.then_some(at));
            } else if directive.starts_with("el") || directive.starts_with("endif") {
                let Some(started) = open.pop() else { continue };
                if let Some(start) = started
                    && start + 1 < at
                    && (!self.cpp || self.is_half(start + 1, at))
                {
                    self.hide(start + 1, at - 1);
                }
                if directive.starts_with("el") {
                    open.push(None);
                }
            }
        }
    }

    /// Whether the tokens are one half of a pair of braces that is closed elsewhere.
    fn is_half(&self, start: usize, end: usize) -> bool {
        let (mut least, mut depth) = (0, 0_i32);
        for at in start..end {
            depth += i32::from(self.is(at, b'{')) - i32::from(self.is(at, b'}'));
            least = least.min(depth);
        }
        least < 0 || depth > 0
    }

    fn run(&mut self) {
        let mut at = 0;
        while at < self.tokens.len() {
            match self.tokens[at].kind {
                Kind::Punctuation(b'}') => {
                    self.braces.pop();
                    at += 1;
                }
                Kind::Punctuation(b'{') => {
                    self.braces.push(Brace::Inside);
                    at += 1;
                }
                Kind::Keyword if self.word(at) == "template" && self.is(at + 1, b'<') => {
                    at = self.template(at)
                }
                Kind::Keyword if matches!(self.word(at), "namespace") => at = self.block(at, Brace::Outside),
                kind if kind.is_word() => at = self.declaration(at),
                _ => at += 1,
            }
        }
    }

    /// Steps to the brace that the head opens, if it does.
    fn block(&mut self, head: usize, brace: Brace) -> usize {
        let mut at = head + 1;
        while at < self.tokens.len() && at < head + 64 {
            match self.tokens[at].kind {
                Kind::Punctuation(b'{') => {
                    self.braces.push(brace);
                    return at + 1;
                }
                Kind::Punctuation(b';' | b'=' | b'}' | b'(' | b')') | Kind::Directive => return at,
                _ => at += 1,
            }
        }
        at
    }

    /// Reads the words of what may be a declaration; the place behind them.
    fn declaration(&mut self, start: usize) -> usize {
        if self.is_put_in(start) {
            self.end_statement(start);
            return start + 1;
        }
        let mut end = start;
        let mut last_star = None;
        let mut first_star = None;
        while let Some(kind) = self.kind(end) {
            match kind {
                kind if kind.is_word() => {}
                Kind::Punctuation(b'*') => {
                    first_star = first_star.or(Some(end));
                    last_star = Some(end);
                }
                _ => break,
            }
            end += 1;
        }
        let words: Vec<usize> = (start..end).filter(|at| self.tokens[*at].kind.is_word()).collect();
        if first_star.is_none() && self.is_shielded(end) && self.declares(start, &words) {
            self.hide(end, end);
            self.hide(end + 2, end + 2);
            let names = self.free_names(&words);
            self.keep(&names, usize::from(!self.has_type(&words)));
            return end + 1;
        }
        if first_star.is_none() {
            if let Some(inside) = self.type_head(&words, end) {
                return inside;
            }
            if self.cpp && self.untyped_member(&words, end) {
                return end;
            }
        }
        if words.len() == 1 {
            return self.lone(start, end);
        }
        let closing = self.kind(end);
        if matches!(closing, Some(Kind::Punctuation(b'<' | b':')))
            && !matches!(closing, Some(Kind::Punctuation(b':')) if !self.is(end + 1, b':'))
        {
            // What goes on as a path or template is part of the type or of the name.
            self.before_path(&words[..words.len() - 1], end);
            return end;
        }
        let (prefix, suffix): (Vec<usize>, Vec<usize>) = match (first_star, last_star) {
            (Some(first), Some(last)) => {
                // Between stars stand qualifiers; a name there makes it a product.
                if (first..last).any(|at| self.is_name(at) && !self.is_macro_like(at)) {
                    return end;
                }
                (
                    words.iter().copied().filter(|w| *w < first).collect(),
                    words.iter().copied().filter(|w| *w > last).collect(),
                )
            }
            _ => (words.clone(), Vec::new()),
        };
        let typed = self.has_type(&prefix);
        let names: Vec<usize> = self.free_names(&prefix);
        match first_star {
            Some(_) => {
                if prefix.len() > 1 {
                    self.keep(&names, usize::from(!typed));
                }
                if suffix.len() > 1 {
                    let names = self.free_names(&suffix);
                    self.keep(&names, 1);
                }
            }
            // `T<A> name MACRO(b);`: the type stands before.
            None if self.cpp && !typed && names.len() == 2 && self.follows_type(start) => {
                if self.is_macro_like(names[1]) && self.is(names[1] + 1, b'(') {
                    self.keep(&names, 1);
                }
            }
            None if self.cpp && closing == Some(Kind::Punctuation(b'&')) => {
                // Two adjacent names are no operand: what is referred to is a type.
                self.keep(&names, 1 - usize::from(typed));
            }
            None => {
                // A declaration without a name ends in its type: a parameter, a cast.
                self.keep(&names, 2 - usize::from(typed));
            }
        }
        end
    }

    /// Whether the word is a macro that stands on a line of its own, for members or declarations of its own.
    fn is_put_in(&self, at: usize) -> bool {
        let first = self.starts(at)
            || at > 0 && self.found.last().is_some_and(|p| p.span.start == self.tokens[at - 1].end);
        if !first || !self.is_own_line(at) {
            return false;
        }
        let next = self.kind(at + 1);
        let closes = next == Some(Kind::Punctuation(b'}'));
        match self.braces.last() {
            Some(Brace::Members(_)) => {
                closes || next == Some(Kind::Keyword) || next.is_some_and(Kind::is_word)
            }
            // Among other words it is told by counting.
            None | Some(Brace::Outside) => {
                closes || matches!(next, Some(Kind::Keyword | Kind::Tag)) || self.is_own_line(at + 1)
            }
            Some(Brace::Names | Brace::Inside) => false,
        }
    }

    /// Whether the word is a macro by its name, and the last of its line.
    fn is_own_line(&self, at: usize) -> bool {
        let Some(next) = self.tokens.get(at + 1) else { return false };
        let behind = self.tokens[at].end as usize..next.start as usize;
        self.is_name(at)
            && is_macro_name(self.word(at))
            && self.text.get(behind).is_some_and(|between| between.contains('\n'))
    }

    /// `(name) (`: the parentheses around a function's name keep a macro of that name out.
    fn is_shielded(&self, at: usize) -> bool {
        self.is(at, b'(') && self.is_name(at + 1) && self.is(at + 2, b')') && self.is(at + 3, b'(')
    }

    /// Whether words before a name in parentheses are its type. A name alone may be called inside of a function.
    fn declares(&self, start: usize, words: &[usize]) -> bool {
        let outside = !matches!(self.braces.last(), Some(Brace::Inside));
        self.starts(start) && (words.len() > 1 || outside)
    }

    /// Whether what stands before the place may be the end of a type.
    fn follows_type(&self, at: usize) -> bool {
        at.checked_sub(1).is_some_and(|before| self.is(before, b'>') || self.is(before, b'&'))
    }

    pub(super) fn is_name(&self, at: usize) -> bool {
        self.kind(at) == Some(Kind::Name)
    }

    /// `API_MACRO`, `__attribute_like`.
    pub(super) fn is_macro_like(&self, at: usize) -> bool {
        let word = self.word(at);
        word.starts_with("__")
            || word.len() > 1
                && word.bytes().all(|b| b == b'_' || b.is_ascii_uppercase() || b.is_ascii_digit())
    }

    /// Whether a word says the type by itself.
    pub(super) fn has_type(&self, words: &[usize]) -> bool {
        words.iter().any(|w| matches!(self.tokens[*w].kind, Kind::Type | Kind::Tag))
    }

    /// The names that are not the tag of a `struct`.
    pub(super) fn free_names(&self, words: &[usize]) -> Vec<usize> {
        let is_tagged = |w: usize| w > 0 && self.kind(w - 1) == Some(Kind::Tag);
        words.iter().copied().filter(|w| self.is_name(*w) && !is_tagged(*w)).collect()
    }

    /// Hides all but so many of the names: first those that look like macros, then those in front.
    pub(super) fn keep(&mut self, names: &[usize], count: usize) {
        let Some(mut surplus) = names.len().checked_sub(count).filter(|n| *n > 0) else { return };
        let mut hidden: Vec<usize> = Vec::new();
        for pass in [true, false] {
            for name in names {
                if surplus > 0 && !hidden.contains(name) && self.is_macro_like(*name) == pass {
                    hidden.push(*name);
                    surplus -= 1;
                }
            }
        }
        for name in hidden {
            // `int a GUARDED_BY(b);`: what the macro is called with goes with it.
            let called = self.is(name + 1, b'(') && self.is_macro_like(name);
            let close = called.then(|| self.matching(name + 1)).flatten();
            let ends = |close: &usize| {
                matches!(self.kind(close + 1), Some(Kind::Punctuation(b';' | b'=' | b'{' | b',')))
            };
            self.hide(name, close.filter(ends).unwrap_or(name));
        }
    }

    /// One word with other things around it: a macro that is called where it stands alone, or after a parameter list.
    fn lone(&mut self, word: usize, end: usize) -> usize {
        if !self.is_name(word) {
            return end;
        }
        if self.braces.last() == Some(&Brace::Names) && self.is(end, b'(') && !self.is(word - 1, b'=') {
            // `LIST(MAKE)`: what makes names of its own, with a comma behind them.
            let Some(close) = self.matching(end) else { return end };
            self.hide(word, if self.is(close + 1, b',') { close + 1 } else { close });
            return close + 1;
        }
        let after_parameters = word > 0 && self.is(word - 1, b')') && self.closes_call(word - 1);
        if after_parameters {
            return self.trailing(word, end);
        }
        if !self.starts(word) {
            return end;
        }
        if self.is(end, b'(') {
            let Some(close) = self.matching(end) else { return end };
            let next = close + 1;
            if self.wraps_function(end, close) {
                self.hide(word, end);
                self.hide(close, close);
                return end + 1;
            }
            if self.is(next, b';') {
                self.types_handed(word, end, close);
            }
            let begins = match self.kind(next) {
                Some(Kind::Punctuation(b'{')) => self.braces.last() == Some(&Brace::Inside),
                Some(Kind::Keyword) => !matches!(
                    self.word(next),
                    "requires" | "throw" | "try" | "and" | "or" | "__attribute__" | "asm" | "__asm__"
                ),
                Some(Kind::Specifier) => {
                    !matches!(self.word(next), "const" | "noexcept" | "override" | "final" | "volatile")
                }
                Some(kind) => kind.is_word(),
                None => false,
            };
            if begins && self.in_members() && self.holds_literal(end, close) {
                // `DEPRECATED("…") int f();`: what is no parameter is no declaration of its own.
                self.hide(word, close);
            } else if begins {
                self.end_statement(close);
            }
            return end;
        }
        // `Q_OBJECT public:`
        if self.is_macro_like(word) && matches!(self.word(end), "public" | "private" | "protected") {
            self.hide(word, word);
        }
        end
    }

    /// `f(int a) MACRO {`, `f(int a) MACRO(b);`
    fn trailing(&mut self, word: usize, end: usize) -> usize {
        if !self.is_macro_like(word) {
            return end;
        }
        let last = match self.is(end, b'(') {
            true => match self.matching(end) {
                Some(close) => close,
                None => return end,
            },
            false => word,
        };
        let follows = match self.kind(last + 1) {
            Some(Kind::Punctuation(b'{' | b';' | b'=' | b':')) => true,
            Some(Kind::Name) => self.is_macro_like(last + 1),
            Some(Kind::Specifier) => true,
            _ => false,
        };
        if follows {
            self.hide(word, last);
            return last + 1;
        }
        end
    }

    /// Whether the parenthesis closes what stands behind a name: a call or a parameter list.
    fn closes_call(&self, close: usize) -> bool {
        let mut depth = 0_usize;
        for at in (close.saturating_sub(ARGUMENTS_MAX)..=close).rev() {
            if self.is(at, b')') {
                depth += 1;
            } else if self.is(at, b'(') {
                depth -= 1;
                if depth == 0 {
                    return at > 0 && self.is_name(at - 1);
                }
            }
        }
        false
    }

    /// The parenthesis that closes this one.
    pub(super) fn matching(&self, open: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for at in open..self.tokens.len().min(open + ARGUMENTS_MAX) {
            if self.is(at, b'(') {
                depth += 1;
            } else if self.is(at, b')') {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        None
    }

    /// Puts a semicolon behind the token, if there is room.
    fn end_statement(&mut self, token: usize) {
        let end = self.tokens[token].end;
        if self.text.as_bytes().get(end as usize).is_some_and(u8::is_ascii_whitespace) {
            self.found.push(Patch { span: Span::new(end, end + 1), semicolon: true });
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::lang::patch::patched;

    /// What the parser sees of the text, runs of spaces as one.
    pub(in super::super) fn check(cpp: bool, text: &str, seen: &str) {
        let patches = patches(text, cpp);
        let patched = patched(text, &patches).unwrap_or_else(|| text.to_owned());
        assert_eq!(patched.len(), text.len());
        assert_eq!(patched.split_whitespace().collect::<Vec<_>>().join(" "), seen, "{text}");
    }

    #[test]
    fn macros_among_the_words_of_a_declaration_are_hidden() {
        check(false, "API int f(void);", "int f(void);");
        check(false, "API number_t f(void);", "number_t f(void);");
        check(false, "static int __init f(void) { return 1; }", "static int f(void) { return 1; }");
        check(false, "long f(const char __user *p, size_t n);", "long f(const char *p, size_t n);");
        check(false, "struct s __iomem *p;", "struct s *p;");
        check(false, "static struct s x __read_mostly = { 1 };", "static struct s x = { 1 };");
        check(false, "PUBFUN doc_t * CALL parse(void);", "doc_t * parse(void);");
        check(false, "x = (char __force *)y;", "x = (char *)y;");
        check(false, "struct __packed s { int a; };", "struct s { int a; };");
        check(false, "int f(void) __must_hold(l) { }", "int f(void) { }");
    }

    #[test]
    fn names_in_parentheses_are_declared() {
        check(false, "API number_t (f) (int);", "number_t f (int);");
        check(false, "API int (f)(void);", "int f (void);");
        check(false, "number_t (f)(void);", "number_t f (void);");
        check(false, "void g(void) { f (a) (b); }", "void g(void) { f (a) (b); }");
    }

    #[test]
    fn what_is_no_macro_stays() {
        for text in [
            "x = a * b * c;",
            "unsigned long long n;",
            "const struct s *const p = q;",
            "type_t name;",
            "static inline type_t *f(type_t const *a);",
            "if (a) FOO; else BAR(x);",
            "return A * B;",
            "for (int i = 0; i < N; i++) f(i);",
            "enum e { A, B = X };",
            "int f(a, b) int a; char *b; { }",
        ] {
            check(false, text, text);
        }
        for text in [
            "class A : public B { A() noexcept; A(int) {} ~A() override; };",
            "std::vector<int> f(const std::string& s) const;",
            "template <typename T> class S final : T {};",
            "unsigned N::f() { return 1; }",
            "Foo::Foo(int a) : a_(a) {}",
            "template <int N> constexpr inline const uint8_t* RoundUp(const uint8_t* p) {}",
        ] {
            check(true, text, text);
        }
    }

    #[test]
    fn types_that_are_handed_over_are_hidden() {
        check(true, "FLAG(bool, name, false, \"\"); int a;", "FLAG( name, false, \"\"); int a;");
        check(false, "void f(void) { check(unsigned short, 2); }", "void f(void) { check( 2); }");
        check(false, "void f(void) { check(2, const char *); }", "void f(void) { check(2 ); }");
        check(true, "class A { MOCK_M(int, f, (int a), (override)); int b; };", "class A { ; int b; };");
        for text in
            ["f(int, char *);", "class A { A(int, int b = 3); };", "void f(void) { g(sizeof(int), 3); }"]
        {
            check(true, text, text);
        }
    }

    #[test]
    fn functions_in_the_parentheses_of_a_macro_are_read() {
        check(false, "UNUSED(static int f(int a)) { return a; }", "static int f(int a) { return a; }");
        check(false, "EXPORT(void f(struct s *s));", "void f(struct s *s) ;");
        check(false, "void g(void) { int(f(a)); }", "void g(void) { int(f(a)); }");
    }

    #[test]
    fn macros_among_members_stand_apart() {
        check(false, "struct s {\n  A_FIELDS\n  B_FIELDS\n};", "struct s { A_FIELDS; B_FIELDS;};");
        check(false, "struct s {\n  A_FIELDS\n  int b;\n};", "struct s { A_FIELDS; int b; };");
        check(false, "enum e {\n  A_B\n};", "enum e { A_B };");
        check(false, "enum e { A, L(X) M(X), B = C(1) };", "enum e { A, B = C(1) };");
        check(
            true,
            "A_BEGIN\nA_EXPORT\n\ntemplate <class T> class A {};\nA_END\nclass B {};",
            "A_BEGIN;A_EXPORT; template <class T> class A {}; A_END;class B {};",
        );
        check(true, "RESULT_T\nf(int a);", "RESULT_T f(int a);");
        check(
            true,
            "template <typename T, ENABLE_IF(is<T, int>::value)> T f();",
            "template <typename T > T f();",
        );
    }

    #[test]
    fn statements_without_a_semicolon_get_one() {
        check(false, "module_init(f) module_exit(g);", "module_init(f);module_exit(g);");
        check(false, "void f(void) { each(p, l) { g(p); } }", "void f(void) { each(p, l);{ g(p); } }");
    }

    #[test]
    fn parts_for_cpp_alone_are_not_seen_by_c() {
        let text =
            "#ifdef __cplusplus\nextern \"C\" {\n#endif\nint f(void);\n#ifdef __cplusplus\n}\n#endif\n";
        let seen = "#ifdef __cplusplus #endif int f(void); #ifdef __cplusplus #endif";
        check(false, text, seen);
        check(true, text, seen);
    }

    #[test]
    fn classes_are_named_behind_their_macros() {
        check(true, "class EXPORT A : public B {};", "class A : public B {};");
        check(true, "class EXPORT A { Q_OBJECT public: };", "class A { public: };");
        check(true, "class A { OLD(\"f\") int f() { } };", "class A { int f() { } };");
        check(true, "class A { NO_COPY(A) int f(); };", "class A { NO_COPY(A);int f(); };");
        check(true, "EXPORT Status Open(const Options& o);", "Status Open(const Options& o);");
        check(true, "Status F() LOCKS(mu_) { }", "Status F() { }");
        check(true, "T a_ GUARDED_BY(mu_);", "T a_ ;");
        check(true, "std::vector<T> a_ GUARDED_BY(mu_);", "std::vector<T> a_ ;");
    }
}
