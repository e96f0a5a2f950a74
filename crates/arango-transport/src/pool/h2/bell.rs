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

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::sync::Mutex;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// A task that only counts how often it was woken.
    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn only_what_was_woken_is_polled_and_all_of_it_by_another_task() {
        let waker = Mutex::new(None::<Waker>);
        let polled = AtomicUsize::new(0);
        let mut belled = Belled::new(poll_fn(|cx| {
            polled.fetch_add(1, Ordering::Relaxed);
            *waker.lock().unwrap() = Some(cx.waker().clone());
            Poll::<()>::Pending
        }));
        let task = Arc::<Task>::default();
        let mut poll = |task: &Arc<Task>| {
            let waker = Waker::from(Arc::clone(task));
            belled.poll(&Context::from_waker(&waker)).is_some()
        };
        assert!(poll(&task), "for the first time");
        assert!(!poll(&task), "the task was woken for somebody else");
        waker.lock().unwrap().as_ref().unwrap().wake_by_ref();
        assert_eq!(task.0.load(Ordering::Relaxed), 1, "it does not know for whom");
        assert!(poll(&task));
        assert!(!poll(&task));
        let other = Arc::<Task>::default();
        assert!(poll(&other), "what it wakes has to be the task that polls it");
        waker.lock().unwrap().take().unwrap().wake();
        assert_eq!((task.0.load(Ordering::Relaxed), other.0.load(Ordering::Relaxed)), (1, 1));
        assert!(poll(&other));
        belled.ring();
        let waker = Waker::from(other);
        assert!(belled.poll(&Context::from_waker(&waker)).is_some(), "rung by hand");
        assert_eq!(polled.load(Ordering::Relaxed), 5);
    }
}
