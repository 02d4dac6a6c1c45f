//! What Go's rules hand to code: package and import clauses, embedded fields, receivers, type switches.

use tree_sitter::Node;

use super::constraints;
use crate::lang::facts::{DefFlags, DefKind, Role, Span};
use crate::lang::walk::{Hooked, Walk};

/// Comments in front of the package clause that are looked at.
const COMMENTS_MAX: usize = 256;

/// `package x`.
pub fn package<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    if let Some(name) = node.named_child(0) {
        let text = walk.text(name);
        let name = walk.name(text);
        walk.facts().package = Some(name);
    }
    if !is_built(walk, node) {
        walk.flag_behind(DefFlags::INACTIVE);
    }
    Hooked::Done(None)
}

/// Whether the constraint in front of the package clause lets the file be built for the system that is read for.
fn is_built<'t>(walk: &Walk<'t>, clause: Node<'t>) -> bool {
    let mut at = clause;
    for _ in 0..COMMENTS_MAX {
        let Some(before) = at.prev_sibling().filter(|node| node.kind() == "comment") else { break };
        if let Some(expression) = walk.text(before).strip_prefix("//go:build ") {
            return constraints::holds(expression);
        }
        at = before;
    }
    true
}

/// `import "path"`, `import alias "path"`, `import . "path"`, `import _ "path"`.
pub fn import<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(literal) = node.child_by_field_name("path") else { return Hooked::Done(None) };
    let quoted = Span::new(literal.start_byte() as u32, literal.end_byte() as u32);
    if quoted.len() < 3 {
        return Hooked::Done(None);
    }
    let inside = Span::new(quoted.start + 1, quoted.end - 1);
    let path = walk.slice(inside);
    let module = walk.module(path);
    walk.refer_span(inside, Role::Import, Some(module));
    let alias = node.child_by_field_name("name");
    match alias.map(|alias| (alias, alias.kind())) {
        Some((_, "dot")) => walk.glob(module, false),
        Some((_, "blank_identifier")) => {}
        Some((alias, _)) => {
            walk.define(DefKind::Import, alias, node, Some(module));
        }
        None => {
            let def = walk.define_span(DefKind::Import, quoted, quoted, Some(module));
            walk.rename(def, package_name(path));
        }
    }
    Hooked::Done(None)
}

/// The name that a package most likely declares, by its import path: versions and the customary decorations around
/// a repository's name are not part of it.
fn package_name(path: &str) -> &str {
    let mut parts = path.rsplit('/').filter(|part| !part.is_empty());
    let Some(mut name) = parts.next() else { return path };
    if is_version(name)
        && let Some(before) = parts.next()
    {
        name = before;
    }
    if let Some((stem, version)) = name.rsplit_once('.')
        && (is_version(version) || version == "go")
    {
        name = stem;
    }
    let name = name.strip_prefix("go-").unwrap_or(name);
    let name = name.strip_suffix("-go").unwrap_or(name);
    name.rsplit(['-', '.']).next().unwrap_or(name)
}

fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

/// An embedded field is named by its type; the type's members are members of the struct too.
pub fn embedded<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(ty) = node.child_by_field_name("type") else { return Hooked::Continue };
    if let Some(name) = type_name(ty) {
        let def = walk.define(DefKind::Field, name, node, None);
        let flags = &mut walk.facts().defs[def.index()].flags;
        *flags = flags.with(DefFlags::EMBEDDED);
        walk.bind_whole(def);
    }
    Hooked::Continue
}

/// The identifier of `T`, `p.T`, `T[X]`.
fn type_name(ty: Node<'_>) -> Option<Node<'_>> {
    match ty.kind() {
        "type_identifier" => Some(ty),
        "qualified_type" => ty.child_by_field_name("name"),
        "generic_type" => type_name(ty.child_by_field_name("type")?),
        _ => None,
    }
}

/// `func (l *List[T]) …`: the receiver's type arguments are the names of its type parameters here.
pub fn receiver<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(mut ty) = node
        .child_by_field_name("receiver")
        .and_then(|list| list.named_child(0))
        .and_then(|parameter| parameter.child_by_field_name("type"))
    else {
        return Hooked::Continue;
    };
    while matches!(ty.kind(), "pointer_type" | "parenthesized_type") {
        let Some(inner) = ty.named_child(0) else { return Hooked::Continue };
        ty = inner;
    }
    if ty.kind() != "generic_type" {
        return Hooked::Continue;
    }
    let Some(arguments) = ty.child_by_field_name("type_arguments") else { return Hooked::Continue };
    let mut cursor = arguments.walk();
    let arguments: Vec<Node<'t>> = arguments.named_children(&mut cursor).collect();
    for argument in arguments {
        let name = if argument.kind() == "type_elem" { argument.named_child(0) } else { Some(argument) };
        if let Some(name) = name.filter(|n| n.kind() == "type_identifier" && walk.text(*n) != "_") {
            walk.define(DefKind::TypeParameter, name, name, None);
        }
    }
    Hooked::Continue
}

/// A constant without a value repeats the type and value of the one before it.
pub fn repeated<'t>(walk: &mut Walk<'t>, _node: Node<'t>) -> Hooked {
    let scope = walk.scope();
    let Some(before) = walk.facts().defs.last().filter(|d| d.kind == DefKind::Constant && d.scope == scope)
    else {
        return Hooked::Continue;
    };
    let (ty, init) = (before.ty, before.init);
    walk.bind_as(ty, init);
    Hooked::Continue
}

/// `switch x := v.(type)`: `x` as it is where no case says more.
pub fn subject<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    if let Some(name) = alias(walk, node) {
        let def = walk.define(DefKind::Variable, name, name, None);
        walk.bind_whole(def);
    }
    Hooked::Continue
}

/// `case T:` in `switch x := v.(type)`: an `x` of that type, declared where the switch declares it.
pub fn narrowed<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let mut cursor = node.walk();
    let mut types = node.children_by_field_name("type", &mut cursor).filter(Node::is_named);
    let (Some(ty), None) = (types.next(), types.next()) else { return Hooked::Continue };
    // `case nil` says nothing of the type.
    if walk.text(ty) == "nil" {
        return Hooked::Continue;
    }
    if let Some(name) = node.parent().and_then(|switch| alias(walk, switch)) {
        let def = walk.define(DefKind::Variable, name, name, None);
        walk.bind_whole(def);
    }
    Hooked::Continue
}

fn alias<'t>(walk: &Walk<'t>, switch: Node<'t>) -> Option<Node<'t>> {
    let name = switch.child_by_field_name("alias")?.named_child(0)?;
    (name.kind() == "identifier" && walk.text(name) != "_").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::package_name;

    #[test]
    fn package_names_are_guessed_from_import_paths() {
        for (path, name) in [
            ("fmt", "fmt"),
            ("net/http", "http"),
            ("github.com/spf13/cobra", "cobra"),
            ("github.com/cpuguy83/go-md2man/v2", "md2man"),
            ("gopkg.in/yaml.v3", "yaml"),
            ("github.com/nats-io/nats.go", "nats"),
            ("github.com/mattn/go-isatty", "isatty"),
            ("k8s.io/client-go/kubernetes", "kubernetes"),
        ] {
            assert_eq!(package_name(path), name, "{path}");
        }
    }
}
