//! Attempt layers that list the coordinators when they are created and when they are dropped.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::task::{Context, Poll};
use std::time::Duration;

use arango::Client;
use tower::{Layer, Service};

/// Counts listings that completed and listings that timed out.
#[derive(Clone, Default)]
pub(super) struct CoordinatorListing {
    pub(super) client: Arc<OnceLock<Client>>,
    pub(super) completed: Arc<AtomicUsize>,
    pub(super) timed_out: Arc<AtomicUsize>,
}

impl CoordinatorListing {
    /// Lists the coordinators and returns the layer. It lists them again when its last service is dropped.
    pub(super) fn layer(&self) -> InspectingLayer {
        self.list_coordinators();
        InspectingLayer(Arc::new(ListOnDrop(self.clone())))
    }

    /// Lists the coordinators in another thread. A lock held here then leads to a timeout instead of a deadlock.
    fn list_coordinators(&self) {
        let Some(client) = self.client.get().cloned() else { return };
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || sender.send(client.coordinators().len()));
        let count = match receiver.recv_timeout(Duration::from_secs(10)) {
            Ok(_) => &self.completed,
            Err(_) => &self.timed_out,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Lists the coordinators when it is dropped.
struct ListOnDrop(CoordinatorListing);

impl Drop for ListOnDrop {
    fn drop(&mut self) {
        self.0.list_coordinators();
    }
}

pub(super) struct InspectingLayer(Arc<ListOnDrop>);

#[derive(Clone)]
pub(super) struct InspectingService<S> {
    inner: S,
    _last: Arc<ListOnDrop>,
}

impl<S> Layer<S> for InspectingLayer {
    type Service = InspectingService<S>;

    fn layer(&self, inner: S) -> InspectingService<S> {
        InspectingService { inner, _last: Arc::clone(&self.0) }
    }
}

impl<S: Service<R>, R> Service<R> for InspectingService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> S::Future {
        self.inner.call(request)
    }
}
