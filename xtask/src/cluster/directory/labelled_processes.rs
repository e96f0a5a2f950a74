//! The processes that have the directory of a cluster in their environment: its servers, and what they have started.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

/// Kills the processes of the directory, and waits until they have ended.
///
/// Only Linux shows the environment of other processes. Elsewhere nothing is done.
///
/// # Errors
/// If one of them is still there after `limit`.
#[cfg(target_os = "linux")]
pub(super) fn kill(directory: &Path, limit: Duration) -> Result<()> {
    use std::thread::sleep;
    use std::time::Instant;

    use anyhow::ensure;
    use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    let begin = Instant::now();
    loop {
        let found = find(directory);
        if found.is_empty() {
            return Ok(());
        }
        ensure!(begin.elapsed() < limit, "processes of {} did not end: {found:?}", directory.display());
        for pid in found {
            // Looked at again once the id cannot be reused.
            if let Ok(process) = pidfd_open(pid, PidfdFlags::empty())
                && has_label(pid, directory)
            {
                _ = pidfd_send_signal(process, Signal::KILL);
            }
        }
        sleep(Duration::from_millis(10));
    }
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same API as on Linux")]
pub(super) fn kill(_: &Path, _: Duration) -> Result<()> {
    Ok(())
}

#[cfg(target_os = "linux")]
fn find(directory: &Path) -> Vec<rustix::process::Pid> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let own = rustix::process::getpid();
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(rustix::process::Pid::from_raw)
        .filter(|pid| *pid != own && has_label(*pid, directory))
        .collect()
}

/// Whether a process has the directory in its environment. One that has ended has no environment.
#[cfg(target_os = "linux")]
fn has_label(pid: rustix::process::Pid, directory: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt as _;

    let Ok(environment) = std::fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())) else {
        return false;
    };
    let label = [super::VARIABLE.as_bytes(), b"=", directory.as_os_str().as_bytes()].concat();
    environment.split(|byte| *byte == 0).any(|variable| variable == label)
}
