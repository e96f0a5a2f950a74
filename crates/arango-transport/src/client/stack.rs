//! The order of the layers, and the reasons for it.

use std::sync::{Arc, OnceLock};

use arango_balance::{BalanceLayer, Member, Members, PerMember, Route};
use arango_protocol::SpareHeaderMaps;
use tower::layer::layer_fn;
use tower::{Layer, ServiceBuilder};

use crate::call::attempt_request::AttemptRequest;
use crate::call::counts::CallTotals;
use crate::call::lifecycle::Lifecycle;
use crate::call::recently_created::RecentlyCreated;
use crate::call::settings::{Settings, SharedSettings};
use crate::call::token_acceptance::TokenAcceptance;
use crate::call::untracked_requests::UntrackedRequests;
use crate::client::builder::Parts;
use crate::client::gauges::{self, Sampler};
use crate::client::probe;
use crate::client::transport::{Inner, Transport};
use crate::compression::compressor::Compression;
use crate::config::invalid_settings::InvalidSettings;
use crate::layers::at_coordinator::AtCoordinator;
use crate::layers::attempt::AttemptLayer;
use crate::layers::attempt::report::Reporter;
use crate::layers::auth::{Auth, AuthLayer};
use crate::layers::balanced::Balanced;
use crate::layers::compress::{Compress, CompressLayer};
use crate::layers::finalize::FinalizeLayer;
use crate::layers::hedge::tracker::HedgeTracker;
use crate::layers::hedge::{Hedge, HedgeLayer};
use crate::layers::middleware::attempts::AttemptMiddlewareLayer;
use crate::layers::middleware::calls::{CallMiddleware, CallMiddlewareLayer};
use crate::layers::replaceable_policy::ReplaceablePolicy;
use crate::layers::retry::budget::RetryBudget;
use crate::layers::retry::facts::FactSources;
use crate::layers::retry::{Retry, RetryLayer, RetryState};
use crate::layers::trace::{Trace, TraceLayer};
use crate::pool::Pool;
use crate::pool::pools::Pools;
use crate::telemetry::{metrics, state_changes};
use crate::tls::Handshakes;
use crate::types::coordinator::Coordinator;
use crate::types::hosts::Hosts;

/// The services that send one call. A named type, so that the future of a call needs no box above the attempts.
type Calls = Hedge<Compress<Retry<Auth<Balanced>>>>;

/// All layers, with the user's middleware for calls if there is any.
pub(crate) type Stack = Trace<CallMiddleware<Calls>>;

/// Assembles the stack.
///
/// The layers, outermost first:
///
/// | layer | why here |
/// |---|---|
/// | trace | sees what the caller sees, including waits and retries |
/// | middleware around calls | sees each call once; ends it at its deadline, even if a layer never responds |
/// | hedge | above retry: a call and its retries are one of two that race |
/// | compress | above retry: all attempts send the same compressed body |
/// | retry | above balance: a retry may pick another coordinator |
/// | auth | below retry: each attempt carries the current credentials; above balance: they are valid cluster-wide |
/// | balance | everything above is independent of an address |
/// | attempt | above middleware around attempts, which therefore cannot remove the coordinator from an error |
/// | middleware around attempts | sees each attempt at its coordinator |
/// | finalize | middleware above it sees plain paths and uncompressed bodies, and may replace them |
/// | pool | limits connections per coordinator: a slow one does not affect others |
pub(crate) fn assemble(
    hosts: &Hosts,
    handshakes: Handshakes,
    parts: Parts,
) -> Result<Transport, InvalidSettings> {
    let Parts { limits, pool, retry, hedging, compression, health, credentials, policy, zones, .. } = parts;
    let Parts { random, mut network, middleware, discovery, .. } = parts;
    let policy = ReplaceablePolicy::new(policy(&zones, &random)?);
    let settings =
        SharedSettings::new(Settings { limits, credentials, untracked: UntrackedRequests::default() });
    let current = settings.clone();
    network.limits = Arc::new(move || current.load().limits.clone());
    let handshakes = Arc::new(handshakes);
    let token_acceptance = TokenAcceptance::new();
    let lifecycle = Lifecycle::new();
    let pools = Pools::new(network, Arc::clone(&handshakes), pool, Arc::clone(&random));
    let services = {
        let (pools, middleware, acceptance) = (pools.clone(), middleware.clone(), token_acceptance.clone());
        let lifecycle = lifecycle.clone();
        PerMember::new(move |member: &Member<Coordinator>| {
            let (coordinator, pool) = (member.key(), pools.of(member));
            let reporter =
                Reporter::new(member.clone(), pool.clone(), acceptance.entry(coordinator), lifecycle.clone());
            let attempt = AttemptLayer::new(reporter);
            let finalize = FinalizeLayer::new(compression);
            match AttemptMiddlewareLayer::new(&middleware, coordinator) {
                None => AtCoordinator::new(attempt.layer(finalize.layer(pool))),
                Some(layers) => AtCoordinator::new(attempt.layer(layers.layer(finalize.layer(pool)))),
            }
        })
    };
    let members = {
        let (probed, ejected, removed) = (pools.clone(), pools.clone(), pools.clone());
        let (retired, retired_services) = (pools.clone(), services.clone());
        Members::builder()
            .health(health)
            .random_source(Arc::clone(&random))
            .probe(move |member| {
                let (pool, state) = (probed.of(&member), member.state());
                let service = FinalizeLayer::new(Compression::default()).layer(pool.clone());
                probe::availability(service, pool, state)
            })
            .on_state_change(state_changes::log)
            .on_ejection(move |member| {
                ejected.get(member).iter().for_each(Pool::record_ejection);
                metrics::ejected(member.key());
            })
            .on_removal(move |member| removed.get(member).iter().for_each(Pool::retire))
            .on_retirement(move |member| {
                retired_services.forget(member);
                retired.forget(member);
                gauges::removed(member.key());
            })
            .build(hosts.coordinators().iter().cloned())
    };
    let retry = RetryLayer(Arc::new(RetryState {
        facts: FactSources {
            members: members.clone(),
            random: Arc::clone(&random),
            policy: retry,
            created: RecentlyCreated::default(),
            token_acceptance,
        },
        budget: RetryBudget::new(),
        lifecycle: lifecycle.clone(),
        counts: CallTotals::default(),
        spare_headers: SpareHeaderMaps::default(),
    }));
    let hedge_tracker =
        HedgeTracker::new(hedging, members.clone(), retry.0.budget.clone(), retry.0.counts.clone());
    let stack = ServiceBuilder::new()
        .layer(TraceLayer)
        .layer(CallMiddlewareLayer::new(&middleware, &settings))
        .layer(HedgeLayer::new(hedge_tracker))
        .layer(CompressLayer::new(compression))
        .layer(retry.clone())
        .layer(AuthLayer::new(retry.clone(), settings.clone()))
        .layer(layer_fn(Balanced::new))
        .layer(BalanceLayer::new(members.clone(), policy.clone()).route_by(route))
        .service(services);
    metrics::describe();
    let transport = Transport(Arc::new(Inner {
        stack,
        retry: retry.0,
        policy,
        members,
        pools,
        settings,
        handshakes: Arc::clone(&handshakes),
        lifecycle,
        zones,
        random,
        sampler: Sampler::default(),
        discovery_task: OnceLock::new(),
    }));
    if let Some(setting) = discovery {
        let (members, inner) = (&transport.0.members, Arc::downgrade(&transport.0));
        if let Some(discoverer) = setting.start(members, handshakes, inner) {
            // No other code sets the cell.
            transport.0.discovery_task.set(discoverer).ok();
        }
    }
    Ok(transport)
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
