//! Load balancing policies, health checking and discovery for tower services.
//!
//! A [`Balance`] picks a member for each request in `call`, when the request is known. So a request can be pinned to
//! one member or exclude members that were tried already. Nothing waits: a request for which no member can be picked
//! fails at once. The crate knows neither HTTP nor any database. A member is identified by a key `K` of the caller.
//!
//! | task | types |
//! |---|---|
//! | the set of members and their state | [`Members`], [`Member`] |
//! | choosing the next member | a [`Policy`]: [`RoundRobin`], [`Random`], [`LeastLoaded`], [`Single`], [`Fallback`], [`Periodic`], [`Preferred`] |
//! | load of a member | [`Load`], measured only for policies that use it |
//! | pinning a request, excluding tried members | [`Route`], read from the request |
//! | ejection, draining, overload and their durations | [`HealthPolicy`], fed with [`Signal`]s |
//! | probes, observers and subscriptions | [`MembersBuilder`], [`Members::subscribe`] |
//! | finding members that were not configured | [`DiscoveryTask`], configured by [`DiscoveryPolicy`] |
//! | tower services | [`BalanceLayer`] above [`PerMember`]; [`Members::pick`] works without a service |
//!
//! The caller reports the outcome of each attempt with [`Member::record`], a [`Signal`]:
//!
//! - [`Success`](Signal::Success): resets the counts of consecutive failures and ends the half-open state; its latency is measured
//! - [`Unreachable`](Signal::Unreachable): three in a row eject the member
//! - [`GatewayError`](Signal::GatewayError): five in a row eject the member; counts towards the failure ratio
//! - [`Failure`](Signal::Failure): counts towards the failure ratio: the member is ejected if more than half of at least 20 responses within 10 s fail
//! - [`Overloaded`](Signal::Overloaded): the member gets 25 % of its share for 5 s
//! - [`Draining`](Signal::Draining): the member gets only requests that no other member can take, for 30 s. A probe that finds it unavailable extends this, one that finds it available ends it, and one that cannot reach it ejects the member
//! - [`Unrecognized`](Signal::Unrecognized): the member is probed at once, and ejected only if the probe confirms it
//! - [`Neutral`](Signal::Neutral): none
//!
//! All signals but `Success` and `Neutral` count as failures in the measured load and never make a member look fast.
//! The share of a member that recovers rises from zero within 2 s, that of a member added to a running set within 10 s.
//!
//! ```
//! use arango_balance::{BalanceLayer, Members, NoMember, PerMember, RoundRobin};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), NoMember> {
//! let members = Members::new(["red", "green"]);
//! let balanced = ServiceBuilder::new()
//!     .layer(BalanceLayer::new(members, RoundRobin::default()))
//!     .service(PerMember::new(|member: &arango_balance::Member<&'static str>| {
//!         let name = *member.key();
//!         service_fn(move |request: u32| async move { Ok::<_, NoMember>(format!("{name} {request}")) })
//!     }));
//!
//! assert_eq!(balanced.clone().oneshot(1).await?, "red 1");
//! assert_eq!(balanced.clone().oneshot(2).await?, "green 2");
//! assert_eq!(balanced.clone().oneshot(3).await?, "red 3");
//! # Ok(())
//! # }
//! ```
//!
//! # Folders
//!
//! From the bottom up. Each folder imports only from those above it in this table.
//!
//! | folder | contents | may import |
//! |---|---|---|
//! | `sync` (file) | mutex and atomics, replaced by loom's in loom tests | nothing |
//! | `random_source` (file) | [`RandomSource`] and its implementations | nothing |
//! | `health` | state machine, failure ratio, draining and slow start of one member | `sync` |
//! | `load` | latency, queue time and failure ratio of one member, without locks | `sync`, `health` |
//! | `members` | the set, its members, probes, observers, state changes | all of the above |
//! | `pick` | [`Route`], the filter that excludes members, [`Candidates`], [`Members::pick`] | all of the above |
//! | `policy` | the policies | all of the above |
//! | `discovery` | state machine and task that find members | all of the above |
//! | `layer` | [`BalanceLayer`], [`Balance`], [`PerMember`] | all of the above |
//! | `loom_tests` (file) | concurrency tests with loom; test only | everything |

mod discovery;
mod health;
mod layer;
mod load;
#[cfg(all(loom, test))]
mod loom_tests;
mod members;
mod pick;
mod policy;
mod random_source;
mod sync;

pub use discovery::policy::DiscoveryPolicy;
pub use discovery::state_machine::{Identity, MemberOrigin, RejectReason};
pub use discovery::task::DiscoveryTask;
pub use health::policy::HealthPolicy;
pub use health::probe_result::ProbeResult;
pub use health::signal::Signal;
pub use health::state::{MemberState, MemberStatus};
pub use layer::balance::{Balance, BalanceLayer, NoMember, ResponseFuture, Routed};
pub use layer::per_member::PerMember;
pub use load::gauge::Load;
pub use members::builder::MembersBuilder;
pub use members::events::{Lagged, Reason, StateChange, StateChanges};
pub use members::in_flight::InFlight;
pub use members::member::Member;
pub use members::set::Members;
pub use members::timing::Timing;
pub use pick::candidates::Candidates;
pub use pick::policy::Policy;
pub use pick::route::Route;
pub use policy::fallback::Fallback;
pub use policy::least_loaded::LeastLoaded;
pub use policy::periodic::Periodic;
pub use policy::preferred::Preferred;
pub use policy::random::Random;
pub use policy::round_robin::RoundRobin;
pub use policy::single::Single;
pub use random_source::{RandomSource, SeededRandom, ThreadRandom};

/// The examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
