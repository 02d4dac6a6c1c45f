//! How long a graph that could not be renewed is still served.

use std::time::Duration;

use super::clock::Moment;

/// The age up to which a stale graph answers; `None`: no cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgeCap(pub Option<Duration>);

/// What a stale graph may still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It answers, with its age.
    Serve { age: Duration },
    /// It is too old to answer.
    Expired { age: Duration },
}

/// Judges a graph by when it last was right.
pub fn judge(last_good: Moment, now: Moment, cap: AgeCap) -> Verdict {
    let age = now.since(last_good);
    match cap.0 {
        Some(cap) if age > cap => Verdict::Expired { age },
        _ => Verdict::Serve { age },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn expiry_is_exactly_the_cap(good in 0u64..1 << 40, age in 0u64..1 << 40, cap in 1u64..1 << 40) {
            let (age, cap) = (Duration::from_millis(age), Duration::from_millis(cap));
            let verdict = judge(Moment(good), Moment(good).plus(age), AgeCap(Some(cap)));
            prop_assert_eq!(verdict, if age > cap { Verdict::Expired { age } } else { Verdict::Serve { age } });
            let uncapped = judge(Moment(good), Moment(good).plus(age), AgeCap(None));
            prop_assert_eq!(uncapped, Verdict::Serve { age });
        }
    }

    #[test]
    fn a_clock_set_back_makes_nothing_older() {
        let cap = AgeCap(Some(Duration::from_secs(1)));
        assert_eq!(judge(Moment(10_000), Moment(0), cap), Verdict::Serve { age: Duration::ZERO });
    }
}
