//! When a failed build is tried again.

use std::time::Duration;

use super::clock::Moment;

/// First wait after a failure; short enough to ride out a file that is being replaced.
pub const RETRY_FIRST: Duration = Duration::from_secs(1);
/// Longest wait between two tries; a folder that was away (unmounted) is back within this at the latest.
pub const RETRY_MAX: Duration = Duration::from_secs(300);

/// Whether trying again without any change can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The cause may pass by itself: folder away, I/O error, memory held by others, a panic on a file that is about to be
    /// another.
    Backoff,
    /// Only a change of the folder or of the settings can help: it can never fit.
    OnChange,
    /// Somebody has ended it: a change from before that does not begin it again.
    OnRequest,
}

/// The wait after the `failures`-th failure in a row (counted from 1): doubling, bounded.
pub fn backoff(failures: u32) -> Duration {
    doubled(RETRY_FIRST, failures, RETRY_MAX)
}

/// What is waited for the first time, doubled with each time that follows (counted from 1), and never more than `most`.
pub fn doubled(first: Duration, times: u32, most: Duration) -> Duration {
    first.saturating_mul(1 << times.saturating_sub(1).min(31)).min(most)
}

/// When to try again; `None`: not before something changes.
pub fn next_try(retry: Retry, failures: u32, now: Moment) -> Option<Moment> {
    match retry {
        Retry::Backoff => Some(now.plus(backoff(failures))),
        Retry::OnChange | Retry::OnRequest => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_bound() {
        assert_eq!(backoff(1), Duration::from_secs(1));
        assert_eq!(backoff(2), Duration::from_secs(2));
        assert_eq!(backoff(5), Duration::from_secs(16));
        assert_eq!(backoff(10), RETRY_MAX);
        assert_eq!(backoff(u32::MAX), RETRY_MAX);
    }

    #[test]
    fn what_cannot_pass_by_itself_is_not_tried_by_the_clock() {
        assert_eq!(next_try(Retry::OnChange, 1, Moment(5)), None);
        assert_eq!(next_try(Retry::Backoff, 1, Moment(5)), Some(Moment(1_005)));
    }
}
