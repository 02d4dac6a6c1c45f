//! Local variables that nobody reads, and private functions that nobody can reach.

use super::{Finding, FindingKind, Looking, What};
use crate::lang::facts::{Def, DefFlags, DefKind, Role, ScopeId, ScopeKind, Span, Term};
use crate::lang::modules::Layout;
use crate::lang::pack::Exports;
use crate::query::container::is_local;

impl Looking<'_> {
    /// Local variables whose name stands once in their function.
    pub(super) fn unused_locals(&self) -> Vec<Finding> {
        let unused = self.facts.defs.iter().filter(|d| {
            let name = self.name(d);
            !self.is_cancelled()
                && d.kind == DefKind::Variable
                && !name.starts_with('_')
                && is_local(self.facts, d.scope)
                && self.is_plain(d)
                && self.stands_once(d, name)
        });
        let finding = |d: &Def| {
            let what = What::Name(self.name(d).to_owned(), d.kind);
            Finding { kind: FindingKind::UnusedLocal, span: d.name_span, what }
        };
        unused.map(finding).take(self.max).collect()
    }

    /// Whether it is a variable by itself: what is taken apart, run through or matched may need a name that nobody reads.
    fn is_plain(&self, d: &Def) -> bool {
        let alone = !self.index().shared.contains(&d.span);
        let taken_apart = d.init.is_some_and(|init| match self.facts.term(init) {
            Term::Iter(_) | Term::Enter(_) | Term::Nth(..) | Term::Payload(..) | Term::Argument(..) => true,
            Term::Ref(reference) => self.facts.reference(*reference).role == Role::Key,
            _ => false,
        });
        let assigned = self.text.get(d.name_span.end as usize..d.span.end as usize);
        // Only what is written as `name = value` or `name: type = value` is.
        alone && !taken_apart && d.init.is_some() && assigned.is_some_and(|rest| rest.contains('='))
    }

    fn stands_once(&self, d: &Def, name: &str) -> bool {
        let Some(function) = self.function_around(d.scope) else { return false };
        let mut places = self.index().words.places(name, function.start);
        let first = places.next().map(|place| place.start);
        first == Some(d.name_span.start) && places.next().is_none_or(|next| next.end > function.end)
    }

    /// The outermost function around a scope: those in it see its names.
    fn function_around(&self, scope: ScopeId) -> Option<Span> {
        let around = self.facts.ancestors(scope).map(|s| self.facts.scope(s));
        let functions = around.filter(|s| s.kind == ScopeKind::Function);
        functions.last().map(|s| s.span)
    }

    /// Private functions that are the only thing of their name, which is written nowhere outside of them.
    pub(super) fn unreachable_definitions(&self) -> Vec<Finding> {
        let unreachable = self.facts.defs.iter().filter(|d| {
            !self.is_cancelled()
                && matches!(d.kind, DefKind::Function | DefKind::Method)
                && self.is_private(d)
                && !self.is_decorated(d)
                && !self.is_called_by_others(d)
                && self.is_alone(d)
        });
        let finding = |d: &Def| {
            let what = What::Name(self.name(d).to_owned(), d.kind);
            Finding { kind: FindingKind::UnreachableDefinition, span: d.name_span, what }
        };
        unreachable.map(finding).take(self.max).collect()
    }

    fn is_private(&self, d: &Def) -> bool {
        let knobs = self.view.lang(self.file).knobs();
        let name = self.name(d);
        let by_name = knobs
            .usage
            .private_prefix
            .is_some_and(|prefix| name.starts_with(prefix) && !name.ends_with(prefix));
        let hidden = d.flags.has(DefFlags::PRIVATE)
            || by_name
            || knobs.usage.private_by_default && self.is_unexported(d);
        hidden && !d.flags.has(DefFlags::ABSTRACT) && !knobs.usage.entry_names.contains(&name)
    }

    /// Whether nobody outside sees it, in languages that say so.
    fn is_unexported(&self, d: &Def) -> bool {
        let seen = match self.view.lang(self.file).knobs().exports {
            // Members have no mark of their own, and a file without exports or imports is a script for others.
            Exports::Marked => d.of.is_some() || d.scope != ScopeId::FILE || !self.index().exports,
            Exports::All => is_local(self.facts, d.scope),
        };
        let usage = &self.view.lang(self.file).knobs().usage;
        let capital = usage.public_capital && self.name(d).starts_with(char::is_uppercase);
        !seen && !capital && !d.flags.has(DefFlags::EXPORTED)
    }

    /// Whether something outside of the folder, or a base, may call it without its name.
    fn is_called_by_others(&self, d: &Def) -> bool {
        let Some(around) = self.facts.ancestors(d.scope).map(|s| (s, self.facts.scope(s))).next() else {
            return true;
        };
        let (id, scope) = around;
        match scope.kind {
            ScopeKind::File | ScopeKind::Module | ScopeKind::Function | ScopeKind::Block => false,
            ScopeKind::Extension => self.index().implementing.contains(&id),
            ScopeKind::Class if d.flags.has(DefFlags::PRIVATE) => false,
            ScopeKind::Class => {
                let inherits = |owner| self.index().inheriting.contains(&owner);
                scope.owner.is_none_or(|owner| inherits(owner) || is_abstract(self.facts.def(owner)))
            }
            ScopeKind::Object => true,
        }
    }

    /// Whether nothing else in the folder has the name or uses it.
    fn is_alone(&self, d: &Def) -> bool {
        let family = self.view.lang(self.file).family();
        let name = self.name(d);
        let inside = |place: Span| d.span.encloses(place);
        self.index().words.places(name, 0).all(inside)
            && self.index().places(d.name).all(inside)
            && !self
                .view
                .files_with(d.name)
                .filter(|f| *f != self.file && self.view.lang(*f).family() == family)
                .any(|file| self.others.have(self.view, file, d.name))
    }
}

fn is_abstract(def: &Def) -> bool {
    matches!(def.kind, DefKind::Interface | DefKind::Trait)
}

#[cfg(test)]
mod tests {
    use super::super::FindingKind::{UnreachableDefinition, UnusedLocal};
    use super::super::tests::check_findings;

    #[test]
    fn locals_that_nobody_reads() {
        check_findings(
            UnusedLocal,
            "
            //- /a.py
            x = 1
            def $0f(p):
                ⟦a⟧ = 1
                _b = 2
                c, d = p
                for i in p: pass
                with p as w: pass
                seen = 3
                def inner(): return seen
                '''in_text'''
                in_text = 4
            class A:
                field = 1
            ",
        );
        check_findings(
            UnusedLocal,
            "
            //- /src/lib.rs
            fn $0f(p: Option<u8>) { let ⟦a⟧ = 1; let _b = 2; if let Some(c) = p {} println!(\"{d}\"); let d = 3; }
            ",
        );
        check_findings(
            UnusedLocal,
            "
            //- /a.ts
            function $0f(p) { const ⟦a⟧ = 1; const { b } = p; let c = 2; return () => c; }
            ",
        );
        check_findings(
            UnusedLocal,
            "
            //- /p/A.java
            package p;
            class A { int field = 1; void $0f() { int ⟦a⟧ = 1; int b = 2; b++; try {} catch (Exception e) {} } }
            ",
        );
    }

    #[test]
    fn private_functions_that_nobody_names() {
        check_findings(
            UnreachableDefinition,
            "
            //- /a.py
            def $0public(): pass
            def ⟦_dead⟧(): _dead()
            def _used(): pass
            @route
            def _registered(): pass
            def _named_in_text(): pass
            class A(B):
                def _hook(self): pass
            class C:
                def ⟦_gone⟧(self): pass
                def __init__(self): pass
            print(_used, '_named_in_text')
            def _elsewhere(): pass
            //- /b.py
            x._elsewhere()
            ",
        );
        check_findings(
            UnreachableDefinition,
            "
            //- /src/main.rs
            fn $0main() { used(); }
            fn used() {}
            fn ⟦dead⟧() {}
            pub fn public() {}
            #[test]
            fn tested() {}
            struct S;
            impl S { fn ⟦gone⟧(&self) {} }
            impl Drop for S { fn drop(&mut self) {} }
            ",
        );
        check_findings(
            UnreachableDefinition,
            "
            //- /a.ts
            export function $0f() { g(); }
            function g() {}
            function ⟦dead⟧() {}
            ",
        );
        check_findings(
            UnreachableDefinition,
            "
            //- /go.mod
            module example.com/m
            //- /a.go
            package m
            func $0init() {}
            func ⟦dead⟧() {}
            func Public() {}
            func used() {}
            //- /b.go
            package m
            var x = used
            ",
        );
        check_findings(
            UnreachableDefinition,
            "
            //- /p/A.java
            package p;
            class $0A { private void ⟦dead⟧() {} private void used() {} void open() { used(); } }
            ",
        );
    }
}
