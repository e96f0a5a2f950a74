//! Ids that nobody else gets.

use std::ops::RangeInclusive;

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use serde::de::{Deserializer, Error};

const PATH: &str = "/_admin/cluster/uniqId";

/// The most ids that are given at once.
const MOST: u32 = 1_000_000;

/// The highest that the counter can be raised to.
const HIGHEST: u64 = 1 << 60;

/// Ids that nobody else gets: all from the smallest to the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct UniqueIds {
    /// The smallest.
    #[serde(deserialize_with = "digits")]
    pub smallest: u64,
    /// The largest.
    #[serde(deserialize_with = "digits")]
    pub largest: u64,
}

impl UniqueIds {
    /// All of them.
    pub fn range(&self) -> RangeInclusive<u64> {
        self.smallest..=self.largest
    }
}

/// Takes ids from the cluster's counter that nobody else gets. Since 3.12.5-3.
///
/// Sent a second time it takes others: those of the first are lost, which does no harm but is an effect.
///
/// # Errors
///
/// 503 if the agency does not answer; 403 without write access to `_system`. None, or more than a million, are refused
/// before they are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReserveUniqueIds {
    /// How many, from 1 to 1,000,000.
    pub count: u32,
}

impl Operation for ReserveUniqueIds {
    type Output = UniqueIds;

    const METADATA: Metadata =
        Metadata::put("cluster.reserve_unique_ids", PATH).since("3.12.5-3").permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        if !(1..=MOST).contains(&self.count) {
            return Err(BuildError::Field { field: "count", reason: "is not between 1 and 1000000" });
        }
        RequestBuilder::new(Self::METADATA).query("number", &self.count.to_string()).build()
    }

    fn output(&self, response: ApiResponse) -> Result<UniqueIds, DecodeError> {
        response.json()
    }
}

/// Raises the cluster's counter of ids, so that no id up to `minimum` is given any more. Since 3.12.5-3.
///
/// If it stands higher already, nothing changes. The answer is one fresh id.
///
/// # Errors
///
/// As [`ReserveUniqueIds`]. Zero, or more than 2^60, is refused before it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RaiseUniqueIds {
    /// What the counter is to reach, up to 2^60.
    pub minimum: u64,
}

impl Operation for RaiseUniqueIds {
    type Output = UniqueIds;

    const METADATA: Metadata = Metadata::put("cluster.raise_unique_ids", PATH)
        .idempotent() // it is raised already
        .since("3.12.5-3")
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        if !(1..=HIGHEST).contains(&self.minimum) {
            return Err(BuildError::Field { field: "minimum", reason: "is not between 1 and 2^60" });
        }
        RequestBuilder::new(Self::METADATA).query("minimum", &self.minimum.to_string()).build()
    }

    fn output(&self, response: ApiResponse) -> Result<UniqueIds, DecodeError> {
        response.json()
    }
}

// Strings, since they can be larger than a double holds exactly.
fn digits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| Error::custom("expected decimal digits"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, assert_refuses, read, response};

    #[test]
    fn ids_are_strings_of_digits() {
        let reserve = ReserveUniqueIds { count: 100 };
        assert_asks(&reserve, "PUT", "/_admin/cluster/uniqId?number=100");
        let ids = read(&reserve, r#"{"error":false,"code":200,"smallest":"2000001","largest":"2000100"}"#);
        assert_eq!(ids.range(), 2_000_001..=2_000_100);
        let error = reserve.output(response(200, r#"{"smallest":"x","largest":"1"}"#)).unwrap_err();
        assert_eq!(error.path(), "smallest");

        let raise = RaiseUniqueIds { minimum: HIGHEST };
        assert_asks(&raise, "PUT", "/_admin/cluster/uniqId?minimum=1152921504606846976");
        let largest = r#"{"smallest":"1152921504606846977","largest":"1152921504606846977"}"#;
        assert_eq!(read(&raise, largest).smallest, HIGHEST + 1);
    }

    #[test]
    fn what_the_server_would_refuse_is_refused_by_name() {
        for count in [0, MOST + 1] {
            assert_refuses(&ReserveUniqueIds { count }, "`count` is not between 1 and 1000000");
        }
        for minimum in [0, HIGHEST + 1] {
            assert_refuses(&RaiseUniqueIds { minimum }, "`minimum` is not between 1 and 2^60");
        }
    }
}
