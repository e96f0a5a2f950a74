//! Load balancing policies, health policy and states of coordinators.
//!
//! [`ClientBuilder::load_balancing`](crate::ClientBuilder::load_balancing) selects a policy by its name. This module is
//! for policies of a program itself, and for health. The sets of members and the tower layers below are in the crate
//! `arango-balance`.

#[doc(inline)]
pub use arango_transport::balance::{
    Candidates, Fallback, HealthPolicy, Lagged, LeastLoaded, Load, Member, MemberState, Periodic, Policy,
    Preferred, ProbeResult, Random, RandomSource, Reason, RoundRobin, SeededRandom, Single, StateChange,
    StateChanges, ThreadRandom,
};
