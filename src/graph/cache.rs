//! Decoded facts, kept while there is room.

use std::hash::Hash;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;

/// Values too large to be kept of which it is known whether somebody holds them; for each the cache has a pointer alone.
const LARGE_MAX: usize = 16;

/// A bounded cache in two generations. What is used is in the young one; when that is full it becomes the old one, and
/// what was old and has not been used since is dropped. What is too large to be kept is shared as long as a reader holds
/// it.
#[derive(Debug)]
pub struct Cache<K, V> {
    generations: Mutex<Generations<K, V>>,
    /// Bytes that one generation may hold.
    generation_bytes_max: usize,
}

#[derive(Debug)]
struct Generations<K, V> {
    young: Generation<K, V>,
    old: Generation<K, V>,
    large: FxHashMap<K, Weak<V>>,
}

#[derive(Debug)]
struct Generation<K, V> {
    entries: FxHashMap<K, Entry<V>>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry<V> {
    value: Arc<V>,
    bytes: usize,
}

impl<K, V> Default for Generation<K, V> {
    fn default() -> Self {
        Generation { entries: FxHashMap::default(), bytes: 0 }
    }
}

impl<K: Copy + Eq + Hash, V> Generations<K, V> {
    fn get(&mut self, key: K, generation_bytes_max: usize) -> (Option<Arc<V>>, Option<Generation<K, V>>) {
        if let Some(entry) = self.young.entries.get(&key) {
            return (Some(Arc::clone(&entry.value)), None);
        }
        let Some(entry) = self.old.entries.remove(&key) else {
            return (self.large.get(&key).and_then(Weak::upgrade), None);
        };
        self.old.bytes -= entry.bytes;
        let value = Arc::clone(&entry.value);
        (Some(value), self.put(key, entry, generation_bytes_max))
    }

    /// Puts the entry in the young generation; returns what no longer has room, to be dropped outside the lock.
    fn put(&mut self, key: K, entry: Entry<V>, generation_bytes_max: usize) -> Option<Generation<K, V>> {
        let full = self.young.bytes + entry.bytes > generation_bytes_max;
        let dropped = full.then(|| {
            let young = std::mem::take(&mut self.young);
            std::mem::replace(&mut self.old, young)
        });
        self.young.bytes += entry.bytes;
        self.young.entries.insert(key, entry);
        dropped
    }
}

impl<K: Copy + Eq + Hash, V> Generations<K, V> {
    fn note_large(&mut self, key: K, value: &Arc<V>) {
        if self.large.len() >= LARGE_MAX {
            self.large.retain(|_, value| value.strong_count() > 0);
        }
        if self.large.len() < LARGE_MAX {
            self.large.insert(key, Arc::downgrade(value));
        }
    }
}

impl<K: Copy + Eq + Hash, V> Cache<K, V> {
    /// A cache that holds `bytes_max` bytes at most.
    pub fn new(bytes_max: usize) -> Self {
        let generations = Generations {
            young: Generation::default(),
            old: Generation::default(),
            large: FxHashMap::default(),
        };
        Cache { generations: Mutex::new(generations), generation_bytes_max: bytes_max / 2 }
    }

    /// The value, made by `make` with its size in bytes if it is not there. One that is made by two threads at once is
    /// kept once; one that is larger than a generation is not kept, but given to all who ask while somebody holds it.
    pub fn get_or_make(&self, key: K, make: impl FnOnce() -> (V, usize)) -> Arc<V> {
        if let Some(value) = self.get(key) {
            return value;
        }
        let (value, bytes) = make();
        let value = Arc::new(value);
        // The value itself, its counts, its key and the table's room for them.
        let bytes = bytes + 2 * size_of::<Entry<V>>() + 2 * size_of::<K>();
        if bytes > self.generation_bytes_max {
            self.generations.lock().note_large(key, &value);
            return value;
        }
        if let Some(kept) = self.get(key) {
            return kept;
        }
        let entry = Entry { value: Arc::clone(&value), bytes };
        let dropped = self.generations.lock().put(key, entry, self.generation_bytes_max);
        drop(dropped);
        value
    }

    /// The value, if it is there.
    pub fn get(&self, key: K) -> Option<Arc<V>> {
        let (value, dropped) = self.generations.lock().get(key, self.generation_bytes_max);
        drop(dropped);
        value
    }

    /// Bytes held now.
    pub fn bytes(&self) -> usize {
        let generations = self.generations.lock();
        generations.young.bytes + generations.old.bytes
    }

    /// Lets everything go.
    pub fn clear(&self) {
        let dropped = {
            let mut generations = self.generations.lock();
            (std::mem::take(&mut generations.young), std::mem::take(&mut generations.old))
        };
        drop(dropped);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_holds_more_than_its_bound_and_keeps_what_is_used() {
        let cache: Cache<u32, u32> = Cache::new(1_000);
        for key in 0..50 {
            assert_eq!(*cache.get_or_make(key, || (key * 2, 10)), key * 2);
            assert!((1..=1_000).contains(&cache.bytes()));
            let first = cache.get_or_make(0, || unreachable!("it is used all the time"));
            assert_eq!(*first, 0);
        }
        let value = cache.get_or_make(49, || unreachable!("it was just put there"));
        assert_eq!(*value, 98);
        assert_eq!(*cache.get_or_make(1, || (7, 10)), 7, "what is not used goes");
        assert_eq!(*cache.get_or_make(77, || (1, 10_000)), 1, "too large to keep, still answered");
        assert!(cache.bytes() <= 1_000);
        cache.clear();
        assert_eq!(cache.bytes(), 0);
    }

    #[test]
    fn what_is_too_large_is_shared_while_somebody_holds_it() {
        let cache: Cache<u32, u32> = Cache::new(1_000);
        let held = cache.get_or_make(0, || (7, 10_000));
        assert_eq!(*cache.get_or_make(0, || unreachable!("it is held")), 7);
        assert_eq!(cache.bytes(), 0);
        drop(held);
        let again = cache.get_or_make(0, || (8, 10_000));
        assert_eq!(*again, 8);
        for key in 1..1_000 {
            cache.get_or_make(key, || (key, 10_000));
        }
        assert!(cache.generations.lock().large.len() <= LARGE_MAX);
        assert_eq!(*cache.get_or_make(0, || unreachable!("it is still held")), 8);
    }
}
