//! Decoded facts, kept while there is room.

use std::hash::Hash;
use std::sync::Arc;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;

/// A bounded cache in two generations: when the young one is full it becomes the old one, and what was old is dropped.
#[derive(Debug)]
pub struct Cache<K, V> {
    inner: Mutex<Generations<K, V>>,
    /// Bytes that one generation may hold.
    generation_bytes_max: usize,
}

#[derive(Debug)]
struct Generations<K, V> {
    young: FxHashMap<K, Arc<V>>,
    old: FxHashMap<K, Arc<V>>,
    young_bytes: usize,
    old_bytes: usize,
}

impl<K: Copy + Eq + Hash, V> Cache<K, V> {
    /// A cache that holds `bytes_max` bytes at most.
    pub fn new(bytes_max: usize) -> Self {
        Cache {
            inner: Mutex::new(Generations {
                young: FxHashMap::default(),
                old: FxHashMap::default(),
                young_bytes: 0,
                old_bytes: 0,
            }),
            generation_bytes_max: bytes_max / 2,
        }
    }

    /// The value, made by `make` with its size in bytes if it is not there. A value that is made twice by two threads at
    /// once is kept once.
    pub fn get_or_make(&self, key: K, make: impl FnOnce() -> (V, usize)) -> Arc<V> {
        if let Some(value) = self.inner.lock().young.get(&key) {
            return Arc::clone(value);
        }
        let promoted = self.inner.lock().old.get(&key).cloned();
        let (value, bytes) = match promoted {
            Some(value) => return value,
            None => make(),
        };
        let value = Arc::new(value);
        let mut dropped = None;
        let kept = {
            let mut inner = self.inner.lock();
            if inner.young_bytes + bytes > self.generation_bytes_max {
                let full = std::mem::take(&mut inner.young);
                dropped = Some(std::mem::replace(&mut inner.old, full));
                inner.old_bytes = std::mem::take(&mut inner.young_bytes);
            }
            if bytes <= self.generation_bytes_max {
                inner.young_bytes += bytes;
                Arc::clone(inner.young.entry(key).or_insert(value))
            } else {
                value
            }
        };
        // Freed outside the lock.
        drop(dropped);
        kept
    }

    /// Bytes held now.
    pub fn bytes(&self) -> usize {
        let inner = self.inner.lock();
        inner.young_bytes + inner.old_bytes
    }

    /// Lets everything go.
    pub fn clear(&self) {
        let mut dropped = (FxHashMap::default(), FxHashMap::default());
        {
            let mut inner = self.inner.lock();
            std::mem::swap(&mut dropped.0, &mut inner.young);
            std::mem::swap(&mut dropped.1, &mut inner.old);
            inner.young_bytes = 0;
            inner.old_bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_holds_more_than_its_bound_and_keeps_what_is_used() {
        let cache: Cache<u32, u32> = Cache::new(100);
        for key in 0..50 {
            assert_eq!(*cache.get_or_make(key, || (key * 2, 10)), key * 2);
            assert!(cache.bytes() <= 100);
        }
        let value = cache.get_or_make(49, || unreachable!("it was just put there"));
        assert_eq!(*value, 98);
        assert_eq!(*cache.get_or_make(7, || (1, 1_000)), 1, "too large to keep, still answered");
        assert!(cache.bytes() <= 100);
        cache.clear();
        assert_eq!(cache.bytes(), 0);
    }
}
