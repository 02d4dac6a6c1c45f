//! Facts as text, for golden fixtures and for looking at a pack's work.

use std::fmt::Write;

use super::facts::{Def, Facts, Ref, ScopeId, Term, TermId};

/// Terms are spelled out to this depth.
const TERM_DEPTH_MAX: usize = 12;

/// One line per scope, definition, reference, glob, extension and base, in order, indented by scope.
pub fn dump(facts: &Facts, text: &str) -> String {
    let mut out = String::new();
    let dump = Dump { facts, text };
    for (id, scope) in facts.scopes_with_ids() {
        let owner = scope.owner.map_or(String::new(), |d| format!(" of {}", dump.name(facts.def(d))));
        let extends = scope.of.map_or(String::new(), |t| format!(" extends {}", dump.term(t, 0)));
        let lines = (dump.line(scope.span.start), dump.line(scope.span.end));
        let _ = writeln!(out, "scope {} {:?}{owner}{extends} {}..{}", id.0, scope.kind, lines.0, lines.1);
    }
    for (_, def) in facts.defs_with_ids() {
        out.push_str(&dump.def(def));
    }
    for reference in &facts.refs {
        out.push_str(&dump.reference(reference));
    }
    for glob in &facts.globs {
        let reexport = if glob.reexport { " reexport" } else { "" };
        let _ = writeln!(out, "glob {} in {}{reexport}", dump.term(glob.target, 0), glob.scope.0);
    }
    for extension in &facts.extensions {
        let what = match (extension.scope, extension.def) {
            (Some(scope), _) => format!("scope {}", scope.0),
            (None, Some(def)) => format!("def {}", dump.name(facts.def(def))),
            (None, None) => String::new(),
        };
        let implements =
            extension.implements.map_or(String::new(), |t| format!(" implements {}", dump.term(t, 0)));
        let _ = writeln!(out, "extend {} by {what}{implements}", dump.term(extension.target, 0));
    }
    for inherit in &facts.inherits {
        let _ = writeln!(
            out,
            "inherit {} from {}",
            dump.name(facts.def(inherit.def)),
            dump.term(inherit.base, 0)
        );
    }
    for arguments in &facts.arguments {
        let callee = facts.reference(arguments.callee);
        let _ = writeln!(
            out,
            "call {} {}({})",
            dump.place(callee.span.start),
            facts.names[callee.name.index()],
            dump.terms(&arguments.items, 0)
        );
    }
    if let Some(listed) = &facts.listed {
        let names: Vec<&str> = listed.iter().map(|n| &*facts.names[n.index()]).collect();
        let _ = writeln!(out, "listed {}", names.join(" "));
    }
    if let Some(package) = facts.package {
        let _ = writeln!(out, "package {}", facts.names[package.index()]);
    }
    out
}

struct Dump<'a> {
    facts: &'a Facts,
    text: &'a str,
}

impl Dump<'_> {
    fn line(&self, offset: u32) -> usize {
        1 + memchr::memchr_iter(b'\n', &self.text.as_bytes()[..offset as usize]).count()
    }
    fn name(&self, def: &Def) -> &str {
        &self.facts.names[def.name.index()]
    }
    fn place(&self, offset: u32) -> String {
        let start = self.text[..offset as usize].rfind('\n').map_or(0, |at| at + 1);
        format!("{}:{}", self.line(offset), offset as usize - start + 1)
    }

    fn def(&self, def: &Def) -> String {
        let mut out = format!(
            "def {} {:?} {} in {}",
            self.place(def.name_span.start),
            def.kind,
            self.name(def),
            self.scope(def.scope)
        );
        if def.flags.0 != 0 {
            let _ = write!(out, " flags={:#x}", def.flags.0);
        }
        for (label, term) in [("of", def.of), ("ty", def.ty), ("init", def.init)] {
            if let Some(term) = term {
                let _ = write!(out, " {label}={}", self.term(term, 0));
            }
        }
        out.push('\n');
        out
    }

    fn scope(&self, scope: ScopeId) -> String {
        scope.0.to_string()
    }

    fn reference(&self, reference: &Ref) -> String {
        let name = &self.facts.names[reference.name.index()];
        let recv = reference.recv.map_or(String::new(), |t| format!(" on {}", self.term(t, 0)));
        format!(
            "ref {} {:?} {name} in {}{recv}\n",
            self.place(reference.span.start),
            reference.role,
            reference.scope.0
        )
    }

    fn terms(&self, terms: &[TermId], depth: usize) -> String {
        terms.iter().map(|t| self.term(*t, depth)).collect::<Vec<_>>().join(", ")
    }

    fn term(&self, id: TermId, depth: usize) -> String {
        if depth > TERM_DEPTH_MAX {
            return "…".into();
        }
        let term = |t: &TermId| self.term(*t, depth + 1);
        match self.facts.term(id) {
            Term::Ref(reference) => {
                let reference = self.facts.reference(*reference);
                let name = &self.facts.names[reference.name.index()];
                match &reference.recv {
                    Some(recv) => format!("{}.{name}", term(recv)),
                    None => name.to_string(),
                }
            }
            Term::Def(def) => format!("def:{}", self.name(self.facts.def(*def))),
            Term::Module(name) => format!("module {:?}", self.facts.names[name.index()]),
            Term::Same(inner) => term(inner),
            Term::Call(inner) => format!("{}()", term(inner)),
            Term::Instance(inner) => format!("a {}", term(inner)),
            Term::Index(inner) => format!("{}[]", term(inner)),
            Term::Iter(inner) => format!("each {}", term(inner)),
            Term::Await(inner) => format!("await {}", term(inner)),
            Term::Unwrap(inner) => format!("{}?", term(inner)),
            Term::Deref(inner) => format!("*{}", term(inner)),
            Term::AddrOf(inner) => format!("&{}", term(inner)),
            Term::Enter(inner) => format!("enter {}", term(inner)),
            Term::Nth(inner, n) => format!("{}#{n}", term(inner)),
            Term::Payload(ty, subject, n) => format!("{}({})#{n}", term(ty), term(subject)),
            Term::Argument(call, position, n) => format!("arg {n} of {position} in {}", term(call)),
            Term::Apply(head, arguments) => format!("{}<{}>", term(head), self.terms(arguments, depth + 1)),
            Term::Union(parts) => format!("({})", self.terms(parts, depth + 1).replace(", ", " | ")),
            Term::Tuple(parts) => format!("({})", self.terms(parts, depth + 1)),
            Term::List(inner) => format!("[{}]", term(inner)),
            Term::Map(key, value) => format!("{{{}: {}}}", term(key), term(value)),
            Term::Func(result) => format!("fn -> {}", term(result)),
            Term::Object(scope) => format!("object {}", scope.0),
            other => format!("{other:?}").to_lowercase(),
        }
    }
}
