//! Who else is there?
//!
//! Seeds are given, and members whatever happens. Others are found in lists that members give:
//!
//! ```text
//!               a list names it          it answers, as nobody else does
//!   (unknown) ──────────────────► Candidate ────────────────────────────► Discovered
//!       ▲                          │    ▲  │ it fails, or is another         │  │
//!       │   a list lacks it        │    └──┘ by a second name               │  │
//!       ├──────────────────────────┘    ▲                                   │  │
//!       │                               └── a seed turns out to be it ──────┘  │
//!       └─────────── two lists in a row lack it, by two who gave them ─────────┘
//! ```
//!
//! Time, chance, lists and what was found out about candidates are handed in: this file neither reads a
//! clock, nor waits, nor asks.

use std::collections::HashSet;
use std::hash::Hash;

use tokio::time::Instant;

use crate::DiscoveryPolicy;

/// How many names are kept beside the seeds: a list may be wrong in any way.
const MOST: usize = 256;
/// How many are found out about at once.
const AT_ONCE: usize = 8;
/// How often each candidate must fail before it is said that none works.
const PROOF: u32 = 3;

/// Who is there, as far as seeds and lists tell.
#[derive(Debug)]
pub(crate) struct DiscoveryState<K> {
    policy: DiscoveryPolicy,
    seeds: Vec<Seed<K>>,
    listed_keys: Vec<ListedKey<K>>,
    /// The last list that named anybody.
    last_list: Vec<K>,
    /// Who was asked for a list last.
    last_source: Option<K>,
    /// How many could have been asked.
    possible_sources: usize,
    /// When the next list is due, and when the last was asked for.
    next_due: Instant,
    last_request: Option<Instant>,
    failures: u32,
    /// Some address that was listed has worked.
    any_usable: bool,
    is_seeds_only: bool,
}

#[derive(Debug)]
struct Seed<K> {
    key: K,
    identity: Option<Identity>,
    /// To be found out about before any candidate is: it may be one of them.
    needs_identity: bool,
}

#[derive(Debug)]
struct ListedKey<K> {
    key: K,
    state: ListedState<K>,
}

#[derive(Debug)]
enum ListedState<K> {
    Candidate {
        failures: u32,
        retry_at: Instant,
        rejected: Option<RejectReason<K>>,
    },
    Discovered {
        identity: Identity,
        /// Who gave the lists in a row that lack it.
        missed_by: Vec<K>,
    },
}

/// Who answers under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Identity {
    /// One member, which calls itself so.
    One(String),
    /// Now one member and now another: something stands before them.
    Shared,
}

/// Why a candidate is no member.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RejectReason<K> {
    /// It could not be found out who it is.
    Failed(String),
    /// It is this one, by another key.
    SameAs(K),
}

/// Where the name of a member comes from, and whether it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemberOrigin<K> {
    /// It was given.
    Seed,
    /// It was found, and is a member.
    Discovered,
    /// It was found, and is no member yet; if it was tried, why not.
    Candidate(Option<RejectReason<K>>),
}

/// What is to be done with the members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DiscoveryStep<K> {
    /// It is to be found out about.
    AddUnverified(K),
    /// It becomes a member.
    Admit(K),
    /// It is no member any more, nor tried out.
    Remove(K),
    /// Whether several answer under this key, so that nothing that one of them does is held against all.
    SetShared(K, bool),
    /// None of those that were found works.
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
            possible_sources: 0,
            next_due: now,
            last_request: None,
            failures: 0,
            any_usable: false,
            is_seeds_only: false,
        }
    }

    /// When there is something to do next.
    pub(crate) fn due(&self) -> Instant {
        let retry_at = self.listed_keys.iter().filter_map(ListedKey::retry_at);
        retry_at.chain([self.next_due]).min().unwrap_or(self.next_due)
    }

    /// Something happened that may be because members came or went: the next list is due at once, or as soon as it
    /// may be.
    pub(crate) fn request_refresh(&mut self, now: Instant) {
        let soonest = self.last_request.map_or(now, |began| (began + self.policy.min_interval).max(now));
        self.next_due = self.next_due.min(soonest);
    }

    /// Begins to ask for a list if one is due: whom, of those that are `well`.
    pub(crate) fn refresh(&mut self, well: &[K], now: Instant, chance: f64) -> Option<K> {
        if now < self.next_due {
            return None;
        }
        self.last_request = Some(now);
        self.next_due = now + self.policy.next_interval(chance);
        // One that lists lack is about to go.
        let stays = |key: &&K| !self.listed_keys.iter().any(|found| found.key == **key && found.is_missed());
        let mut able: Vec<_> = well.iter().filter(stays).collect();
        if able.is_empty() {
            able = well.iter().collect();
        }
        self.possible_sources = able.len();
        let last = able.iter().position(|key| Some(*key) == self.last_source.as_ref());
        let next = able.get(last.map_or(0, |last| (last + 1) % able.len())).copied().cloned();
        self.last_source.clone_from(&next);
        next
    }

    /// Takes note of a list that was given, or that none was.
    pub(crate) fn listed(&mut self, by: &K, list: Option<Vec<K>>, now: Instant) -> Vec<DiscoveryStep<K>> {
        let Some(mut list) = list else {
            self.failures = self.failures.saturating_add(1);
            self.next_due = self.next_due.min(now + self.policy.retry_delay(self.failures));
            return Vec::new();
        };
        self.failures = 0;
        if list.is_empty() {
            return Vec::new();
        }
        // Before anything is compared: it may be of any length.
        list.truncate(MOST + self.seeds.len());
        let named: HashSet<&K> = list.iter().collect();
        // Where one works that was named as it is listed, those that do not are no sign of another network.
        self.any_usable |= self.seeds.iter().any(|seed| named.contains(&seed.key));
        let mut steps = Vec::new();
        let enough = if self.possible_sources > 1 { 2 } else { 1 };
        self.listed_keys.retain_mut(|found| {
            let stays = found.is_listed(named.contains(&found.key), by, enough);
            if !stays {
                steps.push(DiscoveryStep::Remove(found.key.clone()));
            }
            stays
        });
        let mut known: HashSet<K> = self.seeds.iter().map(|seed| seed.key.clone()).collect();
        known.extend(self.listed_keys.iter().map(|found| found.key.clone()));
        for key in &list {
            if self.listed_keys.len() >= MOST {
                break;
            }
            if !known.insert(key.clone()) {
                continue;
            }
            let state = ListedState::Candidate { failures: 0, retry_at: now, rejected: None };
            self.listed_keys.push(ListedKey { key: key.clone(), state });
            steps.push(DiscoveryStep::AddUnverified(key.clone()));
        }
        self.last_list = list;
        self.seeds.iter_mut().for_each(|seed| seed.needs_identity = true);
        steps
    }

    /// Whom to find out about now: seeds first, for a candidate may be one of them.
    pub(crate) fn unknown(&mut self, now: Instant) -> Vec<K> {
        let seeds: Vec<_> = self
            .seeds
            .iter()
            .filter(|seed| seed.needs_identity)
            .map(|seed| seed.key.clone())
            .take(AT_ONCE)
            .collect();
        if !seeds.is_empty() {
            return seeds;
        }
        let due =
            self.listed_keys.iter().filter(|found| found.retry_at().is_some_and(|retry_at| retry_at <= now));
        due.map(|found| found.key.clone()).take(AT_ONCE).collect()
    }

    /// Takes note of what was found out about one that was [unknown](Self::unknown).
    pub(crate) fn identified(
        &mut self,
        key: &K,
        answer: Result<Identity, String>,
        now: Instant,
    ) -> Vec<DiscoveryStep<K>> {
        if let Some(seed) = self.seeds.iter_mut().find(|seed| seed.key == *key) {
            seed.needs_identity = false;
            seed.identity = answer.ok();
            let identity = seed.identity.clone();
            return identity.map_or_else(Vec::new, |identity| self.identify_seed(key, &identity, now));
        }
        let same = answer.as_ref().ok().and_then(|identity| self.other_than(key, identity));
        let retry_at = now + self.policy.interval;
        let Some(found) = self.listed_keys.iter_mut().find(|found| found.key == *key) else {
            return Vec::new();
        };
        let ListedState::Candidate { failures, .. } = found.state else { return Vec::new() };
        match (answer, same) {
            (Ok(identity), None) => {
                self.any_usable = true;
                self.is_seeds_only = false;
                let shared = identity == Identity::Shared;
                found.state = ListedState::Discovered { identity, missed_by: Vec::new() };
                vec![DiscoveryStep::Admit(key.clone()), DiscoveryStep::SetShared(key.clone(), shared)]
            }
            (Ok(_), Some(same)) => {
                self.any_usable = true;
                self.is_seeds_only = false;
                found.state = ListedState::Candidate {
                    failures: 0,
                    retry_at,
                    rejected: Some(RejectReason::SameAs(same)),
                };
                Vec::new()
            }
            (Err(why), _) => {
                let failures = failures.saturating_add(1);
                let settled = self.is_seeds_only && failures >= PROOF;
                let pause =
                    if settled { self.policy.unusable_interval } else { self.policy.retry_delay(failures) };
                let rejected = Some(RejectReason::Failed(why));
                found.state = ListedState::Candidate { failures, retry_at: now + pause, rejected };
                self.none_is_usable(now)
            }
        }
    }

    /// Replaces the seeds; gives all who are to be members then, in order.
    ///
    /// One that was a seed and is still in the lists stays, as one that was found.
    pub(crate) fn replace_seeds(&mut self, seeds: &[K], now: Instant) -> Vec<K> {
        let before = std::mem::take(&mut self.seeds);
        self.listed_keys.retain(|found| !seeds.contains(&found.key));
        for seed in before.into_iter().filter(|seed| !seeds.contains(&seed.key)) {
            if self.last_list.contains(&seed.key)
                && let Some(identity) = seed.identity
            {
                let state = ListedState::Discovered { identity, missed_by: Vec::new() };
                self.listed_keys.push(ListedKey { key: seed.key, state });
            }
        }
        self.seeds = seeds.iter().cloned().map(Seed::new).collect();
        self.is_seeds_only = false;
        self.request_refresh(now);
        let discovered = self.listed_keys.iter().filter(|found| found.is_discovered());
        seeds.iter().chain(discovered.map(|found| &found.key)).cloned().collect()
    }

    /// How often in a row no list was given.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// What is known of this key.
    pub(crate) fn known(&self, key: &K) -> Option<MemberOrigin<K>> {
        if self.seeds.iter().any(|seed| seed.key == *key) {
            return Some(MemberOrigin::Seed);
        }
        let found = self.listed_keys.iter().find(|found| found.key == *key)?;
        Some(match &found.state {
            ListedState::Discovered { .. } => MemberOrigin::Discovered,
            ListedState::Candidate { rejected, .. } => MemberOrigin::Candidate(rejected.clone()),
        })
    }

    /// Takes note of who a seed is: others by another name need not be members, too.
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
                found.state = ListedState::Candidate { failures: 0, retry_at, rejected };
            }
        }
        steps
    }

    /// A member other than `key` that is one and the same.
    fn other_than(&self, key: &K, identity: &Identity) -> Option<K> {
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

    /// Gives up on all candidates for long, once each has proved often enough that it does not work.
    fn none_is_usable(&mut self, now: Instant) -> Vec<DiscoveryStep<K>> {
        let none = !self.any_usable
            && !self.is_seeds_only
            && self.listed_keys.iter().all(
                |found| matches!(found.state, ListedState::Candidate { failures, .. } if failures >= PROOF),
            );
        if !none {
            return Vec::new();
        }
        self.is_seeds_only = true;
        for found in &mut self.listed_keys {
            if let ListedState::Candidate { retry_at, .. } = &mut found.state {
                *retry_at = now + self.policy.unusable_interval;
            }
        }
        vec![DiscoveryStep::NoneUsable]
    }
}

impl<K> Seed<K> {
    fn new(key: K) -> Self {
        Self { key, identity: None, needs_identity: true }
    }
}

impl<K: PartialEq + Clone> ListedKey<K> {
    /// When it is to be found out about, unless it is a member.
    fn retry_at(&self) -> Option<Instant> {
        match self.state {
            ListedState::Candidate { retry_at, .. } => Some(retry_at),
            ListedState::Discovered { .. } => None,
        }
    }

    fn identity(&self) -> Option<&Identity> {
        match &self.state {
            ListedState::Discovered { identity, .. } => Some(identity),
            ListedState::Candidate { .. } => None,
        }
    }

    fn is_discovered(&self) -> bool {
        matches!(self.state, ListedState::Discovered { .. })
    }

    fn is_missed(&self) -> bool {
        matches!(&self.state, ListedState::Discovered { missed_by, .. } if !missed_by.is_empty())
    }

    /// Takes note of a list; whether it is to be kept. One list may be wrong, and so may be one who gives them, so
    /// two in a row must lack it, by `enough` of different givers.
    fn is_listed(&mut self, listed: bool, by: &K, enough: usize) -> bool {
        let ListedState::Discovered { missed_by, .. } = &mut self.state else { return listed };
        if listed {
            missed_by.clear();
            return true;
        }
        // Of itself a member knows no better.
        if self.key != *by {
            missed_by.push(by.clone());
        }
        let givers =
            missed_by.iter().enumerate().filter(|(index, by)| !missed_by[..*index].contains(by)).count();
        missed_by.len() < 2 || givers < enough
    }
}

#[cfg(test)]
mod tests;
