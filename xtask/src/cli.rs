//! What can be asked for on the command line; the doc comments are its help.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cluster::Flags;

/// Tasks of this workspace: a cluster to try things with, the demo, and other clients against the same cluster.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Starts an embedded ArangoDB cluster, for as long as this command runs.
    ///
    /// Nothing is downloaded and no other process is started: coordinators, DB-Servers and agents live in this process,
    /// and only the coordinators listen, on loopback.
    #[command(subcommand)]
    TestCluster(TestCluster),

    /// Runs the tour of the client against an embedded cluster of its own: three servers of each role.
    ///
    /// The tour is built first. It runs as a separate program and knows the cluster only by the variables that
    /// `test-cluster run` sets. The exit code is the tour's.
    Demo(Demo),

    /// Runs the tests of each row of `docs/failure-semantics.md`, and says which test proves which row for which class.
    ///
    /// The rows are read from the tables of that page, the tests from what they are called. The exit code is 0 only if
    /// each row that is built has a test for each class of request, if all are green, and if no test names another row.
    Rows,

    /// Prints what is known of every call of cluster administration: to whom it goes, whether it may be sent again, how long
    /// the server may take, what it needs, and what executes it.
    ///
    /// All of it is read from the code. With `--check` nothing is printed but where the documentation says otherwise; the
    /// exit code is 0 if it does nowhere.
    Calls(Calls),

    /// Measures what a call costs, beside the least that a program could do by hand.
    ///
    /// Instructions are counted where valgrind is installed. It takes a few minutes.
    Price(Price),

    /// Breaks the files that decide, one line at a time, and checks that a test fails each time.
    ///
    /// Runs cargo-mutants, and is skipped where it is not installed. The files, and the mutants that are known to be
    /// harmless, are in `.cargo/mutants.toml`. The exit code is 0 if no mutant that was tried survives.
    Mutants(Mutants),

    /// Simulates the client in worlds that go wrong by chance, and says which invariants that breaks.
    ///
    /// The worlds are those of `tests/simulation`, one for each seed. The last line counts seeds and violations; the exit
    /// code is 0 if there is none.
    Soak(Soak),

    /// Varies by chance what comes from outside, and says whether the client stands it.
    ///
    /// The targets are those of `fuzz/`, each in a process of its own, as many at once as there are processors. cargo-fuzz
    /// finds more, with a nightly compiler. The exit code is 0 if nothing broke.
    Fuzz(Fuzz),

    /// Checks the libraries with no feature, each, and all; warnings are errors.
    Features,

    /// Compares the policies on a fleet of clients and coordinators in virtual time.
    ///
    /// Members, health and policies are the client's own; `docs/fleet.md` tells what is simulated, and what came of it. The
    /// same seed gives the same output. Without a size or a choice it runs everything, for some minutes.
    Fleet(Fleet),

    /// Runs a client of another language against an embedded cluster, to judge the cluster.
    ///
    /// The exit code is 0 if every check holds, and also if the run is skipped, which the last line then says.
    Compat(Compat),
}

#[derive(Debug, Subcommand)]
pub(crate) enum TestCluster {
    /// Starts a cluster and prints how to reach it; Ctrl-C or SIGTERM ends it.
    Up(Up),

    /// Starts a cluster, runs a command with it, and exits with the command's exit code.
    ///
    /// The command finds the cluster in `ARANGO_ENDPOINTS` (URLs, separated by commas), `ARANGO_ROOT_PASSWORD`,
    /// `ARANGO_JWT_SECRET` and `ARANGO_TEST_CONTROL` (the URL of the control door). A command that a signal ended makes
    /// the exit code 128 + its number; one that cannot be found, 127; one that may not be executed, 126.
    Run(Run),

    /// Prints a token that clusters with this secret accept.
    Token(Token),
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
pub(crate) struct Token {
    /// For whom; without it, the token is the superuser's, who is no user and may do everything.
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,

    /// How long a user's token is valid; the superuser's does not expire.
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = humantime::parse_duration)]
    pub(crate) lifetime: Duration,

    /// The secret of the cluster.
    #[arg(long, value_name = "SECRET", default_value = "secret")]
    pub(crate) jwt_secret: String,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Over TLS and HTTP/2, and with a login, rather than over plain HTTP/1.1.
    #[arg(long)]
    pub(crate) tls: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Calls {
    /// Write the table into `docs/calls.md` too.
    #[arg(long, conflicts_with = "check")]
    pub(crate) write: bool,

    /// Compare the table in `docs/calls.md` and the facts in `docs/cluster-http-api.md` with the code instead.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Price {
    /// Write the figures into `docs/performance.md` too.
    #[arg(long)]
    pub(crate) write: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Mutants {
    /// Which files; all, if no group is named.
    #[arg(value_enum)]
    pub(crate) groups: Vec<Group>,

    /// Only lines that differ from where `origin/main`, or else `main`, was left; on these, from the commit before. The
    /// tests are taken to pass as the tree is.
    #[arg(long)]
    pub(crate) changed: bool,

    /// Stops after so many minutes; what was not tried until then is counted, and fails nothing.
    #[arg(long, value_name = "N")]
    pub(crate) minutes: Option<u64>,

    /// One part of several, such as `0/4`.
    #[arg(long, value_name = "K/N")]
    pub(crate) shard: Option<String>,
}

/// Files that are broken, and judged by the same tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Group {
    /// Which coordinator is asked: `arango-balance`.
    Balance,

    /// Whether a request is sent again, and what an error says: `arango-transport`.
    Transport,

    /// Long-running procedures: `arango`.
    Procedures,
}

#[derive(Debug, Args)]
pub(crate) struct Soak {
    /// How many seeds.
    #[arg(long, value_name = "N", default_value_t = 1_000, conflicts_with = "seed")]
    pub(crate) seeds: u64,

    /// The first of them.
    #[arg(long, value_name = "SEED", default_value_t = 0, conflicts_with = "seed")]
    pub(crate) from: u64,

    /// One seed alone, with everything that happens in it.
    #[arg(long, value_name = "SEED")]
    pub(crate) seed: Option<u64>,

    /// Only the worlds in which a long procedure runs.
    #[arg(long, conflicts_with = "seed")]
    pub(crate) procedures: bool,

    /// Builds with optimisations: slow to build, and several times as fast.
    #[arg(long)]
    pub(crate) release: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// Which targets; all, if none is named.
    pub(crate) targets: Vec<String>,

    /// For how long inputs are varied, for each target.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) seconds: u64,

    /// Where chance begins: the same seed gives the same inputs in the same order.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub(crate) seed: u64,

    /// One input alone, such as one that is kept because it broke something.
    #[arg(long, value_name = "FILE", requires = "targets", conflicts_with_all = ["seconds", "seed"])]
    pub(crate) input: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Fleet {
    /// What is left to chance.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Print one JSON object for each row instead of tables.
    #[arg(long)]
    pub(crate) json: bool,

    /// Small worlds in a build that is not optimised, and only what must hold whatever the figures are.
    #[arg(long)]
    pub(crate) quick: bool,

    /// No simulation: the client itself, on real sockets, with one of three coordinators slow or killed. A minute; the exit
    /// code is 1 if a bar is missed.
    #[arg(long, conflicts_with_all = ["quick", "more"])]
    pub(crate) sockets: bool,

    /// More flags of the program, after `--`: a size, scenarios, policies, loads, charts; `-- --help` lists them.
    #[arg(last = true, value_name = "FLAGS")]
    pub(crate) more: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Compat {
    /// Which client.
    #[arg(value_enum)]
    pub(crate) client: Client,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Client {
    /// Python's client, at the version that `tests/compat/requirements.txt` pins, in a virtual environment of its own.
    PythonArango,

    /// JavaScript's client, at the version that `tests/compat/package.json` pins, in a folder of its own.
    Arangojs,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_has_no_contradictions() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_task_and_every_flag_has_a_help_text() {
        fn check(command: &clap::Command) {
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "`{}` of `{}`", argument.get_id(), command.get_name());
            }
            for child in command.get_subcommands() {
                assert!(child.get_about().is_some(), "`{}`", child.get_name());
                check(child);
            }
        }
        check(&Cli::command());
    }

    #[test]
    fn what_follows_the_dashes_belongs_to_the_command() {
        let cli = Cli::try_parse_from([
            "xtask",
            "test-cluster",
            "run",
            "--agents",
            "1",
            "--",
            "sh",
            "-c",
            "exit 7",
        ]);

        let Ok(Cli { task: Task::TestCluster(TestCluster::Run(run)) }) = cli else { panic!("{cli:?}") };
        assert_eq!(run.command, ["sh", "-c", "exit 7"]);
    }

    #[test]
    fn run_without_a_command_is_refused() {
        assert!(Cli::try_parse_from(["xtask", "test-cluster", "run"]).is_err());
    }

    #[test]
    fn clients_are_named_as_their_packages_are() {
        let cli = Cli::try_parse_from(["xtask", "compat", "python-arango"]);

        assert!(
            matches!(cli, Ok(Cli { task: Task::Compat(Compat { client: Client::PythonArango }) })),
            "{cli:?}"
        );
    }
}
