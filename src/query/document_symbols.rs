//! The outline of a file.

use rustc_hash::FxHashMap;

use crate::graph::View;
use crate::lang::facts::{
    Def, DefFlags, DefId, DefKind, Extension, Facts, Name, ScopeId, ScopeKind, Span, Term,
};
use crate::lang::modules::FileId;

/// A declaration with those inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentSymbol {
    pub name: String,
    /// What stands beside the name: the receiver of a Go method, the trait of an `impl`.
    pub detail: Option<String>,
    pub kind: DefKind,
    /// The whole declaration; encloses those of the children.
    pub full: Span,
    /// The identifier.
    pub span: Span,
    pub children: Vec<DocumentSymbol>,
}

/// Children are nested to this depth; deeper ones stand in the deepest list.
const DEPTH_MAX: usize = 64;

/// The outline of a file of the view.
pub fn document_symbols(view: &View, file: FileId) -> Vec<DocumentSymbol> {
    document_symbols_of(&view.facts(file), &|name| view.name_text(name))
}

/// The outline straight from a document's facts, whatever their names are numbers of.
pub fn document_symbols_of<'a>(facts: &'a Facts, name_text: &dyn Fn(Name) -> &'a str) -> Vec<DocumentSymbol> {
    let of_scope = facts.extensions.iter().rev().filter_map(|e| Some((e.scope?, e)));
    Outline { facts, name_text, parents: FxHashMap::default(), extensions: of_scope.collect() }.build()
}

/// A node of the tree before it is one: a definition, or a block that extends a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Node {
    Def(DefId),
    Extension(ScopeId),
}

struct Outline<'a, 'n> {
    facts: &'a Facts,
    name_text: &'n dyn Fn(Name) -> &'a str,
    /// Object literals by the variable that holds them.
    parents: FxHashMap<ScopeId, DefId>,
    /// What extends a type, by its scope.
    extensions: FxHashMap<ScopeId, &'a Extension>,
}

impl Outline<'_, '_> {
    fn build(mut self) -> Vec<DocumentSymbol> {
        for (id, def) in self.facts.defs_with_ids() {
            if let Some(Term::Object(scope)) = def.init.map(|t| self.facts.term(t)) {
                self.parents.insert(*scope, id);
            }
        }
        let mut children: FxHashMap<Option<Node>, Vec<Node>> = FxHashMap::default();
        let mut seen = rustc_hash::FxHashSet::default();
        for (id, def) in self.facts.defs_with_ids() {
            // A field or variable that is assigned again is one entry: the first.
            let again = matches!(def.kind, DefKind::Field | DefKind::Variable | DefKind::Property);
            let parent = self.parent(def);
            if self.is_shown(def) && (!again || seen.insert((parent, def.name))) {
                children.entry(parent).or_default().push(Node::Def(id));
            }
        }
        for (id, scope) in self.facts.scopes_with_ids() {
            if scope.kind == ScopeKind::Extension {
                let parent = scope.parent.and_then(|p| self.owner(p));
                children.entry(parent).or_default().push(Node::Extension(id));
            }
        }
        self.nest(None, &mut children, 0)
    }

    fn nest(
        &self,
        parent: Option<Node>,
        children: &mut FxHashMap<Option<Node>, Vec<Node>>,
        depth: usize,
    ) -> Vec<DocumentSymbol> {
        let mut nodes = children.remove(&parent).unwrap_or_default();
        nodes.sort_by_key(|node| (self.full(*node).start, *node));
        let mut symbols = Vec::with_capacity(nodes.len());
        for node in nodes {
            let nested =
                if depth < DEPTH_MAX { self.nest(Some(node), children, depth + 1) } else { Vec::new() };
            let mut symbol = self.symbol(node);
            // Editors want the parent to enclose its children; members assigned elsewhere stretch it.
            for child in &nested {
                symbol.full.start = symbol.full.start.min(child.full.start);
                symbol.full.end = symbol.full.end.max(child.full.end);
            }
            symbol.children = nested;
            symbols.push(symbol);
        }
        symbols
    }

    fn symbol(&self, node: Node) -> DocumentSymbol {
        match node {
            Node::Def(id) => {
                let def = self.facts.def(id);
                DocumentSymbol {
                    name: (self.name_text)(def.name).to_owned(),
                    detail: def.of.and_then(|of| self.head(of)).map(|receiver| format!("({receiver})")),
                    kind: def.kind,
                    full: def.span,
                    span: def.name_span,
                    children: Vec::new(),
                }
            }
            Node::Extension(scope) => {
                let extension = self.extensions.get(&scope);
                let target = extension.map_or("", |e| (self.name_text)(e.target_name));
                let implemented = extension.and_then(|e| e.implements).and_then(|t| self.head(t));
                let span = self.facts.scope(scope).span;
                let named = extension.and_then(|e| self.head_span(e.target)).filter(|s| span.encloses(*s));
                DocumentSymbol {
                    name: match implemented {
                        Some(name) => format!("impl {name} for {target}"),
                        None => format!("impl {target}"),
                    },
                    detail: None,
                    kind: DefKind::Class,
                    full: span,
                    span: named.unwrap_or(Span::new(span.start, span.start)),
                    children: Vec::new(),
                }
            }
        }
    }

    fn full(&self, node: Node) -> Span {
        match node {
            Node::Def(id) => self.facts.def(id).span,
            Node::Extension(scope) => self.facts.scope(scope).span,
        }
    }

    /// The reference at the head of a type.
    fn head_ref(&self, mut term: crate::lang::facts::TermId) -> Option<&crate::lang::facts::Ref> {
        const STEPS_MAX: usize = 8;
        for _ in 0..STEPS_MAX {
            term = match self.facts.term(term) {
                Term::Ref(reference) => return Some(self.facts.reference(*reference)),
                Term::Apply(head, _) => *head,
                Term::AddrOf(inner) | Term::Deref(inner) | Term::Same(inner) | Term::Instance(inner) => {
                    *inner
                }
                _ => return None,
            };
        }
        None
    }

    fn head(&self, term: crate::lang::facts::TermId) -> Option<&str> {
        let reference = self.head_ref(term)?;
        Some((self.name_text)(reference.name)).filter(|name| !matches!(*name, "self" | "this" | "cls"))
    }

    fn head_span(&self, term: crate::lang::facts::TermId) -> Option<Span> {
        self.head_ref(term).map(|r| r.span)
    }

    /// Locals, parameters and aliases are left out; functions and types in functions are not.
    fn is_shown(&self, def: &Def) -> bool {
        use DefKind::*;
        if matches!(def.kind, Parameter | TypeParameter | Label | Import | Export) || def.name_span.is_empty()
        {
            return false;
        }
        let local = self.facts.ancestors(def.scope).find_map(|s| match self.facts.scope(s).kind {
            ScopeKind::Function | ScopeKind::Block => Some(true),
            ScopeKind::Class | ScopeKind::Extension | ScopeKind::File | ScopeKind::Module => Some(false),
            ScopeKind::Object => None,
        });
        let member_of_self = def.flags.has(DefFlags::ASSIGNED) && def.kind == Field;
        let to_other = def.flags.has(DefFlags::ASSIGNED) && !member_of_self;
        if to_other && !def.init.is_some_and(|t| matches!(self.facts.term(t), Term::Func(_) | Term::Def(_))) {
            return false;
        }
        local != Some(true) || member_of_self || def.kind.is_callable() || def.kind.is_type()
    }

    fn parent(&self, def: &Def) -> Option<Node> {
        if def.flags.has(DefFlags::ASSIGNED) && def.kind == DefKind::Field {
            // `self.x = …` in a method is a member of the class around it.
            let class = self
                .facts
                .ancestors(def.scope)
                .find(|s| matches!(self.facts.scope(*s).kind, ScopeKind::Class | ScopeKind::Extension));
            if let Some(class) = class {
                return self.owner(class);
            }
        }
        self.owner(def.scope)
    }

    /// The nearest shown declaration that a scope lies in.
    fn owner(&self, scope: ScopeId) -> Option<Node> {
        self.facts.ancestors(scope).find_map(|s| {
            let at = self.facts.scope(s);
            match (at.kind, at.owner) {
                (ScopeKind::Extension, _) => Some(Node::Extension(s)),
                (ScopeKind::Object, _) => {
                    self.parents.get(&s).filter(|d| self.is_shown(self.facts.def(**d))).map(|d| Node::Def(*d))
                }
                (_, Some(owner)) if self.is_shown(self.facts.def(owner)) => Some(Node::Def(owner)),
                _ => None,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;

    fn render(symbols: &[DocumentSymbol], depth: usize, out: &mut String) {
        for symbol in symbols {
            out.push_str(&format!("{}{:?} {}\n", "  ".repeat(depth), symbol.kind, symbol.name));
            for child in &symbol.children {
                assert!(symbol.full.encloses(child.full), "{} encloses {}", symbol.name, child.name);
            }
            assert!(symbol.full.encloses(symbol.span), "{}", symbol.name);
            render(&symbol.children, depth + 1, out);
        }
    }

    fn check_outline(fixture: &str, expected: &[&str]) {
        let fixture = Fixture::parse(fixture);
        let view = fixture.view();
        let mut actual = String::new();
        for file in view.files().collect::<Vec<_>>() {
            render(&document_symbols(&view, file), 0, &mut actual);
        }
        assert_eq!(actual.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn classes_hold_their_members_and_functions_no_locals() {
        check_outline(
            "
            //- /a.py
            import os
            LIMIT = 1
            LIMIT = 2
            class A(B):
                x: int = 1
                def __init__(self, y):
                    self.y = y
                    local = 1
                    self.y = 2
                def m(self):
                    def inner(): pass
            def f(a): return a
            ",
            &[
                "Variable LIMIT",
                "Class A",
                "  Field x",
                "  Constructor __init__",
                "  Field y",
                "  Method m",
                "    Function inner",
                "Function f",
            ],
        );
    }

    #[test]
    fn types_hold_their_members_in_every_language() {
        check_outline(
            "\n//- /a.ts\nclass A { x = 1; m() { let y = 1; } }\nfunction f() {}\n",
            &["Class A", "  Field x", "  Method m", "Function f"],
        );
        check_outline(
            "\n//- /a.rs\nstruct A { x: u32 }\nimpl A { fn m(&self) { let y = 1; } }\nfn f() {}\n",
            &["Struct A", "  Field x", "Class impl A", "  Method m", "Function f"],
        );
        check_outline(
            "\n//- /a.go\npackage a\ntype A struct { x int }\nfunc f() { y := 1 }\n",
            &["Struct A", "  Field x", "Function f"],
        );
        check_outline(
            "\n//- /A.java\nclass A { int x; void m() { int y; } }\n",
            &["Class A", "  Field x", "  Method m"],
        );
    }
}
