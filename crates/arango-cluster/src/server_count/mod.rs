//! The target number of servers.

mod set;

use std::fmt;

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError};
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use crate::server::ServerId;

pub use set::{ServerCountTarget, SetServerCount};

/// The target number of servers, **not the actual one**.
///
/// [`ClusterHealth`](crate::ClusterHealth) has the actual number.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ServerCount {
    /// The target number of DB-Servers.
    ///
    /// `None` if it was never set, or is not a count: the server accepts any number.
    #[serde(rename = "numberOfDBServers", deserialize_with = "count")]
    pub db_servers: Option<usize>,
    /// The target number of coordinators; `None` as above.
    #[serde(rename = "numberOfCoordinators", deserialize_with = "count")]
    pub coordinators: Option<usize>,
    /// DB-Servers that were cleaned out.
    ///
    /// They are not used until they are removed from this list.
    #[serde(rename = "cleanedServers")]
    pub cleaned: Vec<ServerId>,
}

/// Reads the target number of servers.
///
/// # Errors
///
/// 500 if the agency does not respond within 10 seconds; 403 if the server is hardened and the user is not an
/// administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetServerCount;

impl Operation for GetServerCount {
    type Output = ServerCount;

    const METADATA: Metadata = Metadata::get("cluster.server_count", "/_admin/cluster/numberOfServers");

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<ServerCount, OutputError> {
        response.json()
    }
}

fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    deserializer.deserialize_any(CountVisitor)
}

struct CountVisitor;

impl Visitor<'_> for CountVisitor {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or null")
    }

    fn visit_unit<E>(self) -> Result<Option<usize>, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Option<usize>, E> {
        Ok(usize::try_from(number).ok())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Option<usize>, E> {
        Ok(usize::try_from(number).ok())
    }

    fn visit_f64<E>(self, _fraction: f64) -> Result<Option<usize>, E> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    fn targets_and_cleaned_out_servers_are_read() {
        assert_request(&GetServerCount, "GET", "/_admin/cluster/numberOfServers");
        let count = read(
            &GetServerCount,
            r#"{"error":false,"code":200,"numberOfDBServers":3,"numberOfCoordinators":2,
                "cleanedServers":["PRMR-1"]}"#,
        );
        assert_eq!((count.db_servers, count.coordinators), (Some(3), Some(2)));
        assert_eq!(count.cleaned, ["PRMR-1".into()]);
    }

    #[test]
    fn a_target_may_be_unset_or_invalid() {
        for (number, target) in
            [("null", None), ("0", Some(0)), ("-1", None), ("2.5", None), ("18446744073709551616", None)]
        {
            let body = format!(
                r#"{{"numberOfDBServers":{number},"numberOfCoordinators":null,"cleanedServers":[]}}"#
            );
            let count = read(&GetServerCount, &body);
            assert_eq!((count.db_servers, count.coordinators), (target, None), "{number}");
        }
    }
}
