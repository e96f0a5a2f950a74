//! Connections that are being opened.
//!
//! Each is opened in a task of the runtime whose request asked for it, and outlives that request: what
//! has been begun is of use to the next. It takes no longer than the limit for connecting, and ends
//! with the pool.

use std::sync::{Arc, Weak};

use tokio::runtime;

use super::connection::Life;
use super::h1::Http1;
use super::h2::Http2;
use super::{Pool, Shared};
use crate::attempt_error::AttemptError;
use crate::failed_attempt::Phase;
use crate::{ErrorKind, HttpProtocol, Outcome};

/// What was opened: a connection for one request after the other, or for many.
enum Dialed {
    Http1(Http1),
    Http2(Arc<Http2>),
}

impl Pool {
    /// Opens a connection for whoever is next then.
    pub(super) fn dial(&self, number: u64, runtime: &runtime::Handle) {
        let age = self.0.limits.age.mul_f64(0.8 + 0.4 * self.0.jitter.next_f64());
        let life = Life { age, idle: self.state().keeps };
        let (dialer, open) = (Arc::clone(&self.0.dialer), self.0.open.clone());
        let pool = Arc::downgrade(&self.0);
        let ending = Ending { pool: Arc::downgrade(&self.0), number, runtime: runtime.id(), done: false };
        // Not under the lock: a runtime that is shutting down drops the task here and now.
        let task = runtime.spawn(async move {
            let (until, head_bytes) = (dialer.until(), dialer.head_bytes());
            let result = match dialer.open(until).await {
                Ok(opened) if opened.protocol == HttpProtocol::Http2 => {
                    let belongs = (dialer.coordinator(), pool);
                    Http2::open(opened, life, (head_bytes, until), &open, belongs).await.map(Dialed::Http2)
                }
                Ok(opened) => Http1::open(opened, life, head_bytes, &open, dialer.coordinator())
                    .await
                    .map(Dialed::Http1),
                Err(error) => Err(error),
            };
            ending.with(result);
        });
        let task = task.abort_handle();
        if !self.state().line.dials_in(number, &task) {
            // It has ended already, or the pool was closed in between.
            task.abort();
        }
    }

    /// Passes on what came of a dial; `None` if it did not come to an end.
    fn dialed(&self, number: u64, here: runtime::Id, result: Option<Result<Dialed, AttemptError>>) {
        let mut state = self.state();
        state.line.end_dial(number);
        let error = match result {
            Some(Ok(Dialed::Http1(connection))) => {
                state.line.carries(1);
                drop(state);
                self.hand_on(connection);
                return self.dial_for_the_rest();
            }
            // Whoever is in line would open another at once, and again, if the other end always does so.
            Some(Ok(Dialed::Http2(connection))) if !connection.is_open() => connection.ended_at_once(),
            Some(Ok(Dialed::Http2(connection))) => {
                state.line.carries(connection.streams());
                let closed = state.closed;
                drop(state);
                // Else nobody is in line, and nothing is kept.
                if !closed {
                    self.share(&connection);
                }
                return self.dial_for_the_rest();
            }
            Some(Err(error)) => error,
            None => {
                let deserted = state.line.left_over(here, None);
                drop(state);
                for sender in deserted {
                    // Dropped: who waits dials for itself, on a runtime that is still there.
                    if std::thread::panicking() {
                        drop(sender.send(Err(panicked())));
                    }
                }
                return;
            }
        };
        if error.kind() == ErrorKind::ConnectRefused {
            // See `suspicion`.
            state.idle.retain(|_| false);
            state.streams.retain_idle(|_, _| false);
        }
        let failed = state.line.left_over(here, Some(number));
        drop(state);
        if failed.is_empty() {
            tracing::debug!(coordinator = %self.coordinator(), %error, "a connection nobody waits for cannot be opened");
        }
        for sender in failed {
            drop(sender.send(Err(error.clone())));
        }
        // Whose dial had less than its time to open is no reason for others to fail.
        self.dial_for_the_rest();
    }

    /// Opens connections for those in line who still need them.
    fn dial_for_the_rest(&self) {
        let Ok(runtime) = runtime::Handle::try_current() else { return };
        loop {
            let Some(number) = self.state().line.begin_dial(runtime.id()) else { return };
            self.dial(number, &runtime);
        }
    }
}

fn panicked() -> AttemptError {
    AttemptError::new(ErrorKind::ConnectRefused, Outcome::NotExecuted, Phase::Connect)
        .because("what opens connections has panicked")
}

/// The end of a dial, which comes also if its task is dropped.
struct Ending {
    pool: Weak<Shared>,
    number: u64,
    runtime: runtime::Id,
    done: bool,
}

impl Ending {
    fn with(mut self, result: Result<Dialed, AttemptError>) {
        self.done = true;
        if let Some(pool) = self.pool.upgrade() {
            // Not under the lock: a subscriber of the log may call the client.
            if let Err(error) = &result {
                pool.dialer.note(error);
            }
            Pool(pool).dialed(self.number, self.runtime, Some(result));
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if !self.done
            && let Some(pool) = self.pool.upgrade()
        {
            Pool(pool).dialed(self.number, self.runtime, None);
        }
    }
}
