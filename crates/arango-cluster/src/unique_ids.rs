//! Ids that are unique in the cluster.

use std::ops::RangeInclusive;

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize, Serializer};

const PATH: &str = "/_admin/cluster/uniqId";

/// The maximum number of ids per request.
const MAX_COUNT: u32 = 1_000_000;

/// The maximum value of the counter.
const MAX_MINIMUM: u64 = 1 << 60;

/// A range of reserved ids, from the smallest to the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct UniqueIds {
    /// The smallest.
    #[serde(deserialize_with = "digits", serialize_with = "write_digits")]
    pub smallest: u64,
    /// The largest.
    #[serde(deserialize_with = "digits", serialize_with = "write_digits")]
    pub largest: u64,
}

impl UniqueIds {
    /// Returns the range.
    pub fn range(&self) -> RangeInclusive<u64> {
        self.smallest..=self.largest
    }
}

/// Reserves ids from the cluster's counter. Since 3.12.5-3.
///
/// A repeated request reserves other ids: the first ones are lost, which is harmless but an effect.
///
/// # Errors
///
/// 503 if the agency does not respond; 403 without write access to `_system`. Zero ids, or more than a million, are
/// rejected before sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReserveUniqueIds {
    /// How many, from 1 to 1,000,000.
    pub count: u32,
}

impl Operation for ReserveUniqueIds {
    type Output = UniqueIds;

    const METADATA: Metadata = Metadata::put("cluster.reserve_unique_ids", PATH)
        .without_body()
        .since("3.12.5-3")
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        if !(1..=MAX_COUNT).contains(&self.count) {
            return Err(BuildError::Field { field: "count", reason: "is not between 1 and 1000000" });
        }
        RequestBuilder::new(Self::METADATA).query("number", &self.count.to_string()).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<UniqueIds, OutputError> {
        response.json()
    }
}

/// Raises the cluster's id counter.
///
/// Later ids are greater than `minimum`. Since 3.12.5-3. If the counter is already higher, nothing changes. The
/// response contains one new id.
///
/// # Errors
///
/// As [`ReserveUniqueIds`]. Zero, or more than 2^60, is rejected before sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RaiseUniqueIds {
    /// The minimum value of the counter, up to 2^60.
    pub minimum: u64,
}

impl Operation for RaiseUniqueIds {
    type Output = UniqueIds;

    const METADATA: Metadata = Metadata::put("cluster.raise_unique_ids", PATH)
        .without_body()
        .idempotent() // the counter is already raised
        .since("3.12.5-3")
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        if !(1..=MAX_MINIMUM).contains(&self.minimum) {
            return Err(BuildError::Field { field: "minimum", reason: "is not between 1 and 2^60" });
        }
        RequestBuilder::new(Self::METADATA).query("minimum", &self.minimum.to_string()).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<UniqueIds, OutputError> {
        response.json()
    }
}

// Strings, since they can exceed the exact range of a double.
fn digits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| Error::custom("expected decimal digits"))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference to the field")]
fn write_digits<S: Serializer>(id: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request, read, response};

    #[test]
    fn ids_are_strings_of_digits() {
        let reserve = ReserveUniqueIds { count: 100 };
        assert_request(&reserve, "PUT", "/_admin/cluster/uniqId?number=100");
        let ids = read(&reserve, r#"{"error":false,"code":200,"smallest":"2000001","largest":"2000100"}"#);
        assert_eq!(ids.range(), 2_000_001..=2_000_100);
        let error = reserve.output(response(200, r#"{"smallest":"x","largest":"1"}"#)).unwrap_err();
        assert_eq!(error.path(), "smallest");

        let raise = RaiseUniqueIds { minimum: MAX_MINIMUM };
        assert_request(&raise, "PUT", "/_admin/cluster/uniqId?minimum=1152921504606846976");
        let largest = r#"{"smallest":"1152921504606846977","largest":"1152921504606846977"}"#;
        assert_eq!(read(&raise, largest).smallest, MAX_MINIMUM + 1);
    }

    #[test]
    fn invalid_values_are_rejected_by_name() {
        for count in [0, MAX_COUNT + 1] {
            assert_rejected(&ReserveUniqueIds { count }, "`count` is not between 1 and 1000000");
        }
        for minimum in [0, MAX_MINIMUM + 1] {
            assert_rejected(&RaiseUniqueIds { minimum }, "`minimum` is not between 1 and 2^60");
        }
    }
}
