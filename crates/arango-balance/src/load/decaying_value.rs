//! A number that decays with its age.
//!
//! The number and the time of its sample are packed into one atomic word. So a reader never sees one number with the
//! time of another, and no lock is needed:
//!
//! ```text
//!   63 ──────────── 32 31 ──────────── 0
//!   number, an f32      time, in ms since the member was created
//! ```
//!
//! The milliseconds wrap around after 49 days. A number that was not updated for 24 of them counts as new. Long before
//! that it has decayed to zero, and its member has been sampled again.

use crate::sync::{AtomicU64, Ordering};

/// After this many milliseconds 1/e of a number is left.
const TIME_CONSTANT_MS: f32 = 10_000.0;

/// A moment, in milliseconds since another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tick(pub(crate) u32);

/// A number that decays with its age.
#[derive(Debug)]
pub(crate) struct DecayingValue(AtomicU64);

/// A number with the time at which it was recorded.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) value: f32,
    taken_at: Tick,
}

impl Sample {
    /// Returns the part of the number that is left, from 1 down to 0.
    #[expect(clippy::cast_possible_wrap, reason = "a moment before the sample is a small negative age")]
    #[expect(clippy::cast_precision_loss, reason = "an age, of which the first digits matter")]
    pub(crate) fn remaining(self, now: Tick) -> f32 {
        let age = now.0.wrapping_sub(self.taken_at.0) as i32;
        // Frequently sampled members usually take the first branch, which avoids the exponential.
        if age <= 0 { 1.0 } else { (-(age as f32) / TIME_CONSTANT_MS).exp() }
    }

    fn from_bits(word: u64) -> Self {
        let [low, high] = [word & u64::from(u32::MAX), word >> 32];
        let half = |half: u64| u32::try_from(half).expect("half of a word");
        Self { value: f32::from_bits(half(high)), taken_at: Tick(half(low)) }
    }

    fn to_bits(self) -> u64 {
        u64::from(self.value.to_bits()) << 32 | u64::from(self.taken_at.0)
    }
}

impl DecayingValue {
    /// Starts with zero.
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Returns what is left of the number.
    pub(crate) fn read(&self, now: Tick) -> f32 {
        let sample = Sample::from_bits(self.0.load(Ordering::Relaxed));
        // Zero decays to zero.
        if sample.value == 0.0 { 0.0 } else { sample.value * sample.remaining(now) }
    }

    /// Records the number that `change` makes of the last one; `None` leaves the last one and its age unchanged.
    ///
    /// Of two concurrent updates the second is applied to the result of the first, so none is lost. Relaxed ordering is
    /// enough, because the word contains everything.
    pub(crate) fn update(&self, now: Tick, change: impl Fn(Sample) -> Option<f32>) {
        // An error means that there was nothing to change.
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
                change(Sample::from_bits(word)).map(|value| Sample { value, taken_at: now }.to_bits())
            })
            .ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_decays_to_a_third_in_ten_seconds_and_finally_to_zero() {
        let decaying = DecayingValue::new();
        decaying.update(Tick(500), |_| Some(3.0));
        for (after, left) in [(0, 3.0), (10_000, 1.103), (20_000, 0.406), (1_000_000, 0.0)] {
            assert!((decaying.read(Tick(500 + after)) - left).abs() < 0.001, "after {after} ms");
        }
    }

    #[test]
    fn time_that_wraps_around_or_goes_back_slightly_makes_no_number_larger() {
        let decaying = DecayingValue::new();
        decaying.update(Tick(u32::MAX - 4_999), |_| Some(1.0));
        assert!((decaying.read(Tick(5_000)) - 0.368).abs() < 0.001);
        assert_eq!(decaying.read(Tick(u32::MAX - 9_000)).to_bits(), 1.0_f32.to_bits());
    }
}
