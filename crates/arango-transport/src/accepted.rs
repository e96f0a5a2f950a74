//! Which coordinator took which token, and when.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::time::Instant;

use crate::Coordinator;
use crate::token::Token;

/// For how long a token that was taken is known to be good.
const KNOWN: Duration = Duration::from_secs(60);

/// The token that each coordinator took last.
///
/// Secrets are loaded server by server, and one that starts cannot verify a token yet: so a refusal means
/// something else if another coordinator takes the same token. Clones are the same table.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    began: Instant,
    lines: Arc<Mutex<Vec<Weak<Line>>>>,
}

/// What one coordinator took last; of the table until it is dropped.
#[derive(Debug)]
pub(crate) struct Line {
    coordinator: Coordinator,
    began: Instant,
    last: AtomicU64,
}

impl Accepted {
    pub(crate) fn new() -> Self {
        Self { began: Instant::now(), lines: Arc::default() }
    }

    /// Begins the line of a coordinator.
    pub(crate) fn line(&self, coordinator: &Coordinator) -> Arc<Line> {
        let (coordinator, began) = (coordinator.clone(), self.began);
        let line = Arc::new(Line { coordinator, began, last: AtomicU64::new(0) });
        let mut lines = self.lines();
        lines.retain(|line| line.strong_count() > 0);
        lines.push(Arc::downgrade(&line));
        line
    }

    /// Whether another coordinator than `refused_by` took `token` lately.
    pub(crate) fn elsewhere(&self, refused_by: &Coordinator, token: &Token, now: Instant) -> bool {
        let wanted = entry(self.began, token, now);
        let lines: Vec<_> = self.lines().iter().filter_map(Weak::upgrade).collect();
        lines.iter().filter(|line| line.coordinator != *refused_by).any(|line| {
            let last = line.last.load(Ordering::Relaxed);
            let age = (wanted & u64::from(u32::MAX)).saturating_sub(last & u64::from(u32::MAX));
            last != 0 && last >> 32 == wanted >> 32 && Duration::from_secs(age) < KNOWN
        })
    }

    fn lines(&self) -> MutexGuard<'_, Vec<Weak<Line>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Notes that the coordinator took `token`.
    pub(crate) fn note(&self, token: &Token, now: Instant) {
        // One word for both, so that neither is ever read with another's half.
        self.last.store(entry(self.began, token, now), Ordering::Relaxed);
    }
}

/// The number of the token, and the time in seconds.
fn entry(began: Instant, token: &Token, now: Instant) -> u64 {
    let seconds = now.saturating_duration_since(began).as_secs() & u64::from(u32::MAX);
    (token.generation << 32) | seconds
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_token_is_known_to_be_good_for_a_minute_by_the_word_of_another() {
        let hosts: crate::Hosts = "http://a,http://b".parse().unwrap();
        let [a, b] = hosts.coordinators() else { panic!("there are two") };
        let accepted = Accepted::new();
        let (_of_a, of_b) = (accepted.line(a), accepted.line(b));
        let token = || Token::fixed(HeaderValue::from_static("bearer x"));
        let (token, other) = (token(), token());
        let now = Instant::now();

        assert!(!accepted.elsewhere(a, &token, now));
        of_b.note(&token, now);
        assert!(accepted.elsewhere(a, &token, now));
        assert!(!accepted.elsewhere(b, &token, now), "its own word is no other's");
        assert!(!accepted.elsewhere(a, &other, now), "another token is another matter");
        assert!(!accepted.elsewhere(a, &token, now + KNOWN + Duration::from_secs(1)));
        drop(of_b);
        assert!(!accepted.elsewhere(a, &token, now), "whoever has gone has no word");
    }

    #[test]
    fn a_token_that_was_taken_is_no_longer_known_to_be_good_after_exactly_a_minute() {
        let hosts: crate::Hosts = "http://a,http://b".parse().unwrap();
        let [a, b] = hosts.coordinators() else { panic!("there are two") };
        let accepted = Accepted::new();
        let of_b = accepted.line(b);
        let token = Token::fixed(HeaderValue::from_static("bearer x"));
        let now = accepted.began;
        of_b.note(&token, now);
        assert!(accepted.elsewhere(a, &token, now + KNOWN - Duration::from_secs(1)));
        assert!(!accepted.elsewhere(a, &token, now + KNOWN));
    }

    #[test]
    fn the_table_keeps_the_lines_of_coordinators_that_exist_and_no_others() {
        let hosts: crate::Hosts = "http://a,http://b".parse().unwrap();
        let [a, b] = hosts.coordinators() else { panic!("there are two") };
        let accepted = Accepted::new();
        let _of_a = accepted.line(a);
        for _ in 0..10 {
            drop(accepted.line(b));
        }
        let _of_b = accepted.line(b);
        let lines = accepted.lines();
        let kept: Vec<_> =
            lines.iter().filter_map(Weak::upgrade).map(|line| line.coordinator.clone()).collect();
        assert_eq!((kept, lines.len()), (vec![a.clone(), b.clone()], 2));
    }
}
