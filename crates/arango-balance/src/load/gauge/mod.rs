//! Load of one member, measured from its responses.
//!
//! | measure | value |
//! |---|---|
//! | latency | peak of a moving average: a slower response counts at once, faster ones gradually |
//! | queue time | how long requests wait in the member's queue, as it last reported |
//! | failure ratio | part of its attempts that failed |
//!
//! All of them decay, so that a member that was too slow to get requests gets some again after a while. A failure is
//! not a response: however early it comes, it makes no member look fast.

use std::time::Duration;

use tokio::time::Instant;

use crate::health::signal::Signal;
use crate::load::decaying_value::{DecayingValue, Tick};

/// Weight of the latest attempt in the failure ratio.
const LATEST_WEIGHT: f32 = 1.0 / 8.0;
/// A smaller failure ratio counts as zero.
const MIN_FAILURE_RATIO: f32 = 0.001;
/// Maximum failure ratio in the cost: failures multiply the latency by at most 1000.
const MAX_FAILURE_RATIO: f32 = 0.999;
/// Minimum latency, in seconds: zero would mean that it is unknown.
const MIN_LATENCY: f32 = 1e-6;

/// The measures of one member. They are read and changed without locks.
#[derive(Debug)]
pub(crate) struct Gauge {
    since: Instant,
    /// In seconds; 0 if there was no response yet.
    latency: DecayingValue,
    /// In seconds.
    queue_time: DecayingValue,
    /// From 0 to 1.
    failure_ratio: DecayingValue,
}

impl Gauge {
    /// Starts without measurements.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            since: now,
            latency: DecayingValue::new(),
            queue_time: DecayingValue::new(),
            failure_ratio: DecayingValue::new(),
        }
    }

    /// Returns when the measurements started.
    pub(crate) fn since(&self) -> Instant {
        self.since
    }

    /// Records an attempt and its latency; `None` if the latency is not representative.
    pub(crate) fn record(&self, signal: Signal, took: Option<Duration>, now: Instant) {
        let (now, took) = (self.tick(now), took.map(|took| took.as_secs_f32().max(MIN_LATENCY)));
        match signal {
            Signal::Neutral => {}
            Signal::Success => {
                if let Some(took) = took {
                    self.record_latency(took, now);
                }
                self.failure_ratio.update(now, |before| {
                    let after = before.value * before.remaining(now) * (1.0 - LATEST_WEIGHT);
                    (before.value > 0.0).then_some(if after < MIN_FAILURE_RATIO { 0.0 } else { after })
                });
            }
            Signal::Unreachable
            | Signal::Failure
            | Signal::GatewayError
            | Signal::Overloaded
            | Signal::Unrecognized
            | Signal::Draining => {
                if let Some(took) = took {
                    self.raise_latency(took, now);
                }
                self.failure_ratio.update(now, |before| {
                    let before = before.value * before.remaining(now);
                    Some(before + (1.0 - before) * LATEST_WEIGHT)
                });
            }
        }
    }

    /// Records an attempt that was abandoned after some time.
    pub(crate) fn record_abandoned(&self, after: Duration, now: Instant) {
        self.raise_latency(after.as_secs_f32(), self.tick(now));
    }

    fn record_latency(&self, took: f32, now: Tick) {
        self.latency.update(now, |before| {
            let left = before.remaining(now);
            if took > before.value {
                Some(took)
            } else if left < 1.0 {
                Some(before.value * left + took * (1.0 - left))
            } else {
                // Not the first within a millisecond: only the slowest counts, and nothing is written.
                None
            }
        });
    }

    /// Raises the latency to that of an attempt without a response, which would have taken at least as long.
    ///
    /// Does nothing before the first response: an attempt without one does not show how long responses take.
    fn raise_latency(&self, took: f32, now: Tick) {
        // What is left of the latency counts, as in `read`.
        self.latency.update(now, |before| {
            (before.value > 0.0 && took > before.value * before.remaining(now)).then_some(took)
        });
    }

    /// Records the queue time that the member reports.
    pub(crate) fn record_queue_time(&self, time: Duration, now: Instant) {
        let (now, time) = (self.tick(now), time.as_secs_f32());
        // One write per millisecond is enough.
        self.queue_time
            .update(now, |before| (before.value == 0.0 || before.remaining(now) < 1.0).then_some(time));
    }

    pub(crate) fn read(&self, in_flight: usize, now: Instant) -> Load {
        let now = self.tick(now);
        Load {
            in_flight,
            latency: self.latency.read(now),
            queue_time: self.queue_time.read(now),
            failure_ratio: self.failure_ratio.read(now),
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "wraps around after 49 days, like ticks")]
    fn tick(&self, now: Instant) -> Tick {
        Tick(now.saturating_duration_since(self.since).as_millis() as u32)
    }
}

/// Load of a member at one moment.
///
/// Everything but the number of requests in flight is measured only if a policy [uses load](crate::Policy::wants_load),
/// and is zero otherwise. Without new measurements it decays to about a third in ten seconds.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    in_flight: usize,
    latency: f32,
    queue_time: f32,
    failure_ratio: f32,
}

impl Load {
    /// Returns the number of requests in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Returns its latency: that of the slowest recent response.
    ///
    /// `None` before the first response.
    pub fn latency(&self) -> Option<Duration> {
        (self.latency > 0.0).then(|| seconds(self.latency))
    }

    /// Returns how long requests wait in its queue, as the member reported.
    pub fn queue_time(&self) -> Duration {
        seconds(self.queue_time)
    }

    /// Returns the fraction of failed attempts, from 0 to 1.
    ///
    /// The last eight count most.
    pub fn failure_ratio(&self) -> f64 {
        f64::from(self.failure_ratio)
    }

    /// Returns the expected time until another request succeeds, in seconds.
    ///
    /// Requests in flight are assumed to be handled one after the other, and failed ones to be retried. A member
    /// without measurements is assumed to be as fast as `other`. If it were assumed to be the fastest, it would get all
    /// requests until its first response.
    #[expect(clippy::cast_precision_loss, reason = "a cost, to be compared")]
    pub(crate) fn cost(&self, other: &Self) -> f32 {
        let measured = |load: &Self| (load.latency > 0.0).then_some(load.latency);
        let latency = measured(self).or(measured(other)).unwrap_or(MIN_LATENCY);
        (self.in_flight as f32 + 1.0) * (latency + self.queue_time)
            / (1.0 - self.failure_ratio.min(MAX_FAILURE_RATIO))
    }
}

fn seconds(seconds: f32) -> Duration {
    Duration::try_from_secs_f32(seconds).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests;
