//! The command line. Its doc comments are the help texts.

mod contract;
mod test_cluster;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, value_parser};

use crate::cluster::Flags;

pub(crate) use self::contract::{Check, Contract, Embedded, Questions, Record, Report};
pub(crate) use self::test_cluster::{
    AddFault, Agency, ClearFaults, Fault, Integration, Journal, ListFaults, OneServer, Run, Selection,
    TestCluster, Token, Tokens, Up, Upgrade, Watch,
};

/// Tasks of this workspace: test clusters, the demo, benchmarks, checks, and clients of other languages.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Starts an ArangoDB cluster that lives as long as this command; embedded, unless `--backend` says otherwise.
    ///
    /// Of an embedded cluster nothing is downloaded and no other process is started: coordinators, DB-Servers and agents
    /// live in this process, and only the coordinators listen, on loopback.
    #[command(subcommand)]
    TestCluster(Box<TestCluster>),

    /// Runs the integration tests of the client against a cluster of any back end.
    ///
    /// They need no journal, so that they run on real servers, too. The exit code is that of the tests.
    Integration(Box<Integration>),

    /// Records what a cluster responds to a fixed script of requests, and compares recordings.
    ///
    /// `docs/contract.md` describes it, and how to send a report from a real cluster.
    #[command(subcommand)]
    Contract(Contract),

    /// Runs the client's tour against a cluster: an embedded one, unless `--backend` says otherwise.
    ///
    /// The tour is built first. It runs as a separate program and gets only the variables that `test-cluster run`
    /// sets. The exit code is the tour's. Coordinators are killed only where there is a control address: an external
    /// cluster has one with `--proxy`, and then only its proxies are killed.
    Demo(Box<Demo>),

    /// Runs the tests of each row of `docs/failure-semantics.md`, and prints which tests cover each row and class.
    ///
    /// The rows are read from the tables of that page. A test belongs to the row that its name begins with. The exit
    /// code is 0 only if each row that is implemented has a test for each class of request, all tests pass, and no
    /// test names an unknown row.
    FailureMatrix,

    /// Prints all operations, those of cluster administration and those of data: request, scope, class, server timeout,
    /// permission, versions and methods.
    ///
    /// All of it is read from the code. With `--check`, only the differences between the code and the documentation are
    /// printed; the exit code is 0 if there are none.
    Operations(Operations),

    /// Records the public API of each library in `crates/*/public-api.txt`.
    ///
    /// Runs cargo-public-api with a nightly compiler of one date, and fails if one of them is not installed. With
    /// `--check`, only the differences from the record are printed; the exit code is 0 if there are none.
    PublicApi(PublicApi),

    /// Measures the cost of a call, compared with the minimum that a program can write by hand.
    ///
    /// Instructions are counted if valgrind is installed. It takes a few minutes.
    Bench(Bench),

    /// Runs mutation tests: changes one line of the decision-making files at a time, and expects a test to fail.
    ///
    /// Runs cargo-mutants, and fails if that is not installed. The files, and the mutants known to be harmless, are
    /// listed in `.cargo/mutants.toml`. The exit code is 0 if no tested mutant survives.
    Mutants(Mutants),

    /// Simulates the client under random faults, and prints which invariants are violated.
    ///
    /// The scenarios are those of `tests/simulation`, one per seed. The last line counts seeds and violations; the
    /// exit code is 0 if there are no violations.
    Soak(Soak),

    /// Feeds random input to every parser of external data, and reports panics and failed checks.
    ///
    /// The targets are those of `fuzz/`. Each runs in a separate process, as many at once as there are processors.
    /// cargo-fuzz finds more, with a nightly compiler. The exit code is 0 if no target fails.
    Fuzz(Fuzz),

    /// Checks the libraries with no feature, with each feature alone, and with all features; warnings are errors.
    ///
    /// Then the tests, examples and benchmarks of each package, without the rest of the workspace.
    Features,

    /// Compares the load-balancing policies on a fleet of clients and coordinators in virtual time.
    ///
    /// Members, health and policies are the client's code; `docs/fleet.md` describes the simulation and its results.
    /// The same seed gives the same output. Without a size or a selection it runs everything, for some minutes. The exit
    /// code is 1 if an invariant is violated.
    Fleet(Fleet),

    /// Runs a client of another language against an embedded cluster, to verify the cluster.
    ///
    /// The exit code is 0 if every check passes, and also if the run is skipped; the last line then says so.
    Compat(Compat),
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    #[command(flatten)]
    pub(crate) cluster: Flags,

    /// Also write the output as a picture, an SVG file.
    #[arg(long, value_name = "FILE")]
    pub(crate) picture: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Operations {
    /// Also write the table into `docs/operations.md`.
    #[arg(long, conflicts_with = "check")]
    pub(crate) write: bool,

    /// Compare the table in `docs/operations.md`, and the metadata in `docs/cluster-http-api.md` and
    /// `docs/data-http-api.md`, with the code instead.
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PublicApi {
    /// Compare the code with the record instead.
    #[arg(long)]
    pub(crate) check: bool,

    /// With `--check`: if a tool is not installed, only print that the check is skipped.
    #[arg(long, requires = "check")]
    pub(crate) if_installed: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Also write the measurements into `docs/performance.md`, and record what calls cost.
    #[arg(long)]
    pub(crate) write: bool,

    /// Only count instructions and allocations of calls, and fail if they are more than recorded.
    ///
    /// Instructions are compared by their ratio to those of the program by hand. Fails without valgrind.
    #[arg(long, conflicts_with = "write")]
    pub(crate) check: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Mutants {
    /// Groups of files to mutate. Default: all.
    #[arg(value_enum)]
    pub(crate) groups: Vec<Group>,

    /// Only lines changed since the merge base with `origin/main`, or else `main`; on these branches, since the
    /// previous commit. The tests are assumed to pass without mutation.
    #[arg(long)]
    pub(crate) changed: bool,

    /// Stop after this many minutes. Mutants not tested by then are counted, and do not fail the run.
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..))]
    pub(crate) minutes: Option<u64>,

    /// One shard of several, such as `0/4`.
    #[arg(long, value_name = "K/N")]
    pub(crate) shard: Option<String>,

    /// If cargo-mutants is not installed, only print that the run is skipped.
    #[arg(long)]
    pub(crate) if_installed: bool,
}

/// Files that are mutated and checked by the same tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Group {
    /// The choice of a coordinator: `arango-balance`.
    Balance,

    /// Retries and errors: `arango-transport`.
    Transport,

    /// Long-running procedures: `arango`.
    Procedures,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a flag")]
#[derive(Debug, Args)]
pub(crate) struct Soak {
    /// Number of seeds.
    #[arg(long, value_name = "N", default_value_t = 1_000, conflicts_with = "seed", value_parser = value_parser!(u64).range(1..))]
    pub(crate) seeds: u64,

    /// First seed.
    #[arg(long, value_name = "SEED", default_value_t = 0, conflicts_with = "seed")]
    pub(crate) from: u64,

    /// Run only this seed, and print everything that happens.
    #[arg(long, value_name = "SEED")]
    pub(crate) seed: Option<u64>,

    /// Only scenarios in which a long-running procedure runs.
    #[arg(long, conflicts_with = "seed")]
    pub(crate) procedures: bool,

    /// Only the scenarios with documents, queries and transactions.
    #[arg(long, conflicts_with = "procedures")]
    pub(crate) data: bool,

    /// Only histories of documents, which are checked for linearizability.
    #[arg(long, conflicts_with_all = ["procedures", "data"])]
    pub(crate) histories: bool,

    /// Build with optimisations: slow to build, and several times as fast to run.
    #[arg(long)]
    pub(crate) release: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// Targets to run. Default: all.
    pub(crate) targets: Vec<String>,

    /// Seconds for which inputs are generated, for each target.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = value_parser!(u64).range(1..))]
    pub(crate) seconds: u64,

    /// Random seed: the same seed gives the same inputs in the same order.
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    pub(crate) seed: u64,

    /// Run a single input file, such as one that was kept because it failed.
    #[arg(long, value_name = "FILE", requires = "targets", conflicts_with_all = ["seconds", "seed"])]
    pub(crate) input: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Fleet {
    /// Random seed.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Print one JSON object for each row instead of tables.
    #[arg(long)]
    pub(crate) json: bool,

    /// Small fleets in a build without optimisations, and only assertions that do not depend on the measurements.
    #[arg(long)]
    pub(crate) quick: bool,

    /// Measure the client on real sockets instead of simulating, with one of three coordinators slow or killed. Takes a
    /// minute; the exit code is 1 if a limit is exceeded.
    #[arg(long, conflicts_with_all = ["quick", "more"])]
    pub(crate) sockets: bool,

    /// More flags of the program, after `--`: a size, scenarios, policies, loads, charts; `-- --help` lists them.
    #[arg(last = true, value_name = "FLAGS")]
    pub(crate) more: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Compat {
    /// The client to run.
    #[arg(value_enum)]
    pub(crate) client: Client,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Client {
    /// The Python client, in the version that `tests/compat/requirements.txt` pins, in a separate virtual environment.
    PythonArango,

    /// The JavaScript client, in the version that `tests/compat/package.json` pins, in a separate folder.
    Arangojs,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
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
    fn arguments_after_the_dashes_belong_to_the_command() {
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

        let Ok(Cli { task: Task::TestCluster(command) }) = cli else { panic!("{cli:?}") };
        let TestCluster::Run(run) = *command else { panic!("{command:?}") };
        assert_eq!(run.command, ["sh", "-c", "exit 7"]);
    }

    #[test]
    fn a_run_that_checks_nothing_is_refused() {
        for line in [["soak", "--seeds", "0"], ["fuzz", "--seconds", "0"], ["mutants", "--minutes", "0"]] {
            assert!(Cli::try_parse_from([&["xtask"], &line[..]].concat()).is_err(), "{line:?}");
        }
    }

    #[test]
    fn run_without_a_command_is_refused() {
        assert!(Cli::try_parse_from(["xtask", "test-cluster", "run"]).is_err());
    }

    /// The words of a line of a shell, without its comment.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        for (place, part) in line.split(" #").next().unwrap_or_default().split('\'').enumerate() {
            // Every second part is quoted.
            let mut pieces = if place % 2 == 0 { part.split(' ').collect() } else { vec![part] }.into_iter();
            words.last_mut().unwrap().push_str(pieces.next().unwrap_or_default());
            words.extend(pieces.map(str::to_owned));
        }
        words.retain(|word| !word.is_empty());
        words
    }

    #[test]
    fn the_commands_of_the_documentation_are_accepted() {
        let pages =
            [include_str!("../../../docs/test-cluster.md"), include_str!("../../../docs/real-servers.md")];
        let lines = pages.into_iter().flat_map(str::lines);
        let commands: Vec<_> = lines.filter_map(|line| line.strip_prefix("$ cargo xtask ")).collect();
        assert!(commands.len() > 20, "{commands:?}");
        for command in commands {
            let arguments = ["xtask".to_owned()].into_iter().chain(words(command));
            if let Err(error) = Cli::try_parse_from(arguments) {
                panic!("{command}: {error}");
            }
        }
    }

    #[test]
    fn clients_have_the_names_of_their_packages() {
        let cli = Cli::try_parse_from(["xtask", "compat", "python-arango"]);

        assert!(
            matches!(cli, Ok(Cli { task: Task::Compat(Compat { client: Client::PythonArango }) })),
            "{cli:?}"
        );
    }
}
