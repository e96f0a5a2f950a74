//! What programs and people need to reach a cluster.

use arango_test_cluster::TestCluster;
use serde::Serialize;

/// Printed with `--json`, shown as a table without it, and put into the environment of programs.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ClusterInfo {
    pub(crate) version: String,
    pub(crate) endpoints: Vec<String>,
    pub(crate) root_password: String,
    pub(crate) jwt_secret: String,
    pub(crate) superuser_token: String,
    /// URL of the control listener, which injects faults, kills servers and serves the journal.
    pub(crate) control: String,
    /// File with the certificate of the authority that signed the coordinators' certificates, if they use TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ca_file: Option<String>,
    pub(crate) coordinators: Vec<Address>,
    pub(crate) db_servers: Vec<String>,
    pub(crate) agents: Vec<String>,
}

/// A coordinator, the only role that listens.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Address {
    pub(crate) id: String,
    pub(crate) url: String,
}

impl ClusterInfo {
    pub(crate) fn from_cluster(cluster: &TestCluster, control: String, ca_file: Option<String>) -> Self {
        let coordinators = cluster.coordinators().iter();
        Self {
            version: cluster.version().to_owned(),
            endpoints: cluster.urls(),
            root_password: cluster.root_password().to_owned(),
            jwt_secret: cluster.jwt_secret().to_owned(),
            superuser_token: cluster.superuser_token(),
            control,
            ca_file,
            coordinators: coordinators
                .map(|coordinator| Address { id: coordinator.id().to_owned(), url: coordinator.url() })
                .collect(),
            db_servers: cluster.db_server_ids(),
            agents: cluster.agent_ids(),
        }
    }

    /// Serializes all of it as one JSON object without a line break.
    ///
    /// # Errors
    /// None are known: every field is a string or a list of strings.
    pub(crate) fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// Describes a cluster that does not exist, for tests of the output.
    #[cfg(test)]
    pub(crate) fn sample() -> Self {
        let coordinator =
            |id: &str, port| Address { id: id.to_owned(), url: format!("http://127.0.0.1:{port}") };
        let coordinators = vec![coordinator("CRDN-1", 8529), coordinator("CRDN-22", 8539)];
        Self {
            version: "3.12.5".to_owned(),
            endpoints: coordinators.iter().map(|coordinator| coordinator.url.clone()).collect(),
            root_password: "pass\nwd".to_owned(),
            jwt_secret: "secret".to_owned(),
            superuser_token: "e30.e30.c2ln".to_owned(),
            control: "http://127.0.0.1:4711/abc".to_owned(),
            ca_file: Some("/tmp/ca.pem".to_owned()),
            coordinators,
            db_servers: vec!["PRMR-1".to_owned()],
            agents: vec!["AGNT-1".to_owned()],
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn json_is_one_line_with_all_fields() {
        let line = ClusterInfo::sample().to_json().unwrap();
        let value: Value = serde_json::from_str(&line).unwrap();

        assert!(!line.contains('\n'), "{line}");
        assert_eq!(value["endpoints"], json!(["http://127.0.0.1:8529", "http://127.0.0.1:8539"]));
        assert_eq!(value["root_password"], "pass\nwd");
        assert_eq!(value["jwt_secret"], "secret");
        assert_eq!(value["control"], "http://127.0.0.1:4711/abc");
        assert_eq!(value["ca_file"], "/tmp/ca.pem");
        assert_eq!(value["coordinators"][1], json!({ "id": "CRDN-22", "url": "http://127.0.0.1:8539" }));
        assert_eq!((&value["db_servers"], &value["agents"]), (&json!(["PRMR-1"]), &json!(["AGNT-1"])));
    }
}
