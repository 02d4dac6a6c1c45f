//! What the rules of TypeScript and JavaScript hand to code: imports, exports, CommonJS, and names that stand for two things.
//!
//! How a module's exports are written down:
//! - A declaration under `export` carries [`DefFlags::EXPORTED`], and so does one in a namespace that is only declared. `export { a as b }` is a [`DefKind::Export`] named `b`
//!   that stands for `a`; `export * from` is a glob that is handed on.
//! - `export default …` is an export named `default`; a function or class without a name is that definition itself.
//! - `export = x` and `module.exports = x` are exports named `export=`: the module is that one value.
//! - `exports.x = …` defines a member of [`Term::Exports`].
//! - An import is a [`DefKind::Import`] that stands for a name of the module; `import x from` uses the name `default`
//!   where `x` is written. Imports of whole modules (`* as ns`, `require`) stand for the [`Term::Module`].

use tree_sitter::Node;

use crate::lang::facts::{DECLARED, DefFlags, DefKind, Literal, Role, ScopeKind, Span, Term, TermId};
use crate::lang::rules::Context;
use crate::lang::walk::{Hook, Hooked, Walk};

/// The hooks by the names that the rules use.
pub const HOOKS: &[(&str, Hook)] = &[
    ("file", file),
    ("comment", super::jsdoc::comment),
    ("ambient", ambient),
    ("import", import),
    ("alias", alias),
    ("export", export),
    ("default", default),
    ("whole", whole),
    ("require", require),
    ("load", load),
    ("exports", exports),
    ("inherits", inherits),
    ("create", create),
    ("parameter", parameter),
    ("attribute", attribute),
    ("signature", signature),
    ("index", index),
    ("predefined", predefined),
    ("infer", infer),
    ("test", super::narrowing::test),
    ("loop", super::narrowing::repeated),
    ("switch", super::narrowing::switch),
    ("text", super::narrowing::text_type),
    ("cast", cast),
    ("enumerator", enumerator),
];

/// The name of a module's export as a whole.
const WHOLE_EXPORT: &str = "export=";

/// The name of an export that exports nothing.
const NO_EXPORT: &str = "{}";

/// Names of a path (`a.b.c`) that are followed.
const PATH_MAX: usize = 8;

/// A file begins with its first statement: the place that its name as a module leads to.
fn file<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let mut cursor = node.walk();
    let first = node
        .named_children(&mut cursor)
        .find(|child| !child.is_extra() && child.kind() != "hash_bang_line" && child.kind() != "comment");
    if let Some(first) = first {
        walk.facts().scopes[0].span.start = first.start_byte() as u32;
    }
    Hooked::Continue
}

/// `declare …`: there is nothing private in a namespace that is only declared.
fn ambient<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    walk.open_modules(node);
    Hooked::Continue
}

/// The text between the quotes of a string without escapes.
fn content<'t>(walk: &Walk<'t>, string: Node<'t>) -> Option<Span> {
    if string.kind() != "string" || string.named_child_count() > 1 {
        return None;
    }
    let span = Span::new(string.start_byte() as u32 + 1, (string.end_byte() as u32).saturating_sub(1));
    (span.start < span.end && !walk.slice(span).contains('\\')).then_some(span)
}

/// The module that a string names, with a use of its name.
fn module<'t>(walk: &mut Walk<'t>, string: Node<'t>) -> Option<TermId> {
    let span = content(walk, string)?;
    let module = walk.module(walk.slice(span));
    walk.refer_span(span, Role::Import, Some(module));
    Some(module)
}

/// `import a, { b as c } from 'm'`, `import * as d from 'm'`, `import e = require('m')`.
fn import<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let mut cursor = node.walk();
    let children: Vec<Node<'t>> = node.named_children(&mut cursor).collect();
    let required = children.iter().find(|c| c.kind() == "import_require_clause");
    let source = required.unwrap_or(&node).child_by_field_name("source");
    let Some(module) = source.and_then(|source| module(walk, source)) else { return Hooked::Done(None) };
    for child in children {
        match child.kind() {
            "import_require_clause" => {
                if let Some(name) = child.named_child(0) {
                    walk.define(DefKind::Import, name, node, Some(module));
                }
            }
            "import_clause" => import_clause(walk, module, child, node),
            _ => {}
        }
    }
    Hooked::Done(None)
}

fn import_clause<'t>(walk: &mut Walk<'t>, module: TermId, clause: Node<'t>, statement: Node<'t>) {
    let mut cursor = clause.walk();
    for part in clause.named_children(&mut cursor) {
        match part.kind() {
            "identifier" => {
                let value = walk.refer_as(part, "default", Role::Import, Some(module));
                walk.define(DefKind::Import, part, statement, Some(value));
            }
            "namespace_import" => {
                if let Some(name) = part.named_child(0) {
                    walk.define(DefKind::Import, name, statement, Some(module));
                }
            }
            "named_imports" => {
                let mut cursor = part.walk();
                for specifier in part.named_children(&mut cursor) {
                    let Some(name) = specifier.child_by_field_name("name") else { continue };
                    let value = walk.refer(name, Role::Import, Some(module));
                    let local = specifier.child_by_field_name("alias").unwrap_or(name);
                    walk.define(DefKind::Import, local, statement, Some(value));
                }
            }
            _ => {}
        }
    }
}

/// `import A = B.C`.
fn alias<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    if let (Some(name), Some(target)) = (node.named_child(0), node.named_child(1))
        && let Some(value) = path(walk, target, Role::Read)
    {
        walk.define(DefKind::Import, name, node, Some(value));
    }
    Hooked::Done(None)
}

/// `export { a as b }`, with or without a source; `export * from 'm'`, `export * as ns from 'm'`.
fn export<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let source = node.child_by_field_name("source");
    let module = source.and_then(|source| module(walk, source));
    if source.is_some() && module.is_none() {
        return Hooked::Done(None);
    }
    let mut cursor = node.walk();
    let mut everything = module.is_some();
    for child in node.named_children(&mut cursor) {
        match child.kind() {
            "export_clause" => {
                everything = false;
                if child.named_child_count() == 0 && module.is_none() {
                    // Nothing is exported, but the file is a module.
                    let start = child.start_byte() as u32;
                    let def = walk.define_span(
                        DefKind::Export,
                        Span::new(start, start),
                        Span::new(start, start),
                        None,
                    );
                    walk.rename(def, NO_EXPORT);
                }
                let mut cursor = child.walk();
                for specifier in child.named_children(&mut cursor) {
                    let Some(name) = specifier.child_by_field_name("name") else { continue };
                    let role = if module.is_some() { Role::Import } else { Role::Read };
                    let value = walk.refer(name, role, module);
                    match reserved_alias(walk, specifier) {
                        Some(alias) => {
                            let whole = Span::new(node.start_byte() as u32, node.end_byte() as u32);
                            walk.define_span(DefKind::Export, alias, whole, Some(value));
                        }
                        None => {
                            let seen = specifier.child_by_field_name("alias").unwrap_or(name);
                            walk.define(DefKind::Export, seen, node, Some(value));
                        }
                    }
                }
            }
            "namespace_export" => {
                everything = false;
                if let Some(name) = child.named_child(0) {
                    walk.define(DefKind::Export, name, node, module);
                }
            }
            _ => {}
        }
    }
    if let (Some(module), true) = (module, everything) {
        walk.glob(module, true);
    }
    Hooked::Done(None)
}

/// The word behind `as` that the grammar does not take for a name (`export { f as delete }`).
fn reserved_alias<'t>(walk: &Walk<'t>, specifier: Node<'t>) -> Option<Span> {
    if specifier.child_by_field_name("alias").is_some() {
        return None;
    }
    let error = specifier.next_sibling().filter(|next| next.is_error())?;
    let word = walk.text(error).strip_prefix("as")?.trim_start();
    let is_word = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphabetic());
    let end = error.end_byte() as u32;
    is_word.then(|| Span::new(end - word.len() as u32, end))
}

/// `export default …`: what follows is the value of an export of that name.
fn default<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    export_token(walk, node, "default", "default")
}

/// `export = …`.
fn whole<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    export_token(walk, node, "export", WHOLE_EXPORT)
}

fn export_token<'t>(walk: &mut Walk<'t>, node: Node<'t>, token: &str, name: &str) -> Hooked {
    let mut cursor = node.walk();
    let token = node.children(&mut cursor).find(|child| child.kind() == token);
    if let Some(token) = token {
        let def = walk.define(DefKind::Export, token, node, None);
        walk.rename(def, name);
        walk.bind_whole(def);
    }
    Hooked::Continue
}

/// `require('m')`, and what is selected from it.
struct Required<'t> {
    function: Node<'t>,
    source: Node<'t>,
    /// Names after the call, first to last.
    selected: Vec<Node<'t>>,
}

fn required<'t>(walk: &Walk<'t>, value: Node<'t>) -> Option<Required<'t>> {
    let mut at = value;
    let mut selected = Vec::new();
    while at.kind() == "member_expression" && selected.len() < PATH_MAX {
        selected.push(at.child_by_field_name("property")?);
        at = at.child_by_field_name("object")?;
    }
    if at.kind() != "call_expression" {
        return None;
    }
    let function = at.named_child(0).filter(|f| f.kind() == "identifier" && walk.text(*f) == "require")?;
    let source = at.child_by_field_name("arguments")?.named_child(0)?;
    content(walk, source)?;
    selected.reverse();
    Some(Required { function, source, selected })
}

/// `const a = require('m')`, `const { b, c: d } = require('m')`, `const e = require('m').e`.
fn require<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let (Some(name), Some(value)) = (node.child_by_field_name("name"), node.child_by_field_name("value"))
    else {
        return Hooked::Continue;
    };
    let Some(required) = required(walk, value) else { return Hooked::Continue };
    let mut cursor = name.walk();
    let parts: Vec<Node<'t>> = name.named_children(&mut cursor).collect();
    let plain = |part: &Node<'t>| match part.kind() {
        "shorthand_property_identifier_pattern" => true,
        "pair_pattern" => {
            part.child_by_field_name("key").is_some_and(|key| key.kind() == "property_identifier")
                && part.child_by_field_name("value").is_some_and(|value| value.kind() == "identifier")
        }
        _ => false,
    };
    let simple = match name.kind() {
        "identifier" => true,
        "object_pattern" => parts.iter().all(plain),
        _ => false,
    };
    if !simple {
        walk.keep_whole(name.end_byte());
        return Hooked::Continue;
    }
    walk.refer(required.function, Role::Call, None);
    let Some(module) = module(walk, required.source) else { return Hooked::Done(None) };
    let mut value = module;
    for selected in required.selected {
        value = walk.refer(selected, Role::Import, Some(value));
    }
    if name.kind() == "identifier" {
        walk.define(DefKind::Import, name, node, Some(value));
        return Hooked::Done(None);
    }
    for part in parts {
        let key = part.child_by_field_name("key").unwrap_or(part);
        let local = part.child_by_field_name("value").unwrap_or(part);
        let member = walk.refer(key, Role::Import, Some(value));
        walk.define(DefKind::Import, local, node, Some(member));
    }
    Hooked::Done(None)
}

/// `require('m')` and `import('m')` as expressions.
fn load<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let source = node.child_by_field_name("arguments").and_then(|arguments| arguments.named_child(0));
    let Some(source) = source.filter(|source| content(walk, *source).is_some()) else {
        return Hooked::Continue;
    };
    if let Some(function) = node.named_child(0).filter(|f| f.kind() == "identifier") {
        walk.refer(function, Role::Call, None);
    }
    Hooked::Done(module(walk, source))
}

/// `exports` and `module.exports` outside functions that have a name of their own for it.
fn exports<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let whole = node.kind() == "member_expression";
    if whole && walk.text(node) != "module.exports" || !whole && declares_exports(walk) {
        return Hooked::Continue;
    }
    match walk.context() {
        Context::Bind if walk.binds().is_some() => Hooked::Continue,
        Context::Bind if whole => {
            let statement = node.parent().unwrap_or(node);
            let def = walk.define(DefKind::Export, node, statement, None);
            walk.rename(def, WHOLE_EXPORT);
            walk.bind_whole(def);
            Hooked::Done(None)
        }
        Context::Value | Context::Call => {
            let term = walk.wanted().then(|| walk.term(Term::Exports));
            Hooked::Done(term)
        }
        _ => Hooked::Done(None),
    }
}

fn declares_exports(walk: &mut Walk<'_>) -> bool {
    walk.is_inner_parameter("exports")
}

/// `inherits(Derived, Base)`, as Node's `util` has it.
fn inherits<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(arguments) = node.child_by_field_name("arguments").filter(|a| a.named_child_count() == 2) else {
        return Hooked::Continue;
    };
    let (Some(function), Some(derived), Some(base)) =
        (node.child_by_field_name("function"), arguments.named_child(0), arguments.named_child(1))
    else {
        return Hooked::Continue;
    };
    if !is_path(derived) || !is_path(base) || !is_path(function) {
        return Hooked::Continue;
    }
    path(walk, function, Role::Call);
    if let (Some(derived), Some(base)) = (path(walk, derived, Role::Read), path(walk, base, Role::Inherit)) {
        walk.inherit_from(derived, base);
    }
    Hooked::Done(None)
}

/// `Object.create(x)` has the members of `x`; of `X.prototype`, those of an instance of `X`.
fn create<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(arguments) = node.child_by_field_name("arguments").filter(|a| a.named_child_count() == 1) else {
        return Hooked::Continue;
    };
    let (Some(function), Some(of)) = (node.child_by_field_name("function"), arguments.named_child(0)) else {
        return Hooked::Continue;
    };
    if !is_path(of) {
        return Hooked::Continue;
    }
    path(walk, function, Role::Call);
    let prototype = of
        .child_by_field_name("property")
        .filter(|property| walk.text(*property) == "prototype")
        .and_then(|_| of.child_by_field_name("object"));
    let term = match prototype {
        // An object that is built up from there on, which one that is constructed is not.
        Some(class) => path(walk, class, Role::Read).map(|class| {
            let instance = walk.term(Term::Instance(class));
            walk.term(Term::Same(instance))
        }),
        None => path(walk, of, Role::Read),
    };
    Hooked::Done(term)
}

/// Whether the node is names with dots between them.
fn is_path(node: Node<'_>) -> bool {
    let mut at = node;
    for _ in 0..PATH_MAX {
        match (at.kind(), at.child_by_field_name("object")) {
            ("identifier", _) => return true,
            ("member_expression" | "nested_identifier", Some(object)) => at = object,
            _ => return false,
        }
    }
    false
}

/// Uses of the names of a path; the term of the last.
fn path<'t>(walk: &mut Walk<'t>, node: Node<'t>, role: Role) -> Option<TermId> {
    let mut names = Vec::new();
    let mut at = node;
    while let (Some(object), Some(property)) =
        (at.child_by_field_name("object"), at.child_by_field_name("property"))
    {
        names.push(property);
        at = object;
        if names.len() > PATH_MAX {
            return None;
        }
    }
    let first_role = if names.is_empty() { role } else { Role::Read };
    let mut term = walk.refer(at, first_role, None);
    while let Some(name) = names.pop() {
        let role = if names.is_empty() { role } else { Role::Read };
        term = walk.refer(name, role, Some(term));
    }
    Some(term)
}

/// A parameter with a modifier is a field of its class too.
fn parameter<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let modifies = |kind: &str| matches!(kind, "accessibility_modifier" | "override_modifier" | "readonly");
    let mut cursor = node.walk();
    let modifier = node.children(&mut cursor).take(3).find(|child| modifies(child.kind()));
    let (Some(modifier), Some(name)) = (modifier, node.child_by_field_name("pattern")) else {
        return Hooked::Continue;
    };
    let scope = walk.scope();
    let Some(class) = walk.facts().scope(scope).parent else { return Hooked::Continue };
    if name.kind() == "identifier" && walk.facts().scope(class).kind == ScopeKind::Class {
        let def = walk.define_in(class, DefKind::Field, name, node);
        if walk.text(modifier) == "private" {
            walk.facts().defs[def.index()].flags = DefFlags::PRIVATE;
        }
        walk.bind_whole(def);
    }
    Hooked::Continue
}

/// An attribute of a component names a member of what the component is handed.
fn attribute<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let name = node.named_child(0).filter(|name| name.kind() == "property_identifier");
    if let (Some(name), Some(component)) = (name, walk.above()) {
        let handed = walk.term(Term::Argument(component, DECLARED, 0));
        walk.refer(name, Role::Key, Some(handed));
    }
    Hooked::Continue
}

/// A call signature is a member that is called when the value itself is.
fn signature<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    coined(walk, node, DefKind::Method, "()")
}

/// An index signature is a member that says what an index gives.
fn index<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    coined(walk, node, DefKind::Property, "[]")
}

fn coined<'t>(walk: &mut Walk<'t>, node: Node<'t>, kind: DefKind, name: &str) -> Hooked {
    let start = node.start_byte() as u32;
    let def = walk.define_span(kind, Span::new(start, start), Span::new(start, node.end_byte() as u32), None);
    walk.rename(def, name);
    walk.own(def);
    Hooked::Continue
}

/// Types of the language itself.
fn predefined<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let literal = match walk.text(node) {
        "string" => Literal::String,
        "number" => Literal::Integer,
        "boolean" => Literal::Boolean,
        _ => return Hooked::Done(None),
    };
    let term = walk.wanted().then(|| walk.term(Term::Literal(literal)));
    Hooked::Done(term)
}

/// `infer X` is seen in the whole conditional type, however deep it stands in what that asks for.
fn infer<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(name) = node.named_child(0).filter(|name| name.kind() == "type_identifier") else {
        return Hooked::Continue;
    };
    let innermost = walk.scope();
    let facts = walk.facts();
    let conditional = facts.ancestors(innermost).find(|scope| facts.scope(*scope).kind == ScopeKind::Block);
    walk.define_in(conditional.unwrap_or(innermost), DefKind::TypeParameter, name, node);
    Hooked::Continue
}

/// `/** @type {A} */ (b)`.
fn cast<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    walk.cast_by_comment(node.start_byte() as u32);
    Hooked::Continue
}

/// A member of an enum without a value.
fn enumerator<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    walk.define(DefKind::EnumMember, node, node, None);
    Hooked::Done(None)
}
