//! State machine of discovery: which keys are members.
//!
//! Seeds are configured and always members. Others are found in lists that members return:
//!
//! ```text
//!               listed                   identified, as no other member is
//!   (unknown) ────────► Unverified ────────────────────────────────────────► Discovered
//!       ▲                │    ▲  │ it fails, or has                           │  │
//!       │  not listed    │    └──┘ the identity of another                    │  │
//!       ├────────────────┘    ▲                                               │  │
//!       │                     └──── a seed turns out to have its identity ────┘  │
//!       └── two consecutive lists, from two different members, do not list it ───┘
//! ```
//!
//! Time, random numbers, lists and identities are parameters: this module reads no clock, never waits and sends
//! nothing.

use std::collections::HashSet;
use std::hash::Hash;

use tokio::time::Instant;

use crate::discovery::policy::DiscoveryPolicy;

/// Maximum number of listed keys: a list may be wrong in any way.
const MAX_LISTED_KEYS: usize = 256;
/// Maximum number of concurrent identifications.
const MAX_CONCURRENT: usize = 8;
/// How often each unverified member must fail before none counts as usable.
const MIN_FAILURES: u32 = 3;
/// How often in a row a shared seed must be identified as one and the same member until it is not shared any more.
///
/// The queries of one identification reach the same one of `n` members with probability `1/n`.
const SAME_TO_END_SHARED: u32 = 8;

/// Seeds, listed keys and the schedule of discovery.
#[derive(Debug)]
pub(crate) struct DiscoveryState<K> {
    policy: DiscoveryPolicy,
    seeds: Vec<Seed<K>>,
    listed_keys: Vec<ListedKey<K>>,
    /// The last list that was not empty.
    last_list: Vec<K>,
    /// The member from which the last list was requested.
    last_source: Option<K>,
    /// The members from which it could have been requested.
    possible_sources: Vec<K>,
    /// When the next list is due, and when the last one was requested.
    next_due: Instant,
    last_request: Option<Instant>,
    failures: u32,
    /// Whether any listed address was usable.
    any_usable: bool,
    are_only_seeds_usable: bool,
}

#[derive(Debug)]
struct Seed<K> {
    key: K,
    identity: Option<Identity>,
    /// While it is shared: the only member that the latest identifications found there, and how many did.
    found_alone: Option<(String, u32)>,
    /// It must be identified before any unverified member, which may be the same.
    needs_identity: bool,
}

#[derive(Debug)]
struct ListedKey<K> {
    key: K,
    state: ListedState<K>,
}

#[derive(Debug)]
enum ListedState<K> {
    Unverified {
        failures: u32,
        retry_at: Instant,
        rejected: Option<RejectReason<K>>,
    },
    Discovered {
        identity: Identity,
        /// The sources of consecutive lists that do not contain it.
        missed_by: Vec<K>,
    },
}

/// Identity of the member with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Identity {
    /// One member, with this id.
    One(String),
    /// Several members respond under the key, as behind a load balancer.
    Shared,
}

/// Why an unverified member is not used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RejectReason<K> {
    /// It could not be identified, for this reason.
    Failed(String),
    /// It is the same member as the one with this key.
    SameAs(K),
}

/// Where a key comes from, and whether it is a member.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemberOrigin<K> {
    /// It was configured, and is a member.
    Seed,
    /// It was listed, and is a member.
    Discovered,
    /// It was listed, and is not verified.
    ///
    /// Contains the reason, if verification failed.
    Unverified(Option<RejectReason<K>>),
}

/// A change to the members that discovery decided on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DiscoveryStep<K> {
    /// Adds an unverified member, to be identified.
    AddUnverified(K),
    /// Makes it a member.
    Admit(K),
    /// Removes it, whether it is a member or unverified.
    Remove(K),
    /// Sets whether several servers respond under this key, so that failures of one do not count against all.
    SetShared(K, bool),
    /// None of the listed keys is usable.
    NoneUsable,
}

impl<K: Eq + Hash + Clone> DiscoveryState<K> {
    pub(crate) fn new(policy: DiscoveryPolicy, seeds: impl IntoIterator<Item = K>, now: Instant) -> Self {
        Self {
            policy: policy.clamped(),
            seeds: seeds.into_iter().map(Seed::new).collect(),
            listed_keys: Vec::new(),
            last_list: Vec::new(),
            last_source: None,
            possible_sources: Vec::new(),
            next_due: now,
            last_request: None,
            failures: 0,
            any_usable: false,
            are_only_seeds_usable: false,
        }
    }

    /// Returns when the next step is due.
    pub(crate) fn due(&self) -> Instant {
        let retry_at = self.listed_keys.iter().filter_map(ListedKey::retry_at);
        retry_at.chain([self.next_due]).min().unwrap_or(self.next_due)
    }

    /// Makes the next list due at once, or as soon as the minimum interval allows.
    ///
    /// For events that may mean that members were added or removed.
    pub(crate) fn request_refresh(&mut self, now: Instant) {
        let soonest = self.last_request.map_or(now, |at| (at + self.policy.min_interval).max(now));
        self.next_due = self.next_due.min(soonest);
    }

    /// Whether a list is due.
    pub(crate) fn is_list_due(&self, now: Instant) -> bool {
        now >= self.next_due
    }

    /// Starts a request for a list if one is due; returns the source, one of the `healthy` members.
    pub(crate) fn refresh(&mut self, healthy: &[K], now: Instant, random: f64) -> Option<K> {
        if !self.is_list_due(now) {
            return None;
        }
        self.last_request = Some(now);
        self.next_due = now + self.policy.next_interval(random);
        // A member that lists lack is probably shutting down. It is asked only if otherwise a single member would decide
        // about several others, which could contradict it.
        let missed: Vec<_> = self.listed_keys.iter().filter(|found| found.is_missed()).collect();
        let stays = |key: &&K| !missed.iter().any(|found| found.key == **key);
        let mut sources: Vec<K> = healthy.iter().filter(stays).cloned().collect();
        if sources.is_empty() || (sources.len() == 1 && missed.len() > 1) {
            sources = healthy.to_vec();
        }
        let last = sources.iter().position(|key| Some(key) == self.last_source.as_ref());
        let next = sources.get(last.map_or(0, |last| (last + 1) % sources.len())).cloned();
        self.possible_sources = sources;
        self.last_source.clone_from(&next);
        next
    }

    /// Applies the list from `source`, or that it returned none.
    pub(crate) fn listed(&mut self, source: &K, list: Option<Vec<K>>, now: Instant) -> Vec<DiscoveryStep<K>> {
        let Some(mut list) = list else {
            self.failures = self.failures.saturating_add(1);
            self.next_due = self.next_due.min(now + self.policy.retry_delay(self.failures));
            return Vec::new();
        };
        self.failures = 0;
        if list.is_empty() {
            return Vec::new();
        }
        // Before anything is compared: the list may be of any length.
        list.truncate(MAX_LISTED_KEYS + self.seeds.len());
        let named: HashSet<&K> = list.iter().collect();
        // If a seed is listed by its configured key, unusable keys are no sign of another network.
        self.any_usable |= self.seeds.iter().any(|seed| named.contains(&seed.key));
        let mut steps = Vec::new();
        self.listed_keys.retain_mut(|found| {
            let others = self.possible_sources.iter().filter(|key| **key != found.key).count();
            let min_sources = if others > 1 { 2 } else { 1 };
            let stays = found.apply_list(named.contains(&found.key), source, min_sources);
            if !stays {
                steps.push(DiscoveryStep::Remove(found.key.clone()));
            }
            stays
        });
        let mut known: HashSet<K> = self.seeds.iter().map(|seed| seed.key.clone()).collect();
        known.extend(self.listed_keys.iter().map(|found| found.key.clone()));
        for key in &list {
            if self.listed_keys.len() >= MAX_LISTED_KEYS {
                break;
            }
            if !known.insert(key.clone()) {
                continue;
            }
            let state = ListedState::Unverified { failures: 0, retry_at: now, rejected: None };
            self.listed_keys.push(ListedKey { key: key.clone(), state });
            steps.push(DiscoveryStep::AddUnverified(key.clone()));
        }
        self.last_list = list;
        self.seeds.iter_mut().for_each(|seed| seed.needs_identity = true);
        steps
    }

    /// Returns the keys to identify now: seeds first, because an unverified member may be one of them, then those that
    /// have been due for longest.
    pub(crate) fn next_to_identify(&mut self, now: Instant) -> Vec<K> {
        let seeds: Vec<_> = self
            .seeds
            .iter()
            .filter(|seed| seed.needs_identity)
            .map(|seed| seed.key.clone())
            .take(MAX_CONCURRENT)
            .collect();
        if !seeds.is_empty() {
            return seeds;
        }
        let retry_at = |found: &ListedKey<K>| found.retry_at().filter(|retry_at| *retry_at <= now);
        let mut due: Vec<_> =
            self.listed_keys.iter().filter_map(|found| Some((retry_at(found)?, &found.key))).collect();
        due.sort_by_key(|(retry_at, _)| *retry_at);
        due.into_iter().map(|(_, key)| key.clone()).take(MAX_CONCURRENT).collect()
    }

    /// Applies the identity of a key that was [`unknown`](Self::next_to_identify).
    pub(crate) fn identified(
        &mut self,
        key: &K,
        result: Result<Identity, String>,
        now: Instant,
    ) -> Vec<DiscoveryStep<K>> {
        if let Some(seed) = self.seeds.iter_mut().find(|seed| seed.key == *key) {
            seed.needs_identity = false;
            seed.identified(result.ok());
            let identity = seed.identity.clone();
            return identity.map_or_else(Vec::new, |identity| self.identify_seed(key, &identity, now));
        }
        let same = result.as_ref().ok().and_then(|identity| self.same_identity(key, identity));
        let retry_at = now + self.policy.interval;
        let Some(found) = self.listed_keys.iter_mut().find(|found| found.key == *key) else {
            return Vec::new();
        };
        let ListedState::Unverified { failures, .. } = found.state else { return Vec::new() };
        match (result, same) {
            (Ok(identity), None) => {
                self.any_usable = true;
                self.are_only_seeds_usable = false;
                let shared = identity == Identity::Shared;
                found.state = ListedState::Discovered { identity, missed_by: Vec::new() };
                vec![DiscoveryStep::Admit(key.clone()), DiscoveryStep::SetShared(key.clone(), shared)]
            }
            (Ok(_), Some(same)) => {
                self.any_usable = true;
                self.are_only_seeds_usable = false;
                found.state = ListedState::Unverified {
                    failures: 0,
                    retry_at,
                    rejected: Some(RejectReason::SameAs(same)),
                };
                Vec::new()
            }
            (Err(reason), _) => {
                let failures = failures.saturating_add(1);
                let is_unusable = self.are_only_seeds_usable && failures >= MIN_FAILURES;
                let delay = if is_unusable {
                    self.policy.unusable_interval
                } else {
                    self.policy.retry_delay(failures)
                };
                let rejected = Some(RejectReason::Failed(reason));
                found.state = ListedState::Unverified { failures, retry_at: now + delay, rejected };
                self.postpone_if_none_usable(now)
            }
        }
    }

    /// Replaces the seeds; returns the keys of all members then, in order.
    ///
    /// A former seed that is still listed stays, as a discovered member.
    pub(crate) fn replace_seeds(&mut self, seeds: &[K], now: Instant) -> Vec<K> {
        let before = std::mem::take(&mut self.seeds);
        self.listed_keys.retain(|found| !seeds.contains(&found.key));
        let (mut kept, dropped): (Vec<_>, Vec<_>) =
            before.into_iter().partition(|seed| seeds.contains(&seed.key));
        for seed in dropped {
            if self.last_list.contains(&seed.key)
                && let Some(identity) = seed.identity
            {
                let state = ListedState::Discovered { identity, missed_by: Vec::new() };
                self.listed_keys.push(ListedKey { key: seed.key, state });
            }
        }
        let seed_of = |key: &K| match kept.iter().position(|seed| seed.key == *key) {
            Some(index) => kept.swap_remove(index),
            None => Seed::new(key.clone()),
        };
        self.seeds = seeds.iter().map(seed_of).collect();
        self.are_only_seeds_usable = false;
        self.request_refresh(now);
        let discovered = self.listed_keys.iter().filter(|found| found.is_discovered());
        seeds.iter().chain(discovered.map(|found| &found.key)).cloned().collect()
    }

    /// Returns the number of consecutive failures to get a list.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Returns where a key comes from; `None` if it is not known.
    pub(crate) fn origin(&self, key: &K) -> Option<MemberOrigin<K>> {
        if self.seeds.iter().any(|seed| seed.key == *key) {
            return Some(MemberOrigin::Seed);
        }
        let found = self.listed_keys.iter().find(|found| found.key == *key)?;
        Some(match &found.state {
            ListedState::Discovered { .. } => MemberOrigin::Discovered,
            ListedState::Unverified { rejected, .. } => MemberOrigin::Unverified(rejected.clone()),
        })
    }

    /// Applies the identity of a seed: discovered members with the same identity become unverified.
    fn identify_seed(&mut self, seed: &K, identity: &Identity, now: Instant) -> Vec<DiscoveryStep<K>> {
        let retry_at = now + self.policy.interval;
        let mut steps = vec![DiscoveryStep::SetShared(seed.clone(), *identity == Identity::Shared)];
        for found in &mut self.listed_keys {
            if *identity != Identity::Shared
                && matches!(&found.state, ListedState::Discovered { identity: other, .. } if other == identity)
            {
                steps.push(DiscoveryStep::Remove(found.key.clone()));
                steps.push(DiscoveryStep::AddUnverified(found.key.clone()));
                let rejected = Some(RejectReason::SameAs(seed.clone()));
                found.state = ListedState::Unverified { failures: 0, retry_at, rejected };
            }
        }
        steps
    }

    /// Returns a member other than `key` with the same identity.
    fn same_identity(&self, key: &K, identity: &Identity) -> Option<K> {
        if *identity == Identity::Shared {
            return None;
        }
        let seeds = self.seeds.iter().map(|seed| (&seed.key, seed.identity.as_ref()));
        let found = self.listed_keys.iter().map(|found| (&found.key, found.identity()));
        seeds
            .chain(found)
            .find(|(other, is)| *other != key && *is == Some(identity))
            .map(|(other, _)| other.clone())
    }

    /// Postpones all unverified members for long, once each has failed often enough.
    fn postpone_if_none_usable(&mut self, now: Instant) -> Vec<DiscoveryStep<K>> {
        let none = !self.any_usable
            && !self.are_only_seeds_usable
            && self.listed_keys.iter().all(
                |found| matches!(found.state, ListedState::Unverified { failures, .. } if failures >= MIN_FAILURES),
            );
        if !none {
            return Vec::new();
        }
        self.are_only_seeds_usable = true;
        for found in &mut self.listed_keys {
            if let ListedState::Unverified { retry_at, .. } = &mut found.state {
                *retry_at = now + self.policy.unusable_interval;
            }
        }
        vec![DiscoveryStep::NoneUsable]
    }
}

impl<K> Seed<K> {
    fn new(key: K) -> Self {
        Self { key, identity: None, found_alone: None, needs_identity: true }
    }

    /// Applies its identity, or that it was not identified. A shared seed stays shared until it was found to be the same
    /// member often enough.
    fn identified(&mut self, identity: Option<Identity>) {
        if self.identity != Some(Identity::Shared) {
            self.identity = identity;
            return;
        }
        let Some(identity) = identity else { return };
        self.found_alone = match (identity, self.found_alone.take()) {
            (Identity::Shared, _) => None,
            (Identity::One(id), Some((before, times))) if before == id => Some((id, times + 1)),
            (Identity::One(id), _) => Some((id, 1)),
        };
        if let Some((id, _)) = self.found_alone.take_if(|(_, times)| *times >= SAME_TO_END_SHARED) {
            self.identity = Some(Identity::One(id));
        }
    }
}

impl<K: PartialEq + Clone> ListedKey<K> {
    /// Returns when it is to be identified; `None` if it is a member.
    fn retry_at(&self) -> Option<Instant> {
        match self.state {
            ListedState::Unverified { retry_at, .. } => Some(retry_at),
            ListedState::Discovered { .. } => None,
        }
    }

    fn identity(&self) -> Option<&Identity> {
        match &self.state {
            ListedState::Discovered { identity, .. } => Some(identity),
            ListedState::Unverified { .. } => None,
        }
    }

    fn is_discovered(&self) -> bool {
        matches!(self.state, ListedState::Discovered { .. })
    }

    fn is_missed(&self) -> bool {
        matches!(&self.state, ListedState::Discovered { missed_by, .. } if !missed_by.is_empty())
    }

    /// Applies a list; returns whether the key is kept.
    ///
    /// A list may be wrong, and so may be its source. So two consecutive lists must lack a member, from at least
    /// `min_sources` different ones.
    fn apply_list(&mut self, listed: bool, source: &K, min_sources: usize) -> bool {
        let ListedState::Discovered { missed_by, .. } = &mut self.state else { return listed };
        if listed {
            missed_by.clear();
            return true;
        }
        // A member may be missing from its own list.
        if self.key != *source {
            missed_by.push(source.clone());
        }
        let sources = missed_by
            .iter()
            .enumerate()
            .filter(|(index, source)| !missed_by[..*index].contains(source))
            .count();
        missed_by.len() < 2 || sources < min_sources
    }
}

#[cfg(test)]
mod tests;
