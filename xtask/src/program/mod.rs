//! Another program, run to its end and never longer.

mod ending;
mod family;

use std::ffi::OsStr;
use std::io;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{sleep, timeout};

pub(crate) use self::ending::Ending;
use self::family::Family;
use crate::interruption::Interruptions;

/// How long a program may tidy up after it was asked to end.
const GRACE: Duration = Duration::from_secs(5);

/// No program of ours is meant to take this long; see [`Program::limit`].
const NEVER: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A program with our stdin, stdout and stderr.
#[derive(Debug)]
pub(crate) struct Program {
    command: Command,
    limit: Duration,
}

impl Program {
    pub(crate) fn new(name: impl AsRef<OsStr>) -> Self {
        Self { command: Command::new(name), limit: NEVER }
    }

    pub(crate) fn arguments(mut self, arguments: impl IntoIterator<Item: AsRef<OsStr>>) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn variables(mut self, variables: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        self.command.envs(variables);
        self
    }

    /// Drops what it says on its stderr: for one that is meant to fail.
    pub(crate) fn unheard(mut self) -> Self {
        self.command.stderr(Stdio::null());
        self
    }

    /// How long it may take before it is ended like an interrupted one. Default: as long as it likes.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs it to its end.
    ///
    /// An interruption, or the end of its time, is passed on to it; after 5 more seconds, or a second interruption, it
    /// is killed. Whatever it leaves behind is killed in any case.
    ///
    /// # Errors
    /// If the system cannot tell what became of it. A program that cannot be started has an [`Ending`] too.
    pub(crate) async fn run(self, interruptions: &mut Interruptions) -> Result<Ending> {
        self.attend(interruptions, |_| {}).await
    }

    /// Runs it like [`run`](Self::run), and hands on each line of its stdout instead of printing it.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(crate) async fn hear(
        mut self,
        interruptions: &mut Interruptions,
        line: impl FnMut(String),
    ) -> Result<Ending> {
        self.command.stdout(Stdio::piped());
        self.attend(interruptions, line).await
    }

    async fn attend(mut self, interruptions: &mut Interruptions, line: impl FnMut(String)) -> Result<Ending> {
        let name = self.command.as_std().get_program().to_owned();
        let mut family = Family::prepare(&mut self.command);
        let mut child = match self.command.kill_on_drop(true).spawn() {
            Ok(child) => child,
            Err(error) => return Ok(Ending::not_started(&name, error)),
        };
        family.born(&child);
        let heard = lines(child.stdout.take(), line);

        // `biased`: a program that has ended by itself has ended by itself, whatever came at the same time.
        let ending = tokio::select! {
            biased;
            (status, ()) = async { tokio::join!(child.wait(), heard) } => {
                Ending::Exited(status.context("cannot wait for the program")?)
            }
            interruption = interruptions.next() => {
                end(&mut child, &family, interruptions).await?;
                Ending::Interrupted(interruption)
            }
            () = sleep(self.limit) => {
                end(&mut child, &family, interruptions).await?;
                Ending::OutOfTime { name, limit: self.limit }
            }
        };
        family.kill();
        Ok(ending)
    }
}

/// Hands on every line of what is piped to us; what is not text is told as well as it can be.
async fn lines(stdout: Option<ChildStdout>, mut line: impl FnMut(String)) {
    let Some(stdout) = stdout else { return };
    let mut stdout = BufReader::new(stdout);
    let mut bytes = Vec::new();
    while let Ok(1..) = stdout.read_until(b'\n', &mut bytes).await {
        line(String::from_utf8_lossy(&bytes).trim_end().to_owned());
        bytes.clear();
    }
}

async fn end(child: &mut Child, family: &Family, interruptions: &mut Interruptions) -> io::Result<()> {
    family.terminate();
    tokio::select! {
        status = timeout(GRACE, child.wait()) => if let Ok(status) = status { return status.map(drop) },
        _ = interruptions.next() => {}
    }
    child.kill().await
}
