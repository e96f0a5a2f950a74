//! Pending connects.
//!
//! Each runs in a task on the runtime of the request that needed it, and outlives that request, so that the
//! next request can use the connection. It ends at the connect limit, or with the pool.

use std::sync::{Arc, Weak};

use arango_protocol::{ErrorKind, Outcome};
use tokio::runtime;

use super::connection::ConnectionLimits;
use super::h1::Http1;
use super::h2::Http2;
use super::{Pool, Shared};
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;
use crate::types::boxed::BoxFuture;
use crate::types::http_protocol::HttpProtocol;

/// A new connection.
enum NewConnection {
    Http1(Http1),
    Http2(Arc<Http2>),
}

impl Pool {
    /// Starts a connect for the waiters.
    pub(super) fn connect(&self, number: u64, runtime: &runtime::Handle) {
        let (connector, registry) = (Arc::clone(&self.0.connector), self.0.registry.clone());
        let (pool, random) = (Arc::downgrade(&self.0), Arc::clone(&self.0.random));
        let (age, idle) = (self.0.limits.age, self.state().keep_alive);
        let mut ending = ConnectEnd {
            pool: Arc::downgrade(&self.0),
            number,
            runtime: runtime.id(),
            panicked: RANDOM_SOURCE,
            done: false,
        };
        let task: BoxFuture<'static, ()> = Box::pin(async move {
            // Not before the task: a panic would be that of any call that happens to start this connect.
            let life = ConnectionLimits { age: age.mul_f64(0.8 + 0.4 * random.next_f64()), idle };
            ending.panicked = CONNECTOR;
            let (deadline, head_bytes) = (connector.deadline(), connector.head_bytes());
            let result = match connector.connect(deadline).await {
                Ok(opened) if opened.protocol == HttpProtocol::Http2 => {
                    let owner = (connector.coordinator(), pool);
                    Http2::open(opened, life, (head_bytes, deadline), &registry, owner)
                        .await
                        .map(NewConnection::Http2)
                }
                Ok(opened) => {
                    let coordinator = connector.coordinator();
                    Http1::open(opened, coordinator, life, head_bytes, &registry)
                        .await
                        .map(NewConnection::Http1)
                }
                Err(error) => Err(error),
            };
            ending.finish(result);
        });
        // Not under the lock: a runtime that is shutting down drops the task immediately.
        let task = runtime.spawn(task).abort_handle();
        if !self.state().waiters.set_task(number, &task) {
            // The connect has ended already, or the pool was closed meanwhile.
            task.abort();
        }
    }

    /// Delivers the result of a connect; `None` if its task was dropped.
    fn connected(&self, number: u64, here: runtime::Id, result: Option<Result<NewConnection, AttemptError>>) {
        let mut state = self.state();
        state.waiters.end_connect(number);
        state.connect_failed = false;
        let error = match result {
            Some(Ok(NewConnection::Http1(connection))) => {
                state.waiters.set_streams_per_connection(1);
                drop(state);
                self.deliver(connection);
                return self.connect_for_waiters();
            }
            // The waiters would connect again, endlessly if the server always closes the connection.
            Some(Ok(NewConnection::Http2(connection))) if !connection.is_open() => {
                connection.closed_on_open()
            }
            Some(Ok(NewConnection::Http2(connection))) => {
                state.waiters.set_streams_per_connection(connection.streams());
                let closed = state.closed;
                drop(state);
                // A closed pool has no waiters and keeps no connection.
                if !closed {
                    self.share(&connection);
                }
                return self.connect_for_waiters();
            }
            Some(Err(error)) => error,
            None => {
                let unserved = state.waiters.take_unserved(here, None);
                drop(state);
                // This makes the waiters connect again, on a runtime that is still running.
                drop(unserved);
                return;
            }
        };
        if error.kind() == ErrorKind::ConnectRefused {
            // See `invalidate`.
            state.idle.retain(|_| false);
            state.streams.retain_idle(|_, _| false);
        }
        let failed = state.waiters.take_unserved(here, Some(number));
        // A panic of the program's code says nothing about the coordinator.
        state.connect_failed = failed.is_empty() && error.kind() != ErrorKind::Middleware;
        drop(state);
        if failed.is_empty() {
            tracing::debug!(coordinator = %self.coordinator(), %error, "a connect without a waiter failed");
        }
        for sender in failed {
            drop(sender.send(Err(error.clone())));
        }
        // The remaining waiters may have more time than this connect had, so new connects are started for
        // them.
        self.connect_for_waiters();
    }

    /// Starts connects for waiters that still need one.
    fn connect_for_waiters(&self) {
        let Ok(runtime) = runtime::Handle::try_current() else { return };
        loop {
            let Some(number) = self.state().waiters.start_connect(runtime.id()) else { return };
            self.connect(number, &runtime);
        }
    }
}

/// The program's code that runs at the start of a connect.
const RANDOM_SOURCE: &str = "the random source of the program panicked";
/// The program's code that runs during the rest of a connect.
const CONNECTOR: &str = "the connector or resolver of the program panicked";

/// Reports the end of a connect, also if its task panics or is dropped.
struct ConnectEnd {
    pool: Weak<Shared>,
    number: u64,
    runtime: runtime::Id,
    /// The cause if the task panics now.
    panicked: &'static str,
    done: bool,
}

impl ConnectEnd {
    fn finish(mut self, result: Result<NewConnection, AttemptError>) {
        self.done = true;
        if let Some(pool) = self.pool.upgrade() {
            // Not under the lock: a subscriber of the log may call the client.
            if let Err(error) = &result {
                pool.connector.record_failure(error);
            }
            Pool(pool).connected(self.number, self.runtime, Some(result));
        }
    }
}

impl Drop for ConnectEnd {
    fn drop(&mut self) {
        if !self.done
            && let Some(pool) = self.pool.upgrade()
        {
            // A panic of the program's code says nothing about the coordinator.
            let panicked = std::thread::panicking().then(|| {
                let failed = AttemptError::new(ErrorKind::Middleware, Outcome::NotExecuted, Phase::Connect);
                Err(failed.with_source(self.panicked))
            });
            Pool(pool).connected(self.number, self.runtime, panicked);
        }
    }
}
