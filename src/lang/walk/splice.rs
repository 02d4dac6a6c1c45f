//! The facts of a text that has been edited: those of the items before and behind the edit are taken from the walk before,
//! and only what lies between two seams around it is walked.
//!
//! The result is what a walk over all of the text gives, but for the order of names. Where that cannot be told, there
//! is none.

use rustc_hash::FxHashSet;
use tree_sitter::TreeCursor;

use super::seams::{Mark, OUTERMOST, Seam, Seams};
use super::{Walk, walker};
use crate::lang::facts::{
    Arguments, Def, DefFlags, DefId, DefKind, Extension, Facts, Glob, Inherit, Name, Ref, RefId, Role, Scope,
    ScopeId, Span, Term,
};
use crate::lang::scratch::FragmentTrees;
use crate::lang::{LangId, TreeRef};

/// Names that nothing has any more, before a whole walk is due.
const IDLE_NAMES_MAX: usize = 1 << 10;

/// The id of what is not there any more.
const GONE: u32 = u32::MAX;

/// One stretch of a text that has become another one. All around it is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    pub start: u32,
    pub old_end: u32,
    pub new_end: u32,
}

impl Replaced {
    /// The same with another change after it, whose places are those of the text in between.
    pub fn then(self, next: Replaced) -> Replaced {
        let start = self.start.min(next.start);
        let old_end = self.old_end + next.old_end.saturating_sub(self.new_end);
        let new_end = self.new_end.max(next.old_end) - next.old_end + next.new_end;
        Replaced { start, old_end, new_end }
    }

    /// The change as far as this stretch of the new text at least.
    pub fn with(self, span: Span) -> Replaced {
        let more = span.end.saturating_sub(self.new_end);
        Replaced {
            start: self.start.min(span.start),
            old_end: self.old_end + more,
            new_end: self.new_end + more,
        }
    }

    /// Where a place of the new text behind the change was before it.
    pub(super) fn before(self, at: u32) -> Option<u32> {
        (at > self.new_end).then(|| at - self.new_end + self.old_end)
    }

    fn moved(self, span: Span) -> Span {
        let moved = |at: u32| at - self.old_end + self.new_end;
        Span::new(moved(span.start), moved(span.end))
    }
}

/// The facts of a tree, given those of the text before a change and where these can be taken apart.
pub fn follow<'t>(
    lang: LangId,
    tree: TreeRef<'t>,
    text: &'t str,
    before: (&'t Facts, &'t Seams),
    change: Replaced,
) -> Option<(Facts, Seams)> {
    let (old, seams) = before;
    if seams.root != tree.root.kind_id() || old.names.len() > seams.names + IDLE_NAMES_MAX {
        return None;
    }
    let from = seams.all.partition_point(|seam| seam.at < change.start).checked_sub(1)?;
    let first = seams.all[from];
    if reaches_over(old, &first) {
        return None;
    }
    let trees = FragmentTrees::new(tree.place);
    let mut walk = walker(lang, text, &trees);
    walk.sewing.on = true;
    walk.sewing.before = Some((seams, change));
    walk.sewing.found.extend(&seams.all[..from]);
    walk.builder.take_over(old, first.mark, text.len() as u32);
    walk.resume_macros();
    let mut cursor = tree.root.walk();
    walk.enter_file(&mut cursor, &first)?;
    walk.run(cursor);
    walk.join(old, seams, &first)?;
    walk.sewing.root = seams.root;
    walk.sewing.end = Mark::of(&walk.builder.facts);
    walk.hidden(tree.patches);
    let (facts, sewn) = walk.finish(text);
    Ids::are_kept(&facts.terms).then_some((facts, sewn))
}

/// Whether something from before the seam ends behind it.
fn reaches_over(facts: &Facts, seam: &Seam) -> bool {
    let scopes = &facts.scopes[1..(seam.mark.scopes as usize).max(1)];
    let defs = &facts.defs[..seam.mark.defs as usize];
    scopes.iter().any(|scope| scope.span.end > seam.at) || defs.iter().any(|def| def.span.end > seam.at)
}

/// The ids of what was written down before, as they are now.
struct Ids {
    scopes: Renumbered,
    defs: Renumbered,
    refs: Renumbered,
}

struct Renumbered {
    /// Up to here they are the same.
    same: u32,
    /// From here on they have moved; nothing has if there is none.
    behind: Option<u32>,
    moved: u32,
}

impl Renumbered {
    fn id(&self, id: u32) -> u32 {
        match self.behind {
            _ if id < self.same => id,
            Some(behind) if id >= behind => id - behind + self.moved,
            _ => GONE,
        }
    }

    fn kept(&self, id: u32) -> Option<u32> {
        Some(self.id(id)).filter(|id| *id != GONE)
    }
}

impl Ids {
    /// Those of a walk that went from one mark to another one, where another walk had something else in between.
    fn new(from: Mark, to: Option<Mark>, here: Mark) -> Ids {
        let ids = |of: fn(&Mark) -> u32| Renumbered {
            same: of(&from),
            behind: to.as_ref().map(of),
            moved: of(&here),
        };
        Ids { scopes: ids(|m| m.scopes), defs: ids(|m| m.defs), refs: ids(|m| m.refs) }
    }

    fn renumber(&self, terms: &mut [Term]) {
        for term in terms {
            match term {
                Term::Ref(id) => id.0 = self.refs.id(id.0),
                Term::Def(id) => id.0 = self.defs.id(id.0),
                Term::Object(id) => id.0 = self.scopes.id(id.0),
                _ => {}
            }
        }
    }

    /// Whether all is still there that a term that is kept names.
    fn are_kept(terms: &[Term]) -> bool {
        !terms.iter().any(|term| {
            matches!(term, Term::Ref(RefId(GONE)) | Term::Def(DefId(GONE)) | Term::Object(ScopeId(GONE)))
        })
    }

    fn scope(&self, id: ScopeId) -> Option<ScopeId> {
        self.scopes.kept(id.0).map(ScopeId)
    }

    fn def(&self, id: DefId) -> Option<DefId> {
        self.defs.kept(id.0).map(DefId)
    }

    fn reference(&self, id: RefId) -> Option<RefId> {
        self.refs.kept(id.0).map(RefId)
    }
}

/// Puts what an earlier walk wrote down between two marks after the facts. `None` if some of it belongs to what is gone.
fn append(
    facts: &mut Facts,
    old: &Facts,
    (from, to): (Mark, Mark),
    ids: &Ids,
    change: Replaced,
) -> Option<()> {
    let scopes = &old.scopes[from.scopes as usize..to.scopes as usize];
    facts.scopes.reserve_exact(scopes.len());
    for scope in scopes {
        let parent = optional(scope.parent, |id| ids.scope(id))?;
        let owner = optional(scope.owner, |id| ids.def(id))?;
        facts.scopes.push(Scope { parent, owner, span: change.moved(scope.span), ..scope.clone() });
    }
    let defs = &old.defs[from.defs as usize..to.defs as usize];
    facts.defs.reserve_exact(defs.len());
    for def in defs {
        let (name_span, span) = (change.moved(def.name_span), change.moved(def.span));
        let (scope, body) = (ids.scope(def.scope)?, optional(def.body, |id| ids.scope(id))?);
        facts.defs.push(Def { name_span, span, scope, body, ..def.clone() });
    }
    let refs = &old.refs[from.refs as usize..to.refs as usize];
    facts.refs.reserve_exact(refs.len());
    for reference in refs {
        let (span, scope) = (change.moved(reference.span), ids.scope(reference.scope)?);
        facts.refs.push(Ref { span, scope, ..reference.clone() });
    }
    for glob in &old.globs[from.globs as usize..to.globs as usize] {
        facts.globs.push(Glob { scope: ids.scope(glob.scope)?, ..glob.clone() });
    }
    for extension in &old.extensions[from.extensions as usize..to.extensions as usize] {
        let scope = optional(extension.scope, |id| ids.scope(id))?;
        let def = optional(extension.def, |id| ids.def(id))?;
        facts.extensions.push(Extension { scope, def, ..extension.clone() });
    }
    for inherit in &old.inherits[from.inherits as usize..to.inherits as usize] {
        facts.inherits.push(Inherit { def: ids.def(inherit.def)?, ..inherit.clone() });
    }
    for arguments in &old.arguments[from.arguments as usize..to.arguments as usize] {
        facts.arguments.push(Arguments { callee: ids.reference(arguments.callee)?, ..arguments.clone() });
    }
    let counted = old.arities.partition_point(|(id, _)| id.0 < from.refs);
    for (id, count) in &old.arities[counted..] {
        facts.arities.push((ids.reference(*id)?, *count));
    }
    let listed = old.listed.iter().flat_map(|listed| &listed[from.listed as usize..to.listed as usize]);
    if from.listed < to.listed {
        facts.listed.get_or_insert_default().extend(listed);
    }
    Some(())
}

/// The id of what may be there as it is now; `None` if it was there and is gone.
fn optional<T>(id: Option<T>, now: impl Fn(T) -> Option<T>) -> Option<Option<T>> {
    match id {
        Some(id) => now(id).map(Some),
        None => Some(None),
    }
}

impl<'t> Walk<'t> {
    /// Goes to where the seam is, as if all before it had been walked. `None` if there is no such place.
    fn enter_file(&mut self, cursor: &mut TreeCursor<'t>, seam: &Seam) -> Option<()> {
        let before = Mark::of(&self.builder.facts);
        if !self.enter(cursor) || Mark::of(&self.builder.facts) != before || self.frames.len() != OUTERMOST {
            return None;
        }
        cursor.goto_first_child_for_byte(seam.at as usize)?;
        if cursor.node().start_byte() != seam.at as usize {
            return None;
        }
        let file = self.frames.last_mut()?;
        (file.children, file.flags) = (seam.children, seam.flags);
        Some(())
    }

    /// Puts what was written down behind the change after what has been walked, and leaves the file. `None` if that would
    /// have been something else now.
    fn join(&mut self, old: &Facts, seams: &Seams, first: &Seam) -> Option<()> {
        let (_, change) = self.sewing.before?;
        let joint = self.sewing.joint.map(|(at, seam)| (seams.all.split_at(at).1, seam));
        let to = joint.map(|(behind, _)| behind[0].mark);
        if !self.stands((old, seams), first.mark, to.unwrap_or(seams.end), to.is_some()) {
            return None;
        }
        let ids = Ids::new(first.mark, to, Mark::of(&self.builder.facts));
        ids.renumber(&mut self.builder.facts.terms[..old.terms.len()]);
        let Some((behind, here)) = joint else { return Some(()) };
        let was = behind[0];
        append(&mut self.builder.facts, old, (was.mark, seams.end), &ids, change)?;
        self.builder.facts.package = old.package;
        self.sewing.found.extend(behind.iter().map(|seam| Seam {
            at: seam.at - change.old_end + change.new_end,
            mark: here.mark.behind(was.mark, seam.mark),
            children: here.children + seam.children - was.children,
            flags: seam.flags,
        }));
        let before = Mark::of(&self.builder.facts);
        self.leave();
        (Mark::of(&self.builder.facts) == before).then_some(())
    }

    /// Whether the items behind the change, if there are any, see the same in those before them as they did, and whether
    /// tests in any item are still believed.
    fn stands(&self, (old, seams): (&Facts, &Seams), from: Mark, to: Mark, behind: bool) -> bool {
        let new = &self.builder.facts;
        let was = Stretch { facts: old, from, to };
        let is = Stretch { facts: new, from, to: Mark::of(new) };
        if behind {
            let rest = Stretch { facts: old, from: to, to: Mark::of(old) };
            let declared = |d: &Def| d.scope == ScopeId::FILE;
            let changed = was.differing(&is, |s| s.names_of_defs(declared));
            if rest.has_any(&changed, |d| declared(d), |r| r.scope == ScopeId::FILE && is_write(r)) {
                return false;
            }
            let constructs = |d: &Def| matches!(d.kind, DefKind::Function | DefKind::Class);
            let by_name = !self.pack.knobs.prototype_names.is_empty();
            if by_name && !was.differing(&is, |s| s.names_of_defs(constructs)).is_empty() {
                return false;
            }
            let is_macro = |d: &Def| d.kind == DefKind::Macro && !d.flags.has(DefFlags::INACTIVE);
            let textual = self.pack.knobs.textual;
            if textual && !was.differing(&is, |s| s.names_of_defs(is_macro)).is_empty() {
                return false;
            }
            let parameters = was.differing(&is, |s| s.names_of_defs(|d| d.kind == DefKind::Parameter));
            let before = seams.asked.iter().map(|name| &**name);
            if before.chain(self.builder.asked()).any(|name| parameters.contains(name)) {
                return false;
            }
            if was.to.listed != was.from.listed || is.to.listed != is.from.listed {
                return false;
            }
        }
        let written = was.differing(&is, |s| s.names_of_refs(is_write));
        if written.is_empty() {
            return true;
        }
        let parts = [
            Stretch { facts: old, from: Mark::default(), to: from },
            Stretch { facts: old, from: to, to: Mark::of(old) },
        ];
        let told = written.iter().copied().filter(|name| {
            let one: FxHashSet<&str> = std::iter::once(*name).collect();
            !parts.iter().any(|part| part.has_any(&one, |_| false, is_write))
        });
        let told: FxHashSet<&str> = told.collect();
        !parts.iter().any(|part| part.has_any(&told, |_| false, |r| r.recv.is_none()))
    }
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

#[cfg(test)]
mod tests;
