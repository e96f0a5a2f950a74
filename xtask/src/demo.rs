//! The tour of the client, against a cluster of its own.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use crate::cluster::{Flags, environment};
use crate::interruption::Interruptions;
use crate::program::Program;
use crate::workspace;

/// The example that is the tour, as cargo names it.
const TOUR: [&str; 4] = ["--package", "arango", "--example", "cluster_tour"];

/// How long the tour may take; its building is not counted.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// Builds the tour, starts a cluster whose shards lie badly, and runs the tour as a program of its own; with `tls` over
/// TLS and HTTP/2.
///
/// # Errors
/// If the cluster cannot start. A tour that fails is not an error of ours: its exit code is passed on.
pub(crate) async fn demo(tls: bool) -> Result<ExitCode> {
    let features: &[&str] = if tls { &["--features", "http2"] } else { &[] };
    let mut interruptions = Interruptions::listen()?;

    // Before the cluster starts: compiling may take minutes, and on one processor it would starve the cluster's clock.
    let building = cargo("build").arguments(features).run(&mut interruptions).await?;
    if !building.is_success() {
        return Ok(building.exit_code());
    }

    let flags = if tls { Flags::skewed().with_tls() } else { Flags::skewed() };
    let running = flags.start().await?;
    let tour = cargo("run").arguments(features).variables(environment(&running.facts())).limit(LIMIT);
    let ending = tour.run(&mut interruptions).await?;
    running.report_unsupported();
    Ok(ending.exit_code())
}

fn cargo(verb: &str) -> Program {
    let manifest = workspace::root().join("Cargo.toml");
    Program::new(workspace::cargo())
        .arguments([verb, "--manifest-path"])
        .arguments([manifest])
        .arguments(TOUR)
}
