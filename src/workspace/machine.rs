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

/// Resident memory of this process; zero where the system does not tell.
pub fn rss_bytes() -> u64 {
    std::fs::read_to_string("/proc/self/status").ok().and_then(|t| kilobytes(&t, "VmRSS:")).unwrap_or(0)
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
}
