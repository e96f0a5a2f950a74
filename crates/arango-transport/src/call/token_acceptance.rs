//! The token that each coordinator accepted last.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

use crate::types::coordinator::Coordinator;
use crate::types::token::Token;

/// How long an accepted token counts as valid.
const VALIDITY: Duration = Duration::from_secs(60);

/// The token that each coordinator accepted last. Clones share the table.
///
/// Servers load JWT secrets one after another, and a starting server cannot verify a token yet. A rejection
/// therefore does not prove that a token is invalid while another coordinator accepts it.
#[derive(Debug, Clone)]
pub(crate) struct TokenAcceptance {
    began: Instant,
    entries: Arc<Mutex<Vec<Weak<LastAccepted>>>>,
}

/// The last token that one coordinator accepted. It is removed from the table when it is dropped.
#[derive(Debug)]
pub(crate) struct LastAccepted {
    coordinator: Coordinator,
    started: Instant,
    last: AtomicU64,
}

impl TokenAcceptance {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), entries: Arc::default() }
    }

    /// Adds an entry for a coordinator.
    pub(crate) fn entry(&self, coordinator: &Coordinator) -> Arc<LastAccepted> {
        let (coordinator, began) = (coordinator.clone(), self.began);
        let entry = Arc::new(LastAccepted { coordinator, started: began, last: AtomicU64::new(0) });
        let mut entries = self.entries();
        entries.retain(|entry| entry.strong_count() > 0);
        entries.push(Arc::downgrade(&entry));
        entry
    }

    /// Returns whether a coordinator other than `refused_by` accepted `token` recently.
    pub(crate) fn is_accepted_elsewhere(
        &self,
        refused_by: &Coordinator,
        token: &Token,
        now: Instant,
    ) -> bool {
        let wanted = pack(self.began, token, now);
        let entries: Vec<_> = self.entries().iter().filter_map(Weak::upgrade).collect();
        entries.iter().filter(|entry| entry.coordinator != *refused_by).any(|entry| {
            let last = entry.last.load(Ordering::Relaxed);
            let age = (wanted & u64::from(u32::MAX)).saturating_sub(last & u64::from(u32::MAX));
            last != 0 && last >> 32 == wanted >> 32 && Duration::from_secs(age) < VALIDITY
        })
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Weak<LastAccepted>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LastAccepted {
    /// Records that the coordinator accepted `token`.
    pub(crate) fn record(&self, token: &Token, now: Instant) {
        // Token and time share one atomic value, so that they always belong together.
        self.last.store(pack(self.started, token, now), Ordering::Relaxed);
    }
}

/// Packs the generation of the token and the time in seconds.
fn pack(began: Instant, token: &Token, now: Instant) -> u64 {
    let seconds = now.saturating_duration_since(began).as_secs() & u64::from(u32::MAX);
    (token.generation << 32) | seconds
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_token_counts_as_valid_for_a_minute_after_another_coordinator_accepted_it() {
        let hosts: crate::types::hosts::Hosts = "http://a,http://b".parse().unwrap();
        let [a, b] = hosts.coordinators() else { panic!("there are two") };
        let accepted = TokenAcceptance::new();
        let (_of_a, of_b) = (accepted.entry(a), accepted.entry(b));
        let token = || Token::fixed(HeaderValue::from_static("bearer x"));
        let (token, other) = (token(), token());
        let now = Instant::now();

        assert!(!accepted.is_accepted_elsewhere(a, &token, now));
        of_b.record(&token, now);
        assert!(accepted.is_accepted_elsewhere(a, &token, now));
        assert!(
            !accepted.is_accepted_elsewhere(b, &token, now),
            "the coordinator's own acceptance does not count"
        );
        assert!(!accepted.is_accepted_elsewhere(a, &other, now), "another token was not accepted");
        assert!(!accepted.is_accepted_elsewhere(a, &token, now + VALIDITY + Duration::from_secs(1)));
        drop(of_b);
        assert!(!accepted.is_accepted_elsewhere(a, &token, now), "a removed coordinator does not count");
    }

    #[test]
    fn an_accepted_token_expires_after_exactly_a_minute() {
        let hosts: crate::types::hosts::Hosts = "http://a,http://b".parse().unwrap();
        let [a, b] = hosts.coordinators() else { panic!("there are two") };
        let accepted = TokenAcceptance::new();
        let of_b = accepted.entry(b);
        let token = Token::fixed(HeaderValue::from_static("bearer x"));
        let now = accepted.began;
        of_b.record(&token, now);
        assert!(accepted.is_accepted_elsewhere(a, &token, now + VALIDITY - Duration::from_secs(1)));
        assert!(!accepted.is_accepted_elsewhere(a, &token, now + VALIDITY));
    }

    #[test]
    fn the_table_keeps_only_entries_of_existing_coordinators() {
        let hosts: crate::types::hosts::Hosts = "http://a,http://b".parse().unwrap();
        let [a, b] = hosts.coordinators() else { panic!("there are two") };
        let accepted = TokenAcceptance::new();
        let _of_a = accepted.entry(a);
        for _ in 0..10 {
            drop(accepted.entry(b));
        }
        let _of_b = accepted.entry(b);
        let entries = accepted.entries();
        let kept: Vec<_> =
            entries.iter().filter_map(Weak::upgrade).map(|entry| entry.coordinator.clone()).collect();
        assert_eq!((kept, entries.len()), (vec![a.clone(), b.clone()], 2));
    }
}
