//! Runs the client's tour against a cluster: an embedded one, unless a back end is named.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anstyle_svg::Term;
use anyhow::{Result, bail};
use serde::Deserialize;

use crate::cli::Demo;
use crate::interruption::Interruptions;
use crate::out_file::OutFile;
use crate::program::{ExitReason, Program};
use crate::workspace;

/// The example with the tour.
const TOUR: &str = "cluster_tour";

/// Time limit for the tour, not counting its build.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// Builds the tour, starts a cluster, and runs the tour as a separate program.
///
/// The shards of an embedded cluster are skewed. With TLS, the tour uses HTTP/2, too. With `picture`, its output is also
/// written as an SVG file.
///
/// # Errors
/// If the cluster cannot start, or the picture cannot be written. A tour that fails is not an error: its exit code is passed on.
pub(crate) async fn demo(command: Demo) -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let picture = command.picture.map(OutFile::open).transpose()?;

    // Before the cluster starts: compiling may take minutes, and on one processor it would starve the cluster's timers.
    let tour = match build(&mut interruptions).await? {
        Ok(tour) => tour,
        Err(exit) => return Ok(exit),
    };

    let mut running = tokio::select! {
        started = command.cluster.for_tour().start() => started?,
        interruption = interruptions.next() => return Ok(ExitReason::Interrupted(interruption).exit_code()),
    };
    let tour = Program::new(tour).variables(running.variables()).limit(LIMIT);
    let exit = tokio::select! {
        exit = take(tour, picture, &mut interruptions) => exit?,
        never = running.serve() => match never {},
    };
    running.stop(&mut interruptions).await?;
    Ok(exit.exit_code())
}

/// Runs the tour, and draws its output if a file is named and the tour succeeds.
async fn take(
    tour: Program,
    picture: Option<OutFile>,
    interruptions: &mut Interruptions,
) -> Result<ExitReason> {
    let Some(picture) = picture else { return tour.run(interruptions).await };
    let mut output = String::new();
    let tour = tour.variables([("CLICOLOR_FORCE", "1".to_owned())]);
    let exit = tour.run_with_lines(interruptions, |line| {
        anstream::println!("{line}");
        output += &line;
        output.push('\n');
    });
    let exit = exit.await?;
    if exit.is_success() {
        picture.write(&picture_of(&output))?;
    }
    Ok(exit)
}

/// Draws an output. Dimmed text is lighter than by default, which cannot be read on black.
fn picture_of(output: &str) -> String {
    Term::new().render_svg(output).replace("opacity: 0.4;", "opacity: 0.7;")
}

/// Builds the tour. Returns the program, or the exit code if it cannot be built.
///
/// With all packages, as `cargo test --workspace` does, so that cargo gives the dependencies the same features for both,
/// and each of them is compiled once. The tour then also has HTTP/2.
async fn build(interruptions: &mut Interruptions) -> Result<Result<PathBuf, ExitCode>> {
    let manifest = workspace::root().join("Cargo.toml");
    let mut executable = None;
    let build = Program::new(workspace::cargo())
        .arguments(["build", "--workspace", "--example", TOUR])
        .arguments(["--message-format", "json-render-diagnostics", "--manifest-path"])
        .arguments([manifest])
        .run_with_lines(interruptions, |line| executable = executable_of(&line).or(executable.take()))
        .await?;
    if !build.is_success() {
        return Ok(Err(build.exit_code()));
    }
    match executable {
        Some(executable) => Ok(Ok(executable)),
        None => bail!("cargo has built {TOUR}, and does not say where it is"),
    }
}

/// Returns the path of the tour if a message of cargo names it.
fn executable_of(message: &str) -> Option<PathBuf> {
    #[derive(Deserialize)]
    struct Artifact {
        target: Target,
        executable: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
    }
    let artifact: Artifact = serde_json::from_str(message).ok()?;
    artifact.executable.filter(|_| artifact.target.name == TOUR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimmed_text_can_be_read_in_the_picture() {
        let picture = picture_of("\u{1b}[2mstored:\u{1b}[0m 10000\n");
        assert!(picture.contains("stored:") && picture.contains(".dimmed { opacity: 0.7; }"), "{picture}");
    }

    #[test]
    fn the_tour_is_found_among_the_messages_of_cargo() {
        let tour = r#"{"reason":"compiler-artifact","target":{"kind":["example"],"name":"cluster_tour"},
            "executable":"/target/debug/examples/cluster_tour"}"#;
        assert_eq!(executable_of(tour), Some(PathBuf::from("/target/debug/examples/cluster_tour")));
        for other in [
            r#"{"reason":"compiler-artifact","target":{"name":"tokio"},"executable":null}"#,
            r#"{"reason":"compiler-artifact","target":{"name":"xtask"},"executable":"/target/debug/xtask"}"#,
            r#"{"reason":"build-finished","success":true}"#,
            "",
        ] {
            assert_eq!(executable_of(other), None, "{other}");
        }
    }
}
