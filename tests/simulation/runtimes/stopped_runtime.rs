//! A runtime that is no longer running, but has not been dropped.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use arango_test_cluster::{FaultGuard, TestCluster};
use tokio::runtime::{Handle, Runtime};

/// What a phase leaves to the next one.
pub(crate) struct StoppedRuntime {
    pub(crate) runtime: Runtime,
    pub(crate) guards: Vec<FaultGuard>,
    pub(crate) cluster: TestCluster,
    /// When it is dropped, counted from the start of the next phase.
    pub(crate) drop_after: Duration,
}

/// A stopped runtime until it is dropped. Clones are the same runtime.
#[derive(Clone)]
pub(crate) struct StoppedRuntimeHandle(Arc<Mutex<Option<StoppedRuntime>>>);

impl StoppedRuntimeHandle {
    pub(crate) fn new(stopped: Option<StoppedRuntime>) -> Self {
        Self(Arc::new(Mutex::new(stopped)))
    }

    /// Drops the runtime on a separate thread, since a runtime cannot be dropped within another, and waits for that.
    pub(crate) fn drop_now(&self) {
        let stopped = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(StoppedRuntime { runtime, guards, cluster, .. }) = stopped else { return };
        let current = Handle::try_current().ok();
        let dropping = thread::spawn(move || {
            // So that the dropped tasks see the clock of the current runtime.
            let _entered = current.as_ref().map(Handle::enter);
            drop(runtime);
            drop((guards, cluster));
        });
        dropping.join().expect("a runtime can be dropped");
    }
}
