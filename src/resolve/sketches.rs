//! What files say of their definitions, kept for the questions of one resolver: most definitions of a name are of no use for
//! what is asked, which is told without decoding their files.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::{Resolver, Symbol};
use crate::graph::DefSketch;
use crate::lang::facts::{DefFlags, DefKind, ScopeId};
use crate::lang::modules::FileId;

/// Definitions that are kept, of 12 bytes each.
const KEPT_MAX: usize = 1 << 17;

#[derive(Default)]
pub(super) struct Sketches {
    files: RefCell<FxHashMap<FileId, Rc<Sketched>>>,
    kept: Cell<usize>,
}

/// The definitions of a file.
pub(super) struct Sketched {
    defs: Vec<DefSketch>,
    /// Something is imported or exported by one of them.
    pub marked: bool,
}

impl Sketched {
    pub fn def(&self, symbol: Symbol) -> Option<&DefSketch> {
        self.defs.get(symbol.def.index())
    }
}

impl Sketches {
    pub fn forget(&self) {
        self.files.borrow_mut().clear();
        self.kept.set(0);
    }
}

impl Resolver<'_> {
    /// What the file says of its definitions.
    pub(super) fn sketched(&self, file: FileId) -> Rc<Sketched> {
        if let Some(known) = self.sketches.files.borrow().get(&file) {
            return Rc::clone(known);
        }
        let defs = self.view.sketch(file);
        let is_mark = |d: &DefSketch| {
            matches!(d.kind, DefKind::Import | DefKind::Export)
                || d.scope == ScopeId::FILE && d.flags.has(DefFlags::EXPORTED)
        };
        let kept = self.sketches.kept.get() + defs.len();
        if kept > KEPT_MAX {
            self.sketches.forget();
        }
        self.sketches.kept.set(self.sketches.kept.get() + defs.len());
        let sketched = Rc::new(Sketched { marked: defs.iter().any(is_mark), defs });
        self.sketches.files.borrow_mut().insert(file, Rc::clone(&sketched));
        sketched
    }
}
