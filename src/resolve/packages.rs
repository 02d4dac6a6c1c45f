//! Packages: code means nothing that is declared in a package which its own does not depend on.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Entity, Hit, Place, Resolution, Resolver, Target};
use crate::graph::Graph;
use crate::lang::modules::{FileId, Layout};

/// Packages, by their directories.
type Dirs<'v> = Rc<FxHashSet<&'v str>>;

/// What was asked about packages.
#[derive(Default)]
pub(super) struct Packages<'v> {
    of_files: RefCell<FxHashMap<FileId, Option<&'v str>>>,
    /// By a package's directory: those of the packages that see it.
    seen_by: RefCell<FxHashMap<&'v str, Dirs<'v>>>,
    /// By a package's directory: those of the packages that it sees.
    seen_from: RefCell<FxHashMap<&'v str, Dirs<'v>>>,
}

impl Packages<'_> {
    pub fn forget(&self) {
        self.of_files.borrow_mut().clear();
        self.seen_by.borrow_mut().clear();
        self.seen_from.borrow_mut().clear();
    }
}

impl<'v> Resolver<'v> {
    /// The directory of the file's package, where packages say what they depend on.
    pub(super) fn package(&self, file: FileId) -> Option<&'v str> {
        let graph = self.layout();
        let find = || graph.lang(file).strategy().package(graph, file);
        *self.packages.of_files.borrow_mut().entry(file).or_insert_with(find)
    }

    /// Whether code of the one file can mean what the other declares, as far as packages go. Asked of few files about
    /// many: what the first one's package sees is found once.
    pub(super) fn sees(&self, from: FileId, to: FileId) -> bool {
        let (Some(own), Some(theirs)) = (self.package(from), self.package(to)) else { return true };
        if own == theirs {
            return true;
        }
        let known = self.packages.seen_by.borrow().get(theirs).cloned();
        match known {
            Some(seen_by) => seen_by.contains(own),
            None => self.seen_from(from, own).contains(theirs),
        }
    }

    /// The same, asked of many files about few: who sees the second one's package is found once.
    pub(super) fn is_seen(&self, to: FileId, from: FileId) -> bool {
        let (Some(own), Some(theirs)) = (self.package(from), self.package(to)) else { return true };
        own == theirs || self.seen_by(to, theirs).contains(own)
    }

    fn seen_by(&self, file: FileId, package: &'v str) -> Dirs<'v> {
        let find = |graph: &'v Graph| graph.lang(file).strategy().dependents(graph, package);
        self.found_once(&self.packages.seen_by, package, find)
    }

    fn seen_from(&self, file: FileId, package: &'v str) -> Dirs<'v> {
        let find = |graph: &'v Graph| graph.lang(file).strategy().dependencies(graph, package);
        self.found_once(&self.packages.seen_from, package, find)
    }

    fn found_once(
        &self,
        known: &RefCell<FxHashMap<&'v str, Dirs<'v>>>,
        package: &'v str,
        find: impl FnOnce(&'v Graph) -> FxHashSet<&'v str>,
    ) -> Dirs<'v> {
        if let Some(known) = known.borrow().get(package) {
            return Rc::clone(known);
        }
        let found = Rc::new(find(self.layout()));
        known.borrow_mut().insert(package, Rc::clone(&found));
        found
    }

    /// Whether any of the targets can be meant in the file.
    pub(super) fn sees_any(&self, from: FileId, mut targets: impl Iterator<Item = Target>) -> bool {
        targets.any(|target| self.is_seen(target.file(), from))
    }

    /// What of the found things the file sees.
    pub(super) fn in_sight(&self, file: FileId, found: Resolution) -> Resolution {
        let Resolution::Found(mut hits) = found else { return found };
        if self.package(file).is_some() {
            let seen = |hit: &Hit| match &hit.entity {
                Entity::Symbol(symbol) => self.sees(file, symbol.file),
                Entity::Place(place) => match &**place {
                    Place::Files(files) => files.iter().any(|to| self.sees(file, *to)),
                    Place::Inline(symbol) => self.sees(file, symbol.file),
                    Place::Directory(..) => true,
                },
            };
            hits.retain(|hit| seen(hit));
        }
        match hits.is_empty() {
            true => Resolution::Missing("its package is none that this one depends on"),
            false => Resolution::Found(hits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Outcome, Symbol};
    use super::*;
    use crate::graph::fixture::Fixture;
    use crate::lang::facts::DefKind;

    /// Paths of the files with a use of the function `go` of the trait in `top`.
    fn used_in(dependency: &str) -> Vec<String> {
        let fixture = "
            //- /low/Cargo.toml
            [package]
            name = \"low\"
            //- /low/src/lib.rs
            pub struct Thing;
            //- /top/Cargo.toml
            [package]
            name = \"top\"
            [dependencies]
            low = \"1\"
            //- /top/src/lib.rs
            pub trait Go { fn go(&self); }
            impl Go for low::Thing { fn go(&self) {} }
            //- /other/Cargo.toml
            [package]
            name = \"other\"
            [dependencies]
            low = \"1\"
            DEPENDENCY
            //- /other/src/lib.rs
            fn f(thing: low::Thing) { thing.go(); }
            ";
        let view = Fixture::parse(&fixture.replace("DEPENDENCY", dependency)).view();
        let resolver = Resolver::new(&view);
        let top = view.file("top/src/lib.rs").unwrap();
        let facts = view.facts(top);
        let is_go = |name| view.name_text(name) == "go";
        let declared: Vec<_> = facts.defs_with_ids().filter(|(_, d)| is_go(d.name)).collect();
        let mut files: Vec<String> = Vec::new();
        for (def, d) in declared {
            assert_eq!(d.kind, DefKind::Method);
            let found = resolver.references(Target::Symbol(Symbol { file: top, def }), Default::default());
            files.extend(
                found.found.iter().map(|f| view.path(f.file).to_owned()).filter(|p| !p.starts_with("top")),
            );
        }
        // The use itself says the same.
        let other = view.file("other/src/lib.rs").unwrap();
        let (id, _) = view
            .facts(other)
            .refs_with_ids()
            .find(|(_, r)| is_go(r.name))
            .map(|(id, r)| (id, r.span))
            .unwrap();
        let leads = matches!(resolver.resolve(other, id), Outcome::Found(t) if !t.iter().all(|(_, tier)| tier.is_guess()));
        assert_eq!(leads, !files.is_empty());
        files
    }

    #[test]
    fn what_is_implemented_elsewhere_is_seen_by_those_that_depend_on_it() {
        assert_eq!(used_in("top = \"1\""), ["other/src/lib.rs"]);
        assert_eq!(used_in(""), Vec::<String>::new());
    }
}
