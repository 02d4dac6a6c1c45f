//! What Python's rules hand to code: imports, `__all__`, annotations in strings, `match` patterns.

use tree_sitter::Node;

use crate::lang::facts::{DefFlags, DefKind, Name, Role, Span, Term, TermId};
use crate::lang::walk::{Hooked, Walk};

/// `import a.b as c` and `from .m import x as y, *`.
pub fn import<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let module = match node.kind() {
        "import_from_statement" => node.child_by_field_name("module_name").map(|m| module_path(walk, m)),
        "future_import_statement" => Some(walk.module("__future__")),
        _ => None,
    };
    let mut cursor = node.walk();
    if node.kind() == "import_statement" {
        for name in node.children_by_field_name("name", &mut cursor) {
            import_module(walk, name, node);
        }
        return Hooked::Done(None);
    }
    let Some(module) = module else { return Hooked::Done(None) };
    for name in node.children_by_field_name("name", &mut cursor) {
        import_name(walk, module, name, node);
    }
    if let Some(last) = node.named_child(node.named_child_count().saturating_sub(1) as u32)
        && last.kind() == "wildcard_import"
    {
        walk.glob(module, true);
    }
    Hooked::Done(None)
}

/// `import a.b.c` binds `a`; `import a.b.c as d` binds the last module.
fn import_module<'t>(walk: &mut Walk<'t>, name: Node<'t>, statement: Node<'t>) {
    let (path, alias) = match name.kind() {
        "aliased_import" => (name.child_by_field_name("name"), name.child_by_field_name("alias")),
        _ => (Some(name), None),
    };
    let Some(path) = path else { return };
    let modules = dotted_path(walk, path, 0);
    let (first, last) = (modules.first(), modules.last());
    match alias {
        Some(alias) => {
            walk.define(DefKind::Import, alias, statement, last.copied());
        }
        None => {
            if let (Some(first_name), Some(first)) = (path.named_child(0), first) {
                walk.define(DefKind::Import, first_name, statement, Some(*first));
            }
        }
    }
}

fn import_name<'t>(walk: &mut Walk<'t>, module: TermId, name: Node<'t>, statement: Node<'t>) {
    let (path, alias) = match name.kind() {
        "aliased_import" => (name.child_by_field_name("name"), name.child_by_field_name("alias")),
        _ => (Some(name), None),
    };
    let Some(path) = path else { return };
    let value = walk.refer(path, Role::Import, Some(module));
    let def = walk.define(DefKind::Import, alias.unwrap_or(path), statement, Some(value));
    // `import x as x` hands the name on, by the typing specification's rule for stubs.
    if alias.is_some_and(|a| walk.text(a) == walk.text(path)) {
        let flags = &mut walk.facts().defs[def.index()].flags;
        *flags = flags.with(DefFlags::EXPORTED);
    }
}

/// The module that `from X import` names, with a use of each of its parts.
fn module_path<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> TermId {
    if node.kind() != "relative_import" {
        return dotted_path(walk, node, 0).last().copied().unwrap_or_else(|| walk.term(Term::Unknown));
    }
    let text = walk.text(node);
    let dots = text.bytes().take_while(|b| *b == b'.').count();
    let mut cursor = node.walk();
    let dotted = node.named_children(&mut cursor).find(|c| c.kind() == "dotted_name");
    match dotted {
        Some(path) => {
            dotted_path(walk, path, dots).last().copied().unwrap_or_else(|| walk.term(Term::Unknown))
        }
        None => walk.module(&".".repeat(dots)),
    }
}

/// Uses of `a`, `b` and `c` in `a.b.c`, each a module of the longer path; the terms of those modules.
fn dotted_path<'t>(walk: &mut Walk<'t>, path: Node<'t>, dots: usize) -> Vec<TermId> {
    let mut specifier = ".".repeat(dots);
    let mut modules = Vec::new();
    let mut cursor = path.walk();
    for (i, part) in path.named_children(&mut cursor).enumerate() {
        if i > 0 {
            specifier.push('.');
        }
        specifier.push_str(walk.text(part));
        let module = walk.module(&specifier);
        // A module's own name is found through the module itself, not as a member of its parent.
        walk.refer(part, Role::Import, Some(module));
        modules.push(module);
    }
    modules
}

/// `__all__ = […]` and `__all__ += […]`.
pub fn listed<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(right) = node.child_by_field_name("right") else { return Hooked::Continue };
    let mut cursor = right.walk();
    let strings: Vec<Node<'t>> = right.named_children(&mut cursor).filter(|c| c.kind() == "string").collect();
    for string in strings {
        if let Some(span) = string_content(walk, string) {
            let text = walk.slice(span);
            let name: Name = walk.name(text);
            walk.facts().listed.get_or_insert_default().push(name);
            walk.refer_span(span, Role::Read, None);
        }
    }
    Hooked::Continue
}

fn string_content<'t>(walk: &Walk<'t>, string: Node<'t>) -> Option<Span> {
    let mut cursor = string.walk();
    let content = string.named_children(&mut cursor).find(|c| c.kind() == "string_content")?;
    let text = walk.text(content);
    let plain = !text.is_empty() && text.chars().all(|c| c == '_' || c.is_alphanumeric());
    plain.then(|| Span::new(content.start_byte() as u32, content.end_byte() as u32))
}

/// A type in quotes: dotted names with subscripts, read without a parser of its own.
pub fn annotation<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let mut cursor = node.walk();
    let Some(content) = node.named_children(&mut cursor).find(|c| c.kind() == "string_content") else {
        return Hooked::Done(None);
    };
    let base = content.start_byte() as u32;
    let text = walk.text(content);
    let mut heads: Vec<TermId> = Vec::new();
    let mut chain: Option<TermId> = None;
    let mut at = 0;
    let bytes = text.as_bytes();
    let mut after_dot = false;
    while at < bytes.len() {
        let rest = &text[at..];
        let word = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
        if word > 0 {
            let span = Span::new(base + at as u32, base + (at + word) as u32);
            let recv = if after_dot { chain } else { None };
            if !rest.starts_with(|c: char| c.is_numeric()) {
                let term = walk.refer_span(span, Role::Type, recv);
                if recv.is_some() {
                    heads.pop();
                }
                heads.push(term);
                chain = Some(term);
            }
            after_dot = false;
            at += word;
        } else {
            let c = rest.chars().next().unwrap_or(' ');
            after_dot = c == '.';
            at += c.len_utf8();
        }
    }
    let mut heads = heads.into_iter();
    let term = heads.next().map(|head| {
        let arguments: Box<[TermId]> = heads.collect();
        if text.contains('|') {
            let parts = std::iter::once(head).chain(arguments.iter().copied()).collect();
            walk.term(Term::Union(parts))
        } else if arguments.is_empty() {
            head
        } else {
            walk.term(Term::Apply(head, arguments))
        }
    });
    Hooked::Done(term)
}

/// `TypeVar("T", bound=A)`, whose bound is a name or a type in quotes: applied to what the variable is at least.
pub fn variable<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let (Some(function), Some(arguments)) =
        (node.child_by_field_name("function"), node.child_by_field_name("arguments"))
    else {
        return Hooked::Continue;
    };
    let mut cursor = arguments.walk();
    let mut bound = None;
    for argument in arguments.named_children(&mut cursor) {
        match argument.kind() {
            "string" | "comment" => {}
            "keyword_argument" => {
                let (Some(name), Some(value)) =
                    (argument.child_by_field_name("name"), argument.child_by_field_name("value"))
                else {
                    return Hooked::Continue;
                };
                match (walk.text(name), value.kind()) {
                    ("bound", "string" | "identifier" | "attribute") => bound = Some(value),
                    (_, "true" | "false") => {}
                    _ => return Hooked::Continue,
                }
            }
            _ => return Hooked::Continue,
        }
    }
    let Some(bound) = bound else { return Hooked::Continue };
    let Some(callee) = path(walk, function, Role::Call) else { return Hooked::Continue };
    let bound = match bound.kind() {
        "string" => match annotation(walk, bound) {
            Hooked::Done(term) => term,
            Hooked::Continue => None,
        },
        _ => path(walk, bound, Role::Type),
    };
    Hooked::Done(bound.map(|bound| walk.term(Term::Apply(callee, [bound].into()))))
}

/// Uses of the names in `a.b.c`; the term of the last. Nothing is used if there is something else before a dot.
fn path<'t>(walk: &mut Walk<'t>, node: Node<'t>, role: Role) -> Option<TermId> {
    const NAMES_MAX: usize = 8;
    let mut names = Vec::new();
    let mut at = node;
    while at.kind() == "attribute" && names.len() < NAMES_MAX {
        names.push(at.child_by_field_name("attribute")?);
        at = at.child_by_field_name("object")?;
    }
    if at.kind() != "identifier" {
        return None;
    }
    names.push(at);
    let mut term = None;
    while let Some(name) = names.pop() {
        let role = if names.is_empty() { role } else { Role::Read };
        term = Some(walk.refer(name, role, term));
    }
    term
}

/// A `case` pattern: bare lower-level names bind, dotted names and classes are uses.
pub fn pattern<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let mut stack = vec![node];
    // The class of an `as` pattern is read before the patterns in it.
    let mut read = None;
    while let Some(part) = stack.pop() {
        let mut children = Vec::new();
        let mut cursor = part.walk();
        children.extend(part.named_children(&mut cursor));
        match part.kind() {
            "dotted_name" if Some(part.id()) == read => {}
            "dotted_name" => {
                let in_class = part.parent().is_some_and(|p| p.kind() == "class_pattern");
                if children.len() == 1 && !in_class {
                    if walk.text(part) != "_" {
                        walk.define(DefKind::Variable, part, part, None);
                    }
                    continue;
                }
                let mut recv = None;
                for name in children {
                    recv = Some(walk.refer(name, Role::Read, recv));
                }
            }
            "as_pattern" => {
                let class = class_of(walk, part, &mut read);
                let alias = part
                    .child_by_field_name("alias")
                    .or_else(|| children.iter().copied().rfind(|c| c.kind() == "identifier"));
                if let Some(alias) = alias {
                    walk.define(DefKind::Variable, alias, part, class);
                    children.retain(|c| c.id() != alias.id());
                }
                stack.extend(children.into_iter().rev());
            }
            "splat_pattern" => {
                for name in children.iter().filter(|c| c.kind() == "identifier") {
                    walk.define(DefKind::Variable, *name, part, None);
                }
            }
            "keyword_pattern" => stack.extend(children.into_iter().skip(1).rev()),
            _ => stack.extend(children.into_iter().rev()),
        }
    }
    Hooked::Done(None)
}

/// An instance of the class in `case Class(…) as name`.
fn class_of<'t>(walk: &mut Walk<'t>, as_pattern: Node<'t>, read: &mut Option<usize>) -> Option<TermId> {
    let class = first_of_kind(as_pattern, "class_pattern")?;
    let mut cursor = class.walk();
    let path = class.named_children(&mut cursor).find(|c| c.kind() == "dotted_name")?;
    *read = Some(path.id());
    let mut recv = None;
    let mut names = path.walk();
    for name in path.named_children(&mut names) {
        recv = Some(walk.refer(name, Role::Type, recv));
    }
    recv.map(|class| walk.term(Term::Instance(class)))
}

fn first_of_kind<'t>(node: Node<'t>, kind: &str) -> Option<Node<'t>> {
    const LEVELS_MAX: usize = 3;
    let mut at = node;
    for _ in 0..LEVELS_MAX {
        at = at.named_child(0)?;
        if at.kind() == kind {
            return Some(at);
        }
    }
    None
}
