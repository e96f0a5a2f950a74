//! A number that counts for less as it grows old.
//!
//! The number and when it was noted are one word, so that no reader sees the one with the other's time, and nobody
//! takes a lock:
//!
//! ```text
//!   63 ──────────── 32 31 ──────────── 0
//!   the number, an f32  when, in ms since the member was made
//! ```
//!
//! The milliseconds come round again after 49 days. A number that nobody has touched for 24 of them is taken to be
//! new; long before that it has faded to nothing, and whoever it is about has been asked again.

use crate::sync::{AtomicU64, Ordering};

/// After this many milliseconds 1/e is left of a number.
const LIFE: f32 = 10_000.0;

/// A moment, in milliseconds since some other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tick(pub(crate) u32);

/// A number that fades.
#[derive(Debug)]
pub(crate) struct DecayingValue(AtomicU64);

/// A number as it was noted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) value: f32,
    taken_at: Tick,
}

impl Sample {
    /// What is left of it, from 1 down to 0.
    #[expect(clippy::cast_possible_wrap, reason = "a moment before it was noted is a small negative age")]
    #[expect(clippy::cast_precision_loss, reason = "an age, of which the first digits count")]
    pub(crate) fn remaining(self, now: Tick) -> f32 {
        let age = now.0.wrapping_sub(self.taken_at.0) as i32;
        // The usual case of who is asked often, without what the exponential costs.
        if age <= 0 { 1.0 } else { (-(age as f32) / LIFE).exp() }
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
    /// Nothing.
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// What is left of the number.
    pub(crate) fn read(&self, now: Tick) -> f32 {
        let noted = Sample::from_bits(self.0.load(Ordering::Relaxed));
        // Zero fades to zero.
        if noted.value == 0.0 { 0.0 } else { noted.value * noted.remaining(now) }
    }

    /// Notes the number that `change` makes of the last one; `None` leaves that as it is, and as old.
    ///
    /// Of two at once one goes first, and the other is told what the first has noted: nothing is lost. Relaxed,
    /// because the word is all there is.
    pub(crate) fn update(&self, now: Tick, change: impl Fn(Sample) -> Option<f32>) {
        // That there was nothing to change is no failure.
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
    fn a_number_fades_to_a_third_in_ten_seconds_and_to_nothing_in_the_end() {
        let fading = DecayingValue::new();
        fading.update(Tick(500), |_| Some(3.0));
        for (after, left) in [(0, 3.0), (10_000, 1.103), (20_000, 0.406), (1_000_000, 0.0)] {
            assert!((fading.read(Tick(500 + after)) - left).abs() < 0.001, "after {after} ms");
        }
    }

    #[test]
    fn time_that_comes_round_or_runs_backwards_a_little_makes_a_number_no_larger() {
        let fading = DecayingValue::new();
        fading.update(Tick(u32::MAX - 4_999), |_| Some(1.0));
        assert!((fading.read(Tick(5_000)) - 0.368).abs() < 0.001);
        assert_eq!(fading.read(Tick(u32::MAX - 9_000)).to_bits(), 1.0_f32.to_bits());
    }
}
