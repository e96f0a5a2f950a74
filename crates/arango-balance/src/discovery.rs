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
pub(crate) struct Discovery<K> {
    policy: DiscoveryPolicy,
    seeds: Vec<Seed<K>>,
    found: Vec<Found<K>>,
    /// The last list that named anybody.
    listed: Vec<K>,
    /// Who was asked for a list last.
    asked: Option<K>,
    /// How many could have been asked.
    witnesses: usize,
    /// When the next list is due, and when the last was asked for.
    due: Instant,
    began: Option<Instant>,
    failures: u32,
    /// Some address that was listed has worked.
    worked: bool,
    seeds_only: bool,
}

#[derive(Debug)]
struct Seed<K> {
    key: K,
    identity: Option<Identity>,
    /// To be found out about before any candidate is: it may be one of them.
    unasked: bool,
}

#[derive(Debug)]
struct Found<K> {
    key: K,
    state: State<K>,
}

#[derive(Debug)]
enum State<K> {
    Candidate {
        failures: u32,
        again: Instant,
        refused: Option<Refused<K>>,
    },
    Discovered {
        identity: Identity,
        /// Who gave the lists in a row that lack it.
        missed: Vec<K>,
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
pub enum Refused<K> {
    /// It could not be found out who it is.
    Failed(String),
    /// It is this one, by another key.
    SameAs(K),
}

/// Where the name of a member comes from, and whether it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Known<K> {
    /// It was given.
    Seed,
    /// It was found, and is a member.
    Discovered,
    /// It was found, and is no member yet; if it was tried, why not.
    Candidate(Option<Refused<K>>),
}

/// What is to be done with the members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step<K> {
    /// It is to be found out about.
    TryOut(K),
    /// It becomes a member.
    Admit(K),
    /// It is no member any more, nor tried out.
    Remove(K),
    /// Whether several answer under this key, so that nothing that one of them does is held against all.
    Share(K, bool),
    /// None of those that were found works.
    SeedsOnly,
}

impl<K: Eq + Hash + Clone> Discovery<K> {
    pub(crate) fn new(policy: DiscoveryPolicy, seeds: impl IntoIterator<Item = K>, now: Instant) -> Self {
        Self {
            policy: policy.sane(),
            seeds: seeds.into_iter().map(Seed::new).collect(),
            found: Vec::new(),
            listed: Vec::new(),
            asked: None,
            witnesses: 0,
            due: now,
            began: None,
            failures: 0,
            worked: false,
            seeds_only: false,
        }
    }

    /// When there is something to do next.
    pub(crate) fn due(&self) -> Instant {
        let again = self.found.iter().filter_map(Found::again);
        again.chain([self.due]).min().unwrap_or(self.due)
    }

    /// Something happened that may be because members came or went: the next list is due at once, or as soon as it
    /// may be.
    pub(crate) fn nudge(&mut self, now: Instant) {
        let soonest = self.began.map_or(now, |began| (began + self.policy.least).max(now));
        self.due = self.due.min(soonest);
    }

    /// Begins to ask for a list if one is due: whom, of those that are `well`.
    pub(crate) fn refresh(&mut self, well: &[K], now: Instant, chance: f64) -> Option<K> {
        if now < self.due {
            return None;
        }
        self.began = Some(now);
        self.due = now + self.policy.next(chance);
        // One that lists lack is about to go.
        let stays = |key: &&K| !self.found.iter().any(|found| found.key == **key && found.is_missed());
        let mut able: Vec<_> = well.iter().filter(stays).collect();
        if able.is_empty() {
            able = well.iter().collect();
        }
        self.witnesses = able.len();
        let last = able.iter().position(|key| Some(*key) == self.asked.as_ref());
        let next = able.get(last.map_or(0, |last| (last + 1) % able.len())).copied().cloned();
        self.asked.clone_from(&next);
        next
    }

    /// Takes note of a list that was given, or that none was.
    pub(crate) fn listed(&mut self, by: &K, list: Option<Vec<K>>, now: Instant) -> Vec<Step<K>> {
        let Some(mut list) = list else {
            self.failures = self.failures.saturating_add(1);
            self.due = self.due.min(now + self.policy.pause(self.failures));
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
        self.worked |= self.seeds.iter().any(|seed| named.contains(&seed.key));
        let mut steps = Vec::new();
        let enough = if self.witnesses > 1 { 2 } else { 1 };
        self.found.retain_mut(|found| {
            let stays = found.is_listed(named.contains(&found.key), by, enough);
            if !stays {
                steps.push(Step::Remove(found.key.clone()));
            }
            stays
        });
        let mut known: HashSet<K> = self.seeds.iter().map(|seed| seed.key.clone()).collect();
        known.extend(self.found.iter().map(|found| found.key.clone()));
        for key in &list {
            if self.found.len() >= MOST {
                break;
            }
            if !known.insert(key.clone()) {
                continue;
            }
            let state = State::Candidate { failures: 0, again: now, refused: None };
            self.found.push(Found { key: key.clone(), state });
            steps.push(Step::TryOut(key.clone()));
        }
        self.listed = list;
        self.seeds.iter_mut().for_each(|seed| seed.unasked = true);
        steps
    }

    /// Whom to find out about now: seeds first, for a candidate may be one of them.
    pub(crate) fn unknown(&mut self, now: Instant) -> Vec<K> {
        let seeds: Vec<_> = self
            .seeds
            .iter()
            .filter(|seed| seed.unasked)
            .map(|seed| seed.key.clone())
            .take(AT_ONCE)
            .collect();
        if !seeds.is_empty() {
            return seeds;
        }
        let due = self.found.iter().filter(|found| found.again().is_some_and(|again| again <= now));
        due.map(|found| found.key.clone()).take(AT_ONCE).collect()
    }

    /// Takes note of what was found out about one that was [unknown](Self::unknown).
    pub(crate) fn identified(
        &mut self,
        key: &K,
        answer: Result<Identity, String>,
        now: Instant,
    ) -> Vec<Step<K>> {
        if let Some(seed) = self.seeds.iter_mut().find(|seed| seed.key == *key) {
            seed.unasked = false;
            seed.identity = answer.ok();
            let identity = seed.identity.clone();
            return identity.map_or_else(Vec::new, |identity| self.seed_is(key, &identity, now));
        }
        let same = answer.as_ref().ok().and_then(|identity| self.other_than(key, identity));
        let again = now + self.policy.interval;
        let Some(found) = self.found.iter_mut().find(|found| found.key == *key) else { return Vec::new() };
        let State::Candidate { failures, .. } = found.state else { return Vec::new() };
        match (answer, same) {
            (Ok(identity), None) => {
                self.worked = true;
                self.seeds_only = false;
                let shared = identity == Identity::Shared;
                found.state = State::Discovered { identity, missed: Vec::new() };
                vec![Step::Admit(key.clone()), Step::Share(key.clone(), shared)]
            }
            (Ok(_), Some(same)) => {
                self.worked = true;
                self.seeds_only = false;
                found.state = State::Candidate { failures: 0, again, refused: Some(Refused::SameAs(same)) };
                Vec::new()
            }
            (Err(why), _) => {
                let failures = failures.saturating_add(1);
                let settled = self.seeds_only && failures >= PROOF;
                let pause = if settled { self.policy.recheck } else { self.policy.pause(failures) };
                let refused = Some(Refused::Failed(why));
                found.state = State::Candidate { failures, again: now + pause, refused };
                self.none_works(now)
            }
        }
    }

    /// Replaces the seeds; gives all who are to be members then, in order.
    ///
    /// One that was a seed and is still in the lists stays, as one that was found.
    pub(crate) fn reseed(&mut self, seeds: &[K], now: Instant) -> Vec<K> {
        let before = std::mem::take(&mut self.seeds);
        self.found.retain(|found| !seeds.contains(&found.key));
        for seed in before.into_iter().filter(|seed| !seeds.contains(&seed.key)) {
            if self.listed.contains(&seed.key)
                && let Some(identity) = seed.identity
            {
                let state = State::Discovered { identity, missed: Vec::new() };
                self.found.push(Found { key: seed.key, state });
            }
        }
        self.seeds = seeds.iter().cloned().map(Seed::new).collect();
        self.seeds_only = false;
        self.nudge(now);
        let discovered = self.found.iter().filter(|found| found.is_discovered());
        seeds.iter().chain(discovered.map(|found| &found.key)).cloned().collect()
    }

    /// How often in a row no list was given.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// What is known of this key.
    pub(crate) fn known(&self, key: &K) -> Option<Known<K>> {
        if self.seeds.iter().any(|seed| seed.key == *key) {
            return Some(Known::Seed);
        }
        let found = self.found.iter().find(|found| found.key == *key)?;
        Some(match &found.state {
            State::Discovered { .. } => Known::Discovered,
            State::Candidate { refused, .. } => Known::Candidate(refused.clone()),
        })
    }

    /// Takes note of who a seed is: others by another name need not be members, too.
    fn seed_is(&mut self, seed: &K, identity: &Identity, now: Instant) -> Vec<Step<K>> {
        let again = now + self.policy.interval;
        let mut steps = vec![Step::Share(seed.clone(), *identity == Identity::Shared)];
        for found in &mut self.found {
            if *identity != Identity::Shared
                && matches!(&found.state, State::Discovered { identity: other, .. } if other == identity)
            {
                steps.push(Step::Remove(found.key.clone()));
                steps.push(Step::TryOut(found.key.clone()));
                let refused = Some(Refused::SameAs(seed.clone()));
                found.state = State::Candidate { failures: 0, again, refused };
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
        let found = self.found.iter().map(|found| (&found.key, found.identity()));
        seeds
            .chain(found)
            .find(|(other, is)| *other != key && *is == Some(identity))
            .map(|(other, _)| other.clone())
    }

    /// Gives up on all candidates for long, once each has proved often enough that it does not work.
    fn none_works(&mut self, now: Instant) -> Vec<Step<K>> {
        let none = !self.worked
            && !self.seeds_only
            && self
                .found
                .iter()
                .all(|found| matches!(found.state, State::Candidate { failures, .. } if failures >= PROOF));
        if !none {
            return Vec::new();
        }
        self.seeds_only = true;
        for found in &mut self.found {
            if let State::Candidate { again, .. } = &mut found.state {
                *again = now + self.policy.recheck;
            }
        }
        vec![Step::SeedsOnly]
    }
}

impl<K> Seed<K> {
    fn new(key: K) -> Self {
        Self { key, identity: None, unasked: true }
    }
}

impl<K: PartialEq + Clone> Found<K> {
    /// When it is to be found out about, unless it is a member.
    fn again(&self) -> Option<Instant> {
        match self.state {
            State::Candidate { again, .. } => Some(again),
            State::Discovered { .. } => None,
        }
    }

    fn identity(&self) -> Option<&Identity> {
        match &self.state {
            State::Discovered { identity, .. } => Some(identity),
            State::Candidate { .. } => None,
        }
    }

    fn is_discovered(&self) -> bool {
        matches!(self.state, State::Discovered { .. })
    }

    fn is_missed(&self) -> bool {
        matches!(&self.state, State::Discovered { missed, .. } if !missed.is_empty())
    }

    /// Takes note of a list; whether it is to be kept. One list may be wrong, and so may be one who gives them, so
    /// two in a row must lack it, by `enough` of different givers.
    fn is_listed(&mut self, listed: bool, by: &K, enough: usize) -> bool {
        let State::Discovered { missed, .. } = &mut self.state else { return listed };
        if listed {
            missed.clear();
            return true;
        }
        // Of itself a member knows no better.
        if self.key != *by {
            missed.push(by.clone());
        }
        let givers = missed.iter().enumerate().filter(|(index, by)| !missed[..*index].contains(by)).count();
        missed.len() < 2 || givers < enough
    }
}

#[cfg(test)]
mod tests;
