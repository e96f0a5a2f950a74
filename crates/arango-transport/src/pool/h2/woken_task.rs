//! Futures that share a task and are polled only when they were woken.

use std::pin::Pin;
use std::task::{Context, Poll};

use crate::pool::sub_waker::SubWaker;

/// One of several futures that share a task.
pub(super) struct WokenTask<F> {
    future: F,
    waker: SubWaker,
}

impl<F: Future + Unpin> WokenTask<F> {
    pub(super) fn new(future: F) -> Self {
        Self { future, waker: SubWaker::default() }
    }

    pub(super) fn get(&self) -> &F {
        &self.future
    }

    /// Makes the next poll run the future.
    pub(super) fn wake_task(&self) {
        self.waker.set_woken();
    }

    /// Polls the future if it was woken or if the task is new; otherwise returns `None`.
    pub(super) fn poll(&mut self, cx: &Context<'_>) -> Option<Poll<F::Output>> {
        let waker = self.waker.if_woken(cx)?;
        Some(Pin::new(&mut self.future).poll(&mut Context::from_waker(waker)))
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};
    use std::task::{Wake, Waker};

    use super::*;

    /// A task that counts its wake-ups.
    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_future_is_polled_only_if_it_was_woken_or_its_task_is_new() {
        let waker = Mutex::new(None::<Waker>);
        let polled = AtomicUsize::new(0);
        let mut future = WokenTask::new(poll_fn(|cx| {
            polled.fetch_add(1, Ordering::Relaxed);
            *waker.lock().unwrap() = Some(cx.waker().clone());
            Poll::<()>::Pending
        }));
        let task = Arc::<Task>::default();
        let mut poll = |task: &Arc<Task>| {
            let waker = Waker::from(Arc::clone(task));
            future.poll(&Context::from_waker(&waker)).is_some()
        };
        assert!(poll(&task), "the first poll");
        assert!(!poll(&task), "another future woke the task");
        waker.lock().unwrap().as_ref().unwrap().wake_by_ref();
        assert_eq!(task.0.load(Ordering::Relaxed), 1, "the task is woken");
        assert!(poll(&task));
        assert!(!poll(&task));
        let other = Arc::<Task>::default();
        assert!(poll(&other), "a new task must register its waker");
        waker.lock().unwrap().take().unwrap().wake();
        assert_eq!((task.0.load(Ordering::Relaxed), other.0.load(Ordering::Relaxed)), (1, 1));
        assert!(poll(&other));
        future.wake_task();
        let waker = Waker::from(other);
        assert!(future.poll(&Context::from_waker(&waker)).is_some(), "woken explicitly");
        assert_eq!(polled.load(Ordering::Relaxed), 5);
    }
}
