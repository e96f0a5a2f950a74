//! A field with two types.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use arango_protocol::Timestamp;

/// When the cluster last heard from a server.
///
/// That is, the last time before the server's record was written. **It is not a heartbeat**: see
/// [`ServerHealth`](crate::ServerHealth).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LastAcked {
    /// For a coordinator or DB-Server: a time, `YYYY-MM-DDTHH:MM:SSZ` by the agency's clock.
    At(Timestamp),
    /// For an agent: the time since its last acknowledgement.
    ///
    /// Counted from when the leading agent got the acknowledgement, to the millisecond.
    ///
    /// Zero for the leader itself; it increases for a dead agent.
    Ago(Duration),
}

impl Serialize for LastAcked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::At(time) => time.serialize(serializer),
            Self::Ago(duration) => serializer.serialize_f64(duration.as_secs_f64()),
        }
    }
}

impl<'de> Deserialize<'de> for LastAcked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LastAckedVisitor)
    }
}

struct LastAckedVisitor;

impl Visitor<'_> for LastAckedVisitor {
    type Value = LastAcked;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time or a number of seconds")
    }

    fn visit_str<E>(self, time: &str) -> Result<LastAcked, E> {
        Ok(LastAcked::At(time.into()))
    }

    fn visit_string<E>(self, time: String) -> Result<LastAcked, E> {
        Ok(LastAcked::At(time.into()))
    }

    fn visit_u64<E>(self, seconds: u64) -> Result<LastAcked, E> {
        Ok(LastAcked::Ago(Duration::from_secs(seconds)))
    }

    fn visit_i64<E>(self, seconds: i64) -> Result<LastAcked, E> {
        // Two clocks are compared; a small negative value counts as zero.
        Ok(LastAcked::Ago(Duration::from_secs(seconds.try_into().unwrap_or(0))))
    }

    fn visit_f64<E>(self, seconds: f64) -> Result<LastAcked, E> {
        let ago = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
        Ok(LastAcked::Ago(ago))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_types_are_read() {
        for (text, expected) in [
            (r#""2026-03-01T08:00:04Z""#, LastAcked::At("2026-03-01T08:00:04Z".into())),
            ("0", LastAcked::Ago(Duration::ZERO)),
            ("3", LastAcked::Ago(Duration::from_secs(3))),
            ("0.037", LastAcked::Ago(Duration::from_millis(37))),
            ("-0.001", LastAcked::Ago(Duration::ZERO)),
            ("-1", LastAcked::Ago(Duration::ZERO)),
            ("1e300", LastAcked::Ago(Duration::MAX)),
        ] {
            assert_eq!(serde_json::from_str::<LastAcked>(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn other_types_are_rejected() {
        for text in ["true", "[]", "{}"] {
            assert!(serde_json::from_str::<LastAcked>(text).is_err(), "{text}");
        }
    }
}
