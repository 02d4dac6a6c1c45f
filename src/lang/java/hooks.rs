//! What Java's rules hand to code: package and import clauses, modifiers, qualified names.

use tree_sitter::Node;

use crate::lang::facts::{DefFlags, DefKind, Role, TermId};
use crate::lang::walk::{Hooked, Walk};

/// `package a.b;`
pub fn package<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let mut cursor = node.walk();
    let path =
        node.named_children(&mut cursor).find(|c| matches!(c.kind(), "identifier" | "scoped_identifier"));
    if let Some(path) = path {
        let text = walk.text(path);
        let name = walk.name(text);
        walk.facts().package = Some(name);
    }
    Hooked::Done(None)
}

/// `import a.b.C;`, `import a.b.*;`, `import static a.b.C.m;`
pub fn import<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let mut cursor = node.walk();
    let (mut path, mut all) = (None, false);
    for child in node.named_children(&mut cursor) {
        match child.kind() {
            "identifier" | "scoped_identifier" => path = Some(child),
            "asterisk" => all = true,
            _ => {}
        }
    }
    let Some(path) = path else { return Hooked::Done(None) };
    let parts = parts(path);
    let (names, last) = match parts.split_last() {
        Some((last, before)) if !all => (before, Some(*last)),
        _ => (parts.as_slice(), None),
    };
    let Some(owner) = qualified_name(walk, names, Role::Import) else { return Hooked::Done(None) };
    match last {
        Some(last) => {
            let value = walk.refer(last, Role::Import, Some(owner));
            walk.define(DefKind::Import, last, node, Some(value));
        }
        None => walk.glob(owner, false),
    }
    Hooked::Done(None)
}

/// Dotted names with more parts than this are not taken apart.
const PARTS_MAX: usize = 24;

/// The identifiers of a dotted name, in order; none if there are too many.
fn parts(path: Node<'_>) -> Vec<Node<'_>> {
    let mut parts = Vec::new();
    let mut at = path;
    loop {
        if parts.len() >= PARTS_MAX {
            return Vec::new();
        }
        match at.kind() {
            "scoped_identifier" => {
                parts.extend(at.child_by_field_name("name"));
                let Some(scope) = at.child_by_field_name("scope") else { break };
                at = scope;
            }
            "scoped_type_identifier" => {
                let count = at.named_child_count();
                parts.extend(count.checked_sub(1).and_then(|last| at.named_child(last as u32)));
                let Some(scope) = at.named_child(0).filter(|_| count > 1) else { break };
                at = scope;
            }
            "field_access" => {
                parts.extend(at.child_by_field_name("field"));
                let Some(object) = at.child_by_field_name("object") else { break };
                at = object;
            }
            _ => {
                parts.push(at);
                break;
            }
        }
    }
    parts.reverse();
    parts
}

/// By the language's naming convention a package is written in small letters and a type is not.
fn is_package(walk: &Walk<'_>, part: Node<'_>) -> bool {
    walk.text(part).starts_with(|c: char| c.is_lowercase() || c == '_')
}

/// Packages up to the first type, then members of it.
fn qualified_name<'t>(walk: &mut Walk<'t>, parts: &[Node<'t>], role: Role) -> Option<TermId> {
    let first = parts.first()?;
    let packages = parts.iter().take_while(|part| is_package(walk, **part)).count();
    let mut term = None;
    if packages > 0 {
        let end = parts[packages - 1];
        let path = crate::lang::facts::Span::new(first.start_byte() as u32, end.end_byte() as u32);
        let path: String = walk.slice(path).chars().filter(|c| !c.is_whitespace()).collect();
        term = Some(walk.module(&path));
    }
    for part in &parts[packages..] {
        term = Some(walk.refer(*part, role, term));
    }
    term
}

/// `a.b.C` in an expression or type: a name by its package, if it cannot be members of a variable.
pub fn qualified<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let parts = parts(node);
    let plain = |part: &Node<'t>| matches!(part.kind(), "identifier" | "type_identifier");
    let Some((last, before)) = parts.split_last() else { return Hooked::Continue };
    let named_like_a_type = {
        let text = walk.text(*last);
        text.starts_with(char::is_uppercase) && text.contains(char::is_lowercase)
    };
    let packages = before.iter().all(|part| plain(part) && is_package(walk, *part));
    // In a type nothing but a package can stand before a type; one word before a name may be a variable.
    if !named_like_a_type || !packages || before.len() < 2 && node.kind() == "field_access" {
        return Hooked::Continue;
    }
    let role = walk.context().role();
    Hooked::Done(qualified_name(walk, &parts, role))
}

/// `public static …`: flags of what is declared.
pub fn modifiers<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let mut flags = DefFlags::NONE;
    let mut annotated = false;
    let mut cursor = node.walk();
    for child in node.children(&mut cursor) {
        flags = flags.with(match child.kind() {
            "static" => DefFlags::STATIC,
            "abstract" => DefFlags::ABSTRACT,
            "private" => DefFlags::PRIVATE,
            "public" => DefFlags::EXPORTED,
            _ => DefFlags::NONE,
        });
        annotated |= child.is_named();
    }
    walk.flag_above(flags);
    if annotated { Hooked::Continue } else { Hooked::Done(None) }
}

/// `new T() { … }`: the body belongs to a type without a name, derived from `T`.
pub fn anonymous<'t>(walk: &mut Walk<'t>, _node: Node<'t>) -> Hooked {
    walk.extend_above();
    Hooked::Continue
}
