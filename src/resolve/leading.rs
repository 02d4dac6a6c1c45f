//! Which files imports can lead from to some targets: nothing else of their languages can mean them.

use std::sync::atomic::AtomicBool;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

use super::{Resolver, Target};
use crate::graph::{Imports, Node, is_main, member_of};
use crate::lang::facts::{Name, Term, TermId};
use crate::lang::modules::{FileId, Layout, ModuleTarget, file_name, parent, upwards};

/// Packages whose importers one search follows; what needs more is likely used everywhere.
const PACKAGES_MAX: usize = 64;

/// Units from which imports lead to the targets.
pub struct Leading<'v> {
    imports: &'v Imports,
    nodes: Vec<bool>,
}

impl Leading<'_> {
    /// Whether the file can mean a target.
    pub fn contains(&self, file: FileId) -> bool {
        self.nodes.get(self.imports.node(file).0 as usize).copied().unwrap_or(true)
    }
}

impl<'v> Resolver<'v> {
    /// The files from which imports lead to any of the targets; `None` where all may be, or if it is cancelled.
    pub fn leading(
        &self,
        targets: impl Iterator<Item = Target>,
        cancel: Option<&AtomicBool>,
    ) -> Option<Leading<'v>> {
        let view = self.view;
        // Told first where nothing is to be asked: the imports of a folder are made when they are first wanted.
        let is_closed = |file: &FileId| {
            let closed = view.lang(*file).strategy().closed_units().is_some();
            closed && !self.is_library(*file) && view.is_of_columns(*file)
        };
        let targets: SmallVec<[Target; 4]> = targets.collect();
        if targets.iter().any(|target| self.declares_ambient(target.file())) {
            return None;
        }
        let mut files: Vec<FileId> = targets.iter().map(|target| target.file()).collect();
        files.sort_unstable();
        files.dedup();
        if !files.iter().all(is_closed) {
            return None;
        }
        let imports = view.imports(cancel)?;
        let mut spread = Spread {
            resolver: self,
            imports,
            changed: FxHashMap::default(),
            naming: FxHashMap::default(),
            extending: FxHashSet::default(),
            packages: FxHashMap::default(),
        };
        spread.note_changed();
        let mut nodes = Nodes::new(imports.node_count());
        files.iter().for_each(|file| nodes.add(imports.node(*file)));
        spread.whole(&mut nodes)?;
        Some(Leading { imports, nodes: nodes.marked })
    }
}

/// Nodes found, and those of them whose importers have not been looked for.
struct Nodes {
    marked: Vec<bool>,
    open: Vec<Node>,
}

impl Nodes {
    fn new(count: usize) -> Nodes {
        Nodes { marked: vec![false; count], open: Vec::new() }
    }

    fn add(&mut self, node: Node) {
        if let Some(marked) = self.marked.get_mut(node.0 as usize)
            && !std::mem::replace(marked, true)
        {
            self.open.push(node);
        }
    }
}

struct Spread<'r, 'v> {
    resolver: &'r Resolver<'v>,
    imports: &'v Imports,
    /// Importers of a node among files that have changed.
    changed: FxHashMap<Node, Vec<Node>>,
    /// Changed files by the names that they use, where packages have modules as members: they may have any of that name.
    naming: FxHashMap<Name, Vec<Node>>,
    /// Changed files that extend types.
    extending: FxHashSet<FileId>,
    /// By a package's directory: from where imports lead to it.
    packages: FxHashMap<&'v str, Vec<bool>>,
}

impl<'v> Spread<'_, 'v> {
    fn note_changed(&mut self) {
        let view = self.resolver.view;
        for file in view.changed_files() {
            let strategy = view.lang(file).strategy();
            if strategy.closed_units().is_none() {
                continue;
            }
            let (modules, extends) = view.links_of(file);
            if extends {
                self.extending.insert(file);
            }
            let from = self.imports.node(file);
            if strategy.dotted().is_some() && !modules.is_empty() {
                for name in view.changed_names(file) {
                    self.naming.entry(*name).or_default().push(from);
                }
            }
            for module in modules {
                let mut led: SmallVec<[Node; 2]> = SmallVec::new();
                match strategy.resolve(self.resolver.layout(), file, view.name_text(module)) {
                    ModuleTarget::Files(files) => {
                        let own = files.iter().filter(|f| view.is_of_columns(**f));
                        led.extend(own.map(|f| self.imports.node(*f)));
                    }
                    // One without a node has members that only changed files name.
                    ModuleTarget::Directory(dir) => led.extend(self.imports.dir_node(&dir)),
                    ModuleTarget::External | ModuleTarget::Unknown => {}
                }
                for node in led {
                    self.changed.entry(node).or_default().push(from);
                }
            }
        }
    }

    /// Finds every node from which imports lead to those that are there; `None` if that may be any.
    fn whole(&mut self, nodes: &mut Nodes) -> Option<()> {
        while let Some(node) = nodes.open.pop() {
            self.direct(node, nodes)?;
            self.by_package(node, nodes)?;
        }
        Some(())
    }

    fn direct(&self, node: Node, nodes: &mut Nodes) -> Option<()> {
        self.imports.importers(node).for_each(|importer| nodes.add(importer));
        self.changed.get(&node).into_iter().flatten().for_each(|importer| nodes.add(*importer));
        if let Some(name) = self.member_name(node) {
            self.naming.get(&name).into_iter().flatten().for_each(|importer| nodes.add(*importer));
        }
        match self.imports.file(node) {
            Some(file) if self.imports.extends(file) || self.extending.contains(&file) => {
                self.by_extended(file, nodes)
            }
            _ => Some(()),
        }
    }

    /// What a node is called as a member of a package.
    fn member_name(&self, node: Node) -> Option<Name> {
        let view = self.resolver.view;
        let member = match self.imports.file(node) {
            _ if self.naming.is_empty() => return None,
            Some(file) => member_of(view.lang(file).strategy(), view.path(file))?.1,
            None => file_name(self.imports.dir(node)?),
        };
        view.lookup_name(member)
    }

    /// Whoever has a package, under whatever name, reaches the node by its name in it.
    fn by_package(&mut self, node: Node, nodes: &mut Nodes) -> Option<()> {
        let view = self.resolver.view;
        let (path, strategy) = match self.imports.file(node) {
            Some(file) => (view.path(file), view.lang(file).strategy()),
            // A directory is a module where its members' language says so; these have been asked already.
            None => return Some(()),
        };
        let Some((dir, member)) = member_of(strategy, path) else { return Some(()) };
        let Some(name) = view.lookup_name(member) else { return Some(()) };
        self.find_owners(dir)?;
        let owners = &self.packages[dir];
        if !owners.contains(&true) {
            return Some(());
        }
        self.namers(name, owners).for_each(|from| nodes.add(from));
        Some(())
    }

    /// Those of the nodes that use the name.
    fn namers<'a>(&'a self, name: Name, among: &'a [bool]) -> impl Iterator<Item = Node> + 'a {
        let nodes = self.resolver.view.files_with(name).map(|file| self.imports.node(file));
        nodes.filter(|node| among.get(node.0 as usize).copied().unwrap_or(false))
    }

    /// Finds from where imports lead to the package in the directory, be it as the member of another.
    fn find_owners(&mut self, dir: &'v str) -> Option<()> {
        let mut missing: SmallVec<[&'v str; 8]> =
            upwards(dir).take_while(|dir| !self.packages.contains_key(dir)).collect();
        if self.packages.len() + missing.len() > PACKAGES_MAX {
            return None;
        }
        while let Some(dir) = missing.pop() {
            let owners = self.owners(dir)?;
            self.packages.insert(dir, owners);
        }
        Some(())
    }

    /// The same where those of the directory above are known. What is left out are those who have it as the member of a
    /// module that they in turn reach through a package under another name: to ask for these packages too costs more than
    /// it finds.
    fn owners(&self, dir: &'v str) -> Option<Vec<bool>> {
        let view = self.resolver.view;
        let mut owners = Nodes::new(self.imports.node_count());
        self.imports.dir_node(dir).into_iter().for_each(|node| owners.add(node));
        for file in view.files_in(dir).into_iter().filter(|file| view.is_of_columns(*file)) {
            if is_main(view.lang(file).strategy(), view.path(file)) {
                owners.add(self.imports.node(file));
            }
        }
        if let Some(above) = self.packages.get(parent(dir)).filter(|_| !dir.is_empty())
            && let Some(name) = view.lookup_name(file_name(dir))
        {
            self.namers(name, above).for_each(|node| owners.add(node));
        }
        while let Some(node) = owners.open.pop() {
            self.direct(node, &mut owners)?;
        }
        Some(owners.marked)
    }

    /// What has a type of the folder has what a file adds to it; `None` if the type may be one of outside, which anybody
    /// may have.
    fn by_extended(&self, file: FileId, nodes: &mut Nodes) -> Option<()> {
        let resolver = self.resolver;
        let index = resolver.index(file);
        let names: FxHashSet<Name> = index.facts.extensions.iter().map(|e| e.target_name).collect();
        for name in names {
            // Nothing outside of the file is meant by what it declares itself.
            let mut own = false;
            let mut imported = false;
            for (_, def) in index.named(name) {
                own |= !def.kind.is_alias();
                imported |= def.kind.is_alias() && !self.is_foreign(file, def.init);
            }
            if own {
                continue;
            }
            if !imported {
                return None;
            }
            for (there, _) in
                resolver.all_declaring(name).iter().filter(|(there, _)| resolver.view.is_of_columns(*there))
            {
                nodes.add(self.imports.node(*there));
            }
        }
        Some(())
    }

    /// Whether an import is of a module outside of the folder, as far as its line tells.
    fn is_foreign(&self, file: FileId, init: Option<TermId>) -> bool {
        let index = self.resolver.index(file);
        let facts = &index.facts;
        let module = match init.map(|init| facts.term(init)) {
            Some(Term::Ref(reference)) => facts.reference(*reference).recv.map(|recv| facts.term(recv)),
            term => term,
        };
        match module {
            Some(Term::Module(specifier)) => self.resolver.module(file, *specifier) == ModuleTarget::External,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Symbol;
    use super::*;
    use crate::graph::fixture::Fixture;
    use crate::graph::{OpenFile, View};

    /// The files from which imports lead to the one at the path.
    fn leading_to(view: &View, path: &str) -> Option<Vec<String>> {
        let resolver = Resolver::new(view);
        let target = Target::File(view.file(path).unwrap());
        let leading = resolver.leading([target].into_iter(), None)?;
        let all = view.files().filter(|file| leading.contains(*file));
        Some(all.map(|file| view.path(file).to_owned()).collect())
    }

    fn check_leading(fixture: &str, path: &str, expected: &[&str]) {
        let found = leading_to(&Fixture::parse(fixture).view(), path);
        assert_eq!(found, Some(expected.iter().map(|path| (*path).to_owned()).collect()), "{path}");
    }

    const PACKAGES: &str = "
        //- /direct.py
        import pkg.sub
        //- /hub.py
        import pkg as handed
        //- /name.py
        def sub(): pass
        //- /named.py
        from pkg import sub
        //- /other.py
        import pkg
        //- /pkg/__init__.py
        //- /pkg/inner/deep.py
        def go(): pass
        //- /pkg/sub.py
        def go(): pass
        //- /through.py
        from direct import pkg
        //- /user.py
        from hub import handed
        handed.sub.go()
        //- /whole.py
        import pkg
        pkg.inner.deep.go()
        ";

    #[test]
    fn modules_of_packages_are_reached_by_their_names() {
        let all = ["direct.py", "named.py", "pkg/sub.py", "through.py", "user.py"];
        check_leading(PACKAGES, "pkg/sub.py", &all);
        check_leading(PACKAGES, "pkg/inner/deep.py", &["pkg/inner/deep.py", "whole.py"]);
        check_leading(PACKAGES, "name.py", &["name.py"]);
    }

    #[test]
    fn what_is_left_out_does_not_lead_there() {
        let view = Fixture::parse(PACKAGES).view();
        let resolver = Resolver::new(&view);
        for (target, name) in view.files().flat_map(|file| {
            let facts = view.facts(file);
            let defs: Vec<_> = facts.defs_with_ids().map(|(def, d)| (Symbol { file, def }, d.name)).collect();
            defs
        }) {
            let leading = resolver.leading([Target::Symbol(target)].into_iter(), None).unwrap();
            for file in view.files_with(name).filter(|file| !leading.contains(*file)) {
                for (id, _) in view.facts(file).refs_with_ids() {
                    let resolution = resolver.reference(file, id);
                    let leads = resolution.hits().iter().any(|hit| {
                        !hit.tier.is_guess() && hit.entity == super::super::Entity::Symbol(target)
                    });
                    assert!(!leads, "{} to {}", view.path(file), view.path(target.file));
                }
            }
        }
    }

    #[test]
    fn packages_of_many_files_lead_as_one() {
        let fixture = "
            //- /go.mod
            module m
            //- /low/a.go
            package low
            type T struct{}
            //- /low/b.go
            package low
            //- /main.go
            package main
            import \"m/top\"
            //- /side/s.go
            package side
            //- /top/a.go
            package top
            import \"m/low\"
            //- /top/b.go
            package top
            ";
        check_leading(fixture, "low/b.go", &["low/a.go", "low/b.go", "main.go", "top/a.go", "top/b.go"]);
        check_leading(fixture, "side/s.go", &["side/s.go"]);
    }

    #[test]
    fn who_has_a_type_has_what_is_added_to_it() {
        let fixture = "
            //- /a.js
            export function A() {}
            //- /ext.js
            import { A } from './a';
            A.prototype.more = function () {};
            //- /lone.js
            export const more = 1;
            //- /user.js
            import { A } from './a';
            new A().more();
            ";
        check_leading(fixture, "ext.js", &["a.js", "ext.js", "user.js"]);
        check_leading(fixture, "lone.js", &["lone.js"]);
        let global = fixture.replace("A.prototype", "Array.prototype");
        assert_eq!(leading_to(&Fixture::parse(&global).view(), "ext.js"), None);
    }

    /// The files from which imports lead to the one at the path, once another one has a new text.
    fn leading_with(fixture: &str, document: (&str, &str), path: &str) -> Option<Vec<String>> {
        let below = Fixture::parse(fixture).view();
        // What leads where is known before the document is opened.
        leading_to(&below, path)?;
        let (name, text) = document;
        let facts = Fixture::encode(name, text).unwrap().facts();
        let lang = below.lang(below.file(name).unwrap());
        let open =
            OpenFile { path: name.to_owned(), lang, text: text.into(), facts: facts.into(), reading: None };
        leading_to(&below.with_documents(vec![open]), path)
    }

    #[test]
    fn documents_lead_where_they_do_now() {
        let fixture = "\n//- /a.ts\nexport class A {}\n//- /b.ts\nexport const b = 1;\n";
        let found = leading_with(fixture, ("b.ts", "import { A } from './a';\n"), "a.ts");
        assert_eq!(found.unwrap(), ["a.ts", "b.ts"]);
    }

    #[test]
    fn documents_reach_modules_that_nothing_has_named() {
        let fixture = "
            //- /doc.py
            //- /ns/mod.py
            def go(): pass
            //- /user.py
            from doc import handed
            handed.mod.go()
            ";
        let whole = "import ns as handed\n";
        let found = leading_with(fixture, ("doc.py", whole), "ns/mod.py");
        assert_eq!(found.unwrap(), ["ns/mod.py", "user.py"], "by its directory");
        let own = fixture.replace("handed.mod.go()", "");
        let found = leading_with(&own, ("doc.py", "from ns import mod\nmod.go()\n"), "ns/mod.py");
        assert!(found.unwrap().contains(&"doc.py".to_owned()), "by its name");
    }

    #[test]
    fn documents_reach_packages_through_members_of_others() {
        let fixture = "
            //- /doc.py
            //- /other/__init__.py
            //- /other/mod.py
            def go(): pass
            //- /pkg/__init__.py
            //- /pkg/sub.py
            import other
            ";
        let text = "from pkg import sub\nsub.other.mod.go()\n";
        let found = leading_with(fixture, ("doc.py", text), "other/mod.py");
        assert_eq!(found.unwrap(), ["doc.py", "other/mod.py"]);
        let indented = text.replace('\n', "\n            ");
        let saved = fixture.replace("//- /doc.py", &format!("//- /doc.py\n            {indented}"));
        check_leading(&saved, "other/mod.py", &["doc.py", "other/mod.py"]);
        // Beside a file that says its types it is the same member.
        let stub = "//- /pkg/sub.py\n            import other\n            //- /pkg/sub.pyi";
        let stubbed = saved.replace("//- /pkg/sub.py\n            import other", stub);
        check_leading(&stubbed, "other/mod.py", &["doc.py", "other/mod.py"]);
    }

    #[test]
    fn languages_of_one_directory_lead_by_their_own_rules() {
        let fixture = "
            //- /web/__init__.py
            //- /web/a.py
            from . import b
            //- /web/b.py
            //- /web/index.ts
            export const c = 1;
            //- /web/user.ts
            import { c } from '.';
            ";
        check_leading(fixture, "web/index.ts", &["web/index.ts", "web/user.ts"]);
    }
}
