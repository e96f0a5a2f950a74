//! Runs the integration tests against a cluster of any back end.

mod shared_cluster;

use std::process::ExitCode;

use anyhow::{Result, ensure};

use self::shared_cluster::SharedCluster;
use crate::cli::Integration;
use crate::cluster::run_with_cluster;
use crate::interruption::{Interruptions, unless_interrupted};
use crate::program::Program;
use crate::workspace;

/// The tests, as cargo arguments.
const TESTS: [&str; 5] = ["--package", "arango-tests", "--locked", "--test", "integration"];

/// Builds the tests, starts the cluster, and runs the tests one at a time.
///
/// On a cluster that belongs to others, only databases and users that are created for this are changed, and dropped at the
/// end, also if a test fails. The rest needs consent.
///
/// # Errors
/// If the cluster cannot start or end. Tests that fail are not an error: their exit code is passed on.
pub(crate) async fn integration(command: Integration) -> Result<ExitCode> {
    let is_external = command.cluster.is_external();
    command.consent.check_backend(is_external)?;
    let mut interruptions = Interruptions::listen()?;
    // Before the cluster starts: compiling would starve its servers.
    let build = cargo_test().arguments(["--no-run"]).run(&mut interruptions).await?;
    if !build.is_success() {
        return Ok(build.exit_code());
    }
    if let Some(name) = &command.filter {
        ensure!(has_test(name, &mut interruptions).await?, "no test has a name that contains `{name}`");
    }
    // With their output, since it says what is skipped.
    let tests = cargo_test().arguments(["--", "--test-threads=1", "--nocapture"]).arguments(command.filter);
    if !is_external {
        return Ok(run_with_cluster(command.cluster, tests, &mut interruptions).await?.exit_code());
    }
    let running = unless_interrupted(command.cluster.start()).await?;
    let shared = unless_interrupted(SharedCluster::prepare(running.info(), &command.consent)).await?;
    let tests = tests.variables(running.variables()).variables(shared.variables());
    let exit = tests.run(&mut interruptions).await;
    let cleaned = shared.clean_up().await;
    running.stop(&mut interruptions).await?;
    let exit = exit?;
    cleaned?;
    Ok(exit.exit_code())
}

/// Whether there is a test whose name contains `name`. Without one, the run would succeed.
async fn has_test(name: &str, interruptions: &mut Interruptions) -> Result<bool> {
    let mut has_test = false;
    let list = cargo_test().arguments(["--", "--list", name]);
    let exit = list.run_with_lines(interruptions, |line| has_test |= line.ends_with(": test")).await?;
    ensure!(exit.is_success(), "the tests cannot be listed");
    Ok(has_test)
}

fn cargo_test() -> Program {
    let manifest = workspace::root().join("Cargo.toml");
    Program::new(workspace::cargo())
        .arguments(["test", "--manifest-path"])
        .arguments([manifest])
        .arguments(TESTS)
}
