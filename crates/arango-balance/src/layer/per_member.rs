//! One service per member.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;
use tower::util::Oneshot;
use tower::{Service, ServiceExt};

use crate::layer::balance::Routed;
use crate::members::member::{Member, WeakMember};

/// Sends each request to the service of the member picked for it.
///
/// A service is created when its member is first picked, and kept until it is [forgotten](Self::forget). Of services
/// created concurrently one is kept. A service is polled for readiness only after the pick, as part of the response
/// future: a member that is not ready delays no request to another.
pub struct PerMember<K, S> {
    table: Arc<Table<K, S>>,
}

type Make<K, S> = Box<dyn Fn(&Member<K>) -> S + Send + Sync>;

struct Table<K, S> {
    make: Make<K, S>,
    // Indexed by the member's slot.
    services: RwLock<Vec<Option<Slot<K, S>>>>,
}

/// A service and its member: a slot is reused for another member.
struct Slot<K, S> {
    member: WeakMember<K>,
    service: S,
}

impl<K, S: Clone> PerMember<K, S> {
    /// Creates the service of a member with `make`.
    pub fn new(make: impl Fn(&Member<K>) -> S + Send + Sync + 'static) -> Self {
        Self { table: Arc::new(Table { make: Box::new(make), services: RwLock::default() }) }
    }

    /// Drops the service of a retired member: see
    /// [`MembersBuilder::on_retirement`](crate::MembersBuilder::on_retirement).
    ///
    /// A service that holds its member keeps it alive until then.
    pub fn forget(&self, member: &Member<K>) {
        let mut services = self.table.services.write().unwrap_or_else(PoisonError::into_inner);
        let forgotten = services.get_mut(member.slot()).and_then(Option::take);
        // Its destructor may take the lock again.
        drop(services);
        drop(forgotten);
    }

    fn service(&self, member: &Member<K>) -> S {
        let slot = member.slot();
        let services = self.table.services.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(Some(entry)) = services.get(slot)
            && entry.member.is(member)
        {
            return entry.service.clone();
        }
        drop(services);
        self.create(member)
    }

    #[cold]
    fn create(&self, member: &Member<K>) -> S {
        let slot = member.slot();
        // Without the lock, because `make` may use this service. Of two created concurrently one is kept.
        let made = (self.table.make)(member);
        let mut services = self.table.services.write().unwrap_or_else(PoisonError::into_inner);
        if services.len() <= slot {
            services.resize_with(slot + 1, || None);
        }
        if let Some(entry) = &services[slot]
            && entry.member.is(member)
        {
            let service = entry.service.clone();
            drop(services);
            return service;
        }
        let before = services[slot].replace(Slot { member: member.downgrade(), service: made.clone() });
        // Its destructor may take the lock again.
        drop(services);
        drop(before);
        made
    }
}

impl<K, S, Req> Service<Routed<K, Req>> for PerMember<K, S>
where
    S: Service<Req> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, Req>;

    // The service to be called is not known yet.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, routed: Routed<K, Req>) -> Self::Future {
        let mut service = self.service(&routed.member);
        // Most services are ready at once: then neither the service nor the request is stored. Others are polled again,
        // with a real waker.
        let state = match service.poll_ready(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(())) => State::Called { response: service.call(routed.request) },
            Poll::Ready(Err(error)) => State::Failed { error: Some(error) },
            Poll::Pending => State::Waiting { oneshot: service.oneshot(routed.request) },
        };
        ResponseFuture { state }
    }
}

pin_project! {
    /// Response future of [`PerMember`].
    pub struct ResponseFuture<S, Req>
    where
        S: Service<Req>,
    {
        #[pin]
        state: State<S, Req>,
    }
}

pin_project! {
    #[project = Projected]
    enum State<S, Req>
    where
        S: Service<Req>,
    {
        Called { #[pin] response: S::Future },
        Waiting { #[pin] oneshot: Oneshot<S, Req> },
        Failed { error: Option<S::Error> },
    }
}

impl<S, Req> Future for ResponseFuture<S, Req>
where
    S: Service<Req>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            Projected::Called { response } => response.poll(cx),
            Projected::Waiting { oneshot } => oneshot.poll(cx),
            Projected::Failed { error } => {
                Poll::Ready(Err(error.take().expect("a future is not polled after completion")))
            }
        }
    }
}

impl<S: Service<Req>, Req> fmt::Debug for ResponseFuture<S, Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

impl<K, S> Clone for PerMember<K, S> {
    fn clone(&self) -> Self {
        Self { table: Arc::clone(&self.table) }
    }
}

impl<K, S> fmt::Debug for PerMember<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerMember").finish_non_exhaustive()
    }
}
