//! The Python checks: `tests/compat/python_arango.py`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use tokio::process::Command;

use super::setup::{self, InstallDir, Setup, output_of};
use super::{LIMIT, run_against_both_clusters};
use crate::program::Program;
use crate::workspace;

/// Sets up Python, and runs the checks against a cluster without TLS and one with TLS.
///
/// # Errors
/// If the virtual environment is available but cannot be set up, or the cluster cannot start.
pub(crate) async fn checks() -> Result<ExitCode> {
    let directory = workspace::root().join("tests/compat");
    let requirements = directory.join("requirements.txt");
    let script = directory.join("python_arango.py");
    run_against_both_clusters(virtual_environment(&requirements), |python, variables| {
        Program::new(python)
            // Isolated and unbuffered: packages installed elsewhere are ignored, and lines come in order.
            .arguments(["-I", "-B", "-u"])
            .arguments([&script])
            .variables(variables)
            .limit(LIMIT)
    })
    .await
}

/// Creates the virtual environment of the requirements, unless it exists.
async fn virtual_environment(requirements: &Path) -> Result<Setup> {
    let pinned = setup::read(requirements)?;
    let Some(version) = setup::version_of("python3").await? else { return Ok(Setup::Skipped("no python3")) };
    let install_dir = InstallDir::new("venv", pinned, &version)?;
    let python = install_dir.folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    if install_dir.is_complete() {
        return Ok(Setup::Ready(python));
    }
    install_dir.clear()?;
    anstream::eprintln!("Setting up {version} in {}", install_dir.folder.display());
    if !output_of(Command::new("python3").args(["-m", "venv"]).arg(&install_dir.folder))
        .await?
        .status
        .success()
    {
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
    let installed = output_of(Command::new(&python).args(pip).arg("--requirement").arg(requirements)).await?;
    if !installed.status.success() {
        let stderr = String::from_utf8_lossy(&installed.stderr);
        if is_network_error(&stderr) {
            return Ok(Setup::Skipped("PyPI cannot be reached"));
        }
        bail!("pip failed:\n{}", stderr.trim_end());
    }
    install_dir.mark_complete()?;
    Ok(Setup::Ready(python))
}

/// Whether pip failed because of the network rather than the packages.
fn is_network_error(stderr: &str) -> bool {
    // The last line of pip only says that no such version was found; the reason is in its warnings.
    ["after connection broken by", "Max retries exceeded", "Could not fetch URL"]
        .iter()
        .any(|marker| stderr.contains(marker))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_errors_are_distinguished_from_missing_versions() {
        let missing = "ERROR: Could not find a version that satisfies the requirement python-arango==0.0.0";
        let unreachable =
            format!("WARNING: Retrying after connection broken by 'NewConnectionError(…)'\n{missing}");

        assert!(is_network_error(&unreachable));
        assert!(!is_network_error(missing));
    }

    #[test]
    fn every_requirement_is_pinned() {
        let text = include_str!("../../../tests/compat/requirements.txt");
        let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();

        assert!(lines.contains(&"python-arango==8.3.7"), "{lines:?}");
        assert!(lines.iter().all(|line| line.contains("==")), "{lines:?}");
    }
}
