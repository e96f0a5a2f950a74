//! The task of discovery: what starts it, and what it requests.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use arango_balance::{DiscoveryTask, MemberOrigin, Members};

use crate::client::discovery::{Discover, Discovery, MAX_EXTRA_ENDPOINTS, MissingPermission, is_local};
use crate::client::transport::{Inner, Transport};
use crate::tls::Handshakes;
use crate::types::coordinator::Coordinator;

/// Discovery as it is set in the builder: the settings, and what starts it.
///
/// Nothing else names the task, so it is compiled only for programs that set discovery.
pub(crate) struct DiscoverySetting {
    pub(crate) discovery: Discovery,
    start: Box<StartDiscovery>,
}

type StartDiscovery = dyn FnOnce(
        &Discovery,
        &Members<Coordinator>,
        Arc<Handshakes>,
        Weak<Inner>,
    ) -> Option<Box<dyn DiscoveryHandle>>
    + Send
    + Sync;

impl DiscoverySetting {
    #[inline]
    pub(crate) fn new(discovery: Discovery, discover: Arc<dyn Discover>) -> Self {
        let start = move |discovery: &Discovery, members: &Members<_>, handshakes, inner| {
            start_discovery(discovery, discover, members, handshakes, inner)
        };
        Self { discovery, start: Box::new(start) }
    }

    /// Creates the discovery task, if discovery is enabled.
    pub(crate) fn start(
        self,
        members: &Members<Coordinator>,
        handshakes: Arc<Handshakes>,
        inner: Weak<Inner>,
    ) -> Option<Box<dyn DiscoveryHandle>> {
        (self.start)(&self.discovery, members, handshakes, inner)
    }
}

/// The discovery task of a client.
pub(crate) trait DiscoveryHandle: Send + Sync {
    /// Starts the task unless it is running.
    fn ensure_running(&self);

    fn replace_seeds(&self, seeds: &[Coordinator]);

    /// Returns where a coordinator comes from; `None` if it is not known.
    fn origin(&self, coordinator: &Coordinator) -> Option<MemberOrigin<Coordinator>>;

    /// Ends the task for good.
    fn stop(&self);
}

impl DiscoveryHandle for DiscoveryTask<Coordinator> {
    #[inline]
    fn ensure_running(&self) {
        self.ensure_running();
    }

    #[inline]
    fn replace_seeds(&self, seeds: &[Coordinator]) {
        self.replace_seeds(seeds);
    }

    #[inline]
    fn origin(&self, coordinator: &Coordinator) -> Option<MemberOrigin<Coordinator>> {
        self.origin(coordinator)
    }

    #[inline]
    fn stop(&self) {
        self.stop();
    }
}

#[inline]
fn start_discovery(
    discovery: &Discovery,
    discover: Arc<dyn Discover>,
    members: &Members<Coordinator>,
    handshakes: Arc<Handshakes>,
    inner: Weak<Inner>,
) -> Option<Box<dyn DiscoveryHandle>> {
    let policy = discovery.policy.clone()?;
    let (query, list_inner) = (Arc::clone(&discover), inner.clone());
    let discovery = discovery.clone();
    let list = move |coordinator: Coordinator| {
        let (query, inner) = (Arc::clone(&query), list_inner.clone());
        let (discovery, handshakes) = (discovery.clone(), Arc::clone(&handshakes));
        async move {
            let transport = transport(&inner)?;
            let endpoints =
                query.endpoints(transport.clone(), coordinator).await.map_err(|error| describe(&*error))?;
            let tls = transport.any_seed(Coordinator::is_tls);
            // A loopback address means the coordinator's machine. It is used only if a seed is local or a
            // mapping is set.
            let allow_local = discovery.map.is_some() || transport.any_seed(is_local);
            let (mut usable, mut seen) = (Vec::new(), HashSet::new());
            let max = MAX_EXTRA_ENDPOINTS + transport.0.members.snapshot().len();
            if endpoints.len() > max {
                tracing::debug!(
                    listed = endpoints.len(),
                    max,
                    "the list of coordinators is too long, the rest is ignored"
                );
            }
            let considered = endpoints.iter().take(max);
            for coordinator in considered.filter_map(|endpoint| discovery.coordinator_of(endpoint, tls)) {
                if !seen.insert(coordinator.clone()) {
                    // A duplicate, already checked.
                } else if is_local(&coordinator) && !allow_local {
                    tracing::debug!(%coordinator, "a listed coordinator has a loopback address");
                } else if let Err(error) = handshakes.check(std::slice::from_ref(&coordinator)) {
                    tracing::debug!(%coordinator, %error, "a listed coordinator cannot be used");
                } else {
                    usable.push(coordinator);
                }
            }
            Ok(usable)
        }
    };
    let warned = Arc::new(AtomicBool::new(false));
    let identify = move |coordinator: Coordinator| {
        let (discover, inner, warned) = (Arc::clone(&discover), inner.clone(), Arc::clone(&warned));
        async move {
            let identity = discover.identify(transport(&inner)?, coordinator.clone()).await;
            identity.map_err(|error| {
                let message = describe(&*error);
                if error.is::<MissingPermission>() && !warned.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%coordinator, "coordinator discovery failed: {message}");
                }
                message
            })
        }
    };
    Some(Box::new(DiscoveryTask::new(members.clone(), policy, list, identify)))
}

fn transport(inner: &Weak<Inner>) -> Result<Transport, String> {
    inner.upgrade().map(Transport).ok_or_else(|| "the client was dropped".to_owned())
}

/// Returns the error and its causes in one line.
#[inline]
fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |message, cause| format!("{message}: {cause}"))
}

impl Transport {
    /// Returns whether a seed satisfies the predicate.
    fn any_seed(&self, predicate: impl Fn(&Coordinator) -> bool) -> bool {
        let members = self.0.members.snapshot();
        let is_seed = |coordinator: &Coordinator| self.member_origin(coordinator) == Some(MemberOrigin::Seed);
        members.iter().any(|member| predicate(member.key()) && is_seed(member.key()))
    }
}
