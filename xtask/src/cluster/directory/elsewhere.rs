//! The directory of a cluster on systems without locks on directories: a temporary one, which only its owner removes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

/// The environment variable that names the directory to the processes of a cluster.
pub(crate) const VARIABLE: &str = "ARANGO_TEST_CLUSTER_DIRECTORY";

/// The directory of a running cluster. It is removed on drop.
#[derive(Debug)]
pub(crate) struct ClusterDirectory(TempDir);

impl ClusterDirectory {
    /// Creates the directory in the folder for temporary files.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn create() -> Result<Self> {
        let directory = tempfile::Builder::new().prefix("arango-test-cluster-").tempdir();
        Ok(Self(directory.context("cannot create a directory for the cluster")?))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, and returns its path.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn write(&self, name: &str, content: &str) -> Result<PathBuf> {
        let path = self.path().join(name);
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

pub(crate) mod sweep {
    //! Nothing that is left over can be recognised.

    use std::path::PathBuf;

    use anyhow::Result;

    /// Returns 0.
    #[expect(clippy::unnecessary_wraps, reason = "the same API as on Unix")]
    pub(crate) fn sweep() -> Result<usize> {
        Ok(0)
    }

    /// Returns nothing.
    pub(crate) fn running() -> Vec<PathBuf> {
        Vec::new()
    }
}
