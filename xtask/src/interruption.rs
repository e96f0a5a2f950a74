//! Signals that ask this process to end: Ctrl-C, SIGTERM, a closed terminal.

use std::fmt;

use anyhow::{Context, Result};

/// One received signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interruption {
    /// The number of the signal, as used in exit codes.
    pub(crate) signal: u8,
}

/// As an error: what was in progress is not completed.
impl std::error::Error for Interruption {}

impl fmt::Display for Interruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

/// Waits for a future, which is dropped if a signal arrives before.
///
/// # Errors
/// That of the future, or the [`Interruption`].
pub(crate) fn unless_interrupted<T>(
    future: impl Future<Output = Result<T>>,
) -> impl Future<Output = Result<T>> {
    // Starting and recording a cluster are large futures.
    let future = Box::pin(future);
    async move {
        let mut interruptions = Interruptions::listen()?;
        tokio::select! {
            result = future => result,
            interruption = interruptions.next() => Err(interruption.into()),
        }
    }
}

/// Receives signals from its creation on, so that none is lost before the first wait.
#[derive(Debug)]
pub(crate) struct Interruptions {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    hangup: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

#[cfg(unix)]
impl Interruptions {
    /// Starts listening. From then on these signals no longer end the process by default.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn listen() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        let on = |kind| signal(kind).context("cannot listen to signals");
        Ok(Self {
            interrupt: on(SignalKind::interrupt())?,
            terminate: on(SignalKind::terminate())?,
            hangup: on(SignalKind::hangup())?,
        })
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) -> Interruption {
        let signal = tokio::select! {
            _ = self.hangup.recv() => 1,
            _ = self.interrupt.recv() => 2,
            _ = self.terminate.recv() => 15,
        };
        Interruption { signal }
    }
}

#[cfg(windows)]
impl Interruptions {
    /// Starts listening. From then on Ctrl-C no longer ends the process by default.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn listen() -> Result<Self> {
        let interrupt = tokio::signal::windows::ctrl_c().context("cannot listen to Ctrl-C")?;
        Ok(Self { interrupt })
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) -> Interruption {
        self.interrupt.recv().await;
        Interruption { signal: 2 }
    }
}
