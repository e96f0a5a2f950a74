//! A login that is under way, and the calls that wait for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Poll;

use tokio::sync::Notify;

use crate::session::{LoggedIn, Session};

/// A login that is under way, and those who wait for it.
///
/// They are woken in the order in which they came, so that tests repeat exactly.
#[derive(Default)]
pub(crate) struct UnderWay {
    result: OnceLock<LoggedIn>,
    has_ended: AtomicBool,
    end: Notify,
}

impl UnderWay {
    /// Waits for what it comes to; `None` if its task went away with its runtime.
    pub(crate) async fn ended(&self) -> Option<LoggedIn> {
        // It hears of an end from here on, so none is missed after the look.
        let end = self.end.notified();
        if !self.has_ended.load(Ordering::SeqCst) {
            end.await;
        }
        self.result.get().cloned()
    }
}

/// Ends a login when its task is over, in whatever way: wakes all who wait for it, and lets another begin.
pub(crate) struct Ending {
    pub(crate) session: Arc<Session>,
    pub(crate) login: Arc<UnderWay>,
}

impl Ending {
    /// Ends it with a result.
    pub(crate) fn with(self, result: LoggedIn) {
        // Nobody else sets it.
        self.login.result.set(result).ok();
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.session.forget(&self.login);
        self.login.has_ended.store(true, Ordering::SeqCst);
        self.login.end.notify_waiters();
    }
}

/// A panic that was caught. What it says is left out: it may hold a secret.
#[derive(Debug)]
pub(crate) struct Panicked;

/// Runs a future to its end, or to its panic.
pub(crate) async fn caught<T>(mut future: Pin<Box<dyn Future<Output = T> + Send>>) -> Result<T, Panicked> {
    std::future::poll_fn(move |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(polled) => polled.map(Ok),
        Err(_) => Poll::Ready(Err(Panicked)),
    })
    .await
}
