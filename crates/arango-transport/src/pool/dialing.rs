//! Connections that are being opened.
//!
//! Each is opened in a task of the runtime whose request asked for it, and outlives that request: what
//! has been begun is of use to the next. It takes no longer than the limit for connecting, and ends
//! with the pool.

use std::sync::{Arc, Weak};

use tokio::runtime;

use super::connection::{Connection, Life};
use super::waiting::Since;
use super::{Pool, Shared};
use crate::attempt_error::AttemptError;
use crate::failed_attempt::Phase;
use crate::{ErrorKind, Outcome};

impl Pool {
    /// Opens a connection for whoever is next then.
    pub(super) fn dial(&self, number: u64, runtime: &runtime::Handle) {
        let age = self.0.limits.age.mul_f64(0.8 + 0.4 * self.0.jitter.unit());
        let life = Life { age, idle: self.state().keeps };
        let (dialer, open) = (Arc::clone(&self.0.dialer), self.0.open.clone());
        let ending = Ending { pool: Arc::downgrade(&self.0), number, runtime: runtime.id(), done: false };
        // Not under the lock: a runtime that is shutting down drops the task here and now.
        let task = runtime.spawn(async move {
            let result = match dialer.open().await {
                Ok(opened) => Connection::open(opened, life, dialer.head_bytes(), &open).await,
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
    fn dialed(&self, number: u64, here: runtime::Id, result: Option<Result<Connection, AttemptError>>) {
        let (next, result) = {
            let mut state = self.state();
            state.line.end_dial(number);
            match result {
                Some(Ok(connection)) => {
                    drop(state);
                    return self.hand_on(connection);
                }
                Some(Err(error)) => {
                    if error.kind() == ErrorKind::ConnectRefused {
                        // See `suspicion`.
                        state.idle.retain(|_| false);
                    }
                    match state.line.left_over(here, number) {
                        // Whose dial had less than its time to open is no reason to fail.
                        Some((next, Since::After)) => (Some(next), None),
                        next => (next.map(|(next, _)| next), Some(error)),
                    }
                }
                None => {
                    let next = state.line.left_over(here, number).map(|(next, _)| next);
                    (next, std::thread::panicking().then(panicked))
                }
            }
        };
        match (next, result) {
            (Some(next), Some(error)) => drop(next.send(Err(error))),
            // Dropped: who waits dials for itself.
            (Some(next), None) => drop(next),
            (None, Some(error)) => {
                tracing::debug!(coordinator = %self.coordinator(), %error, "a connection nobody waits for cannot be opened");
            }
            (None, None) => {}
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
    fn with(mut self, result: Result<Connection, AttemptError>) {
        self.done = true;
        if let Some(pool) = self.pool.upgrade() {
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
