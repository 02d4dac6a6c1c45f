//! What stands before the uses of a name, as a search found it: the next search for a member of that name need not find it
//! again.

use std::sync::Arc;

use super::cache::Cache;
use super::generation::Graph;
use crate::lang::facts::{DefId, Name, RefId, Role};
use crate::lang::modules::FileId;
use crate::lang::scratch::{piece_bytes, shared_bytes};

/// One in so many of the bytes for decoded facts is for these.
const SHARE: usize = 8;

/// Different holders that are kept of one name in one file; each is looked for among them.
const HOLDERS_MAX: usize = 64;
/// Stands for those that are not.
const OPEN: u16 = u16::MAX;

/// What a table takes for an entry at most, beside what its cache counts: it is at least half full.
const TABLE_BYTES: usize = 48;

/// A type that has members of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    Type(FileId, DefId),
    /// One from outside, by its name.
    Foreign(Name),
}

/// Whose members a use can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holders {
    /// Anybody's.
    Open,
    One(Holder),
    /// These types' alone, if there are any.
    Of(Box<[Holder]>),
}

impl Holders {
    /// Whether it may be a member of one of the types.
    pub fn may_be(&self, any: &[Holder]) -> bool {
        match self {
            Holders::Open => true,
            Holders::One(holder) => any.contains(holder),
            Holders::Of(all) => all.iter().any(|holder| any.contains(holder)),
        }
    }
}

/// A use of a name, and whose members it can be.
#[derive(Clone, Copy, Debug)]
pub struct Use<'r> {
    pub id: RefId,
    pub role: Role,
    /// Whether anything stands before it.
    pub receiver: bool,
    pub holders: &'r Holders,
}

/// All uses of a name in a file, in order of their numbers.
#[derive(Debug, Default)]
pub struct Receivers {
    uses: Vec<Kept>,
    /// What is kept of uses, each once: most of a file's are members of few types.
    holders: Vec<Holders>,
}

#[derive(Debug)]
struct Kept {
    id: RefId,
    role: Role,
    receiver: bool,
    holders: u16,
}

impl Receivers {
    /// Adds the next use. What a file says that is of too many types stays open.
    pub fn push(&mut self, id: RefId, role: Role, receiver: bool, holders: &Holders) {
        let known = self.holders.iter().rposition(|known| known == holders);
        let at = match known {
            Some(at) => at as u16,
            None if self.holders.len() < HOLDERS_MAX => {
                self.holders.push(holders.clone());
                (self.holders.len() - 1) as u16
            }
            None => OPEN,
        };
        self.uses.push(Kept { id, role, receiver, holders: at });
    }

    pub fn uses(&self) -> impl Iterator<Item = Use<'_>> + Clone {
        self.uses.iter().map(|kept| Use {
            id: kept.id,
            role: kept.role,
            receiver: kept.receiver,
            holders: self.holders_of(kept),
        })
    }

    /// Whose members the use can be, if it is one of these.
    pub fn of(&self, id: RefId) -> Option<&Holders> {
        let at = self.uses.binary_search_by_key(&id, |kept| kept.id).ok()?;
        Some(self.holders_of(&self.uses[at]))
    }

    fn holders_of(&self, kept: &Kept) -> &Holders {
        self.holders.get(usize::from(kept.holders)).unwrap_or(&Holders::Open)
    }

    /// Whether it is said of any of them.
    pub fn tell(&self) -> bool {
        self.holders.iter().any(|holders| *holders != Holders::Open)
    }

    /// Bytes held on the heap.
    fn heap_bytes(&self) -> usize {
        let beside = |holders: &Holders| match holders {
            Holders::Of(all) if !all.is_empty() => piece_bytes(size_of_val(&**all)),
            Holders::Of(_) | Holders::Open | Holders::One(_) => 0,
        };
        shared_bytes::<Receivers>()
            + TABLE_BYTES
            + piece_bytes(self.uses.capacity() * size_of::<Kept>())
            + piece_bytes(self.holders.capacity() * size_of::<Holders>())
            + self.holders.iter().map(beside).sum::<usize>()
    }
}

/// By the state of the graph that they were found in.
pub(super) type ReceiversCache = Cache<(u64, FileId, Name), Receivers>;

/// What of these bytes is for decoded facts, and what for receivers.
pub(super) fn shared_out(bytes: usize) -> (usize, usize) {
    (bytes - bytes / SHARE, bytes / SHARE)
}

impl Graph {
    /// What stands before the uses of a name in a file, if that was found in this state of the graph and is kept.
    pub fn receivers(&self, file: FileId, name: Name) -> Option<Arc<Receivers>> {
        self.receivers.get((self.state, file, name))
    }

    /// Keeps that for a while.
    pub fn keep_receivers(&self, file: FileId, name: Name, mut receivers: Receivers) {
        receivers.uses.shrink_to_fit();
        receivers.holders.shrink_to_fit();
        let bytes = receivers.heap_bytes();
        self.receivers.get_or_make((self.state, file, name), || (receivers, bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::fixture::Fixture;
    use crate::graph::{FACTS_CACHE_BYTES_MAX, OpenFile};
    use crate::lang::modules::Layout;
    use crate::lang::{ParseLimits, Parser, extract};

    #[test]
    fn what_is_kept_is_of_one_state_of_the_graph_and_bounded() {
        let fixture = Fixture::parse("\n//- /a.rs\nfn f() {}\n");
        let view = fixture.view();
        let file = view.files().next().unwrap();
        let name = view.lookup_name("f").unwrap();
        let many = |count: u32| {
            let mut receivers = Receivers::default();
            for id in 0..count {
                let holders = Holders::Of(vec![Holder::Foreign(Name(id / 2)); 3].into());
                receivers.push(RefId(id), Role::Call, true, &holders);
            }
            receivers
        };
        view.keep_receivers(file, name, many(200));
        let kept = view.receivers(file, name).unwrap();
        assert_eq!(
            kept.uses().map(|used| used.id).collect::<Vec<_>>(),
            (0..200).map(RefId).collect::<Vec<_>>()
        );
        let of = |id| kept.of(RefId(id)).map(|holders| holders.may_be(&[Holder::Foreign(Name(1))]));
        // Those of too many types are open.
        assert_eq!(
            [of(0), of(2), of(3), of(199), of(200)],
            [Some(false), Some(true), Some(true), Some(true), None]
        );
        assert!(view.receivers(file, Name(name.0 + 1)).is_none());
        let (lang, text) = (view.lang(file), "fn g() {}\n");
        let tree = Parser::new().parse(lang, text, None, &ParseLimits::default()).unwrap();
        let facts = Arc::new(extract(lang, &tree, text));
        let document = OpenFile { path: "a.rs".into(), lang, text: text.into(), facts, reading: None };
        assert!(view.changed(vec![document], &[]).receivers(file, name).is_none());
        for other in 0..10_000 {
            view.keep_receivers(file, Name(1_000 + other), many(100));
        }
        let (_, bytes) = shared_out(FACTS_CACHE_BYTES_MAX);
        assert!(view.cache_bytes() <= bytes, "{}", view.cache_bytes());
    }
}
