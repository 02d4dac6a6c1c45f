//! CPU time, which other programs on the machine do not add to.

use rustix::time::{ClockId, Timespec, clock_gettime};

/// CPU time of this thread.
pub struct Clock(Timespec);

impl Clock {
    pub fn start() -> Clock {
        Clock(clock_gettime(ClockId::ThreadCPUTime))
    }

    pub fn seconds(&self) -> f64 {
        let now = clock_gettime(ClockId::ThreadCPUTime);
        (now.tv_sec - self.0.tv_sec) as f64 + (now.tv_nsec - self.0.tv_nsec) as f64 / 1e9
    }
}
