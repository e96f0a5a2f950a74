//! Installs the packages of another language, once per set of pinned versions, in a folder below `target`.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;
use std::{env, fs, io};

use anyhow::{Context, Result};
use tokio::process::Command;
use tokio::time::timeout;

use crate::workspace;

/// Time limit for one step of the setup, including downloads.
const LIMIT: Duration = Duration::from_secs(4 * 60);

/// Result of the setup.
pub(super) enum Setup {
    /// Everything is installed; the path of the program or folder.
    Ready(PathBuf),
    /// A tool is missing that we do not install; the reason.
    Skipped(&'static str),
}

/// The folder in which pinned packages are installed.
pub(super) struct InstallDir {
    pub(super) folder: PathBuf,
    pinned: String,
}

impl InstallDir {
    /// Finds the folder for `pinned`, as installed by `version` of the language's package tool.
    pub(super) fn new(kind: &str, pinned: String, version: &str) -> Result<Self> {
        let folder =
            env::current_dir()?.join(workspace::target()).join("compat").join(name(kind, &pinned, version));
        Ok(Self { folder, pinned })
    }

    pub(super) fn is_complete(&self) -> bool {
        self.marker_file().exists()
    }

    /// Removes what an interrupted run has left.
    pub(super) fn clear(&self) -> Result<()> {
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", self.folder.display()))
            }
            _ => Ok(()),
        }
    }

    /// Writes the marker file; last, so that an interrupted setup does not count as complete.
    pub(super) fn mark_complete(&self) -> Result<()> {
        fs::write(self.marker_file(), &self.pinned).context("cannot write the marker file of the setup")
    }

    fn marker_file(&self) -> PathBuf {
        self.folder.join("complete")
    }
}

/// The version that a program prints, or `None` if the program is missing.
pub(super) async fn version_of(program: &str) -> Result<Option<String>> {
    match output_of(Command::new(program).arg("--version")).await {
        Ok(output) if output.status.success() => {
            Ok(Some(String::from_utf8_lossy(&output.stdout).trim().to_owned()))
        }
        // Some systems have a placeholder that only reports that the program is not installed.
        Ok(_) => Ok(None),
        Err(error)
            if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::NotFound) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Runs a step of the setup, and returns its output.
pub(super) async fn output_of(command: &mut Command) -> Result<Output> {
    let name = command.as_std().get_program().to_owned();
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(LIMIT, output).await.with_context(|| format!("`{}` did not end", name.display()))?;
    output.with_context(|| format!("cannot run `{}`", name.display()))
}

pub(super) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// A folder name that depends on the pinned versions and the tool's version.
///
/// The hash may differ between Rust releases; then the setup is repeated.
fn name(kind: &str, pinned: &str, version: &str) -> String {
    let mut hasher = DefaultHasher::new();
    (pinned, version).hash(&mut hasher);
    format!("{kind}-{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pin_and_each_python_version_has_a_separate_environment() {
        let one = name("venv", "python-arango==8.3.7", "Python 3.11.7");

        assert_eq!(one, name("venv", "python-arango==8.3.7", "Python 3.11.7"));
        assert_ne!(one, name("venv", "python-arango==8.3.8", "Python 3.11.7"));
        assert_ne!(one, name("venv", "python-arango==8.3.7", "Python 3.12.1"));
    }
}
