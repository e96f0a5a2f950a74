//! How much a member has to do, as far as its answers tell.
//!
//! | measure | what it follows |
//! |---|---|
//! | latency | the slowest answer at once, faster ones by and by: the peak of a moving average |
//! | queue time | what the member said last of how long requests wait there |
//! | failing | the part of its answers that were none |
//!
//! All of them fade, so that a member that was too slow to be asked is asked again after a while.
//! A failure is not an answer: however soon it came, it makes no member a fast one.

use std::time::Duration;

use tokio::time::Instant;

use crate::Signal;
use crate::fading::{DecayingValue, Tick};

/// What the latest answer counts for in the part that fails.
const LATEST: f32 = 1.0 / 8.0;
/// A smaller part is none.
const HARDLY: f32 = 0.001;
/// The most that failures make of a latency: a thousand times as long.
const MOSTLY: f32 = 0.999;
/// The shortest latency, in seconds: one of nothing would be none at all.
const SHORTEST: f32 = 1e-6;

/// The measures of one member. No lock is taken to read or to change them.
#[derive(Debug)]
pub(crate) struct Gauge {
    since: Instant,
    /// In seconds; 0 if it has not answered yet.
    latency: DecayingValue,
    /// In seconds.
    queue_time: DecayingValue,
    /// From 0 to 1.
    failure_ratio: DecayingValue,
}

impl Gauge {
    /// Nothing is known yet.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            since: now,
            latency: DecayingValue::new(),
            queue_time: DecayingValue::new(),
            failure_ratio: DecayingValue::new(),
        }
    }

    /// Since when it is kept.
    pub(crate) fn since(&self) -> Instant {
        self.since
    }

    /// Takes note of an attempt that took so long; `None` if that says nothing.
    pub(crate) fn record(&self, verdict: Signal, took: Option<Duration>, now: Instant) {
        let (now, took) = (self.tick(now), took.map(|took| took.as_secs_f32().max(SHORTEST)));
        match verdict {
            Signal::Neutral => {}
            Signal::Success => {
                if let Some(took) = took {
                    self.record_latency(took, now);
                }
                self.failure_ratio.update(now, |before| {
                    let after = before.value * before.remaining(now) * (1.0 - LATEST);
                    (before.value > 0.0).then_some(if after < HARDLY { 0.0 } else { after })
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
                    Some(before + (1.0 - before) * LATEST)
                });
            }
        }
    }

    /// Takes note of an attempt that nobody waited for to its end.
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
                // The second within a millisecond: of those only the slowest counts, and no word is written.
                None
            }
        });
    }

    /// What is not answered yet may take longer still, but not less. What was never answered says nothing of how
    /// long an answer takes.
    fn raise_latency(&self, took: f32, now: Tick) {
        self.latency.update(now, |before| (before.value > 0.0 && took > before.value).then_some(took));
    }

    /// Takes note of what the member says of its queue.
    pub(crate) fn record_queue_time(&self, time: Duration, now: Instant) {
        let (now, time) = (self.tick(now), time.as_secs_f32());
        // One word a millisecond is enough.
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

    #[expect(clippy::cast_possible_truncation, reason = "comes round after 49 days, as ticks do")]
    fn tick(&self, now: Instant) -> Tick {
        Tick(now.saturating_duration_since(self.since).as_millis() as u32)
    }
}

/// How much a member has to do, at one moment.
///
/// Everything but the requests in flight is measured only where a policy
/// [wants it](crate::Policy::wants_load), and is nothing elsewhere. It fades: in ten seconds of silence to about a
/// third.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    in_flight: usize,
    latency: f32,
    queue_time: f32,
    failure_ratio: f32,
}

impl Load {
    /// How many requests have not ended yet.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// How long its answers take: as long as the slowest of late. `None` if it has not answered yet.
    pub fn latency(&self) -> Option<Duration> {
        (self.latency > 0.0).then(|| seconds(self.latency))
    }

    /// How long requests wait in its queue, as it says.
    pub fn queue_time(&self) -> Duration {
        seconds(self.queue_time)
    }

    /// The part of its answers that were failures, from 0 to 1; the last eight count for most.
    pub fn failure_ratio(&self) -> f64 {
        f64::from(self.failure_ratio)
    }

    /// How long it takes until a further request is answered well, in seconds.
    ///
    /// Requests in flight are taken to be answered one after the other, and those that fail to be sent again. One
    /// of which nothing is known is taken to be as fast as the `other`: were it taken to be the fastest, all
    /// requests would go there until it has answered.
    #[expect(clippy::cast_precision_loss, reason = "a cost, to be compared")]
    pub(crate) fn cost(&self, other: &Self) -> f32 {
        let known = |load: &Self| (load.latency > 0.0).then_some(load.latency);
        let latency = known(self).or(known(other)).unwrap_or(SHORTEST);
        (self.in_flight as f32 + 1.0) * (latency + self.queue_time) / (1.0 - self.failure_ratio.min(MOSTLY))
    }
}

fn seconds(seconds: f32) -> Duration {
    Duration::try_from_secs_f32(seconds).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests;
