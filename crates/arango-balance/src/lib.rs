//! Which member? Load balancing for tower services that know each of their members by name.
//!
//! A [`Balance`] picks a member for every request, in `call`, where the request is known. That is
//! what makes "only this one" and "not that one again" possible, and it is why nothing here waits:
//! a request for which no member can be found fails at once. Nothing here knows of HTTP or of any
//! database; a member is whatever key `K` the caller uses.
//!
//! | question | answered by |
//! |---|---|
//! | who is there, and how is each doing? | [`Members`], [`Member`] |
//! | who is next? | a [`Policy`]: [`RoundRobin`], [`Random`], [`LeastLoaded`], [`Single`], [`Fallback`], [`Periodic`], [`Preferred`] |
//! | how much has each to do? | its [`Load`], where a policy wants to know |
//! | who must, and who has been asked already? | a [`Route`], read from the request |
//! | who is out of the rotation or spared, and for how long? | [`HealthPolicy`], fed with [`Verdict`]s |
//! | who brings a member back, and who is told that it went? | [`MembersBuilder`]: a probe, an observer; [`Members::subscribe`] |
//! | who else is there, by the word of the members? | a [`Discoverer`], by its [`DiscoveryPolicy`] |
//! | how is it put together? | [`BalanceLayer`] above [`PerMember`]; [`Members::pick`] without any service |
//!
//! Whoever sends the requests reports what they tell of a member, with [`Member::report`]:
//!
//! | [`Verdict`] | what it does |
//! |---|---|
//! | `Good` | ends rows of failures, and a trial; how long the answer took is measured |
//! | `Unreachable` | three in a row eject |
//! | `Gateway` | five in a row eject; counts for the rate of failures |
//! | `Failed` | counts for the rate of failures: more than half of twenty or more in ten seconds eject |
//! | `Overloaded` | for five seconds the member takes a quarter of its share |
//! | `Leaving` | it takes only what nobody else can take: for thirty seconds, and longer while a probe finds it busy; less if one finds it back, or gone, which ejects it |
//! | `Neutral` | nothing |
//!
//! All but `Good` and `Neutral` count as failures where load is measured, and make no member seem fast. A member that
//! comes back from a trial takes a share that rises for two seconds, and one that is new in the set for ten.
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

mod apart;
mod balance;
mod candidates;
mod change;
mod discoverer;
mod discovery;
mod discovery_policy;
mod eligible;
mod fading;
mod failure_rate;
mod fallback;
mod farewell;
mod glance;
mod health;
mod health_policy;
mod hooks;
mod in_flight;
mod jitter;
mod least_loaded;
mod load;
mod medical_record;
mod member;
mod members;
mod membership;
mod per_member;
mod periodic;
mod policy;
mod preferred;
mod probe;
mod random;
mod round_robin;
mod route;
mod single;
mod slots;
mod sync;
#[cfg(all(loom, test))]
mod threads;
mod verdict;
mod warm_up;

pub use balance::{Balance, BalanceLayer, NoMember, ResponseFuture, Routed};
pub use candidates::Candidates;
pub use change::{Lagged, Reason, StateChange, StateChanges};
pub use discoverer::DiscoveryTask;
pub use discovery::{Identity, MemberOrigin, RejectReason};
pub use discovery_policy::DiscoveryPolicy;
pub use fallback::Fallback;
pub use health_policy::HealthPolicy;
pub use in_flight::InFlight;
pub use jitter::{RandomSource, SeededRandom, ThreadRandom};
pub use least_loaded::LeastLoaded;
pub use load::Load;
pub use member::Member;
pub use members::{Members, MembersBuilder};
pub use per_member::PerMember;
pub use periodic::Periodic;
pub use policy::Policy;
pub use preferred::Preferred;
pub use probe::ProbeResult;
pub use random::Random;
pub use round_robin::RoundRobin;
pub use route::Route;
pub use single::Single;
pub use verdict::{MemberState, MemberStatus, Signal};
