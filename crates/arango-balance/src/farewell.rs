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
use crate::health::Found;

/// How long a member that is about to go is spared, and when it is looked at next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Farewell {
    until: Instant,
    look: Instant,
    word: Word,
}

/// Whose word it is that a member is about to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// Its own.
    Own,
    /// That of whoever sends it away; or its own, where that it is well shows nothing.
    Others,
}

/// What a look has shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shown {
    /// It is about to go still.
    Leaving(Farewell),
    /// It has gone.
    Gone,
    /// It has started anew, as far as one can tell.
    Back,
    /// The term is over, and it is neither seen gone nor back: requests will tell.
    Unknown,
}

impl Farewell {
    /// Begins; `look` is when it is looked at first.
    pub(crate) fn new(word: Word, now: Instant, look: Instant, policy: &HealthPolicy) -> Self {
        let until = now + policy.leaving;
        Self { until, look: look.min(until), word }
    }

    /// It was said again: what was asked before is old, and who says it all the time is looked at nevertheless.
    pub(crate) fn again(self, word: Word, now: Instant, look: Instant, policy: &HealthPolicy) -> Self {
        // Once others have said so, that it hands on the word of a third proves nothing.
        let word = if self.word == Word::Others { self.word } else { word };
        Self::new(word, now, if self.look > now { self.look } else { look }, policy)
    }

    /// When it is to be looked at.
    pub(crate) fn look(self) -> Instant {
        self.look
    }

    /// What follows from what was found; `again` is when it would be looked at next.
    pub(crate) fn looked(self, found: Found, now: Instant, again: Instant, policy: &HealthPolicy) -> Shown {
        let over = now >= self.until;
        let next = |look: Instant| Shown::Leaving(Self { look: look.min(self.until), ..self });
        match found {
            Found::Gone => Shown::Gone,
            Found::Busy => Shown::Leaving(Self::new(self.word, now, again, policy)),
            Found::Well if over || self.word == Word::Own => Shown::Back,
            Found::Unasked if over => Shown::Back,
            Found::Unclear | Found::Silent | Found::Unrecognized if over => Shown::Unknown,
            // Nobody looks.
            Found::Unasked => next(self.until),
            Found::Well | Found::Unclear | Found::Silent | Found::Unrecognized => next(again),
        }
    }
}
