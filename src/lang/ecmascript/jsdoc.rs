//! Names and types in documentation comments, in the notation of JSDoc: `{@link Name}`, `@param {Type} name`,
//! `@returns {Type}`, `@type {Type}`. Where comments have the types, `@typedef`, `@callback`, `@property` and the parts of a
//! parameter (`@param {Type} options.name`) define what they name.

use tree_sitter::Node;

use crate::lang::facts::{DefFlags, DefKind, Literal, Role, ScopeId, Span, Term, TermId};
use crate::lang::walk::{Hooked, Said, Walk};

/// Types in types that are read.
const DEPTH_MAX: usize = 8;

/// Tags of one comment that are read.
const TAGS_MAX: usize = 256;

/// Types of the language itself, and words for no type in particular.
const WORDS: [&str; 14] = [
    "any",
    "bigint",
    "never",
    "null",
    "object",
    "Object",
    "Function",
    "undefined",
    "unknown",
    "void",
    "symbol",
    "this",
    "const",
    "keyof",
];

/// The comment's names become uses, and what it says of the next definition is kept for it.
pub fn comment<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let text = walk.text(node);
    if text.starts_with("/**") && text.contains('@') {
        let end = node.end_byte() as u32;
        let start = node.start_byte() as u32;
        Reader { walk, text, start, at: 0, end, objects: Vec::new(), defined: None }.tags();
    }
    Hooked::Done(None)
}

struct Reader<'w, 't> {
    walk: &'w mut Walk<'t>,
    text: &'t str,
    /// Where the comment stands in the file.
    start: u32,
    at: usize,
    end: u32,
    /// Parameters, and parts of them, that have parts of their own, by their paths.
    objects: Vec<(&'t str, ScopeId)>,
    /// The type that properties belong to.
    defined: Option<ScopeId>,
}

impl<'t> Reader<'_, 't> {
    fn tags(&mut self) {
        for _ in 0..TAGS_MAX {
            let Some(found) = self.text[self.at..].find('@') else { return };
            let sign = self.at + found;
            self.at = sign + 1;
            let tag = self.word();
            let inline = self.text[..sign].ends_with('{');
            let first = self.text[..sign].trim_end_matches([' ', '\t']);
            let opens = first.ends_with(['*', '\n']);
            match tag {
                "link" | "linkcode" | "linkplain" if inline => {
                    self.spaces();
                    self.path(Role::Read);
                }
                _ if inline || !opens => {}
                "param" | "arg" | "argument" => {
                    let ty = self.braced();
                    self.spaces();
                    self.eat('[');
                    self.spaces();
                    if let Some(name) = self.name() {
                        let function = self.walk.term(Term::Unknown);
                        self.walk.refer_span(name, Role::Key, Some(function));
                        // What follows a dot is a part of the parameter.
                        let whole = !self.text[self.at..].starts_with(['.', '[']);
                        let ty = match whole {
                            true => ty.or_else(|| self.object(name)),
                            false => {
                                self.part_of(name, ty);
                                None
                            }
                        };
                        self.walk.say(self.end, Said::Parameter { name, function, ty });
                    }
                }
                "returns" | "return" => {
                    if let Some(ty) = self.braced() {
                        self.walk.say(self.end, Said::Result(ty));
                    }
                }
                "type" => {
                    if let Some(ty) = self.braced() {
                        self.walk.say(self.end, Said::Type(ty));
                    }
                }
                "extends" | "augments" | "implements" => {
                    self.spaces();
                    if self.text[self.at..].starts_with('{') {
                        self.braced();
                    } else {
                        self.path(Role::Type);
                    }
                }
                "typedef" | "callback" if self.walk.comment_types() => self.typedef(sign),
                "import" if self.walk.comment_types() => self.import(sign),
                "property" | "prop" => {
                    let ty = self.braced();
                    self.spaces();
                    self.eat('[');
                    self.spaces();
                    if let (Some(object), Some(name)) = (self.defined, self.name())
                        && !self.text[self.at..].starts_with('.')
                    {
                        self.walk.define_property(object, name, ty);
                    }
                }
                "throws" | "exception" | "this" | "typedef" | "satisfies" | "yields" | "enum" | "member" => {
                    self.braced();
                }
                _ => {}
            }
        }
    }

    /// `@typedef {Type} Name`, `@typedef {Object} Name` with its properties, `@callback Name`.
    fn typedef(&mut self, sign: usize) {
        let ty = self.braced();
        self.spaces();
        let Some(name) = self.name() else { return };
        let whole = Span::new(self.start + sign as u32, self.end);
        let ty = match ty {
            None if self.text[self.at..].contains("@prop") => {
                let object = self.walk.open_object(whole);
                self.defined = Some(object);
                Some(self.walk.term(Term::Object(object)))
            }
            ty => ty,
        };
        let def = self.walk.define_span(DefKind::TypeAlias, name, whole, None);
        let def = &mut self.walk.facts().defs[def.index()];
        (def.ty, def.flags) = (ty, def.flags.with(DefFlags::EXPORTED));
    }

    /// `@import A, { B as C } from './m'`, `@import * as D from './m'`.
    fn import(&mut self, sign: usize) {
        // What is brought in stands before the module that it is brought from.
        let from = self.at;
        let Some(module) = self.behind_from() else { return };
        let (end, whole) = (self.at, Span::new(self.start + sign as u32, self.start + self.at as u32));
        self.at = from;
        for _ in 0..TAGS_MAX {
            self.spaces();
            if self.eat('{') {
                self.imported_names(module, whole);
            } else if self.eat('*') {
                if let Some(name) = self.alias() {
                    self.walk.define_span(DefKind::Import, name, whole, Some(module));
                }
            } else if let Some(name) = self.name() {
                let value = self.walk.refer_span_as(name, "default", Role::Import, Some(module));
                self.walk.define_span(DefKind::Import, name, whole, Some(value));
            }
            self.spaces();
            if !self.eat(',') {
                break;
            }
        }
        self.at = end;
    }

    /// `B as C, D }`.
    fn imported_names(&mut self, module: TermId, whole: Span) {
        for _ in 0..TAGS_MAX {
            self.spaces();
            let Some(name) = self.name() else { break };
            let value = self.walk.refer_span(name, Role::Import, Some(module));
            let local = self.alias().unwrap_or(name);
            self.walk.define_span(DefKind::Import, local, whole, Some(value));
            self.spaces();
            self.eat(',');
        }
        self.eat('}');
    }

    /// The name behind `as`.
    fn alias(&mut self) -> Option<Span> {
        let before = self.at;
        self.spaces();
        if self.word() == "as" {
            self.spaces();
            return self.name();
        }
        self.at = before;
        None
    }

    /// The module behind `from`, in this tag.
    fn behind_from(&mut self) -> Option<TermId> {
        let rest = &self.text[self.at..];
        let found = rest.find(" from ").filter(|found| !rest[..*found].contains('@'))?;
        self.at += found + " from ".len();
        self.spaces();
        let quote = self.peek().filter(|c| matches!(c, '"' | '\''))?;
        let from = self.at + 1;
        let len = self.text[from..].find(quote).filter(|len| *len > 0)?;
        self.at = from + len + 1;
        Some(self.module(from, len))
    }

    /// The module that a string names, with a use of its name.
    fn module(&mut self, from: usize, len: usize) -> TermId {
        let module = self.walk.module(&self.text[from..from + len]);
        let span = Span::new(self.start + from as u32, self.start + (from + len) as u32);
        self.walk.refer_span(span, Role::Import, Some(module));
        module
    }

    /// The object whose parts the comment goes on to name.
    fn object(&mut self, path: Span) -> Option<TermId> {
        if !self.walk.comment_types() {
            return None;
        }
        let text = self.text;
        let path = &text[(path.start - self.start) as usize..(path.end - self.start) as usize];
        let rest = &text[self.at..];
        let goes_on = rest.match_indices(path).any(|(at, _)| {
            rest[at + path.len()..].starts_with('.') && rest[..at].ends_with([' ', '[', '\t'])
        });
        if !goes_on {
            return None;
        }
        let object = self.walk.open_object(Span::new(self.start + self.at as u32, self.end));
        self.objects.push((path, object));
        Some(self.walk.term(Term::Object(object)))
    }

    /// A part of a parameter, whose first name has been read: `options.name`.
    fn part_of(&mut self, first: Span, ty: Option<TermId>) {
        let (text, from) = (self.text, (first.start - self.start) as usize);
        let mut around = from..(first.end - self.start) as usize;
        while self.eat('.') {
            let Some(name) = self.name() else { return };
            let path = Span::new(first.start, name.end);
            if self.text[self.at..].starts_with('.') {
                around.end = self.at;
                continue;
            }
            let object = self.objects.iter().rev().find(|(path, _)| *path == &text[around.clone()]);
            let Some((_, object)) = object.copied() else { return };
            let ty = ty.or_else(|| self.object(path));
            self.walk.define_property(object, name, ty);
        }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn eat(&mut self, wanted: char) -> bool {
        let there = self.peek() == Some(wanted);
        if there {
            self.at += wanted.len_utf8();
        }
        there
    }

    /// Spaces, line ends, and the star that a line begins with.
    fn spaces(&mut self) {
        while let Some(c) = self.peek() {
            let star = c == '*' && self.text[..self.at].trim_end_matches([' ', '\t']).ends_with('\n');
            if !c.is_whitespace() && !star {
                return;
            }
            self.at += c.len_utf8();
        }
    }

    fn word(&mut self) -> &'t str {
        let rest = &self.text[self.at..];
        let len = rest.find(|c: char| c != '_' && c != '$' && !c.is_alphanumeric()).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    /// An identifier here; where it stands in the file.
    fn name(&mut self) -> Option<Span> {
        let from = self.at;
        let word = self.word();
        if word.is_empty() || word.starts_with(|c: char| c.is_ascii_digit()) {
            self.at = from;
            return None;
        }
        Some(Span::new(self.start + from as u32, self.start + self.at as u32))
    }

    /// Names with dots, or with the signs of JSDoc for members, between them; the term of the last.
    fn path(&mut self, role: Role) -> Option<TermId> {
        let first = self.name()?;
        let mut term = self.walk.refer_span(first, role, None);
        loop {
            let before = self.at;
            if !(self.eat('.') || self.eat('#') || self.eat('~')) {
                return Some(term);
            }
            let Some(name) = self.name() else {
                self.at = before;
                return Some(term);
            };
            term = self.walk.refer_span(name, role, Some(term));
        }
    }

    /// A type in braces, if there is one.
    fn braced(&mut self) -> Option<TermId> {
        let before = self.at;
        self.spaces();
        if !self.eat('{') || self.peek() == Some('@') {
            self.at = before;
            return None;
        }
        let inside = self.at;
        let mut depth = 1usize;
        let len = self.text[inside..].find(|c: char| {
            depth = match c {
                '{' => depth + 1,
                '}' => depth - 1,
                _ => depth,
            };
            depth == 0
        })?;
        let whole = self.text;
        // Nothing behind the brace belongs to the type.
        self.text = &whole[..inside + len];
        let ty = self.union(0);
        self.text = whole;
        self.at = inside + len + 1;
        ty
    }

    fn union(&mut self, depth: usize) -> Option<TermId> {
        if depth > DEPTH_MAX {
            self.at = self.text.len();
            return None;
        }
        let mut parts = Vec::new();
        loop {
            parts.extend(self.part(depth));
            self.spaces();
            if !self.eat('|') && !self.eat('&') {
                break;
            }
        }
        match parts.len() {
            0 | 1 => parts.pop(),
            _ => Some(self.walk.term(Term::Union(parts.into()))),
        }
    }

    /// One type and what stands behind it.
    fn part(&mut self, depth: usize) -> Option<TermId> {
        self.spaces();
        while self.eat('?') || self.eat('!') || self.eat('*') || self.eat('.') {
            self.spaces();
        }
        let mut term = self.primary(depth);
        loop {
            self.spaces();
            let rest = &self.text[self.at..];
            if rest.starts_with("[]") {
                self.at += 2;
                let element = term.unwrap_or_else(|| self.walk.term(Term::Unknown));
                term = Some(self.walk.term(Term::List(element)));
            } else if rest.starts_with("=>") {
                self.at += 2;
                let result = self.union(depth + 1);
                term = result.map(|result| self.walk.term(Term::Func(result)));
            } else if !self.eat('=') && !self.eat('?') && !self.eat('!') {
                return term;
            }
        }
    }

    fn primary(&mut self, depth: usize) -> Option<TermId> {
        match self.peek()? {
            '(' => {
                self.at += 1;
                self.listed(depth, ')', true)
            }
            '{' if self.walk.comment_types() => {
                self.at += 1;
                Some(self.fields(depth))
            }
            '{' => {
                self.at += 1;
                self.listed(depth, '}', true);
                None
            }
            '[' => {
                self.at += 1;
                self.listed(depth, ']', true);
                None
            }
            quote @ ('"' | '\'' | '`') => {
                self.at += 1;
                let rest = &self.text[self.at..];
                self.at += rest.find(quote).map_or(rest.len(), |at| at + 1);
                Some(self.walk.term(Term::Literal(Literal::String)))
            }
            c if c == '_' || c == '$' || c.is_alphabetic() => self.named(depth),
            c => {
                self.at += c.len_utf8();
                None
            }
        }
    }

    /// Types, perhaps each with a name before it, up to the closing sign; the first.
    fn listed(&mut self, depth: usize, close: char, names: bool) -> Option<TermId> {
        let mut first = None;
        while self.at < self.text.len() {
            self.spaces();
            if self.eat(close) {
                break;
            }
            if names {
                self.label();
            }
            let before = self.at;
            let term = self.union(depth + 1);
            first = first.or(term);
            self.spaces();
            let went_on = self.eat(',') | self.eat(';');
            if !went_on && self.at == before {
                // Whatever it is, it is no type.
                self.at += self.peek().map_or(0, char::len_utf8);
            }
        }
        first
    }

    /// The fields of an object's type, behind its brace.
    fn fields(&mut self, depth: usize) -> TermId {
        let from = self.start + self.at as u32;
        let object = self.walk.open_object(Span::new(from, from));
        while self.at < self.text.len() {
            self.spaces();
            if self.eat('}') {
                break;
            }
            let before = self.at;
            let name = self.name();
            self.eat('?');
            self.spaces();
            let name = name.filter(|_| self.eat(':'));
            if name.is_none() {
                self.at = before;
            }
            let ty = self.union(depth + 1);
            if let Some(name) = name {
                self.walk.define_property(object, name, ty);
            }
            self.spaces();
            let went_on = self.eat(',') | self.eat(';');
            if !went_on && self.at == before {
                // Whatever it is, it is no field.
                self.at += self.peek().map_or(0, char::len_utf8);
            }
        }
        self.walk.facts().scopes[object.index()].span.end = self.start + self.at as u32;
        self.walk.term(Term::Object(object))
    }

    /// A name of a field or parameter and its colon, if that is what stands here.
    fn label(&mut self) {
        let before = self.at;
        while self.eat('.') {}
        self.word();
        self.eat('?');
        self.spaces();
        if !self.eat(':') {
            self.at = before;
        }
    }

    fn named(&mut self, depth: usize) -> Option<TermId> {
        let before = self.at;
        let literal = match self.word() {
            "string" | "String" => Some(Literal::String),
            "number" | "Number" => Some(Literal::Integer),
            "boolean" | "Boolean" | "true" | "false" => Some(Literal::Boolean),
            "function" => {
                self.spaces();
                if self.eat('(') {
                    self.listed(depth, ')', true);
                    self.spaces();
                    if self.eat(':') {
                        let result = self.union(depth + 1)?;
                        return Some(self.walk.term(Term::Func(result)));
                    }
                }
                return None;
            }
            "import" if self.peek() == Some('(') => return self.imported(),
            "typeof" => {
                self.spaces();
                return self.path(Role::Read);
            }
            word if WORDS.contains(&word) => return None,
            _ => None,
        };
        if let Some(literal) = literal {
            return Some(self.walk.term(Term::Literal(literal)));
        }
        self.at = before;
        let head = self.path(Role::Type)?;
        let rest = &self.text[self.at..];
        if !rest.starts_with('<') && !rest.starts_with(".<") {
            return Some(head);
        }
        self.at += if rest.starts_with('<') { 1 } else { 2 };
        let mut arguments = Vec::new();
        while self.at < self.text.len() {
            let before = self.at;
            let argument = self.union(depth + 1);
            arguments.push(argument.unwrap_or_else(|| self.walk.term(Term::Unknown)));
            self.spaces();
            if self.eat('>') || !self.eat(',') || self.at == before {
                break;
            }
        }
        Some(self.walk.term(Term::Apply(head, arguments.into())))
    }

    /// `import('./m').Name`.
    fn imported(&mut self) -> Option<TermId> {
        self.at += 1;
        let quote = self.peek().filter(|c| matches!(c, '"' | '\''))?;
        let from = self.at + 1;
        let len = self.text[from..].find(quote)?;
        self.at = from + len + 1;
        if len == 0 || !self.eat(')') {
            return None;
        }
        let mut term = self.module(from, len);
        while self.eat('.') {
            let Some(name) = self.name() else { break };
            term = self.walk.refer_span(name, Role::Type, Some(term));
        }
        Some(term)
    }
}
