//! The agency's supervision: a round each second, unless it is told to stand still.

use tokio::time::Instant;

use super::servers::Server;
use crate::clock::Clock;

/// Whether the supervision works. What is asked for takes effect at its next round.
#[derive(Debug, Default)]
pub(crate) struct Supervision {
    wanted_until: Option<Instant>,
    in_maintenance: bool,
    next_look: Option<Instant>,
}

impl Supervision {
    /// Whether it stands still: no checks of health, no jobs.
    pub(crate) fn is_in_maintenance(&self) -> bool {
        self.in_maintenance
    }

    /// Asks for maintenance until a time, or for its end.
    pub(crate) fn want(&mut self, until: Option<Instant>, now: Instant, clock: &Clock) {
        self.wanted_until = until;
        self.next_look = Some(clock.next_round(now));
    }

    pub(super) fn next_look(&self) -> Option<Instant> {
        self.next_look
    }

    /// Takes note of what is wanted, if the time for it has come.
    pub(super) fn look(&mut self, now: Instant, clock: &Clock) {
        if self.next_look.is_none_or(|look| look > now) {
            return;
        }
        self.wanted_until = self.wanted_until.filter(|until| *until > now);
        self.in_maintenance = self.wanted_until.is_some();
        self.next_look = self.wanted_until.map(|until| clock.next_round(until));
    }
}

impl Server {
    /// When the supervision has something to note of this server's own maintenance.
    pub(super) fn next_maintenance_round(&self, now: Instant, clock: &Clock) -> Option<Instant> {
        if self.maintenance_target != self.maintenance {
            return Some(clock.next_round(now));
        }
        self.maintenance.map(|until| clock.next_round(until.max(now)))
    }

    pub(super) fn note_maintenance(&mut self, now: Instant) {
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
    fn a_wish_takes_effect_with_the_next_round_and_ends_by_itself() {
        let clock = Clock::start();
        let start = clock.origin();
        let mut supervision = Supervision::default();
        supervision.want(Some(start + seconds(10)), start, &clock);
        assert!(!supervision.is_in_maintenance());

        supervision.look(start + seconds(1), &clock);
        assert!(supervision.is_in_maintenance());
        assert_eq!(supervision.next_look(), Some(start + seconds(11)));

        supervision.look(start + seconds(11), &clock);
        assert!(!supervision.is_in_maintenance());
        assert_eq!(supervision.next_look(), None);
    }

    #[test]
    fn a_wish_that_is_over_before_the_round_never_takes_effect() {
        let clock = Clock::start();
        let start = clock.origin();
        let mut supervision = Supervision::default();
        supervision.want(Some(start), start, &clock);
        supervision.look(start + seconds(1), &clock);

        assert!(!supervision.is_in_maintenance());
    }
}
