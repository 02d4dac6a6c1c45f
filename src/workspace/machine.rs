//! What the machine has, and what this process takes of it, as far as the system says so without being asked by
//! another process.

/// Assumed where the system does not tell: a machine that runs an editor has this.
const MEMORY_ASSUMED: u64 = 4 << 30;

/// Memory of the machine, or of the control group that it grants to this process.
pub fn memory_bytes() -> u64 {
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|t| kilobytes(&t, "MemTotal:"));
    let group = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|t| t.trim().parse().ok());
    machine.unwrap_or(MEMORY_ASSUMED).min(group.unwrap_or(u64::MAX))
}

/// What this process has in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Footprint {
    /// Pages of files: the program itself and its libraries.
    pub files: u64,
    /// Everything else: graphs, heap, stacks.
    pub anonymous: u64,
}

impl Footprint {
    /// As it is now; zero where the system does not tell. Takes some microseconds.
    pub fn now() -> Footprint {
        let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        Footprint::of(&text, rustix::param::page_size() as u64)
    }

    pub fn resident(&self) -> u64 {
        self.files + self.anonymous
    }

    /// From the system's words: pages in all, pages in memory, pages of files among these.
    fn of(statm: &str, page: u64) -> Footprint {
        let mut pages = statm.split_ascii_whitespace().skip(1).map_while(|n| n.parse::<u64>().ok());
        let (resident, files) = (pages.next().unwrap_or(0), pages.next().unwrap_or(0));
        Footprint { files: files * page, anonymous: resident.saturating_sub(files) * page }
    }
}

pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// The value of a line `Key:   123 kB`, in bytes.
fn kilobytes(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|l| l.strip_prefix(key))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proc_lines_are_read() {
        assert_eq!(kilobytes("A: 1 kB\nVmRSS:\t  20 kB\n", "VmRSS:"), Some(20_480));
        assert_eq!(kilobytes("VmRSS: lots\n", "VmRSS:"), None);
        assert!(memory_bytes() > 0 && cores() > 0);
    }

    #[test]
    fn pages_of_files_are_told_from_others() {
        let footprint = Footprint::of("900 30 10 5 0 70 0\n", 4_096);
        assert_eq!(footprint, Footprint { files: 40_960, anonymous: 81_920 });
        assert_eq!(footprint.resident(), 122_880);
        assert_eq!(Footprint::of("", 4_096), Footprint::default());
    }
}
