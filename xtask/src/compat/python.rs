//! The checks in Python: `tests/compat/python_arango.py`.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Output, Stdio};
use std::time::Duration;
use std::{env, fs, io};

use anyhow::{Context, Result, bail};
use tokio::process::Command;
use tokio::time::timeout;

use crate::cluster::{Flags, environment};
use crate::interruption::Interruptions;
use crate::program::{Ending, Program};
use crate::workspace;

/// How long the checks may take; they need a fraction of it.
const LIMIT: Duration = Duration::from_secs(2 * 60);

/// How long one step of setting up may take; downloads are part of one.
const SETUP: Duration = Duration::from_secs(4 * 60);

/// Sets up Python, and runs the checks against two clusters, one without TLS and one with.
///
/// # Errors
/// If the virtual environment can be had and yet cannot be set up, or the cluster cannot start.
pub(crate) async fn checks() -> Result<ExitCode> {
    let directory = workspace::root().join("tests/compat");
    let requirements = directory.join("requirements.txt");
    let mut interruptions = Interruptions::listen()?;
    let setup = tokio::select! {
        setup = virtual_environment(&requirements) => setup?,
        interruption = interruptions.next() => return Ok(Ending::Interrupted(interruption).exit_code()),
    };
    let python = match setup {
        Setup::Ready(python) => python,
        Setup::Skipped(reason) => {
            anstream::println!("skipped: {reason}");
            return Ok(ExitCode::SUCCESS);
        }
    };

    for (how, flags) in [("without TLS", Flags::skewed()), ("with TLS", Flags::skewed().with_tls())] {
        anstream::println!("{how}");
        let running = flags.start().await?;
        let checks = Program::new(&python)
            // Isolated, unbuffered: neither what is installed elsewhere nor the order of lines is left to chance.
            .arguments(["-I", "-B", "-u"])
            .arguments([directory.join("python_arango.py")])
            .variables(environment(&running.facts()))
            .limit(LIMIT);
        let ending = checks.run(&mut interruptions).await?;
        running.report_unsupported();
        if !ending.is_success() {
            return Ok(ending.exit_code());
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What became of setting up.
enum Setup {
    /// This Python has everything that is needed.
    Ready(PathBuf),
    /// Something is missing that is not ours to install.
    Skipped(&'static str),
}

/// Makes the virtual environment that the requirements describe, or finds it.
async fn virtual_environment(requirements: &Path) -> Result<Setup> {
    let pinned = fs::read_to_string(requirements)
        .with_context(|| format!("cannot read {}", requirements.display()))?;
    let Some(version) = python_version().await? else { return Ok(Setup::Skipped("no python3")) };

    let place = env::current_dir()?.join(workspace::target()).join("compat").join(name(&pinned, &version));
    let python = place.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    // Written last, so that what was interrupted is not mistaken for what is complete.
    let complete = place.join("complete");
    if complete.exists() {
        return Ok(Setup::Ready(python));
    }

    match fs::remove_dir_all(&place) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot remove {}", place.display()));
        }
        _ => {}
    }
    anstream::eprintln!("Setting up {version} in {}", place.display());
    if !said(Command::new("python3").args(["-m", "venv"]).arg(&place)).await?.status.success() {
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
    fs::write(&complete, pinned)?;
    Ok(Setup::Ready(python))
}

/// What `python3` calls itself, or nothing if there is none.
async fn python_version() -> Result<Option<String>> {
    match said(Command::new("python3").arg("--version")).await {
        Ok(output) if output.status.success() => {
            Ok(Some(String::from_utf8_lossy(&output.stdout).trim().to_owned()))
        }
        // On some systems it is there only to say that it is not.
        Ok(_) => Ok(None),
        Err(error)
            if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::NotFound) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

async fn said(command: &mut Command) -> Result<Output> {
    let name = command.as_std().get_program().to_owned();
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(SETUP, output).await.with_context(|| format!("`{}` did not end", name.display()))?;
    output.with_context(|| format!("cannot run `{}`", name.display()))
}

/// A name that changes with everything that was installed.
///
/// The hash may differ between releases of Rust: then the environment is made once more, which does no harm.
fn name(pinned: &str, python: &str) -> String {
    let mut hasher = DefaultHasher::new();
    (pinned, python).hash(&mut hasher);
    format!("venv-{:016x}", hasher.finish())
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
    fn another_pin_or_another_python_is_another_environment() {
        let one = name("python-arango==8.3.7", "Python 3.11.7");

        assert_eq!(one, name("python-arango==8.3.7", "Python 3.11.7"));
        assert_ne!(one, name("python-arango==8.3.8", "Python 3.11.7"));
        assert_ne!(one, name("python-arango==8.3.7", "Python 3.12.1"));
    }

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
