//! Finds `arangod`, its version, and its JavaScript code.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;
use tokio::time::timeout;

use crate::cluster::real::version::{self, Version};

/// Time limit for `arangod --version`.
const LIMIT: Duration = Duration::from_secs(30);

/// A server program that can be started.
#[derive(Debug, Clone)]
pub(crate) struct Binary {
    pub(crate) path: PathBuf,
    pub(crate) version: Version,
    /// The directory with its JavaScript code, if its version needs one.
    pub(crate) javascript: Option<PathBuf>,
}

impl Binary {
    /// Finds the program: the one that is named, or `$ARANGOD`, or the one in `PATH`.
    ///
    /// # Errors
    /// If there is none, it has no version, or its JavaScript code is not found.
    pub(crate) async fn find(named: Option<&Path>, javascript: Option<&Path>) -> Result<Self> {
        // An empty variable counts as not set.
        let variable = || env::var_os("ARANGOD").filter(|path| !path.is_empty()).map(PathBuf::from);
        let wanted = named.map_or_else(variable, |path| Some(path.into()));
        let path = match &wanted {
            Some(path) => which::which(path).with_context(|| format!("cannot run {}", path.display()))?,
            None => which::which("arangod").context(
                "there is no arangod in PATH; name one with --arangod or $ARANGOD, or use another --backend",
            )?,
        };
        let version = version_of(&path).await?;
        let javascript = match javascript {
            _ if !version.has_javascript() => None,
            Some(folder) => Some(folder.to_owned()),
            None => Some(find_javascript(&path).with_context(|| {
                format!("the JavaScript code of {} was not found; name it with --js-dir", path.display())
            })?),
        };
        Ok(Self { path, version, javascript })
    }
}

async fn version_of(path: &Path) -> Result<Version> {
    let name = || format!("`{} --version`", path.display());
    let output = Command::new(path).arg("--version").stdin(Stdio::null()).kill_on_drop(true).output();
    let output = timeout(LIMIT, output).await.with_context(|| format!("{} did not end", name()))?;
    let output = output.with_context(|| format!("cannot run {}", name()))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{} failed: {}", name(), String::from_utf8_lossy(&output.stderr).trim());
    let version = version::in_output(&text).and_then(Version::read);
    version.with_context(|| format!("{} printed no version: {}", name(), text.trim()))
}

/// Looks for the code of a package or an unpacked archive, from the folder of the program upwards.
fn find_javascript(program: &Path) -> Option<PathBuf> {
    let program = program.canonicalize().ok()?;
    program
        .ancestors()
        .skip(1)
        .flat_map(|folder| ["usr/share/arangodb3/js", "share/arangodb3/js"].map(|below| folder.join(below)))
        .find(|folder| folder.is_dir())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn javascript_is_found_beside_an_unpacked_program() {
        let root = tempfile::tempdir().unwrap();
        let (program, code) = (root.path().join("bin/arangod"), root.path().join("usr/share/arangodb3/js"));
        fs::create_dir_all(program.parent().unwrap()).unwrap();
        fs::create_dir_all(&code).unwrap();
        fs::write(&program, "").unwrap();

        assert_eq!(find_javascript(&program), Some(code.canonicalize().unwrap()));
    }
}
