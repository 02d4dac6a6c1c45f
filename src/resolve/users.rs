//! Which files use a name at all: nothing of the name has to be looked for in others.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::Resolver;
use crate::graph::View;
use crate::lang::facts::Name;
use crate::lang::modules::FileId;

/// By name: the files of the folder that use it.
pub(super) type Memory = RefCell<FxHashMap<Name, Rc<[FileId]>>>;

/// The files that may use a name.
pub(super) struct Users<'v> {
    view: &'v View,
    /// Those of the folder, ascending.
    files: Rc<[FileId]>,
}

impl Users<'_> {
    /// Whether the file may use the name: of a dependency that is not known.
    pub fn contain(&self, file: FileId) -> bool {
        self.view.is_library(file) || self.files.binary_search(&file).is_ok()
    }
}

impl<'v> Resolver<'v> {
    pub(super) fn users(&self, name: Name) -> Users<'v> {
        let known = self.users.borrow().get(&name).cloned();
        let files = known.unwrap_or_else(|| {
            let mut files: Vec<FileId> = self.view.files_with(name).collect();
            files.sort_unstable();
            let files: Rc<[FileId]> = files.into();
            self.users.borrow_mut().insert(name, Rc::clone(&files));
            files
        });
        Users { view: self.view, files }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;
    use crate::lang::modules::Layout;

    #[test]
    fn files_that_define_or_refer_to_a_name_use_it() {
        let view = Fixture::parse(
            "
            //- /a.rs
            pub fn go() {}
            //- /b.rs
            fn f() { crate::a::go() }
            //- /c.rs
            fn f() {}
            ",
        )
        .view();
        let resolver = Resolver::new(&view);
        let users = resolver.users(view.lookup_name("go").unwrap());
        let all = view.files().filter(|file| users.contain(*file));
        assert_eq!(all.map(|file| view.path(file)).collect::<Vec<_>>(), ["a.rs", "b.rs"]);
    }
}
