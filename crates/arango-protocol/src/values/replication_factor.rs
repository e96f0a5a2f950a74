//! The number of copies of each shard.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// The number of copies of each shard.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReplicationFactor {
    /// This many, including the leader; from 1 to 10.
    Copies(u64),
    /// One on each DB-Server.
    Satellite,
    /// A value unknown to this version of the crate.
    ///
    /// It is kept as the server wrote it.
    Unknown(String),
}

impl From<u64> for ReplicationFactor {
    fn from(copies: u64) -> Self {
        Self::Copies(copies)
    }
}

impl fmt::Display for ReplicationFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Copies(copies) => copies.fmt(f),
            Self::Satellite => f.pad("satellite"),
            Self::Unknown(value) => f.pad(value),
        }
    }
}

impl Serialize for ReplicationFactor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Copies(copies) => serializer.serialize_u64(*copies),
            Self::Satellite => serializer.serialize_str("satellite"),
            Self::Unknown(value) => serializer.serialize_str(value),
        }
    }
}

impl<'de> Deserialize<'de> for ReplicationFactor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FactorVisitor;

        impl Visitor<'_> for FactorVisitor {
            type Value = ReplicationFactor;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a string")
            }

            fn visit_u64<E>(self, copies: u64) -> Result<ReplicationFactor, E> {
                Ok(ReplicationFactor::Copies(copies))
            }

            fn visit_str<E>(self, value: &str) -> Result<ReplicationFactor, E> {
                Ok(match value {
                    "satellite" => ReplicationFactor::Satellite,
                    other => ReplicationFactor::Unknown(other.to_owned()),
                })
            }
        }

        deserializer.deserialize_any(FactorVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_is_a_number_or_a_word() {
        for (text, factor) in [
            ("3", ReplicationFactor::Copies(3)),
            ("\"satellite\"", ReplicationFactor::Satellite),
            ("\"moon\"", ReplicationFactor::Unknown("moon".to_owned())),
        ] {
            assert_eq!(serde_json::from_str::<ReplicationFactor>(text).unwrap(), factor);
            assert_eq!(serde_json::to_string(&factor).unwrap(), text);
        }
    }
}
