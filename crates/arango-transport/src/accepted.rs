//! Which coordinator took which token, and when.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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
    last: Arc<[(Coordinator, AtomicU64)]>,
}

impl Accepted {
    pub(crate) fn new(coordinators: &[Coordinator]) -> Self {
        let last = coordinators.iter().map(|coordinator| (coordinator.clone(), AtomicU64::new(0))).collect();
        Self { began: Instant::now(), last }
    }

    /// Notes that the coordinator at `slot` took `token`.
    pub(crate) fn note(&self, slot: usize, token: &Token, now: Instant) {
        // One word for both, so that neither is ever read with another's half.
        self.last[slot].1.store(self.entry(token, now), Ordering::Relaxed);
    }

    /// Whether another coordinator than `refused_by` took `token` lately.
    pub(crate) fn elsewhere(&self, refused_by: &Coordinator, token: &Token, now: Instant) -> bool {
        let wanted = self.entry(token, now);
        self.last.iter().filter(|(coordinator, _)| coordinator != refused_by).any(|(_, last)| {
            let last = last.load(Ordering::Relaxed);
            let age = (wanted & u64::from(u32::MAX)).saturating_sub(last & u64::from(u32::MAX));
            last != 0 && last >> 32 == wanted >> 32 && Duration::from_secs(age) < KNOWN
        })
    }

    /// The number of the token, and the time in seconds.
    fn entry(&self, token: &Token, now: Instant) -> u64 {
        let seconds = now.saturating_duration_since(self.began).as_secs() & u64::from(u32::MAX);
        (token.generation << 32) | seconds
    }

    /// Where a coordinator stands in the table.
    pub(crate) fn slot(&self, coordinator: &Coordinator) -> usize {
        let slot = self.last.iter().position(|(other, _)| other == coordinator);
        slot.expect("there is a place for each member")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_token_is_known_to_be_good_for_a_minute_by_the_word_of_another() {
        let hosts: crate::Hosts = "http://a,http://b".parse().unwrap();
        let [a, b] = hosts.coordinators() else { panic!("there are two") };
        let accepted = Accepted::new(hosts.coordinators());
        let token = || Token::fixed(HeaderValue::from_static("bearer x"));
        let (token, other) = (token(), token());
        let now = Instant::now();

        assert!(!accepted.elsewhere(a, &token, now));
        accepted.note(accepted.slot(b), &token, now);
        assert!(accepted.elsewhere(a, &token, now));
        assert!(!accepted.elsewhere(b, &token, now), "its own word is no other's");
        assert!(!accepted.elsewhere(a, &other, now), "another token is another matter");
        assert!(!accepted.elsewhere(a, &token, now + KNOWN + Duration::from_secs(1)));
    }
}
