//! Timestamps of servers.

use std::fmt;
use std::marker::PhantomData;
use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

use crate::values::StringVisitor;

/// A time as the server wrote it, such as `2026-03-01T08:00:04Z`.
///
/// Compared as text: servers use one format for all of them, in UTC.
///
/// ```
/// use arango_protocol::Timestamp;
/// use std::time::{Duration, SystemTime};
///
/// let moment = Timestamp::from("1970-01-01T00:01:00Z");
/// assert_eq!(moment.time(), Some(SystemTime::UNIX_EPOCH + Duration::from_secs(60)));
/// assert_eq!(moment.as_str(), "1970-01-01T00:01:00Z");
/// ```
// Stored in place: a health response has three for each server, and allocating one costs more than decoding it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(SmolStr);

impl Timestamp {
    /// Returns the text as the server wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the time; `None` if the text is not a valid time.
    ///
    /// For example, an empty text is not a valid time.
    pub fn time(&self) -> Option<SystemTime> {
        humantime::parse_rfc3339_weak(&self.0).ok()
    }
}

impl From<&str> for Timestamp {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Timestamp {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(StringVisitor(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_timestamp_is_parsed_and_invalid_text_is_kept() {
        let read = |text: &str| serde_json::from_str::<Timestamp>(text).unwrap();
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(read(r#""2025-11-20T10:00:00Z""#).time(), at(1_763_632_800));
        assert_eq!(read(r#""1970-01-01T00:00:00Z""#).time(), at(0));
        for invalid in ["", "yesterday", "2025-13-40T10:00:00Z"] {
            let kept = read(&format!("{invalid:?}"));
            assert_eq!((kept.as_str(), kept.time()), (invalid, None));
        }
    }
}
