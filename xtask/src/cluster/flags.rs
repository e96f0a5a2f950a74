//! The shape of a cluster, as flags.

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::num::NonZeroUsize;

use anyhow::{Context, Result, ensure};
use arango_test_cluster::{TestCluster, Tls};
use clap::Args;
use tempfile::NamedTempFile;

use crate::cluster::RunningCluster;

/// The cluster to start.
#[derive(Debug, Clone, Args)]
pub(crate) struct Flags {
    /// Number of coordinators; each has a port.
    #[arg(long, value_name = "N", default_value = "3")]
    coordinators: NonZeroUsize,

    /// Number of DB-Servers.
    #[arg(long, value_name = "N", default_value = "3")]
    db_servers: NonZeroUsize,

    /// Number of agents.
    #[arg(long, value_name = "N", default_value = "3")]
    agents: NonZeroUsize,

    /// Ports of the coordinators, one each, separated by commas. Default: free ports.
    #[arg(long, value_name = "PORT", value_delimiter = ',')]
    ports: Vec<u16>,

    /// Password of `root`.
    #[arg(long, value_name = "PASSWORD", default_value = "passwd")]
    root_password: String,

    /// JWT secret that signs tokens.
    #[arg(long, value_name = "SECRET", default_value = "secret")]
    jwt_secret: String,

    /// Version to simulate: 3.10, 3.11, 3.12 or 4.0, with or without a patch.
    #[arg(long, value_name = "VERSION", default_value = "3.12.5")]
    version: String,

    /// Start with all leaders of two databases on one DB-Server, so that a rebalance has work to do.
    #[arg(long)]
    skewed: bool,

    /// Accept TLS only, with certificates of an authority created for this cluster.
    #[arg(long)]
    tls: bool,
}

impl Flags {
    /// Three servers of each role on free ports, with skewed shards.
    pub(crate) fn skewed() -> Self {
        let three = NonZeroUsize::MIN.saturating_add(2);
        Self {
            coordinators: three,
            db_servers: three,
            agents: three,
            ports: Vec::new(),
            root_password: "passwd".to_owned(),
            jwt_secret: "secret".to_owned(),
            version: "3.12.5".to_owned(),
            skewed: true,
            tls: false,
        }
    }

    /// Returns the same flags with TLS.
    pub(crate) fn with_tls(self) -> Self {
        Self { tls: true, ..self }
    }

    /// Starts the cluster and its control listener.
    ///
    /// # Errors
    /// If the number of ports does not match the coordinators, the version is not simulated, or a port is in use.
    pub(crate) async fn start(self) -> Result<RunningCluster> {
        self.check_ports()?;
        let mut builder = TestCluster::builder()
            .agents(self.agents.get())
            .db_servers(self.db_servers.get())
            .coordinators(self.coordinators.get())
            .version(self.version)
            .root_password(self.root_password)
            .jwt_secret(self.jwt_secret)
            .ports(self.ports);
        if self.skewed {
            builder = builder.skewed_shards();
        }
        if self.tls {
            builder = builder.tls(Tls::On);
        }
        let cluster = builder.start().await.context("the cluster did not start")?;
        let control = cluster.control().await.context("the control listener did not start")?;
        let authority = cluster
            .ca_pem()
            .map(write_certificate)
            .transpose()
            .context("cannot write the certificate of the authority")?;
        Ok(RunningCluster { cluster, control, authority })
    }

    // The builder would accept fewer ports and let the kernel choose the others, which is not what was asked for.
    fn check_ports(&self) -> Result<()> {
        let (ports, coordinators) = (self.ports.len(), self.coordinators.get());
        ensure!(
            ports == 0 || ports == coordinators,
            "--ports names {ports} and --coordinators is {coordinators}: each coordinator needs one port"
        );
        let mut seen = BTreeSet::new();
        for port in self.ports.iter().filter(|port| **port != 0) {
            ensure!(seen.insert(port), "--ports names {port} twice: each coordinator needs a different port");
        }
        Ok(())
    }
}

/// Writes a certificate to a temporary file, for programs that read it from a file.
fn write_certificate(certificate: &str) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix("arango-test-ca-").suffix(".pem").tempfile()?;
    file.write_all(certificate.as_bytes())?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        flags: Flags,
    }

    fn refusal(line: &[&str]) -> Option<String> {
        let flags = Line::try_parse_from([&["line"], line].concat()).unwrap().flags;
        flags.check_ports().err().map(|error| error.to_string())
    }

    #[test]
    fn no_ports_mean_free_ones() {
        assert_eq!(refusal(&["--coordinators", "2"]), None);
    }

    #[test]
    fn ports_are_separated_by_commas() {
        assert_eq!(refusal(&["--ports", "8529,8539,8549"]), None);
    }

    #[test]
    fn a_mismatched_number_of_ports_is_reported() {
        let refusal = refusal(&["--ports", "8529,8539"]).unwrap();

        assert!(refusal.contains("--ports names 2") && refusal.contains("--coordinators is 3"), "{refusal}");
    }

    #[test]
    fn one_port_for_two_coordinators_is_reported() {
        let refusal = refusal(&["--coordinators", "2", "--ports", "8529,8529"]).unwrap();

        assert!(refusal.contains("8529 twice"), "{refusal}");
    }

    #[test]
    fn free_ports_may_be_requested_more_than_once() {
        assert_eq!(refusal(&["--coordinators", "2", "--ports", "0,0"]), None);
    }

    #[test]
    fn a_cluster_without_a_coordinator_is_refused() {
        assert!(Line::try_parse_from(["line", "--coordinators", "0"]).is_err());
    }

    #[test]
    fn the_flags_of_the_demo_differ_from_the_defaults_only_in_the_shards() {
        let defaults = Line::try_parse_from(["line", "--skewed"]).unwrap().flags;

        assert_eq!(format!("{defaults:?}"), format!("{:?}", Flags::skewed()));
    }
}
