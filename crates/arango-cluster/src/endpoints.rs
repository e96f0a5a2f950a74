//! Where clients reach the coordinators.

use arango_protocol::{ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Where clients reach the coordinators, in no particular order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Endpoints {
    /// One entry for each coordinator that is registered. **One that is dead stays listed** until
    /// it is removed.
    ///
    /// An entry that cannot be read is kept as an empty one, so that it does not hide the others.
    #[serde(rename = "endpoints", deserialize_with = "one_by_one")]
    pub listed: Vec<CoordinatorEndpoint>,
}

impl Endpoints {
    /// The endpoints as the server wrote them, without the empty ones.
    ///
    /// An entry is empty while the coordinator that answers has not yet heard where the other is.
    pub fn known(&self) -> impl Iterator<Item = &str> {
        self.listed.iter().map(|entry| entry.endpoint.as_str()).filter(|endpoint| !endpoint.is_empty())
    }
}

fn one_by_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<CoordinatorEndpoint>, D::Error> {
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

/// Where clients reach one coordinator.
///
/// Endpoints are the server's: `tcp://` stands for `http://`, `ssl://` for `https://`, and a port
/// that is missing is 8529. Neither says whose endpoint it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct CoordinatorEndpoint {
    /// The advertised endpoint, or else the cluster's own, such as `tcp://10.0.0.11:8529`; may be
    /// empty.
    pub endpoint: String,
    /// The cluster's own endpoint; only if another is advertised.
    pub internal: Option<String>,
}

/// Asks where clients reach the coordinators. Any user may, whatever the database.
///
/// # Errors
///
/// 501 if a server other than a coordinator is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetEndpoints;

impl Operation for GetEndpoints {
    type Output = Endpoints;

    const METADATA: Metadata = Metadata::get("cluster.endpoints", "/_api/cluster/endpoints");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<Endpoints, DecodeError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, read};

    #[test]
    fn an_entry_that_cannot_be_read_hides_no_other() {
        for odd in ["null", "7", "[]", "{}", r#"{"endpoint":null}"#, r#"{"endpoint":["tcp://x"]}"#] {
            let body = format!(r#"{{"endpoints":[{odd},{{"endpoint":"tcp://10.0.0.11:8529"}}]}}"#);
            let endpoints = read(&GetEndpoints, &body);
            assert_eq!(endpoints.listed.len(), 2);
            assert_eq!(endpoints.known().collect::<Vec<_>>(), ["tcp://10.0.0.11:8529"], "{odd}");
        }
        for body in ["{}", r#"{"endpoints":null}"#, r#"{"endpoints":"tcp://x"}"#] {
            assert!(GetEndpoints.output(crate::testing::response(200, body)).is_err(), "{body}");
        }
    }

    #[test]
    fn endpoints_are_kept_as_written_and_empty_ones_skipped_on_demand() {
        assert_asks(&GetEndpoints, "GET", "/_api/cluster/endpoints");
        let endpoints = read(
            &GetEndpoints,
            r#"{"error":false,"code":200,"endpoints":[
                {"endpoint":"ssl://db1.example.com:8529","internal":"tcp://10.0.0.11:8529"},
                {"endpoint":""},{"endpoint":"http+tcp://[::1]:8529"}]}"#,
        );
        assert_eq!(endpoints.listed.len(), 3);
        assert_eq!(endpoints.listed[0].internal.as_deref(), Some("tcp://10.0.0.11:8529"));
        let known: Vec<_> = endpoints.known().collect();
        assert_eq!(known, ["ssl://db1.example.com:8529", "http+tcp://[::1]:8529"]);
    }
}
