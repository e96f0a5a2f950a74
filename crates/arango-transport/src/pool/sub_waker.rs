//! Wakers that record who of several users of one task was woken.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};

/// The waker of one of several users of a task, which need not be polled unless it was woken.
#[derive(Default)]
pub(super) struct SubWaker(Option<Current>);

/// The waker for the task that polled last.
struct Current {
    record: Arc<WakeRecord>,
    waker: Waker,
}

/// Wakes the task and records it.
struct WakeRecord {
    is_woken: AtomicBool,
    task: Waker,
}

impl SubWaker {
    /// Returns the waker for a poll if one is due: after a wake-up, or if the task is new.
    pub(super) fn if_woken(&mut self, cx: &Context<'_>) -> Option<&Waker> {
        if !self.0.as_ref().is_some_and(|current| current.record.task.will_wake(cx.waker())) {
            let record = Arc::new(WakeRecord { is_woken: AtomicBool::new(true), task: cx.waker().clone() });
            self.0 = Some(Current { waker: Arc::clone(&record).into(), record });
        }
        let current = self.0.as_ref()?;
        // Reset before the poll, so that a wake-up during the poll counts for the next one.
        current.record.is_woken.swap(false, Ordering::AcqRel).then_some(&current.waker)
    }

    /// Makes the next poll due, without waking the task.
    pub(super) fn set_woken(&self) {
        if let Some(current) = &self.0 {
            current.record.is_woken.store(true, Ordering::Release);
        }
    }
}

impl Wake for WakeRecord {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_woken.store(true, Ordering::Release);
        self.task.wake_by_ref();
    }
}
