//! The flags of back ends that start real servers.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

pub(super) const DEFAULT_START_LIMIT: Duration = Duration::from_secs(120);
pub(super) const DEFAULT_STOP_LIMIT: Duration = Duration::from_secs(20);

/// How real servers are found, and how long is waited for them.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Only with real servers")]
pub(crate) struct RealFlags {
    /// The server program. Default: `$ARANGOD`, or `arangod` in `PATH`.
    #[arg(long, value_name = "FILE")]
    pub(super) arangod: Option<PathBuf>,

    /// The directory with the JavaScript code of the server, which versions before 4.0 need. Default: looked for beside
    /// the program.
    #[arg(long, value_name = "DIR")]
    pub(super) js_dir: Option<PathBuf>,

    /// The program of the ArangoDB Starter. Default: `arangodb` in `PATH`.
    #[arg(long, value_name = "FILE")]
    pub(super) starter: Option<PathBuf>,

    /// The image of the containers. Default: the usual one of `--version`.
    #[arg(long, value_name = "IMAGE")]
    pub(super) image: Option<String>,

    /// The program that runs containers. Default: `docker`, or `podman`, in `PATH`.
    #[arg(long, value_name = "FILE")]
    pub(super) container_cli: Option<PathBuf>,

    /// Time until the cluster must be ready.
    #[cfg_attr(not(unix), expect(dead_code, reason = "real servers need Unix"))]
    #[arg(long, value_name = "DURATION", default_value = "120s", value_parser = humantime::parse_duration)]
    pub(super) start_limit: Duration,

    /// Time until the servers of a role that have been asked to end are killed.
    #[cfg_attr(not(unix), expect(dead_code, reason = "real servers need Unix"))]
    #[arg(long, value_name = "DURATION", default_value = "20s", value_parser = humantime::parse_duration)]
    pub(super) stop_limit: Duration,

    /// Copy the log of each server into this directory when the cluster ends, or fails to start.
    #[arg(long, value_name = "DIR")]
    pub(super) logs: Option<PathBuf>,
}

impl Default for RealFlags {
    fn default() -> Self {
        Self {
            arangod: None,
            js_dir: None,
            starter: None,
            image: None,
            container_cli: None,
            start_limit: DEFAULT_START_LIMIT,
            stop_limit: DEFAULT_STOP_LIMIT,
            logs: None,
        }
    }
}
