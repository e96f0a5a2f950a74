//! The directory of a cluster: its state file, and what its servers keep on disk.
//!
//! Its name begins with a label, it contains a marker, and its owner holds a lock on it, which the system releases when
//! the owner ends, however it ends. A marked directory whose lock is free is left over: [`sweep`](sweep::sweep) removes
//! it, with the processes that have its path in their environment.

pub(crate) mod sweep;

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::{env, time::Duration};

use anyhow::{Context as _, Result, bail};
use rustix::fs::{FlockOperation, flock};

/// How the name of every directory begins.
const LABEL: &str = "arango-test-cluster-";

/// The file that every directory contains, so that one with a similar name is left alone.
const MARKER: &str = ".xtask-test-cluster";

/// The environment variable that names the directory to the processes of a cluster.
pub(crate) const VARIABLE: &str = "ARANGO_TEST_CLUSTER_DIRECTORY";

/// Time after which processes that have got SIGKILL should have ended.
const KILL_LIMIT: Duration = Duration::from_secs(10);

/// The directory of a running cluster. It is removed on drop.
#[derive(Debug)]
pub(crate) struct ClusterDirectory {
    path: PathBuf,
    _lock: File,
}

impl ClusterDirectory {
    /// Creates the directory in the folder for temporary files, accessible to this user only.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn create() -> Result<Self> {
        // A sweep may remove the directory before it is locked, so there are several attempts.
        for _ in 0..100 {
            let path = tempfile::Builder::new()
                .prefix(LABEL)
                .permissions(Permissions::from_mode(0o700))
                .tempdir_in(parent())
                .context("cannot create a directory for the cluster")?
                .keep();
            let Ok(file) = File::open(&path) else { continue };
            if let Some(lock) = lock(file)
                && is_still(&path, &lock)
            {
                let directory = Self { path, _lock: lock };
                directory.write(MARKER, "")?;
                return Ok(directory);
            }
        }
        bail!("cannot create a directory for the cluster: something removes it at once")
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file that only this user can read, and returns its path. An earlier one is replaced at once.
    ///
    /// # Errors
    /// If the system refuses.
    pub(crate) fn write(&self, name: &str, content: &str) -> Result<PathBuf> {
        let (path, draft) = (self.path.join(name), self.path.join(format!(".{name}")));
        let write = || -> io::Result<()> {
            let mut file =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
            file.write_all(content.as_bytes())?;
            fs::rename(&draft, &path)
        };
        write().with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

impl Drop for ClusterDirectory {
    fn drop(&mut self) {
        // With what is left of the processes: children of the servers, and of a command that has run with the cluster.
        if let Err(error) = sweep::remove(&self.path) {
            anstream::eprintln!("warning: {error:#}");
        }
    }
}

/// The folder for temporary files.
fn parent() -> PathBuf {
    env::temp_dir()
}

/// Locks the directory, unless it is locked.
fn lock(directory: File) -> Option<File> {
    flock(&directory, FlockOperation::NonBlockingLockExclusive).is_ok().then_some(directory)
}

/// Whether the path still leads to this open directory.
fn is_still(path: &Path, open: &File) -> bool {
    match (fs::symlink_metadata(path), open.metadata()) {
        (Ok(there), Ok(open)) => (there.dev(), there.ino()) == (open.dev(), open.ino()),
        _ => false,
    }
}
