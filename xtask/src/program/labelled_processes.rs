//! The processes that have a variable in their environment: those that were started with it, and what they have started.

use std::ffi::{OsStr, OsString};
use std::time::Duration;

use anyhow::Result;

/// A variable and its value, which no other process has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Label<'a> {
    pub(crate) variable: &'static str,
    pub(crate) value: &'a OsStr,
}

impl Label<'_> {
    /// The variable as processes have it.
    fn text(self) -> OsString {
        let mut text = OsString::from(self.variable);
        text.push("=");
        text.push(self.value);
        text
    }
}

/// Kills the processes with a label, and waits until they have ended.
///
/// Only Linux shows the environment of other processes. Elsewhere nothing is done.
///
/// # Errors
/// If one of them is still there after `limit`.
#[cfg(target_os = "linux")]
pub(crate) fn kill(label: Label<'_>, limit: Duration) -> Result<()> {
    use std::thread::sleep;
    use std::time::Instant;

    use anyhow::ensure;
    use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

    let text = label.text();
    let begin = Instant::now();
    loop {
        let found = find(&text);
        if found.is_empty() {
            return Ok(());
        }
        let value = label.value.display();
        ensure!(begin.elapsed() < limit, "processes of {value} did not end: {found:?}");
        for pid in found {
            // Looked at again once the id cannot be reused.
            if let Ok(process) = pidfd_open(pid, PidfdFlags::empty())
                && has_label(pid, &text)
            {
                _ = pidfd_send_signal(process, Signal::KILL);
            }
        }
        sleep(Duration::from_millis(10));
    }
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same API as on Linux")]
pub(crate) fn kill(label: Label<'_>, _: Duration) -> Result<()> {
    _ = label.text();
    Ok(())
}

#[cfg(target_os = "linux")]
fn find(label: &OsStr) -> Vec<rustix::process::Pid> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let own = rustix::process::getpid();
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(rustix::process::Pid::from_raw)
        .filter(|pid| *pid != own && has_label(*pid, label))
        .collect()
}

/// Whether a process has the label in its environment. One that has ended has no environment.
#[cfg(target_os = "linux")]
fn has_label(pid: rustix::process::Pid, label: &OsStr) -> bool {
    use std::os::unix::ffi::OsStrExt as _;

    let Ok(environment) = std::fs::read(format!("/proc/{}/environ", pid.as_raw_nonzero())) else {
        return false;
    };
    environment.split(|byte| *byte == 0).any(|variable| variable == label.as_bytes())
}
