//! A member that is about to go: for how long is it spared, and what shows that it is back?
//!
//! It is spared for a term, which begins anew with each word. Meanwhile it is looked at again and again, for its going and
//! its return are facts, and the term is only a guess at how long both take:
//!
//! | a look finds it | if it said so itself | if others said so |
//! |---|---|---|
//! | gone | gone: ejected, and back as any that was | the same |
//! | well | back: it has started anew, or has only handed on the word of another | as before: who is asked to go may be well until it does |
//! | busy | still about to go: the term begins anew | the same |
//! | in no clear way | as before | as before |
//!
//! Who says so again within a term of being taken back is asked to go, and well until it does: from then on its own word
//! counts as that of others.
//!
//! At the end of the term it is back whatever is found, unless that is busy, or gone. Without a probe there is but that end.

use tokio::time::Instant;

use crate::HealthPolicy;
use crate::health::ProbeOutcome;

/// How long a member that is about to go is spared, and when it is looked at next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Draining {
    until: Instant,
    next_probe: Instant,
    source: DrainSource,
}

/// Whose word it is that a member is about to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DrainSource {
    /// Its own.
    Member,
    /// That of whoever sends it away; or its own, where that it is well shows nothing.
    Caller,
}

/// What a look has shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum DrainProgress {
    /// It is about to go still.
    Draining(Draining),
    /// It has gone.
    Gone,
    /// It has started anew, as far as one can tell.
    Restarted,
    /// The term is over, and it is neither seen gone nor back: requests will tell.
    Expired,
}

impl Draining {
    /// Begins; `look` is when it is looked at first.
    pub(crate) fn new(word: DrainSource, now: Instant, look: Instant, policy: &HealthPolicy) -> Self {
        let until = now + policy.max_drain_time;
        Self { until, next_probe: look.min(until), source: word }
    }

    /// It was said again: what was asked before is old, and who says it all the time is looked at nevertheless.
    pub(crate) fn extend(
        self,
        word: DrainSource,
        now: Instant,
        look: Instant,
        policy: &HealthPolicy,
    ) -> Self {
        // Once others have said so, that it hands on the word of a third proves nothing.
        let word = if self.source == DrainSource::Caller { self.source } else { word };
        Self::new(word, now, if self.next_probe > now { self.next_probe } else { look }, policy)
    }

    /// When it is to be looked at.
    pub(crate) fn next_probe(self) -> Instant {
        self.next_probe
    }

    /// What follows from what was found; `again` is when it would be looked at next.
    pub(crate) fn probed(
        self,
        found: ProbeOutcome,
        now: Instant,
        again: Instant,
        policy: &HealthPolicy,
    ) -> DrainProgress {
        let over = now >= self.until;
        let next = |look: Instant| DrainProgress::Draining(Self { next_probe: look.min(self.until), ..self });
        match found {
            ProbeOutcome::Unreachable => DrainProgress::Gone,
            ProbeOutcome::Unavailable => DrainProgress::Draining(Self::new(self.source, now, again, policy)),
            ProbeOutcome::Available if over || self.source == DrainSource::Member => DrainProgress::Restarted,
            ProbeOutcome::NotProbed if over => DrainProgress::Restarted,
            ProbeOutcome::Inconclusive | ProbeOutcome::TimedOut | ProbeOutcome::Unrecognized if over => {
                DrainProgress::Expired
            }
            // Nobody looks.
            ProbeOutcome::NotProbed => next(self.until),
            ProbeOutcome::Available
            | ProbeOutcome::Inconclusive
            | ProbeOutcome::TimedOut
            | ProbeOutcome::Unrecognized => next(again),
        }
    }
}
