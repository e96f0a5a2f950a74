//! The contents of the agency.

use arango_protocol::{ApiResponse, Metadata, Operation, OutputError, Permission, Scope};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// All contents of the agency as JSON.
///
/// Its shape is internal to the server and changes between versions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct AgencyDump(pub Value);

impl AgencyDump {
    #[inline]
    fn from_response(response: &ApiResponse) -> Result<Self, OutputError> {
        let dump: Self = response.json()?;
        if dump.tree().is_some() {
            Ok(dump)
        } else {
            Err(response
                .invalid("nothing under `arango`, `[0].arango`, `agency.arango` or `cache[0].arango`"))
        }
    }

    /// Returns the value under `arango`, regardless of its wrapping.
    ///
    /// A dump has it under `agency`, the copy of a coordinator in the list `cache`. Tools and older servers send the tree
    /// alone or in a list.
    pub fn tree(&self) -> Option<&Value> {
        let Self(dump) = self;
        [
            dump.get("arango"),
            dump.get(0).and_then(|first| first.get("arango")),
            dump.pointer("/agency/arango"),
            dump.pointer("/cache/0/arango"),
        ]
        .into_iter()
        .flatten()
        .next()
    }
}

/// Reads all contents of the agency.
///
/// # Errors
///
/// 503 if the agency does not respond; 403 without write access to `_system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetAgencyDump;

impl Operation for GetAgencyDump {
    type Output = AgencyDump;

    const METADATA: Metadata =
        Metadata::get("cluster.agency_dump", "/_api/cluster/agency-dump").permission(Permission::Admin);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<AgencyDump, OutputError> {
        AgencyDump::from_response(&response)
    }
}

/// Reads the responding coordinator's cached copy of the agency.
///
/// The copy may be outdated.
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

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<AgencyDump, OutputError> {
        AgencyDump::from_response(&response)
    }
}

/// The maps that a coordinator derives from the agency, as JSON.
///
/// Their shape is internal to the server and changes between versions.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct ClusterInfo(pub Value);

/// Reads the maps that the responding coordinator has derived from the agency.
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

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<ClusterInfo, OutputError> {
        let info: ClusterInfo = response.json()?;
        // Names may differ between versions, but each has a key with the plan or the shards.
        let is_one = |(name, value): (&String, &Value)| {
            let name = name.to_ascii_lowercase();
            name.contains("plan") || (name.contains("shard") && (value.is_object() || value.is_array()))
        };
        match info.0.as_object() {
            Some(maps) if maps.iter().any(is_one) => Ok(info),
            _ => Err(response.invalid("no key such as `plan` or `shardServers`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read, response};

    #[test]
    fn the_tree_is_found_in_every_wrapping() {
        assert_request(&GetAgencyDump, "GET", "/_api/cluster/agency-dump");
        assert_request(&GetAgencyCache, "GET", "/_api/cluster/agency-cache");
        for body in [
            r#"{"arango":{"Plan":1}}"#,
            r#"[{"arango":{"Plan":1}}]"#,
            r#"{"index":7,"term":2,"agency":{"arango":{"Plan":1}},"log":[]}"#,
            r#"{"index":7,"cache":[{"arango":{"Plan":1}}]}"#,
        ] {
            assert_eq!(read(&GetAgencyDump, body).tree().unwrap()["Plan"], 1, "{body}");
            assert_eq!(read(&GetAgencyCache, body), read(&GetAgencyDump, body), "{body}");
        }
        assert!(GetAgencyDump.output(response(200, "[]")).is_err());
        assert_eq!(AgencyDump(Value::Null).tree(), None);
    }

    #[test]
    fn cluster_info_is_returned_verbatim() {
        assert_request(&GetClusterInfo, "GET", "/_api/cluster/cluster-info");
        let maps = r#"{"plan":{},"plannedCollections":{},"shardToName":{},"shardServers":{"s1":["PRMR-1"]},"shards":{},
            "current":{},"shardIds":{},"DBServers":{"PRMR-1":"PRMR-1"},"coordinators":{"CRDN-1":"CRDN-1"}}"#;
        assert_eq!(read(&GetClusterInfo, maps).0["shardServers"]["s1"][0], "PRMR-1");
    }
}
