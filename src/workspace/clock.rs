//! Time as the pure parts of the manager see it: a number handed to them.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

/// Milliseconds since the Unix epoch, never running backwards within one process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub u64);

impl Moment {
    pub fn plus(self, duration: Duration) -> Moment {
        let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Moment(self.0.saturating_add(ms))
    }
    /// How long ago `earlier` was; zero if it lies ahead.
    pub fn since(self, earlier: Moment) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
    /// `2026-01-01T00:00:00Z`.
    pub fn rfc3339(self) -> String {
        let seconds = self.0 / 1_000;
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// Days since the epoch as a Gregorian date, counted in 400-year cycles that start in March.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let cycle = shifted / 146_097;
    let day_of_cycle = shifted % 146_097;
    let year_of_cycle =
        (day_of_cycle - day_of_cycle / 1_460 + day_of_cycle / 36_524 - day_of_cycle / 146_096) / 365;
    let day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_cycle + cycle * 400 + u64::from(month <= 2);
    (year, month, day)
}

/// Reads the time: wall-clock at its creation, and from there on what has passed, the machine's sleep included.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Duration,
    epoch_ms: u64,
}

impl Clock {
    pub fn start() -> Clock {
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Clock { started: since_boot(), epoch_ms: u64::try_from(epoch.as_millis()).unwrap_or(u64::MAX) }
    }
    pub fn now(&self) -> Moment {
        Moment(self.epoch_ms).plus(self.uptime())
    }
    pub fn uptime(&self) -> Duration {
        since_boot().saturating_sub(self.started)
    }
    /// When the moment comes, as the system's timers count, which stand still while the machine sleeps; now if it has
    /// passed.
    pub fn instant(&self, moment: Moment) -> Instant {
        Instant::now() + moment.since(self.now())
    }
}

/// How long ago the machine was started: unlike the standard library's clock this goes on while it sleeps.
fn since_boot() -> Duration {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const CLOCK: ClockId = ClockId::Boottime;
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    const CLOCK: ClockId = ClockId::Monotonic;
    let now = clock_gettime(CLOCK);
    let (seconds, nanoseconds) = (u64::try_from(now.tv_sec), u32::try_from(now.tv_nsec));
    Duration::new(seconds.unwrap_or_default(), nanoseconds.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_print_as_dates() {
        assert_eq!(Moment(0).rfc3339(), "1970-01-01T00:00:00Z");
        assert_eq!(Moment(951_782_399_000).rfc3339(), "2000-02-28T23:59:59Z");
        assert_eq!(Moment(951_782_400_000).rfc3339(), "2000-02-29T00:00:00Z");
        assert_eq!(Moment(1_767_225_600_000).rfc3339(), "2026-01-01T00:00:00Z");
    }
}
