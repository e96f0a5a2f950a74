//! Layers around attempts that want to know who is there, when they are made and when they go.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::task::{Context, Poll};
use std::time::Duration;

use arango::Client;
use tower::{Layer, Service};

/// What became of the questions.
#[derive(Clone, Default)]
pub(super) struct Curious {
    pub(super) client: Arc<OnceLock<Client>>,
    pub(super) answered: Arc<AtomicUsize>,
    pub(super) unanswered: Arc<AtomicUsize>,
}

impl Curious {
    /// A layer that asks now, and once more when its last service goes.
    pub(super) fn layer(&self) -> CuriousLayer {
        self.ask();
        CuriousLayer(Arc::new(Last(self.clone())))
    }

    /// Asks from another thread, so that a lock that is held here shows as silence rather than for ever.
    fn ask(&self) {
        let Some(client) = self.client.get().cloned() else { return };
        let (tell, hear) = mpsc::channel();
        std::thread::spawn(move || tell.send(client.coordinators().len()));
        let count = match hear.recv_timeout(Duration::from_secs(10)) {
            Ok(_) => &self.answered,
            Err(_) => &self.unanswered,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Asks when it goes.
struct Last(Curious);

impl Drop for Last {
    fn drop(&mut self) {
        self.0.ask();
    }
}

pub(super) struct CuriousLayer(Arc<Last>);

#[derive(Clone)]
pub(super) struct Asking<S> {
    inner: S,
    _last: Arc<Last>,
}

impl<S> Layer<S> for CuriousLayer {
    type Service = Asking<S>;

    fn layer(&self, inner: S) -> Asking<S> {
        Asking { inner, _last: Arc::clone(&self.0) }
    }
}

impl<S: Service<R>, R> Service<R> for Asking<S> {
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
