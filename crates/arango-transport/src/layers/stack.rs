//! The order of the layers, and the reasons for it.

use std::sync::{Arc, OnceLock};

use arango_balance::{Balance, BalanceLayer, Member, Members, PerMember, Policy, Route};
use tower::{Layer, ServiceBuilder};

use crate::call::attempt_request::AttemptRequest;
use crate::call::recently_created::RecentlyCreated;
use crate::call::settings::{PerCallPolicy, Settings, SharedSettings};
use crate::call::token_acceptance::TokenAcceptance;
use crate::client::builder::Parts;
use crate::client::lifecycle::Lifecycle;
use crate::client::transport::{Inner, Transport};
use crate::client::{discovery, probe};
use crate::compression::compressor::Compression;
use crate::config::invalid_settings::InvalidSettings;
use crate::layers::attempt::{AttemptLayer, SingleAttempt};
use crate::layers::auth::{Auth, AuthLayer};
use crate::layers::finalize::{Finalize, FinalizeLayer};
use crate::layers::hedge::tracker::HedgeTracker;
use crate::layers::middleware::CallService;
use crate::layers::retry::facts::Knowledge;
use crate::layers::retry::{Retry, RetryLayer};
use crate::pool::Pool;
use crate::pool::pools::Pools;
use crate::telemetry::metrics::{self, Sampler};
use crate::tls::Handshakes;
use crate::types::coordinator::Coordinator;
use crate::types::hosts::Hosts;

/// The layers between the balance layer and one coordinator's pool.
type Attempt = SingleAttempt;

/// The stack without middleware around calls. A named type, so that nothing needs to be boxed.
pub(crate) type CoreStack =
    Retry<Auth<Balance<PerMember<Coordinator, Attempt>, Coordinator, PerCallPolicy, AttemptRequest>>>;

/// Assembles the stack.
///
/// The layers, outermost first:
///
/// | layer | why here |
/// |---|---|
/// | trace | sees what the caller sees, including waits and retries |
/// | deadline | one limit for everything below, including middleware; without middleware the retry layer enforces it |
/// | middleware around calls | see each call once |
/// | retry | above balance: a retry may pick another coordinator |
/// | auth | below retry: each attempt carries the current credentials; above balance: they are valid cluster-wide |
/// | balance | everything above is independent of an address |
/// | attempt | above middleware around attempts, which therefore cannot remove the coordinator from an error |
/// | middleware around attempts | sees each attempt at its coordinator |
/// | finalize | middleware above it sees plain paths and uncompressed bodies, and may replace them |
/// | pool | limits connections per coordinator: a slow one does not affect others |
///
/// The first two are in [`Transport::send`].
pub(crate) fn assemble(
    hosts: &Hosts,
    handshakes: Handshakes,
    parts: Parts,
) -> Result<Transport, InvalidSettings> {
    let Parts { limits, pool, retry, hedging, compression, health, credentials, policy, zones, .. } = parts;
    let Parts { random, mut network, middleware, discovery, .. } = parts;
    let policy = policy(&zones, &random)?;
    let wants_load = policy.wants_load();
    let settings = SharedSettings::new(Settings { limits, credentials, policy });
    let current = settings.clone();
    network.limits = Arc::new(move || current.load().limits.clone());
    let handshakes = Arc::new(handshakes);
    let token_acceptance = TokenAcceptance::new();
    let lifecycle = Lifecycle::new();
    let pools = Pools::new(network, Arc::clone(&handshakes), pool, Arc::clone(&random));
    let services = {
        let (pools, middleware, acceptance) = (pools.clone(), middleware.clone(), token_acceptance.clone());
        PerMember::new(move |member: &Member<Coordinator>| {
            let coordinator = member.key();
            let inner = middleware.wrap_attempts(coordinator, finalize(&pools, member, compression));
            let last_accepted = acceptance.entry(coordinator);
            AttemptLayer::new(member.clone(), pools.of(member), last_accepted).layer(inner)
        })
    };
    let members = {
        let (probed, ejected, removed) = (pools.clone(), pools.clone(), pools.clone());
        let (retired, retired_services) = (pools.clone(), services.clone());
        Members::builder()
            .health(health)
            .random_source(Arc::clone(&random))
            .probe(move |member| {
                probe::availability(finalize(&probed, &member, Compression::default()), probed.of(&member))
            })
            .on_ejection(move |member| {
                ejected.get(member).iter().for_each(Pool::record_ejection);
                metrics::ejected(member.key());
            })
            .on_removal(move |member| removed.get(member).iter().for_each(Pool::retire))
            .on_retirement(move |member| {
                retired_services.forget(member);
                retired.forget(member);
                metrics::removed(member.key());
            })
            .build(hosts.coordinators().iter().cloned())
    };
    if wants_load {
        members.measure_load();
    }
    let knowledge = Knowledge {
        members: members.clone(),
        random: Arc::clone(&random),
        policy: retry,
        created: RecentlyCreated::default(),
        token_acceptance,
    };
    let retry = RetryLayer::new(
        knowledge,
        settings.clone(),
        middleware.untracked.clone(),
        lifecycle.clone(),
        HedgeTracker::new(hedging),
        compression,
    );
    let core: CoreStack = ServiceBuilder::new()
        .layer(retry.clone())
        .layer(AuthLayer::new(retry))
        .layer(BalanceLayer::new(members.clone(), PerCallPolicy).route_by(route))
        .service(services);
    let with_middleware =
        middleware.has_calls().then(|| middleware.wrap_calls(CallService::new(core.clone())));
    metrics::describe();
    let transport = Transport(Arc::new(Inner {
        core,
        with_middleware,
        members,
        pools,
        settings,
        handshakes: Arc::clone(&handshakes),
        untracked: middleware.untracked,
        lifecycle,
        zones,
        random,
        sampler: Sampler::default(),
        discovery_task: OnceLock::new(),
    }));
    if let Some((discovery, discover)) = discovery {
        let (members, inner) = (&transport.0.members, Arc::downgrade(&transport.0));
        if let Some(discoverer) = discovery::start_discovery(&discovery, discover, members, handshakes, inner)
        {
            // No other code sets the cell.
            transport.0.discovery_task.set(discoverer).ok();
        }
    }
    Ok(transport)
}

fn finalize(pools: &Pools, member: &Member<Coordinator>, compression: Compression) -> Finalize<Pool> {
    FinalizeLayer::new(compression).layer(pools.of(member))
}

/// Returns where an attempt may go, according to its plan.
fn route(outgoing: &AttemptRequest) -> Route<'_, Coordinator> {
    let plan = outgoing.plan();
    Route {
        pinned: plan.pin.as_ref(),
        allow_unverified: plan.context.call.allow_unverified,
        preferred: plan.context.call.preferred.as_ref(),
        tried: &plan.tried,
        now: Some(plan.started),
    }
}
