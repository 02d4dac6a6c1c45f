//! What Rust's rules hand to code: `use`, the heads of paths, macros, receivers, positional fields.

use tree_sitter::Node;

use crate::lang::facts::{DefFlags, DefId, DefKind, Literal, Role, Span, Term, TermId};
use crate::lang::rules::Context;
use crate::lang::walk::{Hooked, Walk};

/// `use` lists inside lists.
const NESTED_MAX: usize = 32;

/// `use a::{self, b as c, d::*};`
pub fn use_declaration<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let mut cursor = node.walk();
    let public = node.named_children(&mut cursor).any(|c| c.kind() == "visibility_modifier");
    if let Some(argument) = node.child_by_field_name("argument") {
        UseTree { walk, declaration: node, public }.read(argument, None, NESTED_MAX);
    }
    Hooked::Done(None)
}

struct UseTree<'w, 't> {
    walk: &'w mut Walk<'t>,
    declaration: Node<'t>,
    public: bool,
}

/// What a path leads to, and its last segment.
#[derive(Clone, Copy)]
struct Path<'t> {
    term: TermId,
    last: Node<'t>,
}

impl<'t> UseTree<'_, 't> {
    fn read(&mut self, node: Node<'t>, before: Option<Path<'t>>, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        match node.kind() {
            "use_list" => {
                let mut cursor = node.walk();
                for part in node.named_children(&mut cursor) {
                    self.read(part, before, depth);
                }
            }
            "scoped_use_list" => {
                let path = match node.child_by_field_name("path") {
                    Some(path) => self.path(path, before),
                    None => before,
                };
                if let Some(list) = node.child_by_field_name("list") {
                    self.read(list, path, depth);
                }
            }
            "use_wildcard" => {
                let path = match node.named_child(0) {
                    Some(path) => self.path(path, before),
                    None => before,
                };
                if let Some(path) = path {
                    self.walk.glob(path.term, self.public);
                }
            }
            "use_as_clause" => {
                let path = node.child_by_field_name("path").and_then(|p| self.path(p, before));
                if let (Some(path), Some(alias)) = (path, node.child_by_field_name("alias")) {
                    self.import(alias, path.term);
                }
            }
            _ => {
                if let Some(path) = self.path(node, before) {
                    self.import(path.last, path.term);
                }
            }
        }
    }

    fn import(&mut self, name: Node<'t>, value: TermId) {
        if matches!(name.kind(), "crate" | "self" | "super") || self.walk.text(name) == "_" {
            return;
        }
        let def = self.walk.define(DefKind::Import, name, self.declaration, Some(value));
        if self.public {
            add_flags(self.walk, def, DefFlags::EXPORTED);
        }
    }

    /// Uses of the segments, each a member of what stands before it.
    fn path(&mut self, node: Node<'t>, before: Option<Path<'t>>) -> Option<Path<'t>> {
        let mut found = before;
        let mut supers = 0;
        for segment in segments(node) {
            let term = match segment.kind() {
                "super" => {
                    supers += 1;
                    above(self.walk, supers)
                }
                "crate" => self.walk.module("crate"),
                // `a::{self}` is `a`; at the head it is the module around.
                "self" => match found {
                    Some(path) => path.term,
                    None => above(self.walk, 0),
                },
                "metavariable" => return None,
                _ => self.walk.refer(segment, Role::Import, found.map(|p| p.term)),
            };
            let keeps_name = segment.kind() == "self" && found.is_some();
            let last = if keeps_name { found.map_or(segment, |p| p.last) } else { segment };
            found = Some(Path { term, last });
        }
        found
    }
}

/// The leaves of a path, first segment first.
fn segments(path: Node<'_>) -> Vec<Node<'_>> {
    let mut reversed = Vec::new();
    let mut at = path;
    while at.kind() == "scoped_identifier" {
        reversed.extend(at.child_by_field_name("name"));
        match at.child_by_field_name("path") {
            Some(path) => at = path,
            None => {
                reversed.reverse();
                return reversed;
            }
        }
    }
    reversed.push(at);
    reversed.reverse();
    reversed
}

fn add_flags(walk: &mut Walk<'_>, def: DefId, flags: DefFlags) {
    let def = &mut walk.facts().defs[def.index()];
    def.flags = def.flags.with(flags);
}

/// The module so many levels above the place, modules written inside the file counted.
fn above(walk: &mut Walk<'_>, levels: usize) -> TermId {
    match levels {
        0 => walk.module("self"),
        _ => walk.module(&vec!["super"; levels].join("::")),
    }
}

/// `crate`, `self`, `super` and `super::super` at the head of a path.
pub fn root<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let term = match node.kind() {
        "crate" => walk.module("crate"),
        "self" => above(walk, 0),
        _ => {
            let supers = segments(node).iter().filter(|s| s.kind() == "super").count();
            above(walk, supers)
        }
    };
    Hooked::Done(Some(term))
}

/// `extern crate a as b;`
pub fn extern_crate<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(name) = node.child_by_field_name("name") else { return Hooked::Done(None) };
    let specifier = match walk.text(name) {
        "self" => "crate".to_owned(),
        text => format!("::{}", text.trim_start_matches("r#")),
    };
    let module = walk.module(&specifier);
    if specifier != "crate" {
        walk.refer(name, Role::Import, None);
    }
    let bound = node.child_by_field_name("alias").unwrap_or(name);
    if walk.text(bound) != "_" {
        let def = walk.define(DefKind::Import, bound, node, Some(module));
        let mut cursor = node.walk();
        if node.named_children(&mut cursor).any(|c| c.kind() == "visibility_modifier") {
            add_flags(walk, def, DefFlags::EXPORTED);
        }
    }
    Hooked::Done(None)
}

/// `mod name;`, with the file that a `#[path = "…"]` before it names.
pub fn file_module<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(name) = node.child_by_field_name("name") else { return Hooked::Done(None) };
    let path = attributed_path(walk, node).map(|path| walk.module(&format!("./{path}")));
    let def = walk.define(DefKind::Module, name, node, path);
    let mut cursor = node.walk();
    let public = node.named_children(&mut cursor).any(|c| c.kind() == "visibility_modifier");
    let exported = if public { DefFlags::EXPORTED } else { DefFlags::NONE };
    add_flags(walk, def, DefFlags::FILE_MODULE.with(exported));
    Hooked::Done(None)
}

fn attributed_path<'t>(walk: &Walk<'t>, node: Node<'t>) -> Option<&'t str> {
    const ATTRIBUTES_MAX: usize = 16;
    let mut at = node;
    for _ in 0..ATTRIBUTES_MAX {
        at = at.prev_named_sibling()?;
        match at.kind() {
            "attribute_item" => {
                let text = walk.text(at);
                if let Some(rest) = text.strip_prefix("#[path") {
                    return rest.split('"').nth(1);
                }
            }
            "line_comment" | "block_comment" => {}
            _ => return None,
        }
    }
    None
}

/// A name in a pattern that starts with a capital: a constant, a variant or a unit struct, not a binding.
pub fn constant<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    walk.refer(node, Role::Read, None);
    Hooked::Done(None)
}

/// `self`, `&self`, `&mut self` among the parameters.
pub fn receiver<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let mut cursor = node.walk();
    let name = node.named_children(&mut cursor).find(|c| c.kind() == "self");
    if let Some(name) = name {
        let def = walk.define(DefKind::Parameter, name, node, None);
        let ty = walk.term(Term::SelfType);
        walk.facts().defs[def.index()].ty = Some(ty);
    }
    typed_receiver(walk, node)
}

/// `self: Arc<Self>`: the method has a receiver.
pub fn typed_receiver<'t>(walk: &mut Walk<'t>, _: Node<'t>) -> Hooked {
    if let Some(method) = walk.function() {
        add_flags(walk, method, DefFlags::RECEIVER);
    }
    Hooked::Continue
}

/// The types of a tuple struct or variant are fields named by their positions.
pub fn positional<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let mut cursor = node.walk();
    let mut flags = DefFlags::NONE;
    // A field has no name in the text; it stands where the delimiter before it does.
    let mut delimiter = node.start_byte() as u32;
    let mut position = 0;
    if !cursor.goto_first_child() {
        return Hooked::Done(None);
    }
    loop {
        let child = cursor.node();
        let start = child.start_byte() as u32;
        match child.kind() {
            "(" | "," => delimiter = start,
            "visibility_modifier" => flags = DefFlags::EXPORTED,
            "attribute_item" => {}
            _ if child.is_named() && !child.is_extra() => {
                let span = Span::new(start, child.end_byte() as u32);
                let def = walk.define_span(DefKind::Field, Span::new(delimiter, delimiter), span, None);
                walk.rename(def, &position.to_string());
                let ty = walk.read(child, Context::Type);
                walk.facts().defs[def.index()].ty = ty;
                add_flags(walk, def, flags);
                flags = DefFlags::NONE;
                position += 1;
            }
            _ => {}
        }
        if !cursor.goto_next_sibling() {
            return Hooked::Done(None);
        }
    }
}

/// `where P: AsRef<Path>`: the bounds are the type parameter's, as if written behind it.
pub fn bound<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    /// So many definitions back a type parameter of the same item may stand.
    const BACK_MAX: usize = 64;
    let Some(left) = node.child_by_field_name("left") else { return Hooked::Done(None) };
    walk.read(left, Context::Type);
    let bounds = node.child_by_field_name("bounds").and_then(|b| walk.read(b, Context::Type));
    if left.kind() == "type_identifier" && bounds.is_some() {
        let (scope, text) = (walk.scope(), walk.text(left));
        let name = walk.name(text);
        let facts = walk.facts();
        let parameter = facts
            .defs
            .iter_mut()
            .rev()
            .take(BACK_MAX)
            .find(|d| d.kind == DefKind::TypeParameter && d.name == name && d.scope == scope);
        if let Some(parameter) = parameter {
            parameter.ty = parameter.ty.or(bounds);
        }
    }
    Hooked::Done(None)
}

/// `FnMut(A, B) -> C`: the trait applied to the parameters and the result.
pub fn callable<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(name) = node.child_by_field_name("trait") else { return Hooked::Continue };
    let head = walk.read(name, Context::Type);
    let mut arguments = Vec::new();
    if let Some(parameters) = node.child_by_field_name("parameters") {
        let mut cursor = parameters.walk();
        for parameter in parameters.named_children(&mut cursor).filter(|p| !p.is_extra()) {
            let ty = walk.read(parameter, Context::Type);
            arguments.push(ty.unwrap_or_else(|| walk.term(Term::Unknown)));
        }
    }
    let result = node.child_by_field_name("return_type").and_then(|r| walk.read(r, Context::Type));
    arguments.push(result.unwrap_or_else(|| walk.term(Term::Tuple([].into()))));
    let term = head.map(|head| walk.term(Term::Apply(head, arguments.into())));
    Hooked::Done(term)
}

/// Methods that deriving a trait gives, as far as they are called by name; whether they take and give the type.
const DERIVED: [(&str, &str, bool, bool); 6] = [
    ("Clone", "clone", true, true),
    ("Default", "default", false, true),
    ("PartialEq", "eq", true, false),
    ("PartialOrd", "partial_cmp", true, false),
    ("Ord", "cmp", true, false),
    ("Hash", "hash", true, false),
];

/// The methods that the attributes before a type derive for it. They stand at the attribute, without a name.
pub fn derived<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let notes = walk.take_notes();
    if node.child_by_field_name("body").is_none() {
        return Hooked::Continue;
    }
    for note in notes.chunks_exact(2) {
        let (attribute, name) = (note[0], walk.slice(note[1]));
        let Some((_, method, takes, gives)) = DERIVED.iter().find(|(n, ..)| *n == name) else { continue };
        let at = Span::new(attribute.start, attribute.start);
        let def = walk.define_span(DefKind::Method, at, attribute, None);
        walk.rename(def, method);
        if *takes {
            add_flags(walk, def, DefFlags::RECEIVER);
        }
        if *gives {
            let ty = walk.term(Term::SelfType);
            walk.facts().defs[def.index()].ty = Some(ty);
        }
    }
    Hooked::Continue
}

/// `#[derive(A, b::C)]`: uses of the derived traits.
pub fn attribute<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    if walk.text(node).starts_with("#[derive(")
        && let Some(tokens) = node.named_child(0).and_then(|a| a.child_by_field_name("arguments"))
    {
        let start = node.start_byte() as u32 + "#[".len() as u32;
        let attribute = Span::new(start, node.end_byte() as u32);
        let mut cursor = tokens.walk();
        for name in tokens.named_children(&mut cursor).filter(|n| n.kind() == "identifier") {
            walk.note(attribute);
            walk.note(Span::new(name.start_byte() as u32, name.end_byte() as u32));
        }
        Tokens { walk, role: Role::Macro }.read(tokens);
    }
    Hooked::Done(None)
}

/// `name!(…)`: the arguments are read as the code that they look like.
pub fn macro_invocation<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(name) = node.child_by_field_name("macro") else { return Hooked::Done(None) };
    walk.read(name, Context::Macro);
    let mut cursor = node.walk();
    let tokens = node.named_children(&mut cursor).find(|c| c.kind() == "token_tree");
    let value = tokens.and_then(|tokens| {
        format_arguments(walk, tokens);
        arguments(walk, tokens)
    });
    let term = match walk.text(name) {
        "vec" => value,
        "format" | "concat" | "stringify" | "env" | "include_str" => {
            Some(walk.term(Term::Literal(Literal::String)))
        }
        "matches" | "cfg" => Some(walk.term(Term::Literal(Literal::Boolean))),
        "dbg" => value,
        _ => None,
    };
    Hooked::Done(term)
}

/// Names in the strings of a macro's arguments, as formatting reads them: `"{name:>width$}"`.
fn format_arguments<'t>(walk: &mut Walk<'t>, tokens: Node<'t>) {
    let mut cursor = tokens.walk();
    let mut strings = Vec::new();
    // `name = value` names an argument; the string means that one, not what is in scope.
    let mut named = Vec::new();
    let mut before: Option<Node<'t>> = None;
    for token in tokens.children(&mut cursor) {
        match token.kind() {
            "string_literal" | "raw_string_literal" => strings.push(token),
            "=" => named.extend(before.filter(|b| b.kind() == "identifier").map(|b| walk.text(b))),
            _ => {}
        }
        before = Some(token);
    }
    for string in strings {
        let start = string.start_byte();
        for (from, to) in placeholders(walk.text(string)) {
            let span = Span::new((start + from) as u32, (start + to) as u32);
            if !named.contains(&walk.slice(span)) {
                walk.refer_span(span, Role::Read, None);
            }
        }
    }
}

/// Where names stand in the braces of a format string.
fn placeholders(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(open) = memchr::memchr(b'{', &bytes[at..]).map(|i| at + i) {
        if bytes.get(open + 1) == Some(&b'{') {
            at = open + 2;
            continue;
        }
        let Some(close) = memchr::memchr(b'}', &bytes[open..]).map(|i| open + i) else { break };
        at = close + 1;
        let inner = &text[open + 1..close];
        let word = |from: usize| -> usize {
            let rest = &inner[from..];
            rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len())
        };
        let starts_name = |from: usize| inner[from..].starts_with(|c: char| c == '_' || c.is_alphabetic());
        let length = word(0);
        let ends = matches!(inner[length..].bytes().next(), None | Some(b':' | b' '));
        if length > 0 && !ends {
            continue;
        }
        if length > 0 && starts_name(0) {
            found.push((open + 1, open + 1 + length));
        }
        // Width and precision: `name$`.
        let mut from = length;
        while from < inner.len() {
            let length = word(from);
            if length == 0 {
                from += inner[from..].chars().next().map_or(1, char::len_utf8);
                continue;
            }
            if inner[from + length..].starts_with('$') && starts_name(from) {
                found.push((open + 1 + from, open + 1 + from + length));
            }
            from += length;
        }
    }
    found
}

fn arguments<'t>(walk: &mut Walk<'t>, tokens: Node<'t>) -> Option<TermId> {
    match walk.read_tokens(tokens) {
        Some(value) => value,
        None => {
            Tokens { walk, role: Role::Read }.read(tokens);
            None
        }
    }
}

/// Tokens that are no code as they stand: paths, field chains and calls are seen all the same.
struct Tokens<'w, 't> {
    walk: &'w mut Walk<'t>,
    /// How a bare name is used.
    role: Role,
}

/// What stands before a token.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    Dot,
    Colons,
}

impl<'t> Tokens<'_, 't> {
    fn read(&mut self, tree: Node<'t>) {
        let mut cursor = tree.walk();
        let mut chain: Option<TermId> = None;
        let mut before = Before::Nothing;
        let children: Vec<Node<'t>> = tree.children(&mut cursor).collect();
        for (i, token) in children.iter().copied().enumerate() {
            let next = children.get(i + 1).copied();
            match token.kind() {
                "identifier" | "crate" | "super" | "self" => {
                    let recv = if before == Before::Nothing { None } else { chain };
                    // A member of something unknown stays unknown.
                    let lost = before != Before::Nothing && recv.is_none();
                    chain = if lost { None } else { self.name(token, recv, before, next) };
                    before = Before::Nothing;
                }
                "integer_literal" if before == Before::Dot => {
                    chain = chain.map(|recv| self.walk.refer(token, Role::Read, Some(recv)));
                    before = Before::Nothing;
                }
                "." => before = Before::Dot,
                "::" => before = Before::Colons,
                "?" => {
                    chain = chain.map(|inner| self.walk.term(Term::Unwrap(inner)));
                }
                "token_tree" => {
                    arguments_of_tokens(self, token);
                    let call = self.walk.text(token).starts_with('(');
                    chain = chain.filter(|_| call).map(|callee| self.walk.term(Term::Call(callee)));
                    before = Before::Nothing;
                }
                "token_repetition" => {
                    self.read(token);
                    (chain, before) = (None, Before::Nothing);
                }
                _ => (chain, before) = (None, Before::Nothing),
            }
        }
    }

    fn name(
        &mut self,
        token: Node<'t>,
        recv: Option<TermId>,
        before: Before,
        next: Option<Node<'t>>,
    ) -> Option<TermId> {
        let follows = next.map_or("", |n| n.kind());
        match token.kind() {
            "crate" => Some(self.walk.module("crate")),
            "super" => Some(above(self.walk, 1)),
            "self" if follows == "::" => Some(above(self.walk, 0)),
            _ => {
                let text = self.walk.text(token);
                if text == "Self" {
                    return Some(self.walk.term(Term::SelfType));
                }
                let role = match follows {
                    "!" => Role::Macro,
                    "::" => Role::Type,
                    "token_tree" if next.is_some_and(|n| self.walk.text(n).starts_with('(')) => Role::Call,
                    _ if before == Before::Dot => Role::Read,
                    _ => self.role,
                };
                Some(self.walk.refer(token, role, recv))
            }
        }
    }
}

fn arguments_of_tokens<'t>(tokens: &mut Tokens<'_, 't>, tree: Node<'t>) {
    if tokens.role == Role::Macro || tokens.walk.read_tokens(tree).is_none() {
        // The tokens of one level are read by a call; levels are bounded by what the walk nests.
        if tokens.walk.nest() {
            tokens.read(tree);
            tokens.walk.unnest();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::placeholders;

    fn check_placeholders(text: &str, expected: &[&str]) {
        let found: Vec<&str> = placeholders(text).into_iter().map(|(from, to)| &text[from..to]).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn names_in_format_strings() {
        check_placeholders("\"{a} and {b_1:?} {c:>8}\"", &["a", "b_1", "c"]);
        check_placeholders("\"{} {0} {:?} {{not}} {\"", &[]);
        check_placeholders("\"{x:>width$.precision$} {:0$}\"", &["x", "width", "precision"]);
        check_placeholders("\"{a.b} {é} {ü:é$}\"", &["é", "ü", "é"]);
    }
}
