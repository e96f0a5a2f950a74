//! The cluster's time: tokio's clock, which tests can pause, and a calendar derived from it.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// Reads tokio's clock and converts it to calendar time.
///
/// The system clock is read once, when the cluster starts. From then on the calendar follows tokio's clock, so that
/// `exp` of tokens and timestamps follow a paused clock too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    origin: Instant,
    since_epoch: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { origin: Instant::now(), since_epoch }
    }

    pub(crate) fn origin(&self) -> Instant {
        self.origin
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::now().max(self.origin)
    }

    /// Returns the time since the epoch at `instant`.
    pub(crate) fn unix_time(&self, instant: Instant) -> Duration {
        match instant.checked_duration_since(self.origin) {
            Some(later) => self.since_epoch + later,
            None => self.since_epoch.saturating_sub(self.origin.duration_since(instant)),
        }
    }

    /// Formats an instant as the agency does: UTC, whole seconds.
    pub(crate) fn timestamp(&self, instant: Instant) -> String {
        timestamp(self.unix_time(instant).as_secs())
    }

    /// Returns the first round of the supervision after `instant`. There is one each second.
    pub(crate) fn next_round(&self, instant: Instant) -> Instant {
        let passed = instant.saturating_duration_since(self.origin).as_secs();
        self.origin + Duration::from_secs(passed + 1)
    }
}

/// Formats seconds since the epoch as `YYYY-MM-DDTHH:MM:SSZ`.
pub(crate) fn timestamp(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

/// Converts days since 1970-01-01 to year, month and day. It counts in eras of 400 years that begin in March.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_follow_the_calendar_over_leap_days() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00Z");
        assert_eq!(timestamp(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(timestamp(1_772_352_005), "2026-03-01T08:00:05Z");
    }

    #[tokio::test(start_paused = true)]
    async fn unix_time_follows_the_paused_clock() {
        let clock = Clock::start();
        let before = clock.unix_time(clock.now());
        tokio::time::advance(Duration::from_secs(3600)).await;

        assert_eq!(clock.unix_time(clock.now()), before + Duration::from_secs(3600));
    }
}
