//! How the layers stand above each other, and why.

use std::sync::{Arc, OnceLock};

use arango_balance::{Balance, BalanceLayer, Member, Members, PerMember, Policy, Route};
use tower::{Layer, ServiceBuilder};

use crate::accepted::Accepted;
use crate::attempt::{AttemptLayer, Attempting};
use crate::auth::{Auth, AuthLayer};
use crate::budget::Budget;
use crate::builder::Parts;
use crate::compression::Compression;
use crate::created::Created;
use crate::door::CallService;
use crate::hedging::Hedges;
use crate::lifecycle::Lifecycle;
use crate::meters::Sampler;
use crate::next::Decider;
use crate::origin::{Origin, OriginLayer};
use crate::pool::Pool;
use crate::pools::Pools;
use crate::probe;
use crate::retry::{Retry, RetryLayer};
use crate::settings::{Live, OfTheCall, Settings};
use crate::tls::Handshakes;
use crate::transport::Inner;
use crate::{Coordinator, Hosts, InvalidSettings, Outgoing, Transport, discovery, meters};

/// A policy whose type nobody needs to name.
pub(crate) type SharedPolicy = Arc<dyn Policy<Coordinator, Outgoing>>;

/// What is between the retry layer and one coordinator's pool.
type Seat = Attempting;

/// The stack without the user's layers around calls: nameable, so that nothing needs to be boxed.
pub(crate) type Bare = Retry<Auth<Balance<PerMember<Coordinator, Seat>, Coordinator, OfTheCall, Outgoing>>>;

/// Puts the stack together.
///
/// A request passes, from above:
///
/// | layer | why here |
/// |---|---|
/// | trace | sees what the caller feels: waiting and further attempts too |
/// | deadline | one budget for everything below, the user's layers too; without those retry keeps it |
/// | the user's layers around calls | see each call once |
/// | retry | above balance: a further attempt may choose anew |
/// | auth | below retry: each attempt wears the current credentials; above balance: they hold cluster-wide |
/// | balance | the last floor that does not know an address |
/// | attempt | above the user's layers around attempts: none of them can erase who was asked |
/// | the user's layers around attempts | see each attempt at their coordinator |
/// | origin | everything above speaks in paths, and of bodies as they are: who looks at one sees what was meant, and who replaces one need not compress it |
/// | pool | its cap is one coordinator's: a slow one starves no other |
///
/// The first two are in [`Transport::send`].
pub(crate) fn assemble(
    hosts: &Hosts,
    handshakes: Handshakes,
    parts: Parts,
) -> Result<Transport, InvalidSettings> {
    let Parts { limits, pool, retry, hedging, compression, health, credentials, policy, zones, .. } = parts;
    let Parts { jitter, mut network, doors, discovery, .. } = parts;
    let policy = policy(&zones, &jitter)?;
    let wants_load = policy.wants_load();
    let settings = Live::new(Settings { limits, credentials, policy });
    network.settings = settings.clone();
    let handshakes = Arc::new(handshakes);
    let accepted = Accepted::new();
    let lifecycle = Lifecycle::new();
    let pools = Pools::new(network, Arc::clone(&handshakes), pool, Arc::clone(&jitter));
    let seats = {
        let (pools, doors, accepted) = (pools.clone(), doors.clone(), accepted.clone());
        PerMember::new(move |member: &Member<Coordinator>| {
            let coordinator = member.key();
            let inner = doors.around_attempts(coordinator, origin(&pools, member, compression));
            let line = accepted.line(coordinator);
            AttemptLayer::new(member.clone(), pools.of(member), line).layer(inner)
        })
    };
    let members = {
        let (asked, ejected, removed) = (pools.clone(), pools.clone(), pools.clone());
        let (gone, vacated) = (pools.clone(), seats.clone());
        Members::builder()
            .health(health)
            .random_source(Arc::clone(&jitter))
            .probe(move |member| {
                probe::availability(origin(&asked, &member, Compression::default()), asked.of(&member))
            })
            .on_ejection(move |member| {
                ejected.get(member).iter().for_each(Pool::eject);
                meters::ejected(member.key());
            })
            .on_removal(move |member| removed.get(member).iter().for_each(Pool::retire))
            .on_retirement(move |member| {
                vacated.forget(member);
                gone.forget(member);
                meters::departed(member.key());
            })
            .build(hosts.coordinators().iter().cloned())
    };
    if wants_load {
        members.measure_load();
    }
    let decider = Decider {
        members: members.clone(),
        jitter: Arc::clone(&jitter),
        policy: retry,
        budget: Budget::new(),
        created: Created::default(),
        accepted,
    };
    let retry = RetryLayer::new(
        decider,
        settings.clone(),
        doors.strays.clone(),
        lifecycle.clone(),
        Hedges::new(hedging),
        compression,
    );
    let bare: Bare = ServiceBuilder::new()
        .layer(retry.clone())
        .layer(AuthLayer::new(retry))
        .layer(BalanceLayer::new(members.clone(), OfTheCall).route_by(route))
        .service(seats);
    let layered = doors.has_calls().then(|| doors.around_calls(CallService::new(bare.clone())));
    meters::describe();
    let transport = Transport(Arc::new(Inner {
        bare,
        layered,
        members,
        pools,
        settings,
        handshakes: Arc::clone(&handshakes),
        strays: doors.strays,
        lifecycle,
        zones,
        jitter,
        sampler: Sampler::default(),
        discoverer: OnceLock::new(),
    }));
    if let Some((discovery, discover)) = discovery {
        let (members, inner) = (&transport.0.members, Arc::downgrade(&transport.0));
        if let Some(discoverer) = discovery::discoverer(&discovery, discover, members, handshakes, inner) {
            // Nobody else sets it.
            transport.0.discoverer.set(discoverer).ok();
        }
    }
    Ok(transport)
}

fn origin(pools: &Pools, member: &Member<Coordinator>, compression: Compression) -> Origin<Pool> {
    OriginLayer::new(compression).layer(pools.of(member))
}

/// Where a request may go, as the retry layer planned it.
fn route(outgoing: &Outgoing) -> Route<'_, Coordinator> {
    let plan = outgoing.plan();
    Route {
        pinned: plan.pin.as_ref(),
        allow_unverified: plan.record.call.tries_out,
        preferred: plan.record.call.prefers.as_ref(),
        tried: &plan.tried,
        now: Some(plan.began),
    }
}
