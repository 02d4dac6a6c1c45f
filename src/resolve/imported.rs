//! Modules as imports name them.

use super::ty::Place;
use super::{Cx, Entity, Resolver};
use crate::lang::facts::{RefId, Role, ScopeId, Term, TermId};
use crate::lang::modules::{FileId, ModuleTarget};

impl<'v> Resolver<'v> {
    /// The specifier of the module that a reference in an import names as a whole, and what it leads to.
    pub fn imported_module(&self, file: FileId, reference: RefId) -> Option<(&'v str, ModuleTarget)> {
        self.begin();
        let index = self.index(file);
        let r = index.facts.reference(reference);
        let Term::Module(specifier) = index.facts.term(r.recv?) else { return None };
        let text = self.view.name_text(*specifier);
        let whole = r.role == Role::Import
            && text.ends_with(self.view.name_text(r.name))
            && !index.is_imported(reference);
        whole.then(|| (text, self.module(file, *specifier)))
    }

    /// The files of the module that a term names at a place.
    pub fn module_files(&self, file: FileId, scope: ScopeId, term: Option<TermId>) -> Vec<FileId> {
        self.begin();
        let denoted = term.and_then(|term| self.denoted(Cx { file, scope }, term));
        let mut files = Vec::new();
        for hit in denoted.iter().flat_map(|found| found.hits()) {
            if let Entity::Place(place) = &hit.entity
                && let Place::Files(all) = &**place
            {
                files.extend(all.iter().copied());
            }
        }
        files
    }
}
