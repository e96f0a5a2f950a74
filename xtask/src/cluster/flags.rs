//! The back end and the shape of a cluster, as flags.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::time::Duration;

use anyhow::{Result, ensure};
use arango_test_cluster::{ScanOrder, TestCluster, Tls};
use clap::{Args, ValueEnum};

use super::directory::{ClusterDirectory, sweep};
use super::embedded::Embedded;
use super::external::{External, ExternalFlags};
use super::real_flags::{DEFAULT_START_LIMIT, DEFAULT_STOP_LIMIT, RealFlags};
use super::running::{RunningCluster, Servers};
use super::state_file;

const DEFAULT_PASSWORD: &str = "passwd";
const DEFAULT_SECRET: &str = "secret";

/// What the servers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum BackendKind {
    /// A simulation within this process.
    #[default]
    Embedded,
    /// An `arangod` of this machine, one process for each server.
    Process,
    /// Docker or Podman, one container for each server.
    Docker,
    /// The ArangoDB Starter, with three servers of each role.
    Starter,
    /// A cluster that runs already, and is left as it is.
    External,
}

/// The order in which queries visit the documents of a collection, if they do not sort them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Order {
    /// Depends on the seed and on nothing else.
    #[default]
    Shuffled,
    /// By key, for tests of others that expect an order.
    ByKey,
}

/// The cluster to start.
#[derive(Debug, Clone, Args)]
pub(crate) struct Flags {
    /// What the servers are.
    #[arg(long, value_enum, default_value_t)]
    pub(super) backend: BackendKind,

    /// Number of coordinators; each has a port. Default: 3.
    #[arg(long, value_name = "N")]
    pub(super) coordinators: Option<NonZeroUsize>,

    /// Number of DB-Servers. Default: 3.
    #[arg(long, value_name = "N")]
    pub(super) db_servers: Option<NonZeroUsize>,

    /// Number of agents. Default: 3.
    #[arg(long, value_name = "N")]
    pub(super) agents: Option<NonZeroUsize>,

    /// Ports of the coordinators, or of their proxies, one each, separated by commas. Default: free ports.
    #[arg(long, value_name = "PORT", value_delimiter = ',')]
    pub(super) ports: Vec<u16>,

    /// Password of `root`.
    #[arg(long, value_name = "PASSWORD", default_value = DEFAULT_PASSWORD)]
    pub(super) root_password: String,

    /// JWT secret that signs tokens.
    #[arg(long, value_name = "SECRET", default_value = DEFAULT_SECRET)]
    pub(super) jwt_secret: String,

    /// Version to simulate, or of the image: 3.10, 3.11, 3.12 or 4.0, with or without a patch. Default: 3.12.5, or the
    /// newest image of 3.12.
    #[arg(long, value_name = "VERSION")]
    pub(super) version: Option<String>,

    /// Start with all leaders of two databases on one DB-Server, so that a rebalance has work to do. Embedded only.
    #[arg(long)]
    pub(super) skewed: bool,

    /// Order of documents in queries that do not sort them. Embedded only.
    #[arg(long, value_enum, default_value_t)]
    pub(super) scan_order: Order,

    /// Time that a query that writes takes, so that such queries can conflict. Embedded only.
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = humantime::parse_duration)]
    pub(super) write_query_time: Duration,

    /// Accept TLS only, with certificates of an authority created for this cluster.
    #[arg(long)]
    pub(super) tls: bool,

    /// Put a proxy in front of each coordinator, with faults and a journal. Not needed with embedded clusters.
    #[arg(long)]
    pub(super) proxy: bool,

    #[command(flatten)]
    pub(super) real: RealFlags,

    #[command(flatten)]
    pub(super) external: ExternalFlags,
}

impl Flags {
    /// An embedded cluster with three servers of each role on free ports, with skewed shards.
    pub(crate) fn skewed() -> Self {
        Self {
            backend: BackendKind::Embedded,
            coordinators: None,
            db_servers: None,
            agents: None,
            ports: Vec::new(),
            root_password: DEFAULT_PASSWORD.to_owned(),
            jwt_secret: DEFAULT_SECRET.to_owned(),
            version: None,
            skewed: true,
            scan_order: Order::Shuffled,
            write_query_time: Duration::ZERO,
            tls: false,
            proxy: false,
            real: RealFlags::default(),
            external: ExternalFlags::default(),
        }
    }

    /// Returns the same flags, with skewed shards if the cluster is embedded.
    pub(crate) fn for_tour(self) -> Self {
        Self { skewed: self.backend == BackendKind::Embedded, ..self }
    }

    /// An embedded cluster of this version, with three servers of each role on free ports.
    pub(crate) fn embedded(version: &str) -> Self {
        Self { version: Some(version.to_owned()), skewed: false, ..Self::skewed() }
    }

    /// Returns whether the cluster belongs to others.
    pub(crate) fn is_external(&self) -> bool {
        self.backend == BackendKind::External
    }

    /// Returns the same flags with TLS.
    pub(crate) fn with_tls(self) -> Self {
        Self { tls: true, ..self }
    }

    /// Starts the cluster and its control listener. What earlier clusters have left over is removed first.
    ///
    /// # Errors
    /// If the flags contradict each other, or the cluster does not start. Then nothing of it is left.
    pub(crate) async fn start(self) -> Result<RunningCluster> {
        self.check()?;
        if let Err(error) = sweep::sweep() {
            anstream::eprintln!(
                "warning: what an earlier cluster has left over could not be removed: {error:#}"
            );
        }
        let directory = ClusterDirectory::create()?;
        let servers = match self.backend {
            BackendKind::Embedded => {
                Servers::Embedded(Box::new(Embedded::start(self.builder(), &directory).await?))
            }
            BackendKind::External => {
                let ports = self.proxy.then_some(self.ports.as_slice());
                Servers::External(Box::new(External::find(self.external, ports).await?))
            }
            #[cfg(unix)]
            BackendKind::Process | BackendKind::Docker | BackendKind::Starter => {
                Servers::Real(Box::new(super::start_real::start(self, &directory).await?))
            }
            #[cfg(not(unix))]
            BackendKind::Process | BackendKind::Docker | BackendKind::Starter => {
                anyhow::bail!("this back end needs a Unix system")
            }
        };
        let running = RunningCluster::new(servers, directory);
        state_file::write(running.directory(), running.info())?;
        Ok(running)
    }

    /// The numbers of agents, DB-Servers and coordinators.
    pub(super) fn counts(&self) -> [usize; 3] {
        [self.agents, self.db_servers, self.coordinators].map(|count| count.map_or(3, NonZeroUsize::get))
    }

    fn builder(self) -> arango_test_cluster::Builder {
        let [agents, db_servers, coordinators] = self.counts();
        let mut builder = TestCluster::builder()
            .agents(agents)
            .db_servers(db_servers)
            .coordinators(coordinators)
            .version(self.version.unwrap_or_else(|| "3.12.5".to_owned()))
            .root_password(self.root_password)
            .jwt_secret(self.jwt_secret)
            .ports(self.ports)
            .write_query_time(self.write_query_time);
        if self.skewed {
            builder = builder.skewed_shards();
        }
        if self.scan_order == Order::ByKey {
            builder = builder.scan_order(ScanOrder::ByKey);
        }
        if self.tls {
            builder = builder.tls(Tls::On);
        }
        builder
    }

    // A flag that has no effect is an error: its effect would be missed.
    fn check(&self) -> Result<()> {
        use BackendKind::{Docker, Embedded, External, Process, Starter};

        let real = &self.real;
        let counts = [self.agents, self.db_servers, self.coordinators];
        let given: [(&str, bool, &[BackendKind]); 18] = [
            (
                "--agents, --db-servers and --coordinators",
                counts.iter().any(Option::is_some),
                &[Embedded, Process, Docker],
            ),
            // Those of the proxies, if there are any.
            (
                "--ports",
                !self.ports.is_empty(),
                if self.proxy { &[Process, Docker, Starter, External] } else { &[Embedded, Process, Docker] },
            ),
            (
                "--root-password",
                self.root_password != DEFAULT_PASSWORD,
                &[Embedded, Process, Docker, Starter],
            ),
            ("--jwt-secret", self.jwt_secret != DEFAULT_SECRET, &[Embedded, Process, Docker, Starter]),
            ("--proxy", self.proxy, &[Process, Docker, Starter, External]),
            ("--version", self.version.is_some(), &[Embedded, Docker]),
            ("--skewed", self.skewed, &[Embedded]),
            ("--scan-order", self.scan_order != Order::Shuffled, &[Embedded]),
            ("--write-query-time", !self.write_query_time.is_zero(), &[Embedded]),
            ("--tls", self.tls, &[Embedded, Process, Docker, Starter]),
            ("--arangod", real.arangod.is_some(), &[Process, Starter]),
            ("--js-dir", real.js_dir.is_some(), &[Process, Starter]),
            ("--starter", real.starter.is_some(), &[Starter]),
            ("--image", real.image.is_some(), &[Docker]),
            ("--container-cli", real.container_cli.is_some(), &[Docker]),
            ("--start-limit", real.start_limit != DEFAULT_START_LIMIT, &[Process, Docker, Starter]),
            ("--stop-limit", real.stop_limit != DEFAULT_STOP_LIMIT, &[Process, Docker, Starter]),
            ("--logs", real.logs.is_some(), &[Process, Docker, Starter]),
        ];
        for (name, is_given, backends) in given {
            ensure!(
                !is_given || backends.contains(&self.backend),
                "{name} has no effect with this --backend, only with: {}",
                backends.iter().map(|backend| backend.name()).collect::<Vec<_>>().join(", ")
            );
        }
        self.check_ports()
    }

    // The builder would accept fewer ports and let the kernel choose the others, which is not what was asked for.
    fn check_ports(&self) -> Result<()> {
        let ports = self.ports.len();
        let coordinators = match self.backend {
            BackendKind::External => self.external.coordinators(),
            _ => self.counts()[2],
        };
        ensure!(
            ports == 0 || ports == coordinators,
            "--ports names {ports}, and the number of coordinators is {coordinators}: each needs one port"
        );
        let mut seen = BTreeSet::new();
        for port in self.ports.iter().filter(|port| **port != 0) {
            ensure!(seen.insert(port), "--ports names {port} twice: each coordinator needs a different port");
        }
        Ok(())
    }
}

impl BackendKind {
    /// The name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
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
        flags.check().err().map(|error| error.to_string())
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

        assert!(refusal.contains("--ports names 2") && refusal.contains("coordinators is 3"), "{refusal}");
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
    fn a_flag_without_an_effect_is_refused() {
        for line in [
            &["--backend", "process", "--skewed"][..],
            &["--backend", "process", "--version", "3.12"],
            &["--backend", "process", "--write-query-time", "5ms"],
            &["--backend", "starter", "--agents", "1"],
            &["--backend", "external", "--tls"],
            &["--backend", "external", "--root-password", "other"],
            &["--backend", "external", "--jwt-secret", "other"],
            &["--start-limit", "10s"],
            &["--stop-limit", "10s"],
            &["--backend", "docker", "--arangod", "arangod"],
            &["--image", "arangodb/enterprise:3.12"],
            &["--proxy"],
            &["--backend", "starter", "--ports", "1,2,3"],
        ] {
            assert!(refusal(line).is_some_and(|refusal| refusal.contains("has no effect")), "{line:?}");
        }
    }

    #[test]
    fn the_flags_of_the_demo_differ_from_the_defaults_only_in_the_shards() {
        let mut defaults = Line::try_parse_from(["line", "--skewed"]).unwrap().flags;
        // Read from the environment.
        defaults.external = ExternalFlags::default();

        assert_eq!(format!("{defaults:?}"), format!("{:?}", Flags::skewed()));
    }
}
