//! The endpoints of the coordinators.

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// The endpoints of the coordinators, in no particular order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Endpoints {
    /// One entry for each registered coordinator.
    ///
    /// **A dead one stays listed** until it is removed.
    ///
    /// An entry that cannot be decoded is kept as an empty one, so that it does not hide the others.
    #[serde(rename = "endpoints", deserialize_with = "deserialize_entries")]
    pub listed: Vec<CoordinatorEndpoint>,
}

impl Endpoints {
    /// Returns the endpoints as the server wrote them, without the empty ones.
    ///
    /// An entry is empty while the responding coordinator does not know the other one's endpoint yet.
    #[inline]
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.listed.iter().map(|entry| entry.endpoint.as_str()).filter(|endpoint| !endpoint.is_empty())
    }
}

fn deserialize_entries<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<CoordinatorEndpoint>, D::Error> {
    let entries = Vec::<Value>::deserialize(deserializer)?;
    let empty = |_| CoordinatorEndpoint { endpoint: String::new(), internal: None };
    Ok(entries
        .into_iter()
        .map(|entry| match entry {
            Value::Object(entry) => CoordinatorEndpoint::deserialize(entry).unwrap_or_else(empty),
            _ => CoordinatorEndpoint { endpoint: String::new(), internal: None },
        })
        .collect())
}

/// The endpoint of one coordinator.
///
/// The server writes `tcp://` for `http://` and `ssl://` for `https://`; a missing port is 8529. The entry does not
/// contain the coordinator's id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct CoordinatorEndpoint {
    /// The advertised endpoint, or else the cluster-internal one.
    ///
    /// For example `tcp://10.0.0.11:8529`; may be empty.
    pub endpoint: String,
    /// The cluster-internal endpoint; only present if another one is advertised.
    pub internal: Option<String>,
}

/// Reads the endpoints of the coordinators.
///
/// Allowed for any user, in any database.
///
/// # Errors
///
/// 501 from a server other than a coordinator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetEndpoints;

impl Operation for GetEndpoints {
    type Output = Endpoints;

    const METADATA: Metadata = Metadata::get("cluster.endpoints", "/_api/cluster/endpoints");

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Endpoints, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    fn an_entry_that_cannot_be_read_does_not_hide_others() {
        for invalid in ["null", "7", "[]", "{}", r#"{"endpoint":null}"#, r#"{"endpoint":["tcp://x"]}"#] {
            let body = format!(r#"{{"endpoints":[{invalid},{{"endpoint":"tcp://10.0.0.11:8529"}}]}}"#);
            let endpoints = read(&GetEndpoints, &body);
            assert_eq!(endpoints.listed.len(), 2);
            assert_eq!(endpoints.addresses().collect::<Vec<_>>(), ["tcp://10.0.0.11:8529"], "{invalid}");
        }
        for body in ["{}", r#"{"endpoints":null}"#, r#"{"endpoints":"tcp://x"}"#] {
            assert!(GetEndpoints.output(crate::testing::response(200, body)).is_err(), "{body}");
        }
    }

    #[test]
    fn endpoints_are_kept_as_written_and_empty_ones_skipped_on_demand() {
        assert_request(&GetEndpoints, "GET", "/_api/cluster/endpoints");
        let endpoints = read(
            &GetEndpoints,
            r#"{"error":false,"code":200,"endpoints":[
                {"endpoint":"ssl://db1.example.com:8529","internal":"tcp://10.0.0.11:8529"},
                {"endpoint":""},{"endpoint":"http+tcp://[::1]:8529"}]}"#,
        );
        assert_eq!(endpoints.listed.len(), 3);
        assert_eq!(endpoints.listed[0].internal.as_deref(), Some("tcp://10.0.0.11:8529"));
        let known: Vec<_> = endpoints.addresses().collect();
        assert_eq!(known, ["ssl://db1.example.com:8529", "http+tcp://[::1]:8529"]);
    }
}
