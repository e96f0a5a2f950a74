//! How coordinators track queries: which ones they list, and as what.

use std::collections::BTreeMap;
use std::time::Duration;

/// How one coordinator tracks the queries of one database.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tracking {
    pub(crate) is_enabled: bool,
    pub(crate) tracks_slow: bool,
    pub(crate) tracks_bind_vars: bool,
    /// How many slow queries are listed.
    pub(crate) max_slow: usize,
    /// From which time on a query is slow, in seconds.
    pub(crate) slow: f64,
    /// The same for streams.
    pub(crate) slow_stream: f64,
    /// How many bytes of a query's text are kept.
    pub(crate) max_text: usize,
}

impl Default for Tracking {
    fn default() -> Self {
        Self {
            is_enabled: true,
            tracks_slow: true,
            tracks_bind_vars: true,
            max_slow: 64,
            slow: 10.0,
            slow_stream: 10.0,
            max_text: 4096,
        }
    }
}

impl Tracking {
    /// Returns the text of a query as lists show it.
    pub(crate) fn shorten(&self, text: &str) -> String {
        if text.len() <= self.max_text {
            return text.to_owned();
        }
        let end = (0..=self.max_text).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        format!("{}...", &text[..end])
    }

    /// Returns whether a query that took this time is listed as slow.
    pub(crate) fn is_slow(&self, time: Duration, is_stream: bool) -> bool {
        let limit = if is_stream { self.slow_stream } else { self.slow };
        self.is_enabled && self.tracks_slow && time.as_secs_f64() >= limit
    }
}

/// How all coordinators track queries. Databases that are not listed have the defaults.
#[derive(Debug, Default)]
pub(crate) struct TrackingSettings {
    by_coordinator: BTreeMap<(usize, String), Tracking>,
}

impl TrackingSettings {
    /// Returns how a coordinator tracks the queries of a database.
    pub(crate) fn get(&self, coordinator: usize, database: &str) -> Tracking {
        self.by_coordinator.get(&(coordinator, database.to_owned())).cloned().unwrap_or_default()
    }

    pub(crate) fn set(&mut self, coordinator: usize, database: &str, tracking: Tracking) {
        self.by_coordinator.insert((coordinator, database.to_owned()), tracking);
    }

    /// Resets a database that is dropped.
    pub(crate) fn remove_of_database(&mut self, name: &str) {
        self.by_coordinator.retain(|(_, database), _| database != name);
    }

    /// Resets a coordinator whose process has ended.
    pub(crate) fn remove_of_coordinator(&mut self, index: usize) {
        self.by_coordinator.retain(|(coordinator, _), _| *coordinator != index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let tracking = Tracking { max_text: 4, ..Tracking::default() };

        assert_eq!((tracking.shorten("abcd"), tracking.shorten("abcde")), ("abcd".into(), "abcd...".into()));
        assert_eq!(tracking.shorten("abc\u{e4}"), "abc...");
    }

    #[test]
    fn streams_have_their_own_limit() {
        let tracking = Tracking { slow: 1.0, slow_stream: 3.0, ..Tracking::default() };
        let two = Duration::from_secs(2);

        assert_eq!((tracking.is_slow(two, false), tracking.is_slow(two, true)), (true, false));
        assert!(!Tracking { tracks_slow: false, ..tracking }.is_slow(two, false));
    }
}
