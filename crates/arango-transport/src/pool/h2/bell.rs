//! Futures that share a task, and are polled only if something has woken them.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// One of several futures that share a task.
pub(super) struct Belled<F> {
    future: F,
    /// Of the task that polled it last.
    bell: Option<(Arc<Bell>, Waker)>,
}

/// Wakes the task, and remembers for whom.
struct Bell {
    rung: AtomicBool,
    task: Waker,
}

impl<F: Future + Unpin> Belled<F> {
    pub(super) fn new(future: F) -> Self {
        Self { future, bell: None }
    }

    pub(super) fn get(&self) -> &F {
        &self.future
    }

    /// Has it polled next time, whoever has woken the task.
    pub(super) fn ring(&self) {
        if let Some((bell, _)) = &self.bell {
            bell.rung.store(true, Ordering::Release);
        }
    }

    /// Polls it if it was woken, or this task has never polled it; `None` if there is no reason to.
    pub(super) fn poll(&mut self, cx: &Context<'_>) -> Option<Poll<F::Output>> {
        let (bell, waker) = match &mut self.bell {
            Some(bell) if bell.0.task.will_wake(cx.waker()) => bell,
            other => {
                let bell = Arc::new(Bell { rung: AtomicBool::new(true), task: cx.waker().clone() });
                other.insert((Arc::clone(&bell), bell.into()))
            }
        };
        // Before it is polled, so that a call which comes meanwhile counts for the next time.
        if !bell.rung.swap(false, Ordering::AcqRel) {
            return None;
        }
        Some(Pin::new(&mut self.future).poll(&mut Context::from_waker(waker)))
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rung.store(true, Ordering::Release);
        self.task.wake_by_ref();
    }
}
