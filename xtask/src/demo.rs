//! Runs the client's tour against an embedded cluster.

use std::process::ExitCode;
use std::time::Duration;

use anstyle_svg::Term;
use anyhow::{Context as _, Result};

use crate::cli::Demo;
use crate::cluster::Flags;
use crate::interruption::Interruptions;
use crate::program::Program;
use crate::workspace;

/// The example with the tour, as cargo arguments.
const TOUR: [&str; 4] = ["--package", "arango", "--example", "cluster_tour"];

/// Time limit for the tour, not counting its build.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// Builds the tour, starts a cluster with skewed shards, and runs the tour as a separate program.
///
/// With `tls`, the tour uses TLS and HTTP/2. With `picture`, its output is also written as an SVG file.
///
/// # Errors
/// If the cluster cannot start, or the picture cannot be written. A tour that fails is not an error: its exit code is passed on.
pub(crate) async fn demo(command: &Demo) -> Result<ExitCode> {
    let features: &[&str] = if command.tls { &["--features", "http2"] } else { &[] };
    let mut interruptions = Interruptions::listen()?;

    // Before the cluster starts: compiling may take minutes, and on one processor it would starve the cluster's timers.
    let build = cargo("build").arguments(features).run(&mut interruptions).await?;
    if !build.is_success() {
        return Ok(build.exit_code());
    }

    let flags = if command.tls { Flags::skewed().with_tls() } else { Flags::skewed() };
    let running = flags.start().await?;
    let tour = cargo("run").arguments(features).variables(running.variables()).limit(LIMIT);
    let exit = match &command.picture {
        None => tour.run(&mut interruptions).await?,
        Some(path) => {
            let mut output = String::new();
            let tour = tour.variables([("CLICOLOR_FORCE", "1".to_owned())]);
            let exit = tour.run_with_lines(&mut interruptions, |line| {
                anstream::println!("{line}");
                output += &line;
                output.push('\n');
            });
            let exit = exit.await?;
            std::fs::write(path, Term::new().render_svg(&output))
                .with_context(|| format!("cannot write {}", path.display()))?;
            exit
        }
    };
    running.stop(&mut interruptions).await?;
    Ok(exit.exit_code())
}

fn cargo(verb: &str) -> Program {
    let manifest = workspace::root().join("Cargo.toml");
    Program::new(workspace::cargo())
        .arguments([verb, "--manifest-path"])
        .arguments([manifest])
        .arguments(TOUR)
}
