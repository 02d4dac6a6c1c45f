//! What the process has in memory beyond what is metered: when the allocator is to let go of it, and how much of it the
//! budget is charged for.
//!
//! Graphs lie in maps of their own, and the ledger knows their size. Decoded facts, documents, what queries learn and
//! what replies are made of are on the heap, where freed memory stays with the process until it is asked for.

/// Freed memory that the allocator may gather before it is told to let go. Telling it takes milliseconds, so it is not
/// for every query.
const GATHERED_BYTES_MAX: u64 = 2 << 20;
/// The same once nothing goes on any more, when there is time for it.
const GATHERED_AT_REST_BYTES_MAX: u64 = 256 << 10;
/// Excess that is part of the fixed overhead of the process: stacks, queues, the learning of queries of ordinary size,
/// gaps between allocations. Beyond it the budget pays.
const FREE_BYTES: u64 = 3 << 20;

/// Bytes that are not of files and that nobody has been charged for.
pub fn excess(anonymous: u64, metered: u64) -> u64 {
    anonymous.saturating_sub(metered)
}

/// What of the process's memory is to be accounted for by the budget.
pub fn accountable(anonymous: u64) -> u64 {
    anonymous.saturating_sub(FREE_BYTES)
}

/// Remembers what the last purges have left, which the next one would leave too.
///
/// What a purge leaves under load is partly in use only then, and freed without a word: it is no measure of what one at
/// rest would leave.
#[derive(Debug, Default)]
pub struct Purging {
    left: u64,
    left_at_rest: u64,
}

impl Purging {
    /// Whether a purge would now give much back; at rest, anything worth it.
    pub fn is_due(&mut self, excess: u64, at_rest: bool) -> bool {
        self.left = self.left.min(excess);
        self.left_at_rest = self.left_at_rest.min(excess);
        match at_rest {
            true => excess - self.left_at_rest > GATHERED_AT_REST_BYTES_MAX,
            false => excess - self.left > GATHERED_BYTES_MAX,
        }
    }

    /// A purge has left so much.
    pub fn done(&mut self, excess: u64, at_rest: bool) {
        self.left = excess;
        if at_rest {
            self.left_at_rest = excess;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purge_is_due_when_much_has_gathered_since_the_last_one() {
        let mut purging = Purging::default();
        assert!(!purging.is_due(GATHERED_BYTES_MAX, false));
        assert!(purging.is_due(GATHERED_BYTES_MAX + 1, false));
        // What is in use stays, and is no reason for another purge.
        purging.done(20 << 20, false);
        assert!(!purging.is_due((20 << 20) + GATHERED_BYTES_MAX, false));
        assert!(purging.is_due((20 << 20) + GATHERED_BYTES_MAX + 1, false));
        // What was in use under load has been freed since, as far as anybody knows. At rest little is worth a purge.
        assert!(purging.is_due(20 << 20, true));
        purging.done(20 << 20, true);
        assert!(!purging.is_due((20 << 20) + GATHERED_AT_REST_BYTES_MAX, true));
        assert!(purging.is_due((20 << 20) + GATHERED_AT_REST_BYTES_MAX + 1, true));
        // What has gone by itself counts when it comes again.
        assert!(!purging.is_due(0, false));
        assert!(purging.is_due(GATHERED_BYTES_MAX + 1, false));
    }

    #[test]
    fn what_is_part_of_the_fixed_overhead_is_not_charged_for() {
        assert_eq!((excess(10, 30), excess(30, 10)), (0, 20));
        assert_eq!((accountable(7), accountable(FREE_BYTES), accountable(FREE_BYTES + 8)), (0, 0, 8));
    }
}
