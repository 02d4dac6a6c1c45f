//! CPU time, which other programs on the machine do not add to.

use rustix::time::{ClockId, Timespec, clock_gettime};

pub struct Clock(ClockId, Timespec);

impl Clock {
    /// CPU time of this thread.
    pub fn start() -> Clock {
        Clock::of(ClockId::ThreadCPUTime)
    }

    /// CPU time of all threads of the process.
    #[allow(dead_code, reason = "every bench uses its own part of it")]
    pub fn of_process() -> Clock {
        Clock::of(ClockId::ProcessCPUTime)
    }

    fn of(id: ClockId) -> Clock {
        Clock(id, clock_gettime(id))
    }

    pub fn seconds(&self) -> f64 {
        let now = clock_gettime(self.0);
        (now.tv_sec - self.1.tv_sec) as f64 + (now.tv_nsec - self.1.tv_nsec) as f64 / 1e9
    }
}
