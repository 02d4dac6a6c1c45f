//! What each name of a file is, for colours that say more than syntax can.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::graph::View;
use crate::lang::facts::{Def, DefFlags, DefKind, Facts, Ref, RefId, Role, ScopeKind, Span};
use crate::lang::modules::{FileId, Layout};
use crate::resolve::{Outcome, Resolver, Target};

/// Most tokens of one file; what has more is not read by anybody.
const TOKENS_MAX: usize = 200_000;

/// What a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TokenKind {
    Namespace,
    Type,
    Class,
    Enum,
    Interface,
    Struct,
    TypeParameter,
    Parameter,
    Variable,
    Property,
    EnumMember,
    Function,
    Method,
    Macro,
    Label,
}

/// What else is known of a name, as bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TokenModifiers(pub u8);

impl TokenModifiers {
    pub const DECLARATION: TokenModifiers = TokenModifiers(1);
    pub const READONLY: TokenModifiers = TokenModifiers(1 << 1);
    pub const STATIC: TokenModifiers = TokenModifiers(1 << 2);
    pub const ABSTRACT: TokenModifiers = TokenModifiers(1 << 3);
    pub const ASYNC: TokenModifiers = TokenModifiers(1 << 4);
    pub const MODIFICATION: TokenModifiers = TokenModifiers(1 << 5);
    pub const DEFAULT_LIBRARY: TokenModifiers = TokenModifiers(1 << 6);

    pub const fn has(self, other: TokenModifiers) -> bool {
        self.0 & other.0 == other.0
    }
    const fn with(self, other: TokenModifiers) -> TokenModifiers {
        TokenModifiers(self.0 | other.0)
    }
}

/// A name of a file and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub span: Span,
    pub kind: TokenKind,
    pub modifiers: TokenModifiers,
}

/// The names of a file that something is known of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// In source order; none overlaps another.
    pub tokens: Vec<Token>,
    pub cancelled: bool,
}

/// What the names of a file are, or of a part of it. A name that is found nowhere, or that may be things of different
/// kinds, has no token.
pub fn semantic_tokens(view: &View, file: FileId, within: Option<Span>, cancel: &AtomicBool) -> Tokens {
    let resolver = Resolver::new(view);
    let facts = view.facts(file);
    // Without its text nobody can say what stands where.
    let Ok(text) = view.text(file) else { return Tokens::default() };
    let wanted =
        |span: Span| within.is_none_or(|w| span.start < w.end && w.start < span.end) && !span.is_empty();
    let spelled = |span: Span, name| is_spelled(&text, span, view.name_text(name));
    // What a place is first of all stands first: what it declares, what it uses, the key that it also is.
    let mut ranked: Vec<(u8, Token)> = Vec::new();
    for d in facts.defs.iter().filter(|d| wanted(d.name_span) && !d.kind.is_alias()) {
        if let Some(kind) = kind_of(&facts, d).filter(|_| spelled(d.name_span, d.name)) {
            let modifiers = modifiers_of(d).with(TokenModifiers::DECLARATION);
            ranked.push((0, Token { span: d.name_span, kind, modifiers }));
        }
    }
    for (id, r) in facts.refs_with_ids().filter(|(_, r)| wanted(r.span)) {
        if cancel.load(Ordering::Relaxed) {
            return Tokens { tokens: Vec::new(), cancelled: true };
        }
        if ranked.len() >= TOKENS_MAX {
            break;
        }
        if !spelled(r.span, r.name) {
            continue;
        }
        if let Some(token) = token_of(&resolver, file, id, r) {
            ranked.push((1 + u8::from(r.role == Role::Key), token));
        }
    }
    ranked.sort_by_key(|(rank, token)| (token.span.start, *rank, token.span.end));
    let mut tokens: Vec<Token> = Vec::with_capacity(ranked.len());
    for (_, token) in ranked {
        if tokens.last().is_none_or(|last| last.span.end <= token.span.start) {
            tokens.push(token);
        }
    }
    Tokens { tokens, cancelled: false }
}

/// Whether the name stands there as a name: not under another spelling, nor as the whole of a string.
fn is_spelled(text: &str, span: Span, name: &str) -> bool {
    let Span { start, end } = span;
    let is_quote = |byte: &u8| matches!(byte, b'"' | b'\'' | b'`');
    let before =
        (start as usize).checked_sub(1).and_then(|at| text.as_bytes().get(at)).filter(|b| is_quote(b));
    let quoted = before.is_some() && before == text.as_bytes().get(end as usize);
    !quoted && text.get(start as usize..end as usize).is_some_and(|spelled| spelled == name)
}

fn token_of(resolver: &Resolver<'_>, file: FileId, id: RefId, r: &Ref) -> Option<Token> {
    let view = resolver.view();
    let (kind, mut modifiers) = match resolver.resolve(file, id) {
        Outcome::Found(targets) => {
            let mut found = targets.iter().map(|(target, _)| known(view, *target, r));
            let first = found.next()??;
            // Where several things may be meant, what they have in common is known.
            found.all(|other| other.is_some_and(|(kind, _)| kind == first.0)).then_some(first)?
        }
        Outcome::External => {
            let builtin =
                r.recv.is_none() && view.lang(file).knobs().builtins.contains(&view.name_text(r.name));
            let library = if builtin { TokenModifiers::DEFAULT_LIBRARY } else { TokenModifiers::default() };
            (by_role(r.role)?, library)
        }
        Outcome::Unresolved(_) => (by_role(r.role)?, TokenModifiers::default()),
    };
    if r.role == Role::Write {
        modifiers = modifiers.with(TokenModifiers::MODIFICATION);
    }
    Some(Token { span: r.span, kind, modifiers })
}

/// What a use is of which nothing is known but how it is written.
fn by_role(role: Role) -> Option<TokenKind> {
    match role {
        Role::Type | Role::Inherit | Role::Tag => Some(TokenKind::Type),
        Role::Macro => Some(TokenKind::Macro),
        Role::Label => Some(TokenKind::Label),
        Role::Read | Role::Write | Role::Call | Role::Import | Role::Key => None,
    }
}

fn known(view: &View, target: Target, r: &Ref) -> Option<(TokenKind, TokenModifiers)> {
    let Target::Symbol(symbol) = target else {
        return Some((TokenKind::Namespace, TokenModifiers::default()));
    };
    let facts = view.facts(symbol.file);
    let def = facts.def(symbol.def);
    let kind = match def.kind {
        // A class that is called by its name is a class.
        DefKind::Constructor if view.name_text(def.name) == view.name_text(r.name) => TokenKind::Class,
        _ => kind_of(&facts, def)?,
    };
    Some((kind, modifiers_of(def)))
}

fn kind_of(facts: &Facts, def: &Def) -> Option<TokenKind> {
    let is_function = |def: &Def| def.body.is_some_and(|b| facts.scope(b).kind == ScopeKind::Function);
    Some(match def.kind {
        DefKind::Module | DefKind::Namespace | DefKind::Import => TokenKind::Namespace,
        DefKind::Class => TokenKind::Class,
        DefKind::Struct | DefKind::Union => TokenKind::Struct,
        DefKind::Enum => TokenKind::Enum,
        DefKind::Interface | DefKind::Trait => TokenKind::Interface,
        DefKind::TypeAlias => TokenKind::Type,
        DefKind::EnumMember => TokenKind::EnumMember,
        DefKind::Method | DefKind::Constructor => TokenKind::Method,
        DefKind::Function => TokenKind::Function,
        DefKind::Constant | DefKind::Static | DefKind::Variable if is_function(def) => TokenKind::Function,
        DefKind::Constant | DefKind::Static | DefKind::Variable => TokenKind::Variable,
        DefKind::Property | DefKind::Field => TokenKind::Property,
        DefKind::Parameter => TokenKind::Parameter,
        DefKind::TypeParameter => TokenKind::TypeParameter,
        DefKind::Macro => TokenKind::Macro,
        DefKind::Label => TokenKind::Label,
        DefKind::Export => return None,
    })
}

fn modifiers_of(def: &Def) -> TokenModifiers {
    let flags = [
        (DefFlags::STATIC, TokenModifiers::STATIC),
        (DefFlags::ABSTRACT, TokenModifiers::ABSTRACT),
        (DefFlags::ASYNC, TokenModifiers::ASYNC),
    ];
    let set = flags.into_iter().filter(|(flag, _)| def.flags.has(*flag));
    let modifiers = set.fold(TokenModifiers::default(), |all, (_, modifier)| all.with(modifier));
    match def.kind {
        DefKind::Constant => modifiers.with(TokenModifiers::READONLY),
        DefKind::Static => modifiers.with(TokenModifiers::STATIC),
        _ => modifiers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    /// The tokens of the file with the cursor, as `name:Kind`, with the modifiers' bits where there are some.
    fn check_tokens(fixture: &str, expected: &str) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let (file, _) = fixture.cursor(&view);
        let text = view.text(file).unwrap();
        let found = semantic_tokens(&view, file, None, &AtomicBool::new(false)).tokens;
        let shown = |t: &Token| {
            let name = &text[t.span.start as usize..t.span.end as usize];
            let bits = if t.modifiers.0 == 0 { String::new() } else { format!("+{}", t.modifiers.0) };
            format!("{name}:{:?}{bits}", t.kind)
        };
        assert_eq!(found.iter().map(shown).collect::<Vec<_>>().join(" "), expected);
        assert!(found.windows(2).all(|w| w[0].span.end <= w[1].span.start));
        // A part is what the whole has there.
        let middle = Span::new(text.len() as u32 / 3, text.len() as u32 / 2);
        let part = semantic_tokens(&view, file, Some(middle), &AtomicBool::new(false)).tokens;
        let inside = found.iter().filter(|t| t.span.start < middle.end && middle.start < t.span.end);
        assert_eq!(part, inside.copied().collect::<Vec<_>>());
        assert!(semantic_tokens(&view, file, None, &AtomicBool::new(true)).cancelled);
    }

    #[test]
    fn python_names_are_what_their_imports_lead_to() {
        check_tokens(
            "
            //- /a.py
            class Item:
                async def total(self): pass
            def make(): return Item()
            LIMIT = 1
            //- /b.py
            $0import a
            from a import Item, make as build
            def f(x: Item, y: int):
                x.total()
                y = a.LIMIT
                return build()
            ",
            "a:Namespace a:Namespace Item:Class make:Function f:Function+1 x:Parameter+1 Item:Class y:Parameter+1 \
             int:Type+64 x:Parameter total:Method+16 y:Variable+1 a:Namespace LIMIT:Variable build:Function",
        );
    }

    #[test]
    fn rust_types_and_members() {
        check_tokens(
            "
            //- /src/lib.rs
            mod m;
            use m::{E, S};
            $0static N: u8 = 0;
            fn f<T>(s: &S<T>) -> E { s.get(); m::g(); E::A }
            //- /src/m.rs
            pub enum E { A }
            pub struct S<T> { v: T }
            impl<T> S<T> { pub fn get(&self) {} }
            pub fn g() {}
            ",
            "m:Namespace+1 m:Namespace E:Enum S:Struct N:Variable+5 f:Function+1 T:TypeParameter+1 s:Parameter+1 \
             S:Struct T:TypeParameter E:Enum s:Parameter get:Method m:Namespace g:Function E:Enum A:EnumMember",
        );
    }

    #[test]
    fn typescript_constants_that_hold_functions_are_functions() {
        check_tokens(
            "
            //- /a.ts
            export interface I { n: number }
            export const f = () => 1;
            //- /b.ts
            $0import { f, I } from './a';
            class C { static s = f(); m(i: I) { return i.n + C.s; } }
            ",
            "f:Function I:Interface C:Class+1 s:Property+5 f:Function m:Method+1 i:Parameter+1 I:Interface \
             i:Parameter n:Property C:Class s:Property+4",
        );
    }

    #[test]
    fn go_and_java() {
        check_tokens(
            "
            //- /go.mod
            module example.com/m
            //- /a.go
            package m
            $0type T struct{ n int }
            const C = 1
            func (t *T) Get() int { return t.n + C }
            ",
            "T:Struct+1 n:Property+1 int:Type+64 C:Variable+3 t:Parameter+1 T:Struct Get:Method+1 int:Type+64 \
             t:Parameter n:Property C:Variable+2",
        );
        check_tokens(
            "
            //- /p/A.java
            package p;
            $0interface A<X> { X get(A<X> a); enum E { ONE } }
            ",
            "A:Interface+1 X:TypeParameter+1 X:TypeParameter get:Method+1 A:Interface X:TypeParameter a:Parameter+1 \
             E:Enum+1 ONE:EnumMember+1",
        );
    }
}
