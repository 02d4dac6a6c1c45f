//! Whether what stands outside of a change is read as it was: what items see of others.

use rustc_hash::FxHashSet;

use super::Walk;
use super::seams::{Mark, Seams};
use crate::lang::facts::{Def, DefFlags, DefKind, Facts, Name, Ref, Role, ScopeId, Span};

impl Walk<'_> {
    /// Whether all outside of two marks, between which something else has been walked now, says what it said: the items
    /// behind, if there are any, see the same in those before them, and tests in all of them are believed as they were.
    pub(super) fn stands(
        &self,
        (old, seams): (&Facts, &Seams),
        (from, to): (Mark, Mark),
        inside: &[ScopeId],
        behind: bool,
    ) -> bool {
        let Some((_, change, _)) = self.sewing.before else { return false };
        let new = &self.builder.facts;
        let was = Stretch { facts: old, from, to };
        let is = Stretch { facts: new, from, to: Mark::of(new) };
        let before = Stretch { facts: old, from: Mark::default(), to: from };
        let rest = Stretch { facts: old, from: to, to: Mark::of(old) };
        let spans = (Span::new(change.start, change.old_end), Span::new(change.start, change.new_end));
        if self.pack.knobs.textual && !are_macros_same((&was, &is), spans) {
            return false;
        }
        (!behind || self.is_seen_the_same((&was, &is), &rest, seams, inside))
            && are_writes_the_same((&was, &is), &[before, rest])
    }

    /// Whether the rest, behind the stretch, finds the same there by name.
    fn is_seen_the_same(
        &self,
        (was, is): (&Stretch<'_>, &Stretch<'_>),
        rest: &Stretch<'_>,
        seams: &Seams,
        inside: &[ScopeId],
    ) -> bool {
        // Where a scope declares a name already, an assignment writes to it.
        let declared = |d: &Def| inside.contains(&d.scope);
        let changed = was.differing(is, |s| s.names_of_defs(declared));
        let writes = |r: &Ref| inside.contains(&r.scope) && is_write(r);
        if rest.has_any(&changed, declared, writes) {
            return false;
        }
        // A prototype is that of the last function of its name.
        let constructs = |d: &Def| matches!(d.kind, DefKind::Function | DefKind::Class);
        let by_name = !self.pack.knobs.prototype_names.is_empty();
        if by_name && !was.differing(is, |s| s.names_of_defs(constructs)).is_empty() {
            return false;
        }
        let parameters = was.differing(is, |s| s.names_of_defs(|d| d.kind == DefKind::Parameter));
        let asked = seams.asked.iter().map(|name| &**name).chain(self.builder.asked());
        let mut asked = asked.filter(|name| parameters.contains(name));
        asked.next().is_none() && was.to.listed == was.from.listed && is.to.listed == is.from.listed
    }
}

/// Whether the same macros are defined, none of them in what was replaced: what one stands for is looked up where it is used.
fn are_macros_same((was, is): (&Stretch<'_>, &Stretch<'_>), (old, new): (Span, Span)) -> bool {
    let is_macro = |d: &Def| d.kind == DefKind::Macro;
    let none_in = |part: &Stretch<'_>, changed: Span| {
        let touches = |span: Span| span.start <= changed.end && changed.start <= span.end;
        !part.defs().iter().any(|d| is_macro(d) && touches(d.span))
    };
    let is_active = |d: &Def| is_macro(d) && !d.flags.has(DefFlags::INACTIVE);
    none_in(was, old)
        && none_in(is, new)
        && was.differing(is, |s| s.names_of_defs(is_macro)).is_empty()
        && was.differing(is, |s| s.names_of_defs(is_active)).is_empty()
}

/// Whether no name is written for the first time, or no longer, that the rest of the file uses: a test of it may be believed
/// only as long as nothing writes it.
fn are_writes_the_same<'a>((was, is): (&Stretch<'a>, &Stretch<'a>), rest: &[Stretch<'_>]) -> bool {
    let mut written = was.differing(is, |s| s.names_of_refs(is_write));
    if written.is_empty() {
        return true;
    }
    let elsewhere: Vec<FxHashSet<&str>> = rest.iter().map(|part| part.names_of_refs(is_write)).collect();
    written.retain(|name| !elsewhere.iter().any(|names| names.contains(name)));
    !rest.iter().any(|part| part.has_any(&written, |_| false, |r| r.recv.is_none()))
}

fn is_write(reference: &Ref) -> bool {
    reference.role == Role::Write && reference.recv.is_none()
}

/// What was written down between two marks.
struct Stretch<'a> {
    facts: &'a Facts,
    from: Mark,
    to: Mark,
}

impl<'a> Stretch<'a> {
    fn defs(&self) -> &'a [Def] {
        &self.facts.defs[self.from.defs as usize..self.to.defs as usize]
    }

    fn refs(&self) -> &'a [Ref] {
        &self.facts.refs[self.from.refs as usize..self.to.refs as usize]
    }

    fn names_of_defs(&self, is: impl Fn(&Def) -> bool) -> FxHashSet<&'a str> {
        self.defs().iter().filter(|d| is(d)).map(|d| &*self.facts.names[d.name.index()]).collect()
    }

    fn names_of_refs(&self, is: impl Fn(&Ref) -> bool) -> FxHashSet<&'a str> {
        self.refs().iter().filter(|r| is(r)).map(|r| &*self.facts.names[r.name.index()]).collect()
    }

    /// Names that only one of two stretches has.
    fn differing(
        &self,
        other: &Stretch<'a>,
        names: impl Fn(&Stretch<'a>) -> FxHashSet<&'a str>,
    ) -> FxHashSet<&'a str> {
        names(self).symmetric_difference(&names(other)).copied().collect()
    }

    /// Whether a definition or use of this kind has one of the names.
    fn has_any(
        &self,
        names: &FxHashSet<&str>,
        def: impl Fn(&Def) -> bool,
        reference: impl Fn(&Ref) -> bool,
    ) -> bool {
        let has = |name: Name| names.contains(&*self.facts.names[name.index()]);
        !names.is_empty()
            && (self.defs().iter().any(|d| def(d) && has(d.name))
                || self.refs().iter().any(|r| reference(r) && has(r.name)))
    }
}
