//! Calls that no caller waits for.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::Handle;

/// The highest number of calls that run in the background at the same time.
const MAX_CALLS: usize = 1024;

/// Runs calls in the background. Clones share the limit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Background(Arc<AtomicUsize>);

impl Background {
    /// Starts a call, if there is a runtime, and if not too many are running.
    ///
    /// Otherwise the server ends by itself what the call would have ended.
    pub(crate) fn spawn(&self, call: impl Future<Output = ()> + Send + 'static) {
        let Ok(runtime) = Handle::try_current() else { return };
        let Some(slot) = Slot::take(&self.0) else { return };
        // One type of future for all calls: tokio compiles a task for each.
        let call: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
            call.await;
            drop(slot);
        });
        runtime.spawn(call);
    }
}

/// One of the calls.
struct Slot(Arc<AtomicUsize>);

impl Slot {
    fn take(running: &Arc<AtomicUsize>) -> Option<Self> {
        let slot = Self(Arc::clone(running));
        (running.fetch_add(1, Ordering::Relaxed) < MAX_CALLS).then_some(slot)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_calls_run_than_allowed_and_each_gives_its_place_back() {
        let background = Background::default();
        let slots: Vec<_> = (0..MAX_CALLS).map(|_| Slot::take(&background.0).unwrap()).collect();
        assert!(Slot::take(&background.0).is_none());
        drop(slots);
        assert_eq!(background.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn without_a_runtime_nothing_is_started() {
        let background = Background::default();
        background.spawn(async { unreachable!("it is not polled") });
        assert_eq!(background.0.load(Ordering::Relaxed), 0);
    }
}
