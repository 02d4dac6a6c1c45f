//! Files' facts and indexes that a resolver keeps.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;

use super::index::FileIndex;
use crate::lang::modules::FileId;

/// Bytes of files that are kept between questions: those of some hundred ordinary files. What was learnt from them is
/// kept without them.
const KEPT_BYTES_MAX: usize = 16 << 20;

/// A file, as a resolver has it: counted for its thread, and behind that for all that share it.
pub type Indexed = Rc<Arc<FileIndex>>;

/// Files that a resolver keeps, and what the question that is open has used of them.
#[derive(Default)]
pub struct Kept {
    /// Used by the question that is open: it loses nothing of these, and asks nobody else for them.
    used: RefCell<FxHashMap<FileId, Indexed>>,
    /// A file that is only looked at once, until the next such file.
    passing: RefCell<Option<(FileId, Indexed)>>,
    between: Between,
}

/// Files kept between questions, by all resolvers that share them. There are two generations: what is used is in the young
/// one; that becomes the old one when it is half of what may be kept, and what has not been used since goes.
#[derive(Clone, Default)]
pub struct Between(Arc<Mutex<Generations>>);

#[derive(Default)]
struct Generations {
    young: FxHashMap<FileId, Arc<FileIndex>>,
    old: FxHashMap<FileId, Arc<FileIndex>>,
    young_bytes: usize,
}

impl Generations {
    fn get(&mut self, file: FileId) -> Option<Arc<FileIndex>> {
        if let Some(index) = self.young.get(&file) {
            return Some(Arc::clone(index));
        }
        let index = self.old.remove(&file)?;
        self.put(file, &index);
        Some(index)
    }

    fn put(&mut self, file: FileId, index: &Arc<FileIndex>) {
        if self.young.insert(file, Arc::clone(index)).is_none() {
            self.young_bytes += index.bytes();
        }
    }
}

impl Kept {
    /// Keeps files together with others.
    pub fn sharing(between: Between) -> Kept {
        Kept { between, ..Kept::default() }
    }

    /// What others may share.
    pub fn between(&self) -> Between {
        self.between.clone()
    }

    pub fn get(&self, file: FileId) -> Option<Indexed> {
        let mut used = self.used.borrow_mut();
        if let Some(index) = used.get(&file) {
            return Some(Rc::clone(index));
        }
        if let Some((_, index)) = self.passing.borrow().as_ref().filter(|(passing, _)| *passing == file) {
            return Some(Rc::clone(index));
        }
        let index = Rc::new(self.between.0.lock().get(file)?);
        used.insert(file, Rc::clone(&index));
        Some(index)
    }

    /// Whether the file is kept just now.
    pub fn holds(&self, file: FileId) -> bool {
        let between = self.between.0.lock();
        between.young.contains_key(&file) || between.old.contains_key(&file)
    }

    /// Keeps a file until the next one passes. What was kept before it goes outside of the borrow.
    pub fn pass(&self, file: FileId, index: FileIndex) -> Indexed {
        let index = Rc::new(Arc::new(index));
        let before = self.passing.borrow_mut().replace((file, Rc::clone(&index)));
        drop(before);
        index
    }

    /// Keeps a file, or finds that another thread does meanwhile.
    pub fn put(&self, file: FileId, index: FileIndex) -> Indexed {
        let made = Arc::new(index);
        let index = {
            let mut between = self.between.0.lock();
            between.get(file).unwrap_or_else(|| {
                between.put(file, &made);
                Arc::clone(&made)
            })
        };
        let index = Rc::new(index);
        self.used.borrow_mut().insert(file, Rc::clone(&index));
        index
    }

    /// Between questions: lets go what exceeds the bound.
    pub fn age(&self) {
        self.used.borrow_mut().clear();
        let gone = {
            let mut between = self.between.0.lock();
            if between.young_bytes <= KEPT_BYTES_MAX / 2 {
                return;
            }
            between.young_bytes = 0;
            let young = std::mem::take(&mut between.young);
            std::mem::replace(&mut between.old, young)
        };
        drop(gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::LangId;
    use crate::lang::facts::Facts;

    fn make() -> FileIndex {
        let mut facts = Facts::of_file(1);
        facts.names = (0..1000).map(|_| "x".repeat(1000).into_boxed_str()).collect();
        facts.listed = None;
        facts.scopes = vec![facts.scopes[0].clone(); 20_000];
        FileIndex::new(Arc::new(facts), LangId::all().next().unwrap())
    }

    fn bytes(kept: &Kept) -> usize {
        let all = kept.between.0.lock();
        all.young.values().chain(all.old.values()).map(|index| index.bytes()).sum()
    }

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let kept = Kept::default();
        for file in 0..200 {
            kept.age();
            kept.put(FileId(file), make());
            assert!(kept.get(FileId(0)).is_some(), "it is used all the time");
        }
        kept.age();
        assert!(kept.get(FileId(1)).is_none(), "it has not been used for long");
        assert!(bytes(&kept) <= KEPT_BYTES_MAX + make().bytes(), "{}", bytes(&kept));
    }

    #[test]
    fn those_who_share_keep_each_file_once_within_one_bound() {
        let one = Kept::default();
        let other = Kept::sharing(one.between());
        let made = one.put(FileId(0), make());
        assert!(Arc::ptr_eq(&made, &other.get(FileId(0)).unwrap()));
        assert!(Arc::ptr_eq(&made, &other.put(FileId(0), make())), "it is there meanwhile");
        for file in 0..200 {
            let kept = if file % 2 == 0 { &one } else { &other };
            kept.age();
            kept.put(FileId(file), make());
        }
        assert!(bytes(&one) <= KEPT_BYTES_MAX + make().bytes(), "{}", bytes(&one));
    }

    #[test]
    fn an_open_question_loses_nothing_to_others() {
        let one = Kept::default();
        let other = Kept::sharing(one.between());
        let used = one.put(FileId(0), make());
        for file in 1..100 {
            other.age();
            other.put(FileId(file), make());
        }
        assert!(!one.holds(FileId(0)));
        assert!(one.get(FileId(0)).is_some_and(|index| Rc::ptr_eq(&index, &used)));
        one.age();
        assert!(one.get(FileId(0)).is_none());
    }
}
