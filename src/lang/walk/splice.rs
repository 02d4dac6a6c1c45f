//! The facts of a text that has been edited: those of the items before and behind the edit are taken from the walk before,
//! and only what lies between two seams around it is walked.
//!
//! The result is what a walk over all of the text gives, but for the order of names. Where that cannot be told, there
//! is none.

use super::around::Around;
use super::seams::{Mark, Seam, Seams};
use super::{Walk, walker};
use crate::lang::facts::{
    Arguments, Def, DefId, DefKind, Extension, Facts, Glob, Inherit, Ref, RefId, Scope, ScopeId, Span, Term,
    TermId,
};
use crate::lang::scratch::FragmentTrees;
use crate::lang::{LangId, TreeRef};

/// Names that nothing has any more, before a whole walk is due.
const IDLE_NAMES_MAX: usize = 1 << 10;
/// Large nodes that are there no more, before a whole walk is due.
const IDLE_NODES_MAX: usize = 1 << 7;

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

    /// Where a place of the old text is now that is not in what was replaced.
    pub(super) fn after(self, at: u32) -> u32 {
        if at < self.old_end { at } else { at - self.old_end + self.new_end }
    }

    pub(super) fn around(self, span: Span) -> Span {
        Span::new(self.after(span.start), self.after(span.end))
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
    let idle =
        old.names.len() > seams.names + IDLE_NAMES_MAX || seams.around.len() > seams.nodes + IDLE_NODES_MAX;
    if idle {
        return None;
    }
    // What lies before the change may have been read with the next semicolon, wherever that is.
    let is_behind = |semicolon: Option<u32>| semicolon.is_some_and(|at| at >= change.start);
    if is_behind(seams.last_semicolon) != is_behind(last_semicolon(text)) {
        return None;
    }
    // The innermost node may do, and if it does not the file.
    let first = seams.before(change).find(|seam| seams.is_apart(seam, change))?;
    let from = |seam| follow_from(lang, tree, text, before, change, seam);
    from(first).or_else(|| {
        let of_file = |seam: &&Seam| seams.around[seam.inside as usize].is_file();
        let outer = seams.before(change).find(of_file).filter(|outer| outer.inside != first.inside)?;
        from(outer)
    })
}

/// Where the last semicolon of a text stands.
pub(super) fn last_semicolon(text: &str) -> Option<u32> {
    memchr::memrchr(b';', text.as_bytes()).map(|at| at as u32)
}

fn follow_from<'t>(
    lang: LangId,
    tree: TreeRef<'t>,
    text: &'t str,
    (old, seams): (&'t Facts, &'t Seams),
    change: Replaced,
    first: &Seam,
) -> Option<(Facts, Seams)> {
    let trees = FragmentTrees::new(tree.place);
    let mut walk = walker(lang, text, &trees);
    let around = &seams.around[first.inside as usize];
    let inside: Vec<ScopeId> = around.frames.iter().map(|frame| frame.scope).collect();
    walk.builder.take_over(old, first.mark, &inside, text.len() as u32);
    walk.stretch(first, change)?;
    walk.resume_macros();
    walk.sewing.on = true;
    walk.sewing.before = Some((seams, change, first.inside));
    let known = seams.all.partition_point(|seam| seam.at < first.at);
    walk.sewing.found.extend(&seams.all[..known]);
    walk.sewing.around = seams.around.clone();
    // Nothing of what was written down is moved for what stands around the change.
    walk.sewing.around[first.inside as usize].moved(change, &Ids::new(first.mark, None, first.mark));
    walk.sewing.open(first.inside, first.at);
    let mut cursor = tree.root.walk();
    let around = walk.sewing.around[first.inside as usize].clone();
    walk.take_up(&mut cursor, &around, first)?;
    walk.run(cursor);
    walk.join((old, seams), first, &inside)?;
    walk.sewing.end = Mark::of(&walk.builder.facts);
    walk.hidden(tree.patches);
    let (facts, sewn) = walk.finish(text);
    Ids::are_kept(&facts.terms).then_some((facts, sewn))
}

/// The ids of what was written down before, as they are now.
pub(super) struct Ids {
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

    pub fn scope(&self, id: ScopeId) -> Option<ScopeId> {
        self.scopes.kept(id.0).map(ScopeId)
    }

    pub fn def(&self, id: DefId) -> Option<DefId> {
        self.defs.kept(id.0).map(DefId)
    }

    fn reference(&self, id: RefId) -> Option<RefId> {
        self.refs.kept(id.0).map(RefId)
    }
}

/// Whether the first definition behind the mark may say what the one before it says, and so go by that (Go's constants).
fn repeats(facts: &Facts, mark: Mark) -> bool {
    let (before, behind) = facts.defs.split_at(mark.defs as usize);
    let Some(first) = behind.first() else { return false };
    match said(first) {
        // It would say what the one before it does not say yet.
        (None, None) => first.kind == DefKind::Constant,
        both => before.last().is_some_and(|last| last.scope == first.scope && said(last) == both),
    }
}

fn said(def: &Def) -> (Option<TermId>, Option<TermId>) {
    (def.ty, def.init)
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
        facts.scopes.push(Scope { parent, owner, span: change.around(scope.span), ..scope.clone() });
    }
    let defs = &old.defs[from.defs as usize..to.defs as usize];
    facts.defs.reserve_exact(defs.len());
    for def in defs {
        let (name_span, span) = (change.around(def.name_span), change.around(def.span));
        let (scope, body) = (ids.scope(def.scope)?, optional(def.body, |id| ids.scope(id))?);
        facts.defs.push(Def { name_span, span, scope, body, ..def.clone() });
    }
    let refs = &old.refs[from.refs as usize..to.refs as usize];
    facts.refs.reserve_exact(refs.len());
    for reference in refs {
        let (span, scope) = (change.around(reference.span), ids.scope(reference.scope)?);
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

impl Seams {
    /// Seams before a change, the closest first.
    fn before(&self, change: Replaced) -> impl Iterator<Item = &Seam> {
        let end = self.all.partition_point(|seam| seam.at < change.start);
        self.all[..end].iter().rev()
    }

    /// Whether the node of a seam before the change goes on behind it, and the file or a seam does.
    fn is_apart(&self, seam: &Seam, change: Replaced) -> bool {
        let around = &self.around[seam.inside as usize];
        let behind = self.all.partition_point(|seam| seam.at <= change.old_end);
        let goes_on = || self.all[behind..].iter().any(|other| other.inside == seam.inside);
        around.is_file() || around.end > change.old_end && goes_on()
    }
}

impl<'t> Walk<'t> {
    /// Lets what is around the change end where it does now. `None` if something ends in it, or something that was written
    /// down before the seam stands behind it.
    fn stretch(&mut self, first: &Seam, change: Replaced) -> Option<()> {
        let facts = &mut self.builder.facts;
        let is_behind = |span: Span| span.start > first.at;
        if facts.scopes[1..].iter().any(|scope| is_behind(scope.span))
            || facts.defs.iter().any(|def| is_behind(def.span) || is_behind(def.name_span))
            || facts.refs.iter().any(|reference| is_behind(reference.span))
        {
            return None;
        }
        let scopes = facts.scopes[1..].iter_mut().map(|scope| &mut scope.span.end);
        let defs = facts.defs.iter_mut().map(|def| &mut def.span.end);
        for end in scopes.chain(defs).filter(|end| **end > first.at) {
            if *end <= change.old_end {
                return None;
            }
            *end = change.after(*end);
        }
        Some(())
    }

    /// Puts what was written down behind the change after what has been walked. `None` if that would have been something
    /// else now.
    fn join(&mut self, (old, seams): (&Facts, &Seams), first: &Seam, inside: &[ScopeId]) -> Option<()> {
        let (_, change, _) = self.sewing.before?;
        let joint = self.sewing.joint.map(|(at, seam)| (seams.all.split_at(at).1, seam));
        if joint.is_none() && !self.sewing.around[first.inside as usize].is_file() {
            return None;
        }
        let to = joint.map(|(behind, _)| behind[0].mark);
        if !self.stands((old, seams), (first.mark, to.unwrap_or(seams.end)), inside, to.is_some()) {
            return None;
        }
        let ids = Ids::new(first.mark, to, Mark::of(&self.builder.facts));
        ids.renumber(&mut self.builder.facts.terms[..old.terms.len()]);
        let end = joint.map_or(u32::MAX, |(behind, _)| behind[0].at);
        for (number, around) in self.sewing.around[..seams.around.len()].iter_mut().enumerate() {
            match around.start {
                _ if number == first.inside as usize => {}
                start if (first.at..end).contains(&start) => *around = Around::default(),
                _ => around.moved(change, &ids),
            }
        }
        let Some((behind, here)) = joint else { return Some(()) };
        let was = behind[0];
        if repeats(old, was.mark) {
            return None;
        }
        append(&mut self.builder.facts, old, (was.mark, seams.end), &ids, change)?;
        self.builder.facts.package = old.package;
        self.sewing.found.extend(behind.iter().map(|seam| Seam {
            at: change.after(seam.at),
            mark: here.mark.behind(was.mark, seam.mark),
            children: match seam.inside == first.inside {
                true => here.children + seam.children - was.children,
                false => seam.children,
            },
            ..*seam
        }));
        Some(())
    }
}

#[cfg(test)]
mod tests;
