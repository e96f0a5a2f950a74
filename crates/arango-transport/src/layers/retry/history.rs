//! The history of a call, as far as it affects further attempts.

use arango_protocol::ErrorKind;
use tokio::time::Instant;

use crate::error::attempt::Attempt;
use crate::layers::retry::decision::{Reason, Retry};
use crate::layers::retry::rules::Target;
use crate::types::coordinator::Coordinator;

/// The history of a call, as far as it affects further attempts.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    /// Coordinators that were used, except those that may be used again.
    pub(crate) tried: Vec<Coordinator>,
    /// Attempts that count towards the maximum.
    pub(crate) attempts: usize,
    /// Whether an attempt ended with a protocol violation.
    pub(crate) has_violation: bool,
    /// Whether a newer token was requested. Once per call: if that token is rejected too, the token is not
    /// the cause.
    pub(crate) token_renewed: bool,
    /// A coordinator that was skipped because it rejected a token that another one accepts.
    pub(crate) skipped: Option<Coordinator>,
    pub(crate) leader_redirects: u32,
    pub(crate) conflicts: u32,
    /// Attempts that failed because something is not propagated yet.
    pub(crate) not_propagated: u32,
    /// The time of the first one.
    pub(crate) not_propagated_since: Option<Instant>,
}

impl History {
    /// Returns the history of a call with these failed attempts.
    pub(crate) fn from_attempts(failed: &[Attempt]) -> Self {
        let attempts = failed.len();
        let has_violation = failed.iter().any(|attempt| attempt.kind == ErrorKind::ProtocolViolation);
        let mut history = Self { attempts, has_violation, ..Self::default() };
        failed
            .iter()
            .filter_map(|attempt| attempt.coordinator.as_ref())
            .for_each(|one| history.add_tried(one));
        history
    }

    fn add_tried(&mut self, coordinator: &Coordinator) {
        if !self.tried.contains(coordinator) {
            self.tried.push(coordinator.clone());
        }
    }

    /// Records that `retry` follows an attempt at `coordinator`.
    pub(crate) fn record(&mut self, coordinator: Option<&Coordinator>, retry: &Retry, now: Instant) {
        if retry.reason.counts_as_attempt() {
            self.attempts += 1;
        }
        match retry.reason {
            // The coordinator is added to those that were tried.
            Reason::Failure | Reason::NotSupported => {}
            Reason::NotPropagated => {
                self.not_propagated += 1;
                self.not_propagated_since.get_or_insert(now);
            }
            Reason::TokenRenewal => self.token_renewed = true,
            Reason::TokenAcceptedElsewhere => self.skipped = coordinator.cloned(),
            Reason::LeaderElsewhere => self.leader_redirects += 1,
            Reason::Conflict => self.conflicts += 1,
        }
        if retry.target != Target::Same
            && let Some(coordinator) = coordinator
        {
            self.add_tried(coordinator);
        }
    }
}

#[cfg(test)]
mod tests {
    use arango_protocol::Outcome;

    use super::*;
    use crate::error::attempt::Phase;
    use crate::types::hosts::Hosts;

    #[test]
    fn a_call_that_continues_counts_each_coordinator_once() {
        let hosts = "http://a,http://b".parse::<Hosts>().unwrap();
        let [a, b] = hosts.coordinators() else { panic!("{hosts:?}") };
        let failed = [a, b, a].map(|coordinator| {
            let mut attempt = Attempt::new(ErrorKind::ConnectRefused, Outcome::NotExecuted, Phase::Connect);
            attempt.coordinator = Some(coordinator.clone());
            attempt
        });
        let history = History::from_attempts(&failed);
        assert_eq!(history.tried, [a.clone(), b.clone()]);
        assert_eq!(history.attempts, 3);
    }
}
