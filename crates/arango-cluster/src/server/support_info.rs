//! What support wants to know of a deployment.

use std::collections::BTreeMap;
use std::time::Duration;

use arango_protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, Permission, RequestBuilder,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;
use serde_json::Value;

use crate::open_enum::{open_enum, unsaid};
use crate::{ServerId, Timestamp};

open_enum! {
    /// What kind of deployment it is.
    pub enum DeploymentType {
        /// A cluster.
        Cluster = "cluster",
        /// A server of its own.
        Single = "single",
    }
}

/// What support wants to know of a deployment.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct SupportInfo {
    /// When it was put together.
    pub date: Timestamp,
    /// The deployment.
    pub deployment: Deployment,
    /// What a server of its own says of its machine.
    pub host: Option<Value>,
}

/// A deployment, as support wants to know it. What is optional is told of clusters only.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Deployment {
    /// What kind it is.
    #[serde(rename = "type", default = "unsaid")]
    pub kind: DeploymentType,
    /// What each server says of itself, which differs between versions.
    #[serde(default)]
    pub servers: BTreeMap<ServerId, Value>,
    /// How many agents there are.
    pub agents: Option<u64>,
    /// How many coordinators there are.
    pub coordinators: Option<u64>,
    /// How many DB-Servers there are.
    pub db_servers: Option<u64>,
    /// How many databases, collections, shards and so on there are; which is counted differs between versions.
    #[serde(default)]
    pub shards: BTreeMap<String, Value>,
}

/// Asks for what support wants to know. Sent in the database `_system`, whichever the handle is of.
///
/// The coordinator asks all servers, which can take long; hence a patience of 60 seconds, which is a guess: how long it
/// waits for them is not documented.
///
/// # Errors
///
/// 404 if `--server.support-info-api` switches it off; 403 to those whom that option excludes, by default all but
/// administrators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetSupportInfo;

impl Operation for GetSupportInfo {
    type Output = SupportInfo;

    const METADATA: Metadata = Metadata::get("cluster.support_info", "/_admin/support-info")
        .system_only()
        .server_timeout(Duration::from_secs(60))
        .permission(Permission::Admin);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, response: ApiResponse) -> Result<SupportInfo, DecodeError> {
        response.json()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_asks, read};

    #[test]
    fn clusters_and_servers_of_their_own_are_told_apart() {
        assert_asks(&GetSupportInfo, "GET", "/_admin/support-info");
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
