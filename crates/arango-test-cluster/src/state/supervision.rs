//! The agency's supervision: one round each second, unless it is in maintenance.

use tokio::time::Instant;

use super::servers::Server;
use crate::config::clock::Clock;

/// Whether the supervision works. A request takes effect at its next round.
#[derive(Debug, Default)]
pub(crate) struct Supervision {
    requested_until: Option<Instant>,
    in_maintenance: bool,
    next_round: Option<Instant>,
}

impl Supervision {
    /// Returns whether it is in maintenance, without checks of health and without jobs.
    pub(crate) fn is_in_maintenance(&self) -> bool {
        self.in_maintenance
    }

    /// Requests maintenance until a time, or its end.
    pub(crate) fn request_maintenance(&mut self, until: Option<Instant>, now: Instant, clock: &Clock) {
        self.requested_until = until;
        self.next_round = Some(clock.next_round(now));
    }

    pub(super) fn next_round(&self) -> Option<Instant> {
        self.next_round
    }

    /// Applies a request whose round has come.
    pub(super) fn run_round(&mut self, now: Instant, clock: &Clock) {
        if self.next_round.is_none_or(|round| round > now) {
            return;
        }
        self.requested_until = self.requested_until.filter(|until| *until > now);
        self.in_maintenance = self.requested_until.is_some();
        self.next_round = self.requested_until.map(|until| clock.next_round(until));
    }
}

impl Server {
    /// Returns the next round that changes this server's maintenance.
    pub(super) fn next_maintenance_round(&self, now: Instant, clock: &Clock) -> Option<Instant> {
        if self.maintenance_target != self.maintenance {
            return Some(clock.next_round(now));
        }
        self.maintenance.map(|until| clock.next_round(until.max(now)))
    }

    pub(super) fn apply_maintenance(&mut self, now: Instant) {
        self.maintenance_target = self.maintenance_target.filter(|until| *until > now);
        self.maintenance = self.maintenance_target;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn requested_maintenance_starts_with_the_next_round_and_expires() {
        let clock = Clock::start();
        let start = clock.origin();
        let mut supervision = Supervision::default();
        supervision.request_maintenance(Some(start + seconds(10)), start, &clock);
        assert!(!supervision.is_in_maintenance());

        supervision.run_round(start + seconds(1), &clock);
        assert!(supervision.is_in_maintenance());
        assert_eq!(supervision.next_round(), Some(start + seconds(11)));

        supervision.run_round(start + seconds(11), &clock);
        assert!(!supervision.is_in_maintenance());
        assert_eq!(supervision.next_round(), None);
    }

    #[test]
    fn maintenance_that_expires_before_the_round_never_starts() {
        let clock = Clock::start();
        let start = clock.origin();
        let mut supervision = Supervision::default();
        supervision.request_maintenance(Some(start), start, &clock);
        supervision.run_round(start + seconds(1), &clock);

        assert!(!supervision.is_in_maintenance());
    }
}
