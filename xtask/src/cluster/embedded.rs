//! The back end `embedded`: a cluster within this process.

use anyhow::{Context as _, Result};
use arango_test_cluster::{Builder, Control, TestCluster};

use super::cluster_info::{Address, ClusterInfo};
use super::directory::ClusterDirectory;

/// A cluster with its control listener; both stop when it is dropped.
#[derive(Debug)]
pub(crate) struct Embedded {
    cluster: TestCluster,
    _control: Control,
    info: ClusterInfo,
}

impl Embedded {
    /// Starts the cluster, and writes the certificate of its authority into the directory, if it has one.
    ///
    /// # Errors
    /// If the version is not simulated, a port is in use, or the file cannot be written.
    pub(crate) async fn start(builder: Builder, directory: &ClusterDirectory) -> Result<Self> {
        let cluster = builder.start().await.context("the cluster did not start")?;
        let control = cluster.control().await.context("the control listener did not start")?;
        let ca_file =
            cluster.ca_pem().map(|certificate| directory.write("ca.pem", certificate)).transpose()?;
        let address = |coordinator: &arango_test_cluster::Coordinator| Address {
            id: coordinator.id().to_owned(),
            url: coordinator.url(),
        };
        let info = ClusterInfo {
            backend: "embedded".to_owned(),
            version: cluster.version().to_owned(),
            endpoints: cluster.urls(),
            root_password: Some(cluster.root_password().to_owned()),
            jwt_secret: Some(cluster.jwt_secret().to_owned()),
            superuser_token: Some(cluster.superuser_token()),
            credentials: None,
            control: Some(control.url().to_owned()),
            ca_file: ca_file.map(|path| path.display().to_string()),
            behind_proxies: Vec::new(),
            discovery_off: false,
            coordinators: cluster.coordinators().iter().map(address).collect(),
            db_servers: cluster.db_server_ids(),
            agents: cluster.agent_ids(),
        };
        Ok(Self { cluster, _control: control, info })
    }

    pub(crate) fn info(&self) -> &ClusterInfo {
        &self.info
    }

    /// Prints to stderr which requests are not simulated, so that the error is not looked for elsewhere.
    pub(crate) fn report_unsupported(&self) {
        for thing in self.cluster.unsupported() {
            anstream::eprintln!("not simulated: {thing}");
        }
    }
}
