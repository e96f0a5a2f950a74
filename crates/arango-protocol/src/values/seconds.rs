//! Times and durations in seconds.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// A time in seconds since 1970, with or without a fraction.
///
/// ```
/// use arango_protocol::UnixSeconds;
/// use std::time::{Duration, SystemTime};
///
/// let moment: UnixSeconds = serde_json::from_str("1743568356")?;
/// assert_eq!(moment.time(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_743_568_356)));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, serde::Deserialize, serde::Serialize)]
#[serde(transparent)]
pub struct UnixSeconds(pub f64);

impl UnixSeconds {
    /// Returns the time; `None` before 1970 and outside the range of `SystemTime`.
    pub fn time(self) -> Option<SystemTime> {
        SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(self.0).ok()?)
    }
}

/// A duration in seconds, with or without a fraction. Negative values become zero, too large ones the maximum.
pub(crate) struct Seconds(Duration);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecondsVisitor)
    }
}

/// For a required field.
pub fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Seconds::deserialize(deserializer).map(|seconds| seconds.0)
}

/// For a field that may be missing or null.
pub fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    Ok(Option::<Seconds>::deserialize(deserializer)?.map(|seconds| seconds.0))
}

/// Writes a required field, as a number with or without a fraction.
pub fn write<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

/// Writes a field that may be missing.
pub fn write_optional<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(|duration| duration.as_secs_f64()).serialize(serializer)
}

struct SecondsVisitor;

impl Visitor<'_> for SecondsVisitor {
    type Value = Seconds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of seconds")
    }

    fn visit_u64<E>(self, seconds: u64) -> Result<Seconds, E> {
        Ok(Seconds(Duration::from_secs(seconds)))
    }

    fn visit_i64<E>(self, seconds: i64) -> Result<Seconds, E> {
        Ok(Seconds(Duration::from_secs(seconds.try_into().unwrap_or(0))))
    }

    fn visit_f64<E>(self, seconds: f64) -> Result<Seconds, E> {
        Ok(Seconds(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read_with_and_without_a_fraction() {
        let read = |text: &str| serde_json::from_str::<Seconds>(text).unwrap().0;
        assert_eq!(read("3"), Duration::from_secs(3));
        assert_eq!(read("0.5"), Duration::from_millis(500));
        assert_eq!(
            (read("-1"), read("-0.5"), read("1e300")),
            (Duration::ZERO, Duration::ZERO, Duration::MAX)
        );
        assert!(serde_json::from_str::<Seconds>("\"3\"").is_err());
    }

    #[test]
    fn an_invalid_unix_time_is_kept() {
        let read = |text: &str| serde_json::from_str::<UnixSeconds>(text).unwrap();
        assert_eq!(read("0").time(), Some(SystemTime::UNIX_EPOCH));
        assert_eq!(read("1.5").time(), Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1500)));
        assert_eq!((read("-1").time(), read("1e300").time()), (None, None));
    }
}
