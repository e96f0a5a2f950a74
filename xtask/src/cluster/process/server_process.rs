//! One process that ends with this one.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

use crate::cluster::directory::VARIABLE;
use crate::cluster::real::arguments::PASSWORD_VARIABLE;
use crate::program::parent_death::{self, EndSignal};
use crate::program::spawn_thread;

/// Time between two looks at a process that has been asked to end.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// How a process is started.
#[derive(Debug, Clone)]
pub(crate) struct Invocation {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// The file that stdout and stderr are appended to.
    pub(crate) output: PathBuf,
    /// The directory of the cluster.
    pub(crate) cluster: PathBuf,
    /// The value of [`PASSWORD_VARIABLE`].
    pub(crate) root_password: String,
    /// The signal for the process if this one dies.
    pub(crate) end_signal: EndSignal,
}

/// A process in a separate group, so that Ctrl-C reaches it only through us. On drop it is killed.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    child: Child,
    status: Option<ExitStatus>,
}

impl Invocation {
    /// Starts the process.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn start(&self) -> Result<ServerProcess> {
        let output = OpenOptions::new().create(true).append(true).open(&self.output);
        let output = output.with_context(|| format!("cannot write {}", self.output.display()))?;
        let mut command = parent_death::command(&self.program, self.end_signal);
        command
            .args(&self.arguments)
            .env(VARIABLE, &self.cluster)
            .env(PASSWORD_VARIABLE, &self.root_password)
            .stdin(Stdio::null())
            .stdout(output.try_clone().context("cannot share a file")?)
            .stderr(output)
            .process_group(0);
        let child = spawn_thread::run(move || command.spawn());
        let child = child.with_context(|| format!("cannot run {}", self.program.display()))?;
        Ok(ServerProcess { child, status: None })
    }

    /// The command line, as it can be pasted into a shell.
    pub(crate) fn command_line(&self) -> String {
        let words = [self.program.display().to_string()].into_iter().chain(self.arguments.iter().cloned());
        words.map(|word| quoted(&word)).collect::<Vec<_>>().join(" ")
    }
}

impl ServerProcess {
    /// Returns how the process ended, if it has.
    ///
    /// # Errors
    /// If the system cannot tell.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = self.child.try_wait().context("cannot wait for a process")?;
        }
        Ok(self.status)
    }

    /// Sends a signal, unless the process has ended.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn signal(&mut self, signal: Signal) -> Result<()> {
        if self.ended()?.is_some() {
            return Ok(());
        }
        // Its id cannot have been reused: it has not been waited for.
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.context("a process has no id")?, signal).context("cannot send a signal")
    }

    /// Waits until the process has ended. Returns whether it has within `limit`.
    ///
    /// # Errors
    /// If the system cannot tell.
    pub(crate) async fn ends_within(&mut self, limit: Duration) -> Result<bool> {
        let begin = Instant::now();
        while self.ended()?.is_none() {
            if begin.elapsed() >= limit {
                return Ok(false);
            }
            sleep(POLL_INTERVAL).await;
        }
        Ok(true)
    }

    /// Kills the process, and waits for it.
    pub(crate) fn kill(&mut self) {
        if !matches!(self.ended(), Ok(Some(_))) {
            // It ends at once, even if it is stopped.
            _ = self.child.kill();
            self.status = self.child.wait().ok();
        }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Quotes a word for the shell, if it needs that.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Returns the path of a file as an argument.
///
/// # Errors
/// If it is not UTF-8.
pub(crate) fn as_argument(path: &Path) -> Result<String> {
    OsString::from(path).into_string().ok().with_context(|| format!("{} is not UTF-8", path.display()))
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::cluster::directory::ClusterDirectory;

    #[test]
    fn a_panic_ends_the_processes_and_removes_the_directory() {
        let directory = ClusterDirectory::create().unwrap();
        let path = directory.path().to_owned();
        let invocation = Invocation {
            program: "sleep".into(),
            arguments: vec!["600".to_owned()],
            output: path.join("output"),
            cluster: path.clone(),
            root_password: "passwd".to_owned(),
            end_signal: EndSignal::Kill,
        };
        let mut pid = None;

        let result = catch_unwind(AssertUnwindSafe(|| {
            let directory = directory;
            let process = invocation.start().unwrap();
            pid = i32::try_from(process.child.id()).ok().and_then(Pid::from_raw);
            assert!(directory.path().exists());
            panic!("while a server runs");
        }));

        assert!(result.is_err());
        assert!(rustix::process::test_kill_process(pid.unwrap()).is_err(), "the process is still there");
        assert!(!path.exists());
    }

    #[test]
    fn words_that_a_shell_would_change_are_quoted() {
        assert_eq!(quoted("tcp://127.0.0.1:8529"), "tcp://127.0.0.1:8529");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
