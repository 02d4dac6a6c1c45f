//! What the rules of C and C++ hand to code: directives, function definitions, labels.

use std::collections::HashSet;

use tree_sitter::Node;

use super::fields::{Member, is_macro_name, members, opened_namespaces};
use crate::lang::facts::{DefFlags, DefId, DefKind, Role, ScopeId, ScopeKind, Span, TermId};
use crate::lang::rules::Context;
use crate::lang::walk::{Hooked, Walk};

/// Declarators in each other; more are not written.
const DECLARATORS_MAX: usize = 16;

/// `#include "path"`, `#include <path>`: all that the file declares is seen here, and by whoever includes this.
pub fn include<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(path) = node.child_by_field_name("path") else { return Hooked::Done(None) };
    if !matches!(path.kind(), "string_literal" | "system_lib_string") {
        // A macro says what is included.
        walk.read(path, Context::Value);
        return Hooked::Done(None);
    }
    let (start, end) = (path.start_byte() as u32, path.end_byte() as u32);
    if end - start < 3 {
        return Hooked::Done(None);
    }
    let inside = Span::new(start + 1, end - 1);
    // The opening delimiter says where to look.
    let specifier = walk.slice(Span::new(start, end - 1));
    let module = walk.module(specifier);
    walk.refer_span(inside, Role::Import, Some(module));
    if walk.flags().has(DefFlags::INACTIVE) {
        walk.glob_last(module, true);
    } else {
        walk.glob(module, true);
    }
    Hooked::Done(None)
}

/// `#define NAME …`, `#define NAME(…) …`: a definition, and uses of the names in its text.
pub fn macro_definition<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(name) = node.child_by_field_name("name") else { return Hooked::Done(None) };
    let def = walk.define_in(ScopeId::FILE, DefKind::Macro, name, node);
    walk.defined_macro();
    if let Some(value) = node.child_by_field_name("value") {
        let members = members(walk.text(value)).unwrap_or_default();
        let parameters = node.child_by_field_name("parameters");
        macro_text(walk, value, parameters, &members);
        macro_members(walk, def, value, &members);
        macro_namespaces(walk, value);
    }
    Hooked::Done(None)
}

/// The namespaces that a macro opens. Where it is used their names seem to stand in the one around, so they are seen
/// through.
fn macro_namespaces<'t>(walk: &mut Walk<'t>, value: Node<'t>) {
    let (start, end) = (value.start_byte() as u32, value.end_byte() as u32);
    for name in opened_namespaces(walk.text(value)) {
        let name = Span::new(start + name.start, start + name.end);
        let def = walk.define_span(DefKind::Namespace, name, Span::new(name.start, end), None);
        let flags = &mut walk.facts().defs[def.index()].flags;
        *flags = flags.with(DefFlags::INLINE);
        walk.enter_scope(ScopeKind::Module, Span::new(name.end, end), Some(def));
    }
}

/// The members that a macro's text declares: those of the types that it is put into.
fn macro_members<'t>(walk: &mut Walk<'t>, def: DefId, value: Node<'t>, members: &[Member]) {
    if members.is_empty() {
        return;
    }
    let start = value.start_byte() as u32;
    let whole = Span::new(start, value.end_byte() as u32);
    let place = |span: Span| Span::new(start + span.start, start + span.end);
    walk.enter_scope(ScopeKind::Class, whole, Some(def));
    for member in members {
        match *member {
            Member::Field { name, ty } => {
                let field = walk.define_span(DefKind::Field, place(name), place(name), None);
                let ty = ty.map(|(ty, tag)| {
                    walk.refer_span(place(ty), if tag { Role::Tag } else { Role::Type }, None)
                });
                walk.facts().defs[field.index()].ty = ty;
            }
            Member::Macro(name) => embed(walk, place(name)),
        }
    }
}

/// A member without a name that has the members of the macro.
fn embed(walk: &mut Walk<'_>, name: Span) {
    let nameless = Span::new(name.end, name.end);
    let field = walk.define_span(DefKind::Field, nameless, name, None);
    let of = walk.refer_span(name, Role::Type, None);
    let def = &mut walk.facts().defs[field.index()];
    def.flags = def.flags.with(DefFlags::EMBEDDED);
    def.ty = Some(of);
}

/// `struct s { FIELDS; int more; }`: the members of the macro are the struct's.
pub fn embedded<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let ty = node.child_by_field_name("type").filter(|ty| ty.kind() == "type_identifier");
    let Some(ty) = ty.filter(|ty| is_macro_name(walk.text(*ty))) else { return Hooked::Continue };
    embed(walk, Span::new(ty.start_byte() as u32, ty.end_byte() as u32));
    Hooked::Done(None)
}

/// Uses of names in the text of a macro. What stands before a dot or an arrow is not known there; a path is.
fn macro_text<'t>(walk: &mut Walk<'t>, value: Node<'t>, parameters: Option<Node<'t>>, members: &[Member]) {
    let start = value.start_byte() as u32;
    let text = walk.text(value);
    let mut declared: HashSet<u32> = opened_namespaces(text).iter().map(|name| name.start).collect();
    for member in members {
        match member {
            Member::Field { name, ty } => {
                declared.extend([name.start].into_iter().chain(ty.map(|t| t.0.start)))
            }
            Member::Macro(name) => declared.extend([name.start]),
        }
    }
    let parameters: HashSet<&str> =
        parameters.map_or("", |p| walk.text(p)).split(|c: char| c != '_' && !c.is_alphanumeric()).collect();
    // What the last word is, for a path that goes on behind it.
    let mut last: Option<(usize, TermId)> = None;
    for token in Tokens::new(text) {
        let word = &text[token.start..token.end];
        let path = match token.before {
            Before::Path(end) => last.filter(|(last_end, _)| *last_end == end).map(|(_, term)| term),
            _ => None,
        };
        last = None;
        let is_member = token.before != Before::Other && path.is_none();
        if parameters.contains(word)
            || is_member
            || is_keyword(word)
            || declared.contains(&(token.start as u32))
        {
            continue;
        }
        let span = Span::new(start + token.start as u32, start + token.end as u32);
        let role = if token.tag {
            Role::Tag
        } else if token.called {
            Role::Call
        } else {
            Role::Read
        };
        last = Some((token.end, walk.refer_span(span, role, path)));
    }
}

/// What stands before a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// `.` or `->`.
    Dot,
    /// `::`, and the place where what stands before that ends.
    Path(usize),
    Other,
}

/// A word in the text of a macro.
struct Token {
    start: usize,
    end: usize,
    before: Before,
    /// A parenthesis follows.
    called: bool,
    /// It stands after `struct`, `union` or `enum`.
    tag: bool,
}

/// The words of a macro's text: no literals, comments, pasted or quoted names.
struct Tokens<'a> {
    text: &'a str,
    at: usize,
    tag: bool,
}

impl<'a> Tokens<'a> {
    fn new(text: &'a str) -> Self {
        Tokens { text, at: 0, tag: false }
    }

    /// Steps over a literal or comment that starts here.
    fn skip(&mut self) -> bool {
        let bytes = self.text.as_bytes();
        let rest = &bytes[self.at..];
        match rest {
            [b'/', b'*', ..] => {
                let end = self.text[self.at + 2..].find("*/").map(|e| self.at + 2 + e + 2);
                self.at = end.unwrap_or(bytes.len());
            }
            [b'/', b'/', ..] => {
                let end = self.text[self.at..].find('\n').map(|e| self.at + e);
                self.at = end.unwrap_or(bytes.len());
            }
            [quote @ (b'"' | b'\''), ..] => {
                self.at += 1;
                while self.at < bytes.len() && bytes[self.at] != *quote {
                    self.at += 1 + usize::from(bytes[self.at] == b'\\');
                }
                self.at = (self.at + 1).min(bytes.len());
            }
            [digit, ..] if digit.is_ascii_digit() => {
                while self.at < bytes.len()
                    && (is_word(bytes[self.at])
                        || bytes[self.at] == b'.'
                        || bytes[self.at] == b'\'' && bytes.get(self.at + 1).is_some_and(|b| is_word(*b)))
                {
                    self.at += 1;
                }
            }
            _ => return false,
        }
        true
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let bytes = self.text.as_bytes();
        loop {
            let byte = *bytes.get(self.at)?;
            if self.skip() {
                continue;
            }
            if !is_word(byte) {
                self.at += 1;
                continue;
            }
            let start = self.at;
            while self.at < bytes.len() && is_word(bytes[self.at]) {
                self.at += 1;
            }
            let word = &self.text[start..self.at];
            let before = self.text[..start].trim_end_matches(|c: char| c.is_whitespace() || c == '\\');
            let after = self.text[self.at..].trim_start_matches(|c: char| c.is_whitespace() || c == '\\');
            let tag = std::mem::replace(&mut self.tag, matches!(word, "struct" | "union" | "enum"));
            let quoted = matches!(bytes.get(self.at), Some(b'"' | b'\''));
            if before.ends_with('#') || after.starts_with("##") || quoted {
                continue;
            }
            let before = match before.strip_suffix("::") {
                Some(path) => Before::Path(path.trim_end().len()),
                None if before.ends_with("->") => Before::Dot,
                None if before.ends_with('.') && !before.ends_with("...") => Before::Dot,
                None => Before::Other,
            };
            return Some(Token { start, end: self.at, before, called: after.starts_with('('), tag });
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric() || byte >= 0x80
}

fn is_keyword(word: &str) -> bool {
    KEYWORDS.binary_search(&word).is_ok()
}

/// Words that are no names, in order.
const KEYWORDS: [&str; 75] = [
    "__VA_ARGS__",
    "__VA_OPT__",
    "__asm__",
    "__attribute__",
    "__extension__",
    "__inline",
    "__inline__",
    "__typeof__",
    "__volatile__",
    "_Bool",
    "_Generic",
    "asm",
    "auto",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "class",
    "const",
    "const_cast",
    "constexpr",
    "continue",
    "default",
    "defined",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "explicit",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "if",
    "inline",
    "int",
    "long",
    "namespace",
    "new",
    "noexcept",
    "nullptr",
    "operator",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_cast",
    "struct",
    "switch",
    "template",
    "this",
    "throw",
    "true",
    "try",
    "typedef",
    "typeof",
    "union",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "while",
];

/// `#undef NAME` uses the name; other directives say nothing of use.
pub fn directive<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let directive = node.child_by_field_name("directive").map(|d| walk.text(d));
    let argument = node.child_by_field_name("argument");
    if let (Some(text), Some(argument)) = (directive, argument)
        && text.trim_start_matches('#').trim() == "undef"
    {
        let start = argument.start_byte() as u32;
        if let Some(name) = Tokens::new(walk.text(argument)).next() {
            let span = Span::new(start + name.start as u32, start + name.end as u32);
            walk.refer_span(span, Role::Macro, None);
        }
    }
    Hooked::Done(None)
}

/// The name in a declarator, if it declares a function: `*f(void)`, `(f)(void)`, `(*f(int))(int)`.
pub fn function_name(declarator: Node<'_>) -> Option<Node<'_>> {
    let (mut at, mut called) = (declarator, false);
    for _ in 0..DECLARATORS_MAX {
        at = match at.kind() {
            "identifier"
            | "field_identifier"
            | "qualified_identifier"
            | "operator_name"
            | "destructor_name"
            | "template_function" => return called.then_some(at),
            "function_declarator" => {
                called = true;
                at.child_by_field_name("declarator")?
            }
            "parenthesized_declarator" => last_declarator(at)?,
            _ => {
                called = false;
                at.child_by_field_name("declarator").or_else(|| last_declarator(at))?
            }
        };
    }
    None
}

/// Of a node that does not name its declarator: the last named child.
fn last_declarator(node: Node<'_>) -> Option<Node<'_>> {
    node.named_child(u32::try_from(node.named_child_count()).ok()?.checked_sub(1)?)
}

/// A function with its body.
pub fn function<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let name = node.child_by_field_name("declarator").and_then(function_name);
    let Some(name) = name.filter(|n| !n.is_missing()) else { return Hooked::Continue };
    let def = walk.define(DefKind::Function, name, node, None);
    walk.own(def);
    Hooked::Continue
}

/// `int (f)(void);` declares a function: the parentheses keep a macro of that name out.
pub fn parenthesized<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(declarator) = node.child_by_field_name("declarator") else { return Hooked::Continue };
    let name =
        (declarator.kind() == "parenthesized_declarator").then(|| last_declarator(declarator)).flatten();
    let Some(name) = name.filter(|n| n.kind() == "identifier" && !n.is_missing()) else {
        return Hooked::Continue;
    };
    if walk.binds().is_none_or(|kind| kind == DefKind::Parameter) {
        return Hooked::Continue;
    }
    let def = walk.define(DefKind::Function, name, node, None);
    let flags = &mut walk.facts().defs[def.index()].flags;
    *flags = flags.with(DefFlags::DECLARATION);
    walk.bind_whole(def);
    if let Some(parameters) = node.child_by_field_name("parameters") {
        walk.read(parameters, Context::Type);
    }
    Hooked::Done(None)
}

/// A label is seen in its whole function.
pub fn label<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    if let Some(name) = node.child_by_field_name("label") {
        let here = walk.scope();
        let facts = walk.facts();
        let function = facts.ancestors(here).find(|s| facts.scope(*s).kind == ScopeKind::Function);
        walk.define_in(function.unwrap_or(here), DefKind::Label, name, name);
    }
    Hooked::Continue
}
