//! The command line of Docker or Podman.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::time::timeout;

/// Time limit for one command, except for downloads.
const LIMIT: Duration = Duration::from_secs(60);

/// Time between two looks at a command that is waited for without a runtime.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The program; both have the same commands.
///
/// A command that has begun runs to its end, also if nothing waits for it any more: what it creates must be there when
/// the rest is removed, and not later. See [`settle`](Self::settle).
#[derive(Debug, Clone)]
pub(crate) struct ContainerCli {
    path: PathBuf,
    /// A variable that containers may be given by its name.
    variable: Option<(&'static str, String)>,
    // One for each running command, and one here.
    running: Arc<()>,
}

impl ContainerCli {
    /// Finds the program: the one that is named, or `docker`, or `podman`.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn find(named: Option<&Path>) -> Result<Self> {
        let path = match named {
            Some(path) => which::which(path).with_context(|| format!("cannot run {}", path.display()))?,
            None => which::which("docker")
                .or_else(|_| which::which("podman"))
                .context("there is neither docker nor podman in PATH; name one with --container-cli")?,
        };
        Ok(Self::at(path))
    }

    /// The program at a path that was found earlier.
    pub(super) fn at(path: PathBuf) -> Self {
        Self { path, variable: None, running: Arc::default() }
    }

    /// Returns the same program with an environment variable.
    pub(super) fn with_variable(self, name: &'static str, value: &str) -> Self {
        Self { variable: Some((name, value.to_owned())), ..self }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs a command, and returns its stdout.
    ///
    /// # Errors
    /// If it fails, with its stderr, or does not end in time.
    pub(super) async fn run(&self, arguments: &[impl AsRef<OsStr>]) -> Result<String> {
        let output = self.output(arguments, LIMIT).await?;
        Ok(String::from_utf8_lossy(&self.check(arguments, output)?.stdout).into_owned())
    }

    /// Runs a command, and returns its stdout and its stderr, in this order.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(super) async fn run_for_both(&self, arguments: &[impl AsRef<OsStr>]) -> Result<String> {
        let output = self.output(arguments, LIMIT).await?;
        let output = self.check(arguments, output)?;
        Ok([output.stdout, output.stderr].iter().map(|text| String::from_utf8_lossy(text)).collect())
    }

    /// Runs a command, and returns whether it has succeeded.
    ///
    /// # Errors
    /// If it cannot be run, or does not end in time.
    pub(super) async fn succeeds(&self, arguments: &[impl AsRef<OsStr>]) -> Result<bool> {
        Ok(self.output(arguments, LIMIT).await?.status.success())
    }

    /// Runs a command with another time limit.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(super) async fn run_within(&self, arguments: &[impl AsRef<OsStr>], limit: Duration) -> Result<()> {
        let output = self.output(arguments, limit).await?;
        self.check(arguments, output).map(drop)
    }

    /// Runs a command, also where there is no runtime, and returns its stdout. Its output must be short.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(super) fn run_blocking(&self, arguments: &[impl AsRef<OsStr>]) -> Result<String> {
        let mut child = self
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot run {}", self.path.display()))?;
        let begin = Instant::now();
        while child.try_wait()?.is_none() {
            if begin.elapsed() >= LIMIT {
                child.kill()?;
                child.wait()?;
                bail!("{} did not end", self.line(arguments));
            }
            sleep(POLL_INTERVAL);
        }
        let output = self.check(arguments, child.wait_with_output()?)?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Waits until no command runs any more, but not longer than for one command.
    ///
    /// It blocks, so that it can be used in a drop; the commands go on in other threads of the runtime.
    pub(super) fn settle(&self) {
        let begin = Instant::now();
        while Arc::strong_count(&self.running) > 1 && begin.elapsed() < LIMIT {
            sleep(POLL_INTERVAL);
        }
    }

    /// A command line for messages.
    pub(super) fn line(&self, arguments: &[impl AsRef<OsStr>]) -> String {
        let words = [self.path.as_os_str()].into_iter().chain(arguments.iter().map(AsRef::as_ref));
        words.map(|word| word.display().to_string()).collect::<Vec<_>>().join(" ")
    }

    fn command(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(&self.path);
        command.args(arguments).envs(self.variable.clone()).stdin(Stdio::null());
        command
    }

    async fn output(&self, arguments: &[impl AsRef<OsStr>], limit: Duration) -> Result<Output> {
        let mut command = tokio::process::Command::from(self.command(arguments));
        let running = Arc::clone(&self.running);
        let task = tokio::spawn(async move {
            let output = timeout(limit, command.kill_on_drop(true).output()).await;
            drop(running);
            output
        });
        let output = task.await.context("the runtime has ended")?;
        let output = output.with_context(|| format!("{} did not end", self.line(arguments)))?;
        output.with_context(|| format!("cannot run {}", self.path.display()))
    }

    fn check(&self, arguments: &[impl AsRef<OsStr>], output: Output) -> Result<Output> {
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            bail!("{} failed: {stderr}", self.line(arguments));
        }
        Ok(output)
    }
}
