//! What stands before the uses of a name, as a search found it: the next search for a member of that name need not find it
//! again.

use std::sync::Arc;

use super::cache::Cache;
use super::generation::Graph;
use crate::lang::facts::{DefId, Name, RefId, Role};
use crate::lang::modules::FileId;

/// One in so many of the bytes for decoded facts is for these.
const SHARE: usize = 8;

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

/// A use of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    pub id: RefId,
    pub role: Role,
    /// Whether anything stands before it.
    pub receiver: bool,
    pub holders: Holders,
}

/// All uses of a name in a file, in order of their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receivers(Box<[Use]>);

impl Receivers {
    pub fn new(uses: Vec<Use>) -> Receivers {
        Receivers(uses.into())
    }

    pub fn uses(&self) -> &[Use] {
        &self.0
    }

    /// Whose members the use can be, if it is one of these.
    pub fn of(&self, id: RefId) -> Option<&Holders> {
        let at = self.0.binary_search_by_key(&id, |used| used.id).ok()?;
        Some(&self.0[at].holders)
    }

    /// Bytes held on the heap.
    fn heap_bytes(&self) -> usize {
        let beside = |holders: &Holders| match holders {
            Holders::Of(all) => size_of_val(&**all),
            Holders::Open | Holders::One(_) => 0,
        };
        size_of_val(&*self.0) + self.0.iter().map(|u| beside(&u.holders)).sum::<usize>()
    }
}

/// By the state of the graph that they were found in.
pub(super) type ReceiversCache = Cache<(u64, FileId, Name), Receivers>;

/// What of the bytes for decoded facts is left for these, and what is for the others.
pub(super) fn shared_out(bytes: usize) -> (usize, usize) {
    (bytes - bytes / SHARE, bytes / SHARE)
}

impl Graph {
    /// What stands before the uses of a name in a file, if that was found in this state of the graph and is kept.
    pub fn receivers(&self, file: FileId, name: Name) -> Option<Arc<Receivers>> {
        self.receivers.get((self.state, file, name))
    }

    /// Keeps that for a while.
    pub fn keep_receivers(&self, file: FileId, name: Name, receivers: Receivers) {
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
            let of = |id| Use {
                id: RefId(id),
                role: Role::Call,
                receiver: true,
                holders: Holders::Of(vec![Holder::Foreign(name); 3].into()),
            };
            Receivers::new((0..count).map(of).collect())
        };
        view.keep_receivers(file, name, many(2));
        assert_eq!(view.receivers(file, name).as_deref(), Some(&many(2)));
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
