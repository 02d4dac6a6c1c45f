//! What files say of their definitions, kept for the questions of one resolver: most definitions of a name are of no use for
//! what is asked, which is told without decoding their files.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::{Resolver, Symbol};
use crate::graph::DefSketch;
use crate::lang::facts::{DefFlags, DefKind, ScopeId};
use crate::lang::modules::FileId;

/// Definitions that are kept, of 12 bytes each, and as how many each file counts besides.
const KEPT_MAX: usize = 1 << 17;
const FILE_COUNTS: usize = 16;

#[derive(Default)]
pub struct Sketches {
    files: RefCell<FxHashMap<FileId, Rc<Sketched>>>,
    kept: Cell<usize>,
}

/// The definitions of a file.
pub struct Sketched {
    pub defs: Box<[DefSketch]>,
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
    pub fn sketched(&self, file: FileId) -> Rc<Sketched> {
        if let Some(known) = self.sketches.files.borrow().get(&file) {
            return Rc::clone(known);
        }
        let defs: Box<[DefSketch]> = self.view.sketch(file).into();
        let is_mark = |d: &DefSketch| {
            matches!(d.kind, DefKind::Import | DefKind::Export)
                || d.scope == ScopeId::FILE && d.flags.has(DefFlags::EXPORTED)
        };
        let counts = defs.len() + FILE_COUNTS;
        if self.sketches.kept.get() + counts > KEPT_MAX {
            self.sketches.forget();
        }
        self.sketches.kept.set(self.sketches.kept.get() + counts);
        let sketched = Rc::new(Sketched { marked: defs.iter().any(is_mark), defs });
        self.sketches.files.borrow_mut().insert(file, Rc::clone(&sketched));
        sketched
    }
}
