//! What the rules of C++ hand to code: namespaces, qualified names, templates, members outside of their class.

use tree_sitter::Node;

use crate::lang::cfamily::function_name;
use crate::lang::facts::{DefFlags, DefId, DefKind, Role, ScopeKind, Span, Term, TermId};
use crate::lang::rules::Context;
use crate::lang::walk::{Hooked, Walk};

/// Segments of one qualified name; longer ones are not written.
const SEGMENTS_MAX: usize = 24;

/// Conditions around a function that are looked through for what it stands in.
const CONDITIONS_MAX: usize = 8;

/// `namespace a { … }`, `namespace a::b { … }`, `namespace { … }`.
pub fn namespace<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let whole = Span::new(node.start_byte() as u32, node.end_byte() as u32);
    let inline = (0..node.child_count()).any(|i| node.child(i).is_some_and(|c| c.kind() == "inline"));
    let Some(name) = node.child_by_field_name("name") else {
        walk.enter_scope(ScopeKind::Module, whole, None);
        return Hooked::Continue;
    };
    let mut names = Vec::new();
    leaves(name, &mut names);
    for name in names {
        let def = walk.define(DefKind::Namespace, name, node, None);
        if inline {
            let flags = &mut walk.facts().defs[def.index()].flags;
            *flags = flags.with(DefFlags::INLINE);
        }
        let inside = Span::new(name.end_byte() as u32, whole.end);
        walk.enter_scope(ScopeKind::Module, inside, Some(def));
    }
    Hooked::Continue
}

/// The namespace names below a node, in order.
fn leaves<'t>(node: Node<'t>, found: &mut Vec<Node<'t>>) {
    let mut pending = vec![node];
    while let Some(node) = pending.pop() {
        if found.len() > SEGMENTS_MAX {
            return;
        }
        if node.kind() == "namespace_identifier" || node.kind() == "identifier" {
            found.push(node);
        }
        let mut cursor = node.walk();
        let children: Vec<Node<'t>> = node.named_children(&mut cursor).collect();
        pending.extend(children.into_iter().rev());
    }
}

/// `namespace a = b::c;`
pub fn namespace_alias<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(name) = node.child_by_field_name("name") else { return Hooked::Done(None) };
    let mut names = Vec::new();
    leaves(node, &mut names);
    let mut value = None;
    for part in names.into_iter().filter(|n| *n != name) {
        value = Some(walk.refer(part, Role::Type, value));
    }
    walk.define(DefKind::Import, name, node, value);
    Hooked::Done(None)
}

/// `using a::b;`, `using namespace a;`
pub fn using<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(path) = node.named_child(node.named_child_count().saturating_sub(1) as u32) else {
        return Hooked::Done(None);
    };
    let whole = (0..node.child_count()).any(|i| node.child(i).is_some_and(|c| c.kind() == "namespace"));
    let (segments, last) = segments(path);
    let Some(last) = last else { return Hooked::Done(None) };
    let scope = scope_term(walk, &segments);
    let value = walk.refer(last, if whole { Role::Type } else { Role::Import }, scope);
    if whole {
        walk.glob(value, true);
    } else if last.child_count() == 0 && segments.last().is_none_or(|s| walk.text(*s) != walk.text(last)) {
        // `using Base::Base` brings in constructors, and no name.
        walk.define(DefKind::Import, last, node, Some(value));
    }
    Hooked::Done(None)
}

/// The segments before the last of a qualified name, and the last.
fn segments<'t>(path: Node<'t>) -> (Vec<Node<'t>>, Option<Node<'t>>) {
    let (mut found, mut at) = (Vec::new(), path);
    while at.kind() == "qualified_identifier" {
        if found.len() >= SEGMENTS_MAX {
            return (Vec::new(), None);
        }
        found.extend(at.child_by_field_name("scope"));
        match at.child_by_field_name("name") {
            Some(name) => at = name,
            None => return (found, None),
        }
    }
    while at.kind() == "dependent_name" {
        match at.named_child(0) {
            Some(inner) => at = inner,
            None => break,
        }
    }
    (found, Some(at))
}

/// What the segments name: a namespace or type, each a use.
fn scope_term<'t>(walk: &mut Walk<'t>, segments: &[Node<'t>]) -> Option<TermId> {
    let mut scope = None;
    for segment in segments {
        let mut segment = *segment;
        while matches!(segment.kind(), "dependent_name" | "dependent_type") {
            let Some(inner) = segment.named_child(0) else { break };
            segment = inner;
        }
        scope = match segment.kind() {
            "template_type" | "template_function" => applied(walk, segment, Role::Type, scope),
            "namespace_identifier" | "identifier" | "type_identifier" => {
                Some(walk.refer(segment, Role::Type, scope))
            }
            _ => {
                walk.read(segment, Context::Type);
                Some(walk.term(Term::Unknown))
            }
        };
    }
    scope
}

/// `name<arguments>` behind a scope.
fn applied<'t>(walk: &mut Walk<'t>, node: Node<'t>, role: Role, scope: Option<TermId>) -> Option<TermId> {
    let name = node.child_by_field_name("name")?;
    let head = walk.refer(name, role, scope);
    let mut arguments = Vec::new();
    if let Some(list) = node.child_by_field_name("arguments") {
        let mut cursor = list.walk();
        let children: Vec<Node<'t>> = list.named_children(&mut cursor).collect();
        for child in children {
            let argument = walk.read(child, Context::Type);
            arguments.push(argument.unwrap_or_else(|| walk.term(Term::Unknown)));
        }
    }
    Some(walk.term(Term::Apply(head, arguments.into())))
}

/// `a::b::c` in an expression or as a type.
pub fn qualified<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let (segments, last) = segments(node);
    let Some(last) = last else { return Hooked::Done(None) };
    let scope = scope_term(walk, &segments);
    let role = match walk.context() {
        Context::Name => Role::Read,
        context => context.role(),
    };
    let role = match (last.kind(), role) {
        ("type_identifier" | "template_type", Role::Read | Role::Write | Role::Call) => Role::Type,
        (_, role) => role,
    };
    Hooked::Done(match last.kind() {
        "template_type" | "template_function" | "template_method" => applied(walk, last, role, scope),
        "operator_cast" | "pointer_type_declarator" => walk.read(last, Context::Value),
        "destructor_name" => None,
        _ => Some(walk.refer(last, role, scope)),
    })
}

/// The parameters of the template that declares the hook's node, now that its scope is open.
pub fn template<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    if !walk.is_below("template_declaration") {
        return Hooked::Continue;
    }
    let mut at = node;
    for _ in 0..4 {
        match at.parent() {
            Some(parent) => at = parent,
            None => break,
        }
        if !matches!(at.kind(), "template_declaration" | "declaration" | "friend_declaration")
            && !at.kind().ends_with("_declarator")
        {
            break;
        }
        if at.kind() == "template_declaration" {
            if let Some(parameters) = at.child_by_field_name("parameters") {
                walk.read(parameters, Context::Value);
            }
            break;
        }
    }
    Hooked::Continue
}

/// `template <> class A<int> { … }`, `class A::B { … }`: named by the last part of the name.
pub fn specialisation<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(name) = node.child_by_field_name("name") else { return Hooked::Continue };
    let (segments, last) = segments(name);
    let of = scope_term(walk, &segments);
    let Some(mut last) = last else { return Hooked::Continue };
    let special = last.kind() == "template_type";
    if special {
        if let Some(arguments) = last.child_by_field_name("arguments") {
            walk.read(arguments, Context::Type);
        }
        match last.child_by_field_name("name") {
            Some(name) => last = name,
            None => return Hooked::Continue,
        }
    }
    let def = walk.define(DefKind::Class, last, node, None);
    // A type that is declared in another one, and written outside of it.
    if let Some(of) = of.filter(|_| !special) {
        walk.attach(def, of);
    }
    walk.own(def);
    Hooked::Continue
}

/// A function that is only declared. Inside of functions it may be a variable that is given arguments.
pub fn prototype<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(declarator) = node.child_by_field_name("declarator") else { return Hooked::Continue };
    if walk.binds().is_none_or(|kind| matches!(kind, DefKind::Parameter | DefKind::TypeAlias)) {
        return Hooked::Continue;
    }
    if declarator.kind() == "identifier" && is_constructed(walk, node) {
        let def = walk.define(DefKind::Variable, declarator, node, None);
        walk.bind_whole(def);
        if let Some(parameters) = node.child_by_field_name("parameters") {
            arguments(walk, parameters);
        }
        return Hooked::Done(None);
    }
    let Some(def) = function_def(walk, declarator, node) else { return Hooked::Continue };
    let flags = &mut walk.facts().defs[def.index()].flags;
    *flags = flags.with(DefFlags::DECLARATION);
    walk.own(def);
    walk.bind_whole(def);
    Hooked::Continue
}

/// `T name(a, b);` inside of a function declares a variable, if what is in the parentheses can be values.
fn is_constructed<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> bool {
    let scope = walk.scope();
    if !matches!(walk.facts().scope(scope).kind, ScopeKind::Function | ScopeKind::Block) {
        return false;
    }
    let Some(parameters) = node.child_by_field_name("parameters") else { return false };
    let mut cursor = parameters.walk();
    let mut any = false;
    for parameter in parameters.named_children(&mut cursor) {
        any = true;
        let ty = parameter.child_by_field_name("type");
        let is_value = ty.is_some_and(|ty| matches!(ty.kind(), "type_identifier" | "qualified_identifier"));
        let call = parameter
            .child_by_field_name("declarator")
            .is_none_or(|d| matches!(d.kind(), "abstract_function_declarator" | "abstract_array_declarator"));
        if parameter.kind() != "parameter_declaration" || !is_value || !call {
            return false;
        }
    }
    any
}

/// Reads what was taken for types of parameters as the values that they are.
fn arguments<'t>(walk: &mut Walk<'t>, parameters: Node<'t>) {
    let mut cursor = parameters.walk();
    let types: Vec<Node<'t>> = parameters
        .named_children(&mut cursor)
        .filter_map(|parameter| parameter.child_by_field_name("type"))
        .collect();
    for ty in types {
        let (segments, last) = segments(ty);
        let scope = scope_term(walk, &segments);
        if let Some(last) = last {
            walk.refer(last, Role::Read, scope);
        }
    }
}

/// Defines the function that the declarator names, as a member of what stands before its name if something does.
fn function_def<'t>(walk: &mut Walk<'t>, declarator: Node<'t>, whole: Node<'t>) -> Option<DefId> {
    let (before, last) = segments(declarator);
    let mut last = last?;
    if last.kind() == "template_function" || last.kind() == "template_method" {
        if let Some(arguments) = last.child_by_field_name("arguments") {
            walk.read(arguments, Context::Type);
        }
        last = last.child_by_field_name("name")?;
    }
    if last.is_missing() || last.kind() == "operator_cast" {
        return None;
    }
    let kind = match before.last() {
        None => DefKind::Function,
        Some(class) => {
            let class = class.child_by_field_name("name").unwrap_or(*class);
            match walk.text(class) == walk.text(last) {
                true => DefKind::Constructor,
                false => DefKind::Method,
            }
        }
    };
    Some(walk.define_member(kind, last, whole))
}

/// `TEST_F(Suite, name) { … }`: a macro that opens a function with the members of a type in sight.
struct Opened<'t> {
    by: Node<'t>,
    of: Node<'t>,
    name: Node<'t>,
}

/// A function outside of types without a type of its own, whose parameters are names alone, is what a macro makes of
/// them: the first one is that of a type, if it is one, the second the function's.
fn opened(function: Node<'_>) -> Option<Opened<'_>> {
    if function.kind() != "function_definition" || function.child_by_field_name("type").is_some() {
        return None;
    }
    let mut parent = function.parent()?;
    for _ in 0..CONDITIONS_MAX {
        match parent.kind().starts_with("preproc_") {
            true => parent = parent.parent()?,
            false => break,
        }
    }
    let inside = matches!(parent.kind(), "field_declaration_list" | "template_declaration");
    let declarator = function.child_by_field_name("declarator").filter(|_| !inside)?;
    let by = declarator.child_by_field_name("declarator").filter(|by| by.kind() == "identifier")?;
    let parameters = declarator.child_by_field_name("parameters")?;
    let mut cursor = parameters.walk();
    let mut names = parameters.named_children(&mut cursor).map(|parameter| {
        let bare =
            parameter.child_by_field_name("declarator").is_none() && parameter.named_child_count() == 1;
        parameter.child_by_field_name("type").filter(|ty| bare && ty.kind() == "type_identifier")
    });
    match (names.next(), names.next(), names.next()) {
        (Some(Some(of)), Some(Some(name)), None) => Some(Opened { by, of, name }),
        _ => None,
    }
}

/// What a macro is given that opens a function is no list of parameters.
pub fn opener<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let Some(opened) = node.parent().and_then(opened) else { return Hooked::Continue };
    walk.refer(opened.by, Role::Call, None);
    Hooked::Done(None)
}

/// What stands before the name of a member outside of its class, read where its template parameters are known.
pub fn owner<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let declarator = node.child_by_field_name("declarator");
    let name = match node.kind() {
        "function_definition" => declarator.and_then(function_name),
        _ => declarator,
    };
    let (Some(name), Some(def)) = (name, walk.defined()) else { return Hooked::Continue };
    if let Some(opened) = opened(node) {
        let of = walk.refer(opened.of, Role::Type, None);
        walk.attach(def, of);
        return Hooked::Continue;
    }
    let (before, _) = segments(name);
    if let Some(of) = scope_term(walk, &before) {
        walk.attach(def, of);
    }
    Hooked::Continue
}

/// A function with its body.
pub fn method<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    if let Some(opened) = opened(node) {
        let def = walk.define(DefKind::Method, opened.name, node, None);
        walk.own(def);
        return Hooked::Continue;
    }
    let Some(name) = node.child_by_field_name("declarator").and_then(function_name) else {
        return Hooked::Continue;
    };
    if let Some(def) = function_def(walk, name, node) {
        let bodiless = node.child_by_field_name("body").is_none();
        let mut cursor = node.walk();
        let made = node.named_children(&mut cursor).any(|c| c.kind() == "default_method_clause");
        if bodiless && !made {
            let flags = &mut walk.facts().defs[def.index()].flags;
            *flags = flags.with(DefFlags::DECLARATION);
        }
        walk.own(def);
    }
    Hooked::Continue
}

/// `int A::count = 0;`: a static member outside of its class.
pub fn outside<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let (before, last) = segments(node);
    let Some(last) =
        last.filter(|l| matches!(l.kind(), "identifier" | "field_identifier" | "type_identifier"))
    else {
        return Hooked::Done(None);
    };
    let of = scope_term(walk, &before);
    let Some(kind) = walk.binds() else { return Hooked::Done(None) };
    let def = walk.define(kind, last, node, None);
    if let Some(of) = of {
        walk.attach(def, of);
    }
    walk.bind_whole(def);
    Hooked::Done(None)
}

/// A parameter without a name counts among the others.
pub fn unnamed<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    if walk.text(node) != "void" {
        let end = node.end_byte() as u32;
        walk.define_span(
            DefKind::Parameter,
            Span::new(end, end),
            Span::new(node.start_byte() as u32, end),
            None,
        );
    }
    Hooked::Continue
}

/// `: member_(value), Base(value)`: the name is that of a member, whatever parameters are called.
pub fn initializer<'t>(walk: &mut Walk<'t>, node: Node<'t>) -> Hooked {
    let mut cursor = node.walk();
    let children: Vec<Node<'t>> = node.named_children(&mut cursor).collect();
    for child in children {
        match child.kind() {
            "field_identifier" | "identifier" => {
                let this = walk.term(Term::SelfValue);
                walk.refer(child, Role::Write, Some(this));
            }
            "qualified_identifier" | "template_method" | "template_type" | "template_function" => {
                walk.read(child, Context::Type);
            }
            _ => {
                walk.read(child, Context::Value);
            }
        }
    }
    Hooked::Done(None)
}
