//! Setting up what checks in another language need: once for all that is pinned, in a folder below `target`.

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

/// How long one step of setting up may take; downloads are part of one.
const LIMIT: Duration = Duration::from_secs(4 * 60);

/// What became of setting up.
pub(super) enum Setup {
    /// What is needed is here.
    Ready(PathBuf),
    /// Something is missing that is not ours to install.
    Skipped(&'static str),
}

/// A folder for what was pinned.
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pinned: String,
}

impl Place {
    /// Finds the folder for `pinned`, as `version` of the language's own program installs it.
    pub(super) fn of(kind: &str, pinned: String, version: &str) -> Result<Self> {
        let folder =
            env::current_dir()?.join(workspace::target()).join("compat").join(name(kind, &pinned, version));
        Ok(Self { folder, pinned })
    }

    pub(super) fn is_complete(&self) -> bool {
        self.mark().exists()
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

    /// Written last, so that what was interrupted is not mistaken for what is complete.
    pub(super) fn complete(&self) -> Result<()> {
        fs::write(self.mark(), &self.pinned).context("cannot write into the folder that was set up")
    }

    fn mark(&self) -> PathBuf {
        self.folder.join("complete")
    }
}

/// What a program calls itself, or nothing if there is none.
pub(super) async fn version_of(program: &str) -> Result<Option<String>> {
    match said(Command::new(program).arg("--version")).await {
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

/// Runs a step of setting up, and hears what it says.
pub(super) async fn said(command: &mut Command) -> Result<Output> {
    let name = command.as_std().get_program().to_owned();
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(LIMIT, output).await.with_context(|| format!("`{}` did not end", name.display()))?;
    output.with_context(|| format!("cannot run `{}`", name.display()))
}

pub(super) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

/// A name that changes with everything that was installed.
///
/// The hash may differ between releases of Rust: then it is set up once more, which does no harm.
fn name(kind: &str, pinned: &str, version: &str) -> String {
    let mut hasher = DefaultHasher::new();
    (pinned, version).hash(&mut hasher);
    format!("{kind}-{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_pin_or_another_python_is_another_environment() {
        let one = name("venv", "python-arango==8.3.7", "Python 3.11.7");

        assert_eq!(one, name("venv", "python-arango==8.3.7", "Python 3.11.7"));
        assert_ne!(one, name("venv", "python-arango==8.3.8", "Python 3.11.7"));
        assert_ne!(one, name("venv", "python-arango==8.3.7", "Python 3.12.1"));
    }
}
