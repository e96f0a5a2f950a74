//! The command line of test clusters.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::cluster::{FaultTarget, Flags, Member, Pair};
use crate::consent::ConsentFlags;

#[derive(Debug, Subcommand)]
pub(crate) enum TestCluster {
    /// Starts a cluster and prints how to reach it; Ctrl-C or SIGTERM ends it.
    Up(Up),

    /// Starts a cluster, runs a command with it, and exits with the command's exit code.
    ///
    /// The command finds the cluster in `ARANGO_ENDPOINTS` (URLs, separated by commas), `ARANGO_ROOT_PASSWORD`,
    /// `ARANGO_JWT_SECRET`, `ARANGO_TEST_CONTROL` (the URL of the control listener) and `ARANGO_TEST_BACKEND`; with TLS
    /// also `ARANGO_CA_FILE`, and `ARANGO_TEST_DISCOVERY=off` where discovery would bypass the proxies. If a signal
    /// terminates the command, the exit code is 128 + its number; 127 if it cannot be found, 126 if it may not be executed.
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

    /// Restarts a server in another version, such as `upgrade coordinator1 3.12.6`. Embedded clusters only.
    Upgrade(Upgrade),

    /// Makes coordinators fail: injects faults, lists them, ends them.
    ///
    /// Embedded clusters have them, and others with `--proxy`.
    #[command(subcommand)]
    Fault(Fault),

    /// Makes the agency unreachable for all coordinators, or reachable again.
    ///
    /// On an embedded cluster it is a condition; elsewhere the agents are stopped and started.
    #[command(subcommand)]
    Agency(Agency),

    /// Changes the tokens of logins. Embedded clusters only.
    #[command(subcommand)]
    Tokens(Tokens),

    /// Prints the latest requests: which coordinator, what, the status, and whether it was executed.
    ///
    /// An embedded cluster says what was executed. The proxies of others (`--proxy`) say what was passed on, when, and
    /// how many bytes bodies had. Bodies, credentials and queries are never kept.
    Journal(Journal),

    /// Shows a running cluster: coordinators, requests per second, faults in force, errors.
    ///
    /// On a terminal it is a live view, which `q` or Ctrl-C ends; elsewhere a block of lines at an interval. All of it
    /// comes from the control address. Real servers and external clusters report more with `--proxy`.
    Watch(Watch),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Fault {
    /// Injects a fault, or begins a condition of a coordinator.
    ///
    /// Example: `fault add coordinator1 close phase=after-execution method=POST path='/_api/document/*' times=1`
    #[command(after_long_help = KINDS)]
    Add(AddFault),

    /// Lists the faults in force, and how many requests each has affected.
    List(ListFaults),

    /// Ends faults, and prints how many requests each has affected.
    Clear(ClearFaults),
}

/// The kinds of faults, for the help text.
const KINDS: &str = "\
Kinds of faults, and their keys; each may have method=, path= (a * at its end matches any rest) and times=:
  latency                ms
  close                  phase (before-read, after-read, after-execution, in-head, in-body); how (fin, rst)
  response               status, error_num; message, after_execution; or status, body; content_type, after_execution
  early-response         status, error_num; message, close (fin, rst)
  hang, garbage, huge-head, bad-chunks
  slow-head, slow-body   bytes, ms
  stall, padded          bytes
  truncate               bytes; how
  reset-stream           phase, reason (refused-stream, enhance-your-calm, internal-error, protocol-error, cancel, no-error, or a number)
  go-away, go-away-unprocessed

Only of an embedded cluster:
  repeated-write, failed-commit
  late-copy, slow-commit  ms
  lost-write              db_server (from 0)
and conditions, which affect all requests:
  queue-time              ms
  queue-full, starting, maintenance, shutting-down
  tls                     handshake (expired, untrusted, wrong-name, self-signed, no-subject-alt-name, version1, close, hang)

Through proxies of a cluster with TLS: latency, close phase=before-read, hang, garbage, stall, truncate.";

#[derive(Debug, Args)]
pub(crate) struct AddFault {
    /// Where: `coordinator1`, …, or `all` for every coordinator.
    pub(crate) target: FaultTarget,

    /// The kind, such as `close`; the list is below.
    pub(crate) kind: String,

    /// The keys of the kind, such as `phase=after-execution`.
    #[arg(value_name = "KEY=VALUE")]
    pub(crate) keys: Vec<Pair>,

    /// Print one JSON object with the ids instead of text.
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) selection: Selection,
}

#[derive(Debug, Args)]
pub(crate) struct ListFaults {
    /// Print one JSON object instead of a table.
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) selection: Selection,
}

#[derive(Debug, Args)]
pub(crate) struct ClearFaults {
    /// The numbers that `fault add` and `fault list` print. Default: all.
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<u64>,

    #[command(flatten)]
    pub(crate) selection: Selection,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Agency {
    /// Makes it unreachable: what needs it fails.
    Down(Selection),

    /// Makes it reachable again.
    Up(Selection),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Tokens {
    /// Rejects every token that logins have returned so far.
    Expire(Selection),
}

#[derive(Debug, Args)]
pub(crate) struct Upgrade {
    /// The server: `coordinator1` or `dbserver1`, …
    pub(crate) server: Member,

    /// The version: 3.10, 3.11, 3.12 or 4.0, with or without a patch.
    pub(crate) version: String,

    #[command(flatten)]
    pub(crate) selection: Selection,
}

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "independent flags")]
pub(crate) struct Journal {
    /// How many requests are printed at most.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub(crate) last: usize,

    /// Only requests with a status of 400 or more.
    #[arg(long)]
    pub(crate) failed: bool,

    /// Print one JSON object instead of a table; with `--follow`, one for each request.
    #[arg(long)]
    pub(crate) json: bool,

    /// Go on with each new request, until Ctrl-C.
    ///
    /// A request is printed when it has a response, or after a second without one.
    #[arg(long)]
    pub(crate) follow: bool,

    /// Forget all requests so far instead of printing them.
    #[arg(long, conflicts_with_all = ["last", "failed", "json", "follow"])]
    pub(crate) clear: bool,

    #[command(flatten)]
    pub(crate) selection: Selection,
}

#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// The directory of the cluster, as `status` prints it. Default: the only one that runs, or of several the one with this shell's `ARANGO_TEST_CONTROL`; for `status` and `down`, all.
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
