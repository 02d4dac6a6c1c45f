//! Whether the process that started the server is still there.

use std::thread;
use std::time::Duration;

/// Between two looks; the server is to be gone within two seconds.
const LOOK_INTERVAL: Duration = Duration::from_millis(400);

/// Calls back once the process is gone. A process that is not there to begin with is not watched: the client may run
/// on another machine or in another container than the server, where its number means nothing.
pub fn on_death(pid: i32, gone: impl FnOnce() + Send + 'static) {
    if !is_alive(pid) {
        tracing::info!("process {pid}, named as the parent, cannot be seen from here and is not watched");
        return;
    }
    let watch = move || {
        while is_alive(pid) {
            thread::sleep(LOOK_INTERVAL);
        }
        gone();
    };
    if let Err(error) = thread::Builder::new().name("parent".to_owned()).spawn(watch) {
        tracing::warn!("cannot watch the parent process: {error}");
    }
}

#[cfg(unix)]
fn is_alive(pid: i32) -> bool {
    use rustix::io::Errno;
    use rustix::process::{Pid, test_kill_process};
    let Some(process) = Some(pid).filter(|pid| *pid > 0).and_then(Pid::from_raw) else { return false };
    // A process of another user is there, too.
    matches!(test_kill_process(process), Ok(()) | Err(Errno::PERM)) && !is_zombie(pid)
}

/// Other systems close the pipe when the parent dies, which ends the server as well.
#[cfg(not(unix))]
fn is_alive(_: i32) -> bool {
    true
}

/// Dead, but not yet waited for by its own parent.
#[cfg(unix)]
fn is_zombie(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name, in parentheses, may hold anything.
    stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with(['Z', 'X']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn this_process_lives_and_a_nonsensical_one_does_not() {
        assert!(is_alive(std::process::id() as i32));
        assert!(!is_alive(0));
        assert!(!is_alive(-1));
        assert!(!is_alive(i32::MAX));
    }
}
