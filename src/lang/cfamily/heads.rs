//! Heads of types, and of what has no type of its own: constructors, destructors, conversions.

use super::macros::{Brace, Finder};
use super::tokens::Kind;

/// Tokens of a template's arguments, or of a path.
const PATH_MAX: usize = 256;

/// What a name with others behind it says.
struct Path {
    /// Behind its last token.
    end: usize,
    /// Its last segment.
    name: usize,
    /// Its last two segments are one name, or the last is a destructor.
    untyped: bool,
}

impl Finder<'_> {
    /// Reads `class EXPORT A<T> : public B {`; the place behind the brace. Macros among the words are hidden.
    pub(super) fn type_head(&mut self, words: &[usize], end: usize) -> Option<usize> {
        let tag = words.iter().copied().find(|at| self.kind(*at) == Some(Kind::Tag))?;
        let last = end.checked_sub(1)?;
        let path = self.path(end)?;
        let mut end = path.end;
        while self.word(end) == "final" {
            end += 1;
        }
        let opens = self.is(end, b'{') || self.is(end, b':') && !self.is(end + 1, b':');
        let brace = opens.then(|| self.brace(end)).flatten()?;
        let names: Vec<usize> = words.iter().copied().filter(|w| *w > tag && self.is_name(*w)).collect();
        self.keep(&names, 1);
        let of_enum = words.iter().any(|w| self.word(*w) == "enum");
        let own = names.iter().copied().rfind(|name| !self.is_hidden(*name));
        let class = if path.name == last { own } else { Some(path.name) };
        self.braces.push(if of_enum { Brace::Names } else { Brace::Members(class) });
        Some(brace + 1)
    }

    /// Hides macros before what has no type: `MACRO A(int)` among the members of `A`, `MACRO ~A()`,
    /// `MACRO operator bool()`. Whether it was one.
    pub(super) fn untyped_member(&mut self, words: &[usize], end: usize) -> bool {
        let mut names = self.free_names(words);
        let constructs = self.is(end, b'(')
            && words.len() > 1
            && names.last() == words.last()
            && matches!((self.class(), names.last()), (Some(class), Some(last)) if self.word(class) == self.word(*last));
        let destroys = self.is(end, b'~') && self.in_members();
        let converts = self.word(end) == "operator" && self.kind(end + 1).is_some_and(Kind::is_word);
        if constructs {
            names.pop();
        } else if !destroys && !converts || self.has_type(words) {
            return false;
        }
        self.keep(&names, 0);
        true
    }

    /// Hides the macros before a path: all of them where it is a type or declares what has none, all but the type
    /// where it declares something else.
    pub(super) fn before_path(&mut self, before: &[usize], end: usize) {
        let names = self.free_names(before);
        let Some(path) = self.path(end).filter(|_| !names.is_empty()) else { return };
        let is_type = match self.kind(path.end) {
            Some(Kind::Punctuation(b'*' | b'&')) => true,
            Some(kind) => kind.is_word() || self.word(path.end) == "operator" && !self.is(path.end - 1, b':'),
            None => false,
        };
        let macros = names.iter().filter(|name| self.is_macro_like(**name)).count();
        let surplus = match is_type || path.untyped || self.has_type(before) {
            true => names.len(),
            false => names.len() - 1,
        };
        self.keep(&names, names.len() - surplus.min(macros));
    }

    /// Reads on behind a name: `<…>` and `::name`, any number of them.
    fn path(&self, end: usize) -> Option<Path> {
        let (mut at, mut segment, mut untyped) = (end, end.checked_sub(1)?, false);
        while at < end + PATH_MAX {
            if self.is(at, b'<') {
                at = self.closing_angle(at)? + 1;
            } else if self.is(at, b':') && self.is(at + 1, b':') {
                at += 2;
                let destroys = self.is(at, b'~');
                at += usize::from(destroys || self.word(at) == "template");
                if !self.is_name(at) {
                    untyped = self.word(at) == "operator" && self.kind(at + 1).is_some_and(Kind::is_word);
                    break;
                }
                untyped = destroys || self.word(at) == self.word(segment);
                segment = at;
                at += 1;
            } else {
                break;
            }
        }
        Some(Path { end: at, name: segment, untyped })
    }

    /// The angle bracket that closes this one.
    fn closing_angle(&self, open: usize) -> Option<usize> {
        let (mut angles, mut others) = (0_usize, 0_usize);
        for at in open..self.tokens.len().min(open + PATH_MAX) {
            let Some(Kind::Punctuation(byte)) = self.kind(at) else { continue };
            match byte {
                b'(' | b'[' => others += 1,
                b')' | b']' => others = others.checked_sub(1)?,
                b'{' | b'}' | b';' => return None,
                b'<' if others == 0 => angles += 1,
                b'>' if others == 0 => {
                    angles -= 1;
                    if angles == 0 {
                        return Some(at);
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// The brace that a head opens.
    fn brace(&self, head: usize) -> Option<usize> {
        (head..self.tokens.len().min(head + PATH_MAX))
            .find(|at| {
                matches!(
                    self.kind(*at),
                    Some(Kind::Directive | Kind::Punctuation(b'{' | b';' | b'=' | b'}' | b'(' | b')' | b'?'))
                )
            })
            .filter(|at| self.is(*at, b'{'))
    }

    /// The name of the type whose members these are.
    fn class(&self) -> Option<usize> {
        match self.braces.last() {
            Some(Brace::Members(class)) => *class,
            _ => None,
        }
    }

    /// Whether these are the members of a type.
    pub(super) fn in_members(&self) -> bool {
        matches!(self.braces.last(), Some(Brace::Members(_)))
    }
}

#[cfg(test)]
mod tests {
    use crate::lang::cfamily::macros::tests::check;

    #[test]
    fn constructors_are_told_from_what_has_a_type() {
        check(true, "class A { INLINE_X A(int a) : a_(a) {} };", "class A { A(int a) : a_(a) {} };");
        check(true, "class A { X20 INLINE_X A(); Y_Z B f(); };", "class A { A(); B f(); };");
        check(true, "struct API A { X20 ~A(); virtual X20 ~A(); };", "struct A { ~A(); virtual ~A(); };");
        check(true, "class A { X20 operator bool() const; };", "class A { operator bool() const; };");
        check(true, "X20 A::A(int a) : a_(a) {}", "A::A(int a) : a_(a) {}");
        check(true, "X20 A<T>::~A() {} X20 A::operator int() {}", "A<T>::~A() {} A::operator int() {}");
        check(true, "UINT A::f() {} X20 UINT A::f() {}", "UINT A::f() {} UINT A::f() {}");
        check(true, "UINT A::operator+(A b) {}", "UINT A::operator+(A b) {}");
    }

    #[test]
    fn paths_are_types() {
        check(true, "X20 std::string f(); X20 a::b& f();", "std::string f(); a::b& f();");
        check(true, "class A { X20 A& f(); X20 int& g(); };", "class A { A& f(); int& g(); };");
        check(true, "X20 std::string A::f() {}", "std::string A::f() {}");
    }

    #[test]
    fn types_have_heads_with_arguments() {
        check(true, "template <> class API A<int> { X20 A(int); };", "template <> class A<int> { A(int); };");
        check(true, "struct A<T*> : B<T> { X20 A(int); };", "struct A<T*> : B<T> { A(int); };");
        check(true, "class A::B final { X20 B(int); };", "class A::B final { B(int); };");
        for text in
            ["struct s b : 3;", "struct s f(int a) { }", "struct s<int> f() { }", "class A::B* c = d;"]
        {
            check(true, text, text);
        }
    }
}
