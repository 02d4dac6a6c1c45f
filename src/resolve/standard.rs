//! Names of a standard library that a folder declares again, adds to, or has for systems that lack them.

use super::usage::Wanted;
use super::{Resolution, Resolver, Symbol};
use crate::lang::facts::{DefFlags, Name, Ref, ScopeKind};
use crate::lang::modules::FileId;

/// Definitions among which one of a library's own types is looked for.
const OWN_TYPES_MAX: usize = 64;

impl Resolver<'_> {
    /// A name of the standard library is that one where the folder only declares it again, or has another for systems that
    /// lack it. So is a namespace of that library that the folder adds to.
    pub(super) fn unless_standard(&self, file: FileId, name: Name, found: Resolution) -> Resolution {
        match found.first_symbol() {
            Some(symbol) if self.stands_in_for_standard(file, name, symbol) => {
                Resolution::External(Some(name))
            }
            _ => found,
        }
    }

    fn stands_in_for_standard(&self, file: FileId, name: Name, symbol: Symbol) -> bool {
        let knobs = self.knobs(file);
        let replaces = |flags: DefFlags| !flags.has(DefFlags::INACTIVE) && !flags.has(DefFlags::DECLARATION);
        let is_of_file = || {
            let facts = &self.index(symbol.file).facts;
            facts.scope(facts.def(symbol.def).scope).kind == ScopeKind::File
        };
        knobs.textual
            && is_of_file()
            // Asked of every use of a name; those of these languages are in order.
            && knobs.builtins.binary_search(&self.view.name_text(name)).is_ok()
            && match self.is_open_namespace(symbol) {
                true => !self.has_library(file, name, knobs.library_types),
                false => !self.group(symbol).iter().any(|s| replaces(self.def(*s).flags)),
            }
    }

    /// Whether the library whose namespace this is lies in the folder, and the file sees it there: types that nobody else
    /// defines.
    fn has_library(&self, file: FileId, namespace: Name, types: &[&str]) -> bool {
        if let Some(known) = self.libraries_seen.borrow().get(&(file, namespace)) {
            return *known;
        }
        let has = self.sees_library(file, namespace, types);
        self.libraries_seen.borrow_mut().insert((file, namespace), has);
        has
    }

    fn sees_library(&self, from: FileId, namespace: Name, types: &[&str]) -> bool {
        let reach = self.reach(from);
        let view = self.view;
        let own = types.iter().filter_map(|text| view.lookup_name(text));
        own.flat_map(|name| view.defs_anywhere(name).take(OWN_TYPES_MAX)).any(|(file, id)| {
            if file != from && !reach.sees(file) {
                return false;
            }
            let index = self.index(file);
            let def = index.facts.def(id);
            def.kind.is_type()
                && !def.flags.has(DefFlags::DECLARATION)
                && self.namespaces(file, def.scope).is_some_and(|around| around.first() == Some(&namespace))
        })
    }

    /// Whether a name that is the standard library's here is one of the definitions on systems that lack it.
    pub(super) fn may_replace_standard(&self, file: FileId, r: &Ref, wanted: &Wanted) -> bool {
        self.knobs(file).textual
            && self.bare(file, r).first_symbol().is_some_and(|symbol| {
                self.group(symbol).iter().chain([&symbol]).any(|s| wanted.symbols.contains(s))
            })
    }
}
