//! What a text that does not parse just now says, as far as it said it when it last did.
//!
//! A quote or a brace that is not closed yet can swallow all that follows it, and what is made of the rest then is often
//! wrong. What stands in the parts of the text that have not changed since it last parsed still says there what it said
//! then, at a place that is known: so that is kept, and only the part that has changed is taken from the broken text.

use std::collections::{HashMap, HashSet};

use super::facts::{Def, DefId, Facts, Name, Ref, RefId, Scope, ScopeId, ScopeKind, Span, Term, TermId};
use super::outline::inside_functions;
use super::walk::compact::{children, compact};

/// The facts of a text with syntax errors, if those that were made of it miss a definition, or have mistaken one, that
/// its unchanged parts had when the text was whole. Definitions inside of functions are missed by nobody else.
pub fn mend(broken: &Facts, text: &str, good: &Facts, good_text: &str) -> Option<Facts> {
    mended(broken, good, &Moved::between(good_text, text))
}

/// The same where of the whole text only its length is left: what has not changed is told by the names in it.
pub fn mend_by_names(broken: &Facts, text: &str, good: &Facts, good_len: u32) -> Option<Facts> {
    mended(broken, good, &Moved::by_names(good, good_len, text))
}

fn mended(broken: &Facts, good: &Facts, moved: &Moved) -> Option<Facts> {
    if !is_missing_any(broken, good, moved) {
        return None;
    }
    let mut facts = moved_along(good, moved);
    Graft::new(&mut facts, broken, moved).run();
    compact(&mut facts);
    Some(facts)
}

/// Where the parts that two texts have in common are in each.
struct Moved {
    /// Bytes that are the same from the start, and where the same end begins, in the old text and in the new one.
    prefix: u32,
    old_end: u32,
    new_end: u32,
}

impl Moved {
    fn between(old: &str, new: &str) -> Moved {
        let (old, new) = (old.as_bytes(), new.as_bytes());
        let prefix = old.iter().zip(new).take_while(|(a, b)| a == b).count();
        let rest = old.len().min(new.len()) - prefix;
        let suffix = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
        let (old_end, new_end) = ((old.len() - suffix) as u32, (new.len() - suffix) as u32);
        Moved { prefix: prefix as u32, old_end, new_end }
    }

    /// By the names of the old text that stand in the new one where they would if all before them, or all behind them,
    /// were the same. That is less than what is the same, never more than the names that are.
    fn by_names(old: &Facts, old_end: u32, text: &str) -> Moved {
        let text = text.as_bytes();
        let new_end = text.len() as u32;
        let defs = old.defs.iter().map(|def| (def.name, def.name_span));
        let refs = old.refs.iter().map(|reference| (reference.name, reference.span));
        let mut names: Vec<(&[u8], Span)> =
            defs.chain(refs).map(|(name, span)| (old.names[name.index()].as_bytes(), span)).collect();
        // What is written otherwise than it is called tells nothing.
        names.retain(|(name, span)| {
            !name.is_empty() && span.end.saturating_sub(span.start) as usize == name.len()
        });
        names.sort_unstable_by_key(|(_, span)| span.start);
        let is_word = |at: Option<usize>| {
            at.and_then(|at| text.get(at))
                .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || !b.is_ascii())
        };
        let stands_at = |name: &[u8], start: i64| {
            let Ok(start) = usize::try_from(start) else { return false };
            let end = start + name.len();
            text.get(start..end) == Some(name) && !is_word(start.checked_sub(1)) && !is_word(Some(end))
        };
        let mut moved = Moved { prefix: 0, old_end, new_end };
        for (name, span) in &names {
            if !stands_at(name, i64::from(span.start)) {
                break;
            }
            moved.prefix = (span.end + 1).min(old_end).min(new_end);
        }
        let shift = i64::from(new_end) - i64::from(old_end);
        for (name, span) in names.iter().rev() {
            let start = i64::from(span.start) + shift;
            let apart = span.start > moved.prefix && start > i64::from(moved.prefix);
            if !apart || !stands_at(name, start) {
                break;
            }
            (moved.old_end, moved.new_end) = (span.start - 1, (start - 1) as u32);
        }
        moved
    }

    /// Where something that has not changed is now. What touches the change may have become part of it.
    fn kept(&self, span: Span) -> Option<Span> {
        let before = span.end < self.prefix;
        let behind = span.start > self.old_end;
        (before || behind).then(|| Span::new(self.offset(span.start), self.offset(span.end)))
    }

    /// Where a place is now; one in the changed part is where that ends.
    fn offset(&self, old: u32) -> u32 {
        if old < self.prefix { old } else { old.max(self.old_end) - self.old_end + self.new_end }
    }

    fn around(&self, span: Span) -> Span {
        Span::new(self.offset(span.start), self.offset(span.end))
    }
}

/// What tells definitions of one text from each other.
type Key<'a> = (&'a str, Span);

fn key<'a>(facts: &'a Facts, def: &Def) -> Key<'a> {
    (&facts.names[def.name.index()], def.name_span)
}

fn is_missing_any(broken: &Facts, good: &Facts, moved: &Moved) -> bool {
    let outer = |facts: &Facts, def: &Def| facts.scope(def.scope).kind;
    let there: HashSet<(Key<'_>, super::facts::DefKind, ScopeKind)> =
        broken.defs.iter().map(|d| (key(broken, d), d.kind, outer(broken, d))).collect();
    let inside = inside_functions(good);
    good.defs.iter().filter(|d| !inside[d.scope.index()] && !d.name_span.is_empty()).any(|def| {
        let kept = moved.kept(def.name_span);
        kept.is_some_and(|at| !there.contains(&((key(good, def).0, at), def.kind, outer(good, def))))
    })
}

/// The good facts at the places of the broken text, without what has been changed.
fn moved_along(good: &Facts, moved: &Moved) -> Facts {
    let mut facts = good.clone();
    let mut refs: Vec<Option<RefId>> = Vec::with_capacity(good.refs.len());
    facts.refs.clear();
    for reference in &good.refs {
        let kept = moved.kept(reference.span);
        refs.push(kept.map(|_| RefId(facts.refs.len() as u32)));
        facts.refs.extend(kept.map(|span| Ref { span, ..reference.clone() }));
    }
    let mut defs: Vec<Option<DefId>> = Vec::with_capacity(good.defs.len());
    facts.defs.clear();
    for def in &good.defs {
        // A definition that is written nowhere stays: what it stands for does.
        let kept = if def.name_span.is_empty() {
            Some(moved.around(def.name_span))
        } else {
            moved.kept(def.name_span)
        };
        defs.push(kept.map(|_| DefId(facts.defs.len() as u32)));
        facts.defs.extend(kept.map(|name_span| Def {
            name_span,
            span: moved.around(def.span),
            ..def.clone()
        }));
    }
    for scope in &mut facts.scopes {
        scope.span = moved.around(scope.span);
        scope.owner = scope.owner.and_then(|owner| defs[owner.index()]);
    }
    for term in &mut facts.terms {
        *term = match term {
            Term::Ref(id) => refs[id.index()].map_or(Term::Unknown, Term::Ref),
            Term::Def(id) => defs[id.index()].map_or(Term::Unknown, Term::Def),
            _ => continue,
        };
    }
    facts.extensions.retain_mut(|e| match e.def {
        Some(def) => {
            e.def = defs[def.index()];
            e.def.is_some()
        }
        None => true,
    });
    facts.inherits.retain_mut(|i| defs[i.def.index()].map(|def| i.def = def).is_some());
    facts.arguments.retain_mut(|a| refs[a.callee.index()].map(|callee| a.callee = callee).is_some());
    facts.arities.retain_mut(|(id, _)| refs[id.index()].map(|new| *id = new).is_some());
    facts
}

/// Puts what the broken text says in its changed part among the facts of the rest.
struct Graft<'a> {
    facts: &'a mut Facts,
    broken: &'a Facts,
    /// From the changed part's start to its end, whatever touches it included.
    changed: Span,
    names: HashMap<Box<str>, Name>,
    /// What of the broken facts is what of the others.
    scopes: HashMap<ScopeId, ScopeId>,
    defs: HashMap<DefId, DefId>,
    refs: HashMap<RefId, RefId>,
    terms: HashMap<TermId, TermId>,
}

impl<'a> Graft<'a> {
    fn new(facts: &'a mut Facts, broken: &'a Facts, moved: &Moved) -> Self {
        let names = facts.names.iter().enumerate().map(|(i, name)| (name.clone(), Name(i as u32))).collect();
        let changed = Span::new(moved.prefix, moved.new_end);
        let (scopes, defs, refs, terms) = Default::default();
        Graft { facts, broken, changed, names, scopes, defs, refs, terms }
    }

    fn run(&mut self) {
        let broken = self.broken;
        let changed = |span: Span| self.changed.start <= span.end && span.start <= self.changed.end;
        let defs: Vec<DefId> =
            broken.defs_with_ids().filter(|(_, d)| changed(d.name_span)).map(|(id, _)| id).collect();
        let refs: Vec<RefId> =
            broken.refs_with_ids().filter(|(_, r)| changed(r.span)).map(|(id, _)| id).collect();
        for id in &defs {
            self.def(*id);
        }
        for id in &refs {
            self.reference(*id);
        }
        // What they say comes last: it may mention any of them.
        for id in defs {
            let old = broken.def(id);
            let [of, ty, init] = [old.of, old.ty, old.init].map(|term| term.map(|term| self.term(term)));
            let def = &mut self.facts.defs[self.defs[&id].index()];
            (def.of, def.ty, def.init) = (of, ty, init);
        }
        for id in refs {
            let recv = broken.reference(id).recv.map(|term| self.term(term));
            self.facts.refs[self.refs[&id].index()].recv = recv;
        }
    }

    fn def(&mut self, id: DefId) {
        let old = self.broken.def(id);
        let (name, scope) = (self.name(old.name), self.scope(old.scope, old.name_span.start));
        let new = DefId(self.facts.defs.len() as u32);
        let body = old.body.map(|body| {
            let scope_of_body =
                Scope { parent: Some(scope), owner: Some(new), of: None, ..self.broken.scope(body).clone() };
            let at = ScopeId(self.facts.scopes.len() as u32);
            self.facts.scopes.push(scope_of_body);
            self.scopes.insert(body, at);
            at
        });
        self.facts.defs.push(Def { name, scope, body, of: None, ty: None, init: None, ..old.clone() });
        self.defs.insert(id, new);
    }

    fn reference(&mut self, id: RefId) {
        let old = self.broken.reference(id);
        let (name, scope) = (self.name(old.name), self.scope(old.scope, old.span.start));
        self.refs.insert(id, RefId(self.facts.refs.len() as u32));
        self.facts.refs.push(Ref { name, scope, recv: None, ..old.clone() });
    }

    /// The scope of something in the changed part: one that is new itself, or the one that stood around there.
    fn scope(&self, scope: ScopeId, offset: u32) -> ScopeId {
        self.scopes.get(&scope).copied().unwrap_or_else(|| self.facts.scope_at(offset))
    }

    fn name(&mut self, name: Name) -> Name {
        let text = &self.broken.names[name.index()];
        if let Some(known) = self.names.get(text) {
            return *known;
        }
        let new = Name(self.facts.names.len() as u32);
        self.facts.names.push(text.clone());
        self.names.insert(text.clone(), new);
        new
    }

    /// A term with all that it is made of; what lies outside of the changed part is unknown.
    fn term(&mut self, root: TermId) -> TermId {
        let mut pending = vec![root];
        let mut copied = Vec::new();
        while let Some(old) = pending.pop() {
            if !self.terms.contains_key(&old) {
                self.terms.insert(old, TermId(self.facts.terms.len() as u32));
                self.facts.terms.push(Term::Unknown);
                copied.push(old);
                children(&mut self.broken.term(old).clone(), |child| pending.push(*child));
            }
        }
        for old in copied {
            let mut term = match self.broken.term(old) {
                Term::Ref(id) => self.refs.get(id).map_or(Term::Unknown, |id| Term::Ref(*id)),
                Term::Def(id) => self.defs.get(id).map_or(Term::Unknown, |id| Term::Def(*id)),
                Term::Object(_) => Term::Unknown,
                Term::Module(name) => Term::Module(self.name(*name)),
                other => other.clone(),
            };
            children(&mut term, |child| *child = self.terms[child]);
            self.facts.terms[self.terms[&old].index()] = term;
        }
        self.terms[&root]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::{LangId, ParseLimits, Parser, extract};
    use std::path::Path;

    fn facts(file: &str, text: &str) -> (Facts, bool) {
        let lang = LangId::of_path(Path::new(file)).unwrap();
        let tree = Parser::new().parse(lang, text, None, &ParseLimits::default()).unwrap();
        (extract(lang, &tree, text), tree.has_errors())
    }

    /// Definitions outside of functions with where they stand, by the text there.
    fn defined<'t>(facts: &Facts, text: &'t str) -> Vec<&'t str> {
        let inside = inside_functions(facts);
        let outer = facts.defs.iter().filter(|d| !inside[d.scope.index()] && !d.name_span.is_empty());
        let mut found: Vec<&str> = outer
            .map(|d| {
                let at = &text[d.name_span.start as usize..d.name_span.end as usize];
                assert_eq!(at, &*facts.names[d.name.index()]);
                at
            })
            .collect();
        found.sort_unstable();
        found
    }

    /// Replaces the first `from` by `to`, which must break the text, and expects these definitions all the same.
    #[track_caller]
    fn check(file: &str, whole: &str, from: &str, to: &str, expected: &[&str]) -> (Facts, String) {
        let broken = whole.replacen(from, to, 1);
        let (good, errors) = facts(file, whole);
        assert!(!errors, "the text is whole at first");
        let (made, errors) = facts(file, &broken);
        assert!(errors, "the change breaks the text");
        let mended = mend(&made, &broken, &good, whole).expect("something is missing");
        assert_eq!(defined(&mended, &broken), expected);
        assert_eq!(mend(&mended, &broken, &good, whole), None, "nothing is missing any more");
        let by_names =
            mend_by_names(&made, &broken, &good, whole.len() as u32).expect("something is missing");
        assert_eq!(defined(&by_names, &broken), expected);
        (mended, broken)
    }

    const PYTHON: &str = "\
import os

def first(): pass

name = 'x'

class Base:
    size: int = 0
    def method(self, n): return n

class Derived(Base):
    def other(self): local = 1

def last() -> Derived: pass
";

    #[test]
    fn an_open_quote_swallows_nothing() {
        let expected = ["Base", "Derived", "first", "last", "method", "name", "os", "other", "size"];
        let (mended, text) = check("a.py", PYTHON, "'x'", "\"\"\"x'", &expected);
        let method = mended.defs.iter().find(|d| &*mended.names[d.name.index()] == "method").unwrap();
        let owner = mended.scope(method.scope).owner.unwrap();
        assert_eq!(&*mended.names[mended.def(owner).name.index()], "Base");
        let base = mended.inherits.iter().map(|i| mended.term(i.base)).next_back().unwrap();
        let Term::Ref(base) = base else { panic!("{base:?}") };
        let base = mended.reference(*base);
        assert_eq!(&text[base.span.start as usize..base.span.end as usize], "Base");
    }

    #[test]
    fn what_was_really_changed_is_changed() {
        let expected = ["Base", "Derived", "last", "method", "name", "os", "other", "renamed", "size"];
        check("a.py", PYTHON, "first(): pass\n\nname = 'x'", "renamed(): pass\n\nname = \"\"\"x'", &expected);
    }

    #[test]
    fn members_of_a_block_without_a_name_stay_members() {
        let whole = "struct S;\nfn a() -> &'static str { \"\" }\nimpl S {\n    fn m(&self) {}\n    fn n(&self) {}\n}\nfn z() {}\n";
        let (mended, _) = check("a.rs", whole, "\"\"", "/* \"\"", &["S", "a", "m", "n", "z"]);
        let methods: Vec<ScopeId> = mended
            .defs
            .iter()
            .filter(|d| ["m", "n"].contains(&&*mended.names[d.name.index()]))
            .map(|d| d.scope)
            .collect();
        assert_eq!(methods[0], methods[1]);
        assert_eq!(mended.scope(methods[0]).kind, ScopeKind::Extension);
        assert!(mended.extensions.iter().any(|e| e.scope == Some(methods[0])));
    }

    #[test]
    fn places_move_with_what_stands_before_them() {
        let moved = Moved::between("abc def ghi", "abc xx def ghi");
        assert_eq!(moved.kept(Span::new(0, 2)), Some(Span::new(0, 2)));
        assert_eq!(moved.kept(Span::new(8, 11)), Some(Span::new(11, 14)));
        assert_eq!(moved.kept(Span::new(0, 4)), None, "it touches the change");
        let same = Moved::between("aa", "aaa");
        assert_eq!((same.prefix, same.old_end, same.new_end), (2, 2, 3));
    }
}
