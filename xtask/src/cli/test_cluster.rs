//! The command line of test clusters.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::cluster::{Flags, Member};
use crate::consent::ConsentFlags;

#[derive(Debug, Subcommand)]
pub(crate) enum TestCluster {
    /// Starts a cluster and prints how to reach it; Ctrl-C or SIGTERM ends it.
    Up(Up),

    /// Starts a cluster, runs a command with it, and exits with the command's exit code.
    ///
    /// The command finds the cluster in `ARANGO_ENDPOINTS` (URLs, separated by commas), `ARANGO_ROOT_PASSWORD`,
    /// `ARANGO_JWT_SECRET` and `ARANGO_TEST_CONTROL` (the URL of the control listener). If a signal terminates the
    /// command, the exit code is 128 + its number; 127 if it cannot be found, 126 if it may not be executed.
    Run(Run),

    /// Prints a token that clusters with this JWT secret accept.
    Token(Token),

    /// Lists the clusters that run, and whether their coordinators are up; the exit code is 1 if there are none.
    Status(Selection),

    /// Ends the clusters that run, and removes what killed ones have left over: processes, containers, directories.
    Down(Selection),

    /// Prints the log of a server. The servers of an embedded cluster have none.
    Logs(OneServer),

    /// Kills a server, such as `coordinator1`.
    Kill(OneServer),

    /// Restarts a server on the same port and with its data, or starts one that was killed.
    Restart(OneServer),

    /// Stops a server without ending it: it accepts connections and does not respond.
    Pause(OneServer),

    /// Continues a paused server.
    Resume(OneServer),

    /// Shows a running cluster: coordinators, requests per second, faults in force, errors.
    ///
    /// On a terminal it is a live view, which `q` or Ctrl-C ends; elsewhere a block of lines at an interval. All of it
    /// comes from the control address. The back ends with real servers report less, and an external cluster nothing.
    Watch(Watch),
}

#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// The directory of the cluster, as `status` prints it. Default: the only one that runs; for `status` and `down`, all.
    #[arg(long, value_name = "DIR")]
    pub(crate) cluster: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Watch {
    /// Time between two measurements, at least 100 ms.
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = watch_interval)]
    pub(crate) interval: Duration,

    /// Print one block of lines after one interval, and end; the exit code is 1 if the cluster does not respond.
    #[arg(long)]
    pub(crate) once: bool,

    #[command(flatten)]
    pub(crate) selection: Selection,
}

fn watch_interval(text: &str) -> Result<Duration, String> {
    let interval = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if interval < Duration::from_millis(100) {
        return Err("an interval is at least 100 ms".to_owned());
    }
    Ok(interval)
}

#[derive(Debug, Args)]
pub(crate) struct OneServer {
    /// The server: `coordinator1`, `dbserver1`, `agent1`, …
    pub(crate) server: Member,

    #[command(flatten)]
    pub(crate) selection: Selection,
}

#[derive(Debug, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) cluster: Flags,

    /// Print one JSON object on one line instead of a table, as soon as the cluster is ready.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) cluster: Flags,

    /// The command and its arguments.
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Integration {
    #[command(flatten)]
    pub(crate) cluster: Flags,

    #[command(flatten)]
    pub(crate) consent: ConsentFlags,

    /// Only tests whose names contain this.
    #[arg(value_name = "NAME")]
    pub(crate) filter: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Token {
    /// The user of the token. Default: a superuser token, which belongs to no user and may do everything.
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,

    /// Lifetime of a user's token; a superuser token does not expire.
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = humantime::parse_duration)]
    pub(crate) lifetime: Duration,

    /// The JWT secret of the cluster.
    #[arg(long, value_name = "SECRET", default_value = "secret")]
    pub(crate) jwt_secret: String,
}
