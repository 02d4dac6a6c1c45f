//! Files' facts and indexes that a resolver keeps.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::index::FileIndex;
use crate::lang::modules::FileId;

/// Bytes of files that are kept between questions: those of some hundred ordinary files. What was learnt from them is
/// kept without them.
const KEPT_BYTES_MAX: usize = 16 << 20;

/// Files in two generations: what is used is in the young one; that becomes the old one when it is half of what may be
/// kept, and what has not been used since goes. A question that is open loses nothing that it has used.
#[derive(Default)]
pub struct Kept(RefCell<Generations>);

#[derive(Default)]
struct Generations {
    young: FxHashMap<FileId, Rc<FileIndex>>,
    old: FxHashMap<FileId, Rc<FileIndex>>,
    young_bytes: usize,
    /// A file that is only looked at once, until the next such file.
    passing: Option<(FileId, Rc<FileIndex>)>,
}

impl Generations {
    fn put(&mut self, file: FileId, index: &Rc<FileIndex>) {
        self.young_bytes += index.bytes();
        self.young.insert(file, Rc::clone(index));
    }
}

impl Kept {
    pub fn get(&self, file: FileId) -> Option<Rc<FileIndex>> {
        let mut kept = self.0.borrow_mut();
        if let Some(index) = kept.young.get(&file) {
            return Some(Rc::clone(index));
        }
        if let Some((_, index)) = kept.passing.as_ref().filter(|(passing, _)| *passing == file) {
            return Some(Rc::clone(index));
        }
        let index = kept.old.remove(&file)?;
        kept.put(file, &index);
        Some(index)
    }

    /// Whether the file is kept just now.
    pub fn holds(&self, file: FileId) -> bool {
        let kept = self.0.borrow();
        kept.young.contains_key(&file) || kept.old.contains_key(&file)
    }

    /// Keeps a file until the next one passes. What was kept before it goes outside of the borrow.
    pub fn pass(&self, file: FileId, index: &Rc<FileIndex>) {
        let before = self.0.borrow_mut().passing.replace((file, Rc::clone(index)));
        drop(before);
    }

    pub fn put(&self, file: FileId, index: &Rc<FileIndex>) {
        self.0.borrow_mut().put(file, index);
    }

    /// Between questions: lets go what exceeds the bound.
    pub fn age(&self) {
        let mut kept = self.0.borrow_mut();
        if kept.young_bytes > KEPT_BYTES_MAX / 2 {
            kept.old = std::mem::take(&mut kept.young);
            kept.young_bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::lang::LangId;
    use crate::lang::facts::Facts;

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let make = || {
            let mut facts = Facts::of_file(1);
            facts.names = (0..1000).map(|_| "x".repeat(1000).into_boxed_str()).collect();
            facts.listed = None;
            facts.scopes = vec![facts.scopes[0].clone(); 20_000];
            Rc::new(FileIndex::new(Arc::new(facts), LangId::all().next().unwrap()))
        };
        let kept = Kept::default();
        for file in 0..200 {
            kept.age();
            kept.put(FileId(file), &make());
            assert!(kept.get(FileId(0)).is_some(), "it is used all the time");
        }
        assert!(kept.get(FileId(1)).is_none(), "it has not been used for long");
        let bytes: usize = {
            let all = kept.0.borrow();
            all.young.values().chain(all.old.values()).map(|index| index.bytes()).sum()
        };
        assert!(bytes <= KEPT_BYTES_MAX + make().bytes(), "{bytes}");
    }
}
