//! All that the agency holds.

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use serde_json::Value;

/// All that the agency holds, as JSON: its shape is the server's own affair, and changes between versions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct AgencyDump(pub Value);

impl AgencyDump {
    fn of(response: &ApiResponse) -> Result<Self, DecodeError> {
        let dump: Self = response.json()?;
        if dump.tree().is_some() {
            Ok(dump)
        } else {
            Err(response.invalid("nothing under `arango`, `[0].arango` or `agency.arango`"))
        }
    }

    /// What lies below `arango`, however it is wrapped: servers and tools send the tree alone, in a list, or under
    /// `agency`.
    pub fn tree(&self) -> Option<&Value> {
        let Self(dump) = self;
        [
            dump.get("arango"),
            dump.get(0).and_then(|first| first.get("arango")),
            dump.pointer("/agency/arango"),
        ]
        .into_iter()
        .flatten()
        .next()
    }
}

/// Asks for all that the agency holds.
///
/// # Errors
///
/// 503 if the agency does not answer; 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetAgencyDump;

impl Operation for GetAgencyDump {
    type Output = AgencyDump;

    const METADATA: Metadata =
        Metadata::get("cluster.agency_dump", "/_api/cluster/agency-dump").permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<AgencyDump, DecodeError> {
        AgencyDump::of(&response)
    }
}

/// Asks the coordinator that answers for what it has of the agency, which may be older than what the agency holds.
///
/// # Errors
///
/// 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetAgencyCache;

impl Operation for GetAgencyCache {
    type Output = AgencyDump;

    const METADATA: Metadata = Metadata::get("server.agency_cache", "/_api/cluster/agency-cache")
        .scope(Scope::Coordinator)
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<AgencyDump, DecodeError> {
        AgencyDump::of(&response)
    }
}

/// The maps that a coordinator works with, as JSON: their shape is the server's own affair, and changes between versions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct ClusterInfo(pub Value);

/// Asks the coordinator that answers for what it makes of the agency: the maps that it works with.
///
/// # Errors
///
/// 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetClusterInfo;

impl Operation for GetClusterInfo {
    type Output = ClusterInfo;

    const METADATA: Metadata = Metadata::get("server.cluster_info", "/_api/cluster/cluster-info")
        .scope(Scope::Coordinator)
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<ClusterInfo, DecodeError> {
        let info: ClusterInfo = response.json()?;
        // Names change from build to build, but each of them has what is planned, or where shards are.
        let is_one = |(name, value): (&String, &Value)| {
            let name = name.to_ascii_lowercase();
            name.contains("plan") || (name.contains("shard") && (value.is_object() || value.is_array()))
        };
        match info.0.as_object() {
            Some(maps) if maps.iter().any(is_one) => Ok(info),
            _ => Err(response.invalid("no key such as `planVersion`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, read, response};

    #[test]
    fn the_tree_is_found_however_it_is_wrapped() {
        assert_asks(&GetAgencyDump, "GET", "/_api/cluster/agency-dump");
        assert_asks(&GetAgencyCache, "GET", "/_api/cluster/agency-cache");
        for body in [
            r#"{"arango":{"Plan":1}}"#,
            r#"[{"arango":{"Plan":1}}]"#,
            r#"{"index":7,"term":2,"agency":{"arango":{"Plan":1}}}"#,
        ] {
            assert_eq!(read(&GetAgencyDump, body).tree().unwrap()["Plan"], 1, "{body}");
            assert_eq!(read(&GetAgencyCache, body), read(&GetAgencyDump, body));
        }
        assert!(GetAgencyDump.output(response(200, "[]")).is_err());
        assert_eq!(AgencyDump(Value::Null).tree(), None);
    }

    #[test]
    fn what_a_coordinator_works_with_is_handed_on_as_it_is() {
        assert_asks(&GetClusterInfo, "GET", "/_api/cluster/cluster-info");
        assert_eq!(read(&GetClusterInfo, r#"{"planVersion":7}"#).0["planVersion"], 7);
    }
}
