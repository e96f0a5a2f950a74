//! A running login and the calls that wait for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Poll;

use tokio::sync::Notify;

use crate::credentials::session::{LoginResult, Session};

/// A running login and its waiters.
///
/// Waiters are woken in the order of their arrival, so that tests are deterministic.
#[derive(Default)]
pub(crate) struct PendingLogin {
    result: OnceLock<LoginResult>,
    has_ended: AtomicBool,
    end: Notify,
}

impl PendingLogin {
    /// Waits for the result; returns `None` if the task was dropped with its runtime.
    pub(crate) async fn wait(&self) -> Option<LoginResult> {
        // Created before the check, so that an end after the check is not missed.
        let end = self.end.notified();
        if !self.has_ended.load(Ordering::SeqCst) {
            end.await;
        }
        self.result.get().cloned()
    }
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
