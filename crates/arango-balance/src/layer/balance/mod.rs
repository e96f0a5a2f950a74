//! The layer and service that pick a member for each request.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower::{Layer, Service};

use crate::members::in_flight::InFlight;
use crate::members::member::Member;
use crate::members::set::Members;
use crate::pick::policy::Policy;
use crate::pick::route::Route;

/// Layer that creates [`Balance`] services.
pub struct BalanceLayer<K, P, Req> {
    members: Members<K>,
    policy: Arc<P>,
    route: fn(&Req) -> Route<'_, K>,
}

impl<K, P, Req> BalanceLayer<K, P, Req> {
    /// Distributes requests over `members` by `policy`.
    ///
    /// Every request may go to any member.
    pub fn new(members: Members<K>, policy: P) -> Self
    where
        P: Policy<K, Req>,
    {
        if policy.wants_load() {
            members.measure_load();
        }
        Self { members, policy: Arc::new(policy), route: |_| Route::any() }
    }

    /// Sets how the [`Route`] is read from a request. Default: [`Route::any`].
    #[must_use]
    pub fn route_by(mut self, route: fn(&Req) -> Route<'_, K>) -> Self {
        self.route = route;
        self
    }
}

impl<S, K, P, Req> Layer<S> for BalanceLayer<K, P, Req> {
    type Service = Balance<S, K, P, Req>;

    fn layer(&self, inner: S) -> Self::Service {
        let (members, policy) = (self.members.clone(), Arc::clone(&self.policy));
        Balance { inner, picker: Arc::new(Picker { members, policy, route: self.route }) }
    }
}

/// Service that picks a member for each request.
pub struct Balance<S, K, P, Req> {
    inner: S,
    // One pointer, because callers may clone the service for each request.
    picker: Arc<Picker<K, P, Req>>,
}

/// What picks a member.
struct Picker<K, P, Req> {
    members: Members<K>,
    policy: Arc<P>,
    route: fn(&Req) -> Route<'_, K>,
}

/// A request and the member picked for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Routed<K, Req> {
    /// The member.
    pub member: Member<K>,
    /// The request.
    pub request: Req,
}

impl<S, K, P, Req> Service<Req> for Balance<S, K, P, Req>
where
    S: Service<Routed<K, Req>>,
    S::Error: From<NoMember>,
    K: PartialEq + Clone + Send + Sync + 'static,
    P: Policy<K, Req>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, K>;

    // The member is picked in `call`, so the inner service must be ready for any: see `PerMember`.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Req) -> Self::Future {
        let picker = &*self.picker;
        let route = (picker.route)(&request);
        let now = route.now.unwrap_or_else(Instant::now);
        let pinned = route.pinned.is_some();
        let in_flight = picker.members.pick(&picker.policy, &request, &route, now);
        let response = in_flight.as_ref().map(|in_flight| {
            let member = in_flight.member().clone();
            self.inner.call(Routed { member, request })
        });
        ResponseFuture { response, in_flight, pinned }
    }
}

pin_project! {
    /// Response future of [`Balance`].
    pub struct ResponseFuture<F, K> {
        // `None`: no member could be picked, and nothing was sent.
        #[pin]
        response: Option<F>,
        in_flight: Option<InFlight<K>>,
        pinned: bool,
    }
}

impl<F, K, T, E> Future for ResponseFuture<F, K>
where
    F: Future<Output = Result<T, E>>,
    E: From<NoMember>,
{
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(response) = this.response.as_pin_mut() else {
            return Poll::Ready(Err(NoMember { pinned: *this.pinned }.into()));
        };
        let result = ready!(response.poll(cx));
        // At the response, not when the future is dropped, which may be much later.
        *this.in_flight = None;
        Poll::Ready(result)
    }
}

/// No member could be picked.
///
/// The set is empty, or the pinned member is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoMember {
    pinned: bool,
}

impl NoMember {
    /// Whether the request was pinned to a member.
    pub fn was_pinned(self) -> bool {
        self.pinned
    }
}

impl fmt::Display for NoMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.pinned {
            "the member that the request is pinned to is not in the set"
        } else {
            "no member could be picked for the request"
        })
    }
}

impl std::error::Error for NoMember {}

impl<K, P, Req> Clone for BalanceLayer<K, P, Req> {
    fn clone(&self) -> Self {
        Self { members: self.members.clone(), policy: Arc::clone(&self.policy), route: self.route }
    }
}

impl<S: Clone, K, P, Req> Clone for Balance<S, K, P, Req> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), picker: Arc::clone(&self.picker) }
    }
}

impl<K: fmt::Debug, P, Req> fmt::Debug for BalanceLayer<K, P, Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BalanceLayer").field("members", &self.members).finish_non_exhaustive()
    }
}

impl<S: fmt::Debug, K: fmt::Debug, P, Req> fmt::Debug for Balance<S, K, P, Req> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Balance")
            .field("inner", &self.inner)
            .field("members", &self.picker.members)
            .finish_non_exhaustive()
    }
}

impl<F, K> fmt::Debug for ResponseFuture<F, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
