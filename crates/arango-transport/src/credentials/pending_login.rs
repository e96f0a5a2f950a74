//! A running login and the calls that wait for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use tokio::runtime;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::credentials::session::{LoginResult, Session};

/// How long calls wait for a login on another runtime. It makes no progress if that runtime is not driven.
const STALLED_AFTER: Duration = Duration::from_secs(10);

/// A running login and its waiters.
///
/// Waiters are woken in the order of their arrival, so that tests are deterministic.
pub(crate) struct PendingLogin {
    /// The runtime of its task.
    runtime: Option<runtime::Id>,
    started: Instant,
    result: OnceLock<LoginResult>,
    has_ended: AtomicBool,
    end: Notify,
}

impl PendingLogin {
    /// Creates a login that starts now, on this runtime.
    pub(crate) fn new() -> Self {
        Self {
            runtime: current_runtime(),
            started: Instant::now(),
            result: OnceLock::new(),
            has_ended: AtomicBool::new(false),
            end: Notify::new(),
        }
    }

    /// Returns whether the login may make no progress: it has taken long on another runtime.
    pub(crate) fn is_stalled(&self, now: Instant) -> bool {
        now >= self.started + STALLED_AFTER && self.runtime != current_runtime()
    }

    /// Waits for the result; returns `None` if the task was dropped with its runtime, or is stalled.
    pub(crate) async fn wait(&self) -> Option<LoginResult> {
        // Created before the check, so that an end after the check is not missed.
        let end = self.end.notified();
        if !self.has_ended.load(Ordering::SeqCst) {
            if self.runtime == current_runtime() {
                end.await;
            } else {
                // Whether it ended in time shows in the result.
                timeout_at(self.started + STALLED_AFTER, end).await.ok();
            }
        }
        self.result.get().cloned()
    }
}

fn current_runtime() -> Option<runtime::Id> {
    runtime::Handle::try_current().ok().map(|runtime| runtime.id())
}

/// Ends a login when dropped: wakes its waiters and allows the next login.
///
/// It is owned by the task of the login, so it is dropped in every case.
pub(crate) struct LoginEnd {
    pub(crate) session: Arc<Session>,
    pub(crate) login: Arc<PendingLogin>,
}

impl LoginEnd {
    /// Ends the login with a result.
    pub(crate) fn finish(self, result: LoginResult) {
        // It cannot be set already: only this task sets it.
        self.login.result.set(result).ok();
    }
}

impl Drop for LoginEnd {
    fn drop(&mut self) {
        self.session.remove_login(&self.login);
        self.login.has_ended.store(true, Ordering::SeqCst);
        self.login.end.notify_waiters();
    }
}

/// A caught panic, without its message, which may contain a secret.
#[derive(Debug)]
pub(crate) struct Panicked;

/// Runs a future and catches a panic.
pub(crate) async fn catch_panic<T>(
    mut future: Pin<Box<dyn Future<Output = T> + Send>>,
) -> Result<T, Panicked> {
    std::future::poll_fn(move |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(polled) => polled.map(Ok),
        Err(_) => Poll::Ready(Err(Panicked)),
    })
    .await
}
