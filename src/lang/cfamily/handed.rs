//! Macros that are handed what no call of the language can be: types, a function's declaration, a parameter's place in a
//! template.

use super::fields::is_macro_name;
use super::macros::{ARGUMENTS_MAX, Brace, Finder};
use super::tokens::Kind;

impl Finder<'_> {
    /// `UNUSED(static int f(int a)) { … }`, `EXPORT(int f(int a));`: the arguments are a function's declaration.
    pub(super) fn wraps_function(&self, open: usize, close: usize) -> bool {
        let (first, next) = (open + 1, close + 1);
        let begins = matches!(self.kind(first), Some(Kind::Specifier | Kind::Type | Kind::Tag));
        let outside = matches!(self.braces.last(), None | Some(Brace::Outside));
        if !begins || !outside || !(self.is(next, b'{') || self.is(next, b';')) || !self.is(close - 1, b')') {
            return false;
        }
        let inner = (first..close).find(|at| self.is(*at, b'('));
        inner.is_some_and(|inner| self.is_name(inner - 1) && self.matching(inner) == Some(close - 1))
    }

    /// `FLAG(bool, name, false, "…");`, `check(int, 3);`: the grammar knows of no call that hands over types, so these are
    /// hidden; among the members of a type the whole of it.
    pub(super) fn types_handed(&mut self, word: usize, open: usize, close: usize) {
        let arguments = self.arguments(open, close);
        let worded = |from: usize, to: usize| {
            (from..to).all(|at| self.tokens[at].kind.is_word() || self.is(at, b'*') || self.is(at, b'&'))
        };
        let is_type = |&&(from, to): &&(usize, usize)| {
            from < to
                && worded(from, to)
                && (from..to).any(|at| matches!(self.tokens[at].kind, Kind::Type | Kind::Tag))
                && !self.is_name(to - 1)
        };
        let types: Vec<(usize, usize)> = arguments.iter().filter(is_type).copied().collect();
        let mixed = arguments.iter().any(|&(from, to)| !worded(from, to));
        if types.is_empty() || types.len() == arguments.len() {
            return;
        }
        match self.braces.last() {
            Some(Brace::Members(_)) if mixed && is_macro_name(self.word(word)) => self.hide(word, close),
            Some(Brace::Members(_) | Brace::Names) => {}
            None | Some(Brace::Outside) if !mixed => {}
            None | Some(Brace::Outside | Brace::Inside) => {
                // Each with a comma beside it.
                let mut first = open + 1;
                for (from, to) in types {
                    if from == first {
                        first = to + 1;
                        self.hide(from, to);
                    } else {
                        self.hide(from - 1, to - 1);
                    }
                }
            }
        }
    }

    /// Where the arguments of a call begin and end.
    fn arguments(&self, open: usize, close: usize) -> Vec<(usize, usize)> {
        let (mut found, mut start, mut depth) = (Vec::new(), open + 1, 0_usize);
        for at in open + 1..=close {
            match self.kind(at) {
                _ if at == close || depth == 0 && self.is(at, b',') => {
                    found.push((start, at));
                    start = at + 1;
                }
                Some(Kind::Punctuation(b'(' | b'{' | b'[')) => depth += 1,
                Some(Kind::Punctuation(b')' | b'}' | b']')) => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        found
    }

    /// Whether one of the tokens between the two is a literal.
    pub(super) fn holds_literal(&self, open: usize, close: usize) -> bool {
        self.tokens[open..close].iter().any(|token| token.kind == Kind::Literal)
    }

    /// `template <typename T, ENABLE_IF(…)>`: a macro among the parameters.
    pub(super) fn template(&mut self, at: usize) -> usize {
        let (mut angles, mut others, mut start) = (0_usize, 0_usize, at + 2);
        let mut macros: Vec<(usize, usize)> = Vec::new();
        for i in at + 1..self.tokens.len().min(at + ARGUMENTS_MAX) {
            let Some(Kind::Punctuation(byte)) = self.kind(i) else { continue };
            match byte {
                b'(' => others += 1,
                b')' => others = others.saturating_sub(1),
                b'{' | b';' => return at + 1,
                b'<' if others == 0 => angles += 1,
                b',' | b'>' if others == 0 => {
                    if angles == 1 {
                        macros.push((start, i));
                        start = i + 1;
                    }
                    angles -= usize::from(byte == b'>');
                    if angles == 0 {
                        break;
                    }
                }
                _ => {}
            }
        }
        for (from, to) in macros.into_iter().skip(1) {
            if from + 1 < to && self.is_name(from) && self.is_macro_like(from) && self.is(from + 1, b'(') {
                self.hide(from - 1, to - 1);
            }
        }
        at + 1
    }
}
