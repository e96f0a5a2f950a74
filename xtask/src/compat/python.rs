//! The checks in Python: `tests/compat/python_arango.py`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use tokio::process::Command;

use super::setup::{self, Place, Setup, said};
use super::{LIMIT, both_clusters};
use crate::program::Program;
use crate::workspace;

/// Sets up Python, and runs the checks against two clusters, one without TLS and one with.
///
/// # Errors
/// If the virtual environment can be had and yet cannot be set up, or the cluster cannot start.
pub(crate) async fn checks() -> Result<ExitCode> {
    let directory = workspace::root().join("tests/compat");
    let requirements = directory.join("requirements.txt");
    let script = directory.join("python_arango.py");
    both_clusters(virtual_environment(&requirements), |python, variables| {
        Program::new(python)
            // Isolated, unbuffered: neither what is installed elsewhere nor the order of lines is left to chance.
            .arguments(["-I", "-B", "-u"])
            .arguments([&script])
            .variables(variables)
            .limit(LIMIT)
    })
    .await
}

/// Makes the virtual environment that the requirements describe, or finds it.
async fn virtual_environment(requirements: &Path) -> Result<Setup> {
    let pinned = setup::read(requirements)?;
    let Some(version) = setup::version_of("python3").await? else { return Ok(Setup::Skipped("no python3")) };
    let place = Place::of("venv", pinned, &version)?;
    let python = place.folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if place.is_complete() {
        return Ok(Setup::Ready(python));
    }
    place.clear()?;
    anstream::eprintln!("Setting up {version} in {}", place.folder.display());
    if !said(Command::new("python3").args(["-m", "venv"]).arg(&place.folder)).await?.status.success() {
        return Ok(Setup::Skipped("no venv"));
    }
    let pip = [
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--retries",
        "2",
        "--timeout",
        "20",
    ];
    let installed = said(Command::new(&python).args(pip).arg("--requirement").arg(requirements)).await?;
    if !installed.status.success() {
        let words = String::from_utf8_lossy(&installed.stderr);
        if was_not_reached(&words) {
            return Ok(Setup::Skipped("PyPI cannot be reached"));
        }
        bail!("pip failed:\n{}", words.trim_end());
    }
    place.complete()?;
    Ok(Setup::Ready(python))
}

/// Whether pip's complaint is about the way to the packages rather than about the packages.
fn was_not_reached(words: &str) -> bool {
    // At its end pip says only that it has found no such version; why is in its warnings.
    ["after connection broken by", "Max retries exceeded", "Could not fetch URL"]
        .iter()
        .any(|sign| words.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_is_not_there_is_told_apart_from_a_version_that_is_not_there() {
        let missing = "ERROR: Could not find a version that satisfies the requirement python-arango==0.0.0";
        let unreachable =
            format!("WARNING: Retrying after connection broken by 'NewConnectionError(…)'\n{missing}");

        assert!(was_not_reached(&unreachable));
        assert!(!was_not_reached(missing));
    }

    #[test]
    fn every_requirement_is_pinned() {
        let text = include_str!("../../../tests/compat/requirements.txt");
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();

        assert!(lines.contains(&"python-arango==8.3.7"), "{lines:?}");
        assert!(lines.iter().all(|line| line.contains("==")), "{lines:?}");
    }
}
