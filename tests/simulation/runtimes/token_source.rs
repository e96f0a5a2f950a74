//! A token source that responds, hangs or panics, depending on the phase.

use std::future::pending;
use std::panic::resume_unwind;
use std::time::Duration;

use arango::TokenSource;
use arango::transport::secrecy::SecretString;
use arango::transport::{BoxError, BoxFuture};
use tokio::time::{Instant, sleep};

use super::network::{Network, SourceMode};

/// Time for which the source is not called after a panic.
pub(crate) const HOLD_OFF: Duration = Duration::from_secs(1);

/// Returns the token of the current cluster.
pub(crate) struct TestTokenSource {
    pub(crate) network: Network,
    pub(crate) fresh_for: Option<Duration>,
}

impl TokenSource for TestTokenSource {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
        Box::pin(async {
            let login = self.network.begin_login();
            let mode = {
                let mut state = self.network.state();
                if state.panicked.is_some_and(|at| Instant::now() < at + HOLD_OFF) {
                    state.counts.calls_during_hold_off += 1;
                }
                state.source
            };
            match mode {
                SourceMode::Responds => {}
                SourceMode::Delays(delay) => sleep(delay).await,
                SourceMode::Hangs => pending().await,
                SourceMode::Panics => {
                    self.network.state().panicked = Some(Instant::now());
                    // Without a message on stderr, unlike `panic!`.
                    resume_unwind(Box::new("the token source panics"));
                }
            }
            drop(login);
            Ok(SecretString::from(self.network.state().token.clone()))
        })
    }

    fn fresh_for(&self) -> Option<Duration> {
        self.fresh_for
    }
}
