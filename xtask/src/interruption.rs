//! Requests from outside to end: Ctrl-C, SIGTERM, a terminal that goes away.

use anyhow::{Context, Result};

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interruption {
    /// The number of the signal, as it is counted in exit codes.
    pub(crate) signal: u8,
}

/// Hears them from the time it is made, so that none falls into the gap before somebody waits.
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
    /// Begins to listen; from here on, these signals no longer end the process by themselves.
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

    /// Waits for the next one.
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
    /// Begins to listen; from here on, Ctrl-C no longer ends the process by itself.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn listen() -> Result<Self> {
        let interrupt = tokio::signal::windows::ctrl_c().context("cannot listen to Ctrl-C")?;
        Ok(Self { interrupt })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Interruption {
        self.interrupt.recv().await;
        Interruption { signal: 2 }
    }
}
