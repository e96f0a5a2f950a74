//! Runs the client's tour against an embedded cluster.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use crate::cluster::{Flags, environment};
use crate::interruption::Interruptions;
use crate::program::Program;
use crate::workspace;

/// The example with the tour, as cargo arguments.
const TOUR: [&str; 4] = ["--package", "arango", "--example", "cluster_tour"];

/// Time limit for the tour, not counting its build.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// Builds the tour, starts a cluster with skewed shards, and runs the tour as a separate program.
///
/// With `tls`, the tour uses TLS and HTTP/2.
///
/// # Errors
/// If the cluster cannot start. A tour that fails is not an error: its exit code is passed on.
pub(crate) async fn demo(tls: bool) -> Result<ExitCode> {
    let features: &[&str] = if tls { &["--features", "http2"] } else { &[] };
    let mut interruptions = Interruptions::listen()?;

    // Before the cluster starts: compiling may take minutes, and on one processor it would starve the cluster's timers.
    let build = cargo("build").arguments(features).run(&mut interruptions).await?;
    if !build.is_success() {
        return Ok(build.exit_code());
    }

    let flags = if tls { Flags::skewed().with_tls() } else { Flags::skewed() };
    let running = flags.start().await?;
    let tour = cargo("run").arguments(features).variables(environment(&running.info())).limit(LIMIT);
    let exit = tour.run(&mut interruptions).await?;
    running.report_unsupported();
    Ok(exit.exit_code())
}

fn cargo(verb: &str) -> Program {
    let manifest = workspace::root().join("Cargo.toml");
    Program::new(workspace::cargo())
        .arguments([verb, "--manifest-path"])
        .arguments([manifest])
        .arguments(TOUR)
}
