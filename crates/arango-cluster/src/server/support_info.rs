//! Support information about a deployment.

use std::collections::BTreeMap;
use std::time::Duration;

use arango_protocol::values::empty_value;
use arango_protocol::{ApiResponse, Metadata, Operation, OutputError, Permission, Timestamp, open_enum};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::server::ServerId;

open_enum! {
    /// The type of a deployment.
    pub enum DeploymentType {
        /// A cluster.
        Cluster = "cluster",
        /// A single server.
        Single = "single",
    }
}

/// Support information about a deployment.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct SupportInfo {
    /// When it was collected.
    pub date: Timestamp,
    /// The deployment.
    pub deployment: Deployment,
    /// Information about the machine, from a single server.
    pub host: Option<Value>,
}

/// A deployment, as described for support.
///
/// Optional fields are only present for clusters.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Deployment {
    /// The type.
    #[serde(rename = "type", default = "empty_value")]
    pub kind: DeploymentType,
    /// The information of each server, which differs between versions.
    #[serde(default)]
    pub servers: BTreeMap<ServerId, Value>,
    /// The number of agents.
    pub agents: Option<u64>,
    /// The number of coordinators.
    pub coordinators: Option<u64>,
    /// The number of DB-Servers.
    pub db_servers: Option<u64>,
    /// The numbers of databases, collections, shards and so on.
    ///
    /// The keys differ between versions.
    #[serde(default)]
    pub shards: BTreeMap<String, Value>,
}

/// Reads support information about the deployment. Always sent in the database `_system`.
///
/// The coordinator calls all servers, which can be slow. The server timeout of 60 seconds is a guess: how long the
/// coordinator waits for them is not documented.
///
/// # Errors
///
/// 404 if `--server.support-info-api` disables it; 403 to users whom that option excludes, by default all but
/// administrators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetSupportInfo;

impl Operation for GetSupportInfo {
    type Output = SupportInfo;

    const METADATA: Metadata = Metadata::get("cluster.support_info", "/_admin/support-info")
        .system_only()
        .server_timeout(Duration::from_secs(60))
        .permission(Permission::Admin);

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<SupportInfo, OutputError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read};

    #[test]
    fn clusters_and_single_servers_are_distinguished() {
        assert_request(&GetSupportInfo, "GET", "/_admin/support-info");
        let info = read(
            &GetSupportInfo,
            r#"{"date":"2025-11-20T10:00:00Z","deployment":{"type":"cluster","servers":{"CRDN-1":{"x":1}},
                "agents":3,"coordinators":2,"dbServers":3,"shards":{"databases":2}}}"#,
        );
        assert_eq!((info.date.as_str(), info.host), ("2025-11-20T10:00:00Z", None));
        let deployment = info.deployment;
        assert_eq!((deployment.kind, deployment.agents), (DeploymentType::Cluster, Some(3)));
        assert_eq!((deployment.coordinators, deployment.db_servers), (Some(2), Some(3)));
        assert_eq!(deployment.servers[&"CRDN-1".into()]["x"], 1);
        assert_eq!(deployment.shards["databases"], 2);
        let single = read(
            &GetSupportInfo,
            r#"{"date":"2025-11-20T10:00:00Z","deployment":{"type":"single"},"host":{"os":"linux"}}"#,
        );
        assert_eq!((single.deployment.kind, single.deployment.agents), (DeploymentType::Single, None));
        assert_eq!(single.host.unwrap()["os"], "linux");
    }
}
