//! One service for each member.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};

use tower::util::Oneshot;
use tower::{Service, ServiceExt};

use crate::{Member, Routed};

/// Sends each request to the service of the member that was picked for it.
///
/// A service is made when its member is first picked, and kept. It is asked for readiness only
/// after the pick, as part of the answer: a member that is not ready keeps no request from another.
pub struct PerMember<K, S> {
    table: Arc<Table<K, S>>,
}

type Make<K, S> = Box<dyn Fn(&Member<K>) -> S + Send + Sync>;

struct Table<K, S> {
    make: Make<K, S>,
    // By the member's slot.
    services: RwLock<Vec<Option<S>>>,
}

impl<K, S: Clone> PerMember<K, S> {
    /// Makes the service of a member with `make`.
    pub fn new(make: impl Fn(&Member<K>) -> S + Send + Sync + 'static) -> Self {
        Self { table: Arc::new(Table { make: Box::new(make), services: RwLock::default() }) }
    }

    fn service(&self, member: &Member<K>) -> S {
        let slot = member.slot();
        let services = self.table.services.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(Some(service)) = services.get(slot) {
            return service.clone();
        }
        drop(services);
        let mut services = self.table.services.write().unwrap_or_else(PoisonError::into_inner);
        if services.len() <= slot {
            services.resize_with(slot + 1, || None);
        }
        services[slot].get_or_insert_with(|| (self.table.make)(member)).clone()
    }
}

impl<K, S, Req> Service<Routed<K, Req>> for PerMember<K, S>
where
    S: Service<Req> + Clone,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Oneshot<S, Req>;

    // Which service will be called is not known yet.
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, routed: Routed<K, Req>) -> Self::Future {
        self.service(&routed.member).oneshot(routed.request)
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
