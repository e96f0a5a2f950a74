//! Runs another program until it ends.

mod cargo_variables;
mod exit_reason;
#[cfg(unix)]
pub(crate) mod labelled_processes;
pub(crate) mod parent_death;
mod process_group;
pub(crate) mod spawn_thread;

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

use self::cargo_variables::is_set_by_cargo;
pub(crate) use self::exit_reason::ExitReason;
use self::parent_death::EndSignal;
use self::process_group::ProcessGroup;
use crate::interruption::Interruptions;

/// Time between asking a program to end and killing it.
const GRACE_PERIOD: Duration = Duration::from_secs(5);

/// Effectively no time limit; see [`Program::limit`].
const NO_LIMIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A program to run, with our stdin, stdout and stderr, and without what cargo has set for us.
///
/// On Linux it is killed when this process ends, even if that is killed.
#[derive(Debug)]
pub(crate) struct Program {
    name: OsString,
    command: Command,
    limit: Duration,
}

impl Program {
    pub(crate) fn new(name: impl AsRef<OsStr>) -> Self {
        let mut command = Command::from(parent_death::command(&name, EndSignal::Kill));
        for (variable, _) in
            env::vars_os().filter(|(variable, _)| variable.to_str().is_some_and(is_set_by_cargo))
        {
            command.env_remove(variable);
        }
        Self { name: name.as_ref().to_owned(), command, limit: NO_LIMIT }
    }

    pub(crate) fn arguments(mut self, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn variables(mut self, variables: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.command.envs(variables);
        self
    }

    /// Discards its stderr, for programs that are expected to fail.
    pub(crate) fn without_stderr(mut self) -> Self {
        self.command.stderr(Stdio::null());
        self
    }

    /// Sets the time after which it is terminated as if interrupted. Default: none.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs the program until it ends.
    ///
    /// It is asked to end when we are interrupted or its time limit is over. After 5 more seconds, or a second
    /// interruption, it is killed. Child processes that it leaves behind are killed in any case.
    ///
    /// # Errors
    /// If the system cannot report its exit status. A program that cannot be started has an [`ExitReason`] too: on Linux
    /// the exit code 126 or 127, and a message on stderr.
    pub(crate) async fn run(self, interruptions: &mut Interruptions) -> Result<ExitReason> {
        self.supervise(interruptions, |_| {}).await
    }

    /// Like [`run`](Self::run), and passes each line of its stdout to `line` instead of printing it.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(crate) async fn run_with_lines(
        mut self,
        interruptions: &mut Interruptions,
        line: impl FnMut(String),
    ) -> Result<ExitReason> {
        self.command.stdout(Stdio::piped());
        self.supervise(interruptions, line).await
    }

    async fn supervise(
        mut self,
        interruptions: &mut Interruptions,
        line: impl FnMut(String),
    ) -> Result<ExitReason> {
        let name = self.name;
        let mut group = ProcessGroup::prepare(&mut self.command);
        let mut command = self.command;
        let runtime = Handle::current();
        let spawned = spawn_thread::run(move || {
            let _runtime = runtime.enter();
            command.kill_on_drop(true).spawn()
        });
        let mut child = match spawned {
            Ok(child) => child,
            Err(error) => return Ok(ExitReason::not_started(&name, error)),
        };
        group.started(&child);
        let output = lines(child.stdout.take(), line);

        // `biased`: a program that has already exited counts as exited, even if an interruption came at the same time.
        let exit = tokio::select! {
            biased;
            (status, ()) = async { tokio::join!(child.wait(), output) } => {
                ExitReason::Exited(status.context("cannot wait for the program")?)
            }
            interruption = interruptions.next() => {
                terminate(&mut child, &group, interruptions).await?;
                ExitReason::Interrupted(interruption)
            }
            () = sleep(self.limit) => {
                terminate(&mut child, &group, interruptions).await?;
                ExitReason::TimedOut { name, limit: self.limit }
            }
        };
        group.kill();
        Ok(exit)
    }
}

/// Passes each line of stdout to `line`. Invalid UTF-8 is replaced.
async fn lines(stdout: Option<ChildStdout>, mut line: impl FnMut(String)) {
    let Some(stdout) = stdout else { return };
    let mut stdout = BufReader::new(stdout);
    let mut bytes = Vec::new();
    while let Ok(1..) = stdout.read_until(b'\n', &mut bytes).await {
        line(String::from_utf8_lossy(&bytes).trim_end().to_owned());
        bytes.clear();
    }
}

async fn terminate(
    child: &mut Child,
    group: &ProcessGroup,
    interruptions: &mut Interruptions,
) -> io::Result<()> {
    group.terminate();
    tokio::select! {
        status = timeout(GRACE_PERIOD, child.wait()) => if let Ok(status) = status { return status.map(drop) },
        _ = interruptions.next() => {}
    }
    child.kill().await
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_is_not_told_which_package_runs_it() {
        let mut interruptions = Interruptions::listen().unwrap();
        let mut names = Vec::new();
        // Cargo sets them for tests, too.
        assert!(env::var_os("CARGO_PKG_NAME").is_some());

        let exit =
            Program::new("env").run_with_lines(&mut interruptions, |line| names.push(line)).await.unwrap();

        assert!(exit.is_success());
        assert!(names.iter().any(|line| line.starts_with("PATH=")));
        assert!(
            !names.iter().any(|line| line.starts_with("CARGO_PKG_") || line.starts_with("CARGO_MANIFEST_"))
        );
    }
}
