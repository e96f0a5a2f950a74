//! Finds the directories of clusters, and removes those whose owner is gone.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{KILL_LIMIT, LABEL, MARKER, VARIABLE, is_still, lock, parent};
use crate::cluster::docker;
use crate::program::labelled_processes::{self, Label};

/// Removes what ended clusters have left: processes, containers, directories. Returns how many clusters these were.
///
/// # Errors
/// If something could not be removed. The next call tries again.
pub(crate) fn sweep() -> Result<usize> {
    let mut removed = 0;
    let mut failure = None;
    for path in directories() {
        let Ok(directory) = File::open(&path) else { continue };
        let Some(lock) = lock(directory) else { continue };
        if !is_still(&path, &lock) {
            continue;
        }
        if path.join(MARKER).exists() {
            match remove(&path) {
                Ok(()) => removed += 1,
                // The others can still be removed.
                Err(error) => failure = Some(error),
            }
        } else {
            // Its owner was killed before it could mark it, unless it is not empty: then it is not ours.
            _ = fs::remove_dir(&path);
        }
    }
    failure.map_or(Ok(removed), Err)
}

/// Returns the directories of the clusters that run.
pub(crate) fn running() -> Vec<PathBuf> {
    let is_running = |path: &PathBuf| File::open(path).is_ok_and(|directory| lock(directory).is_none());
    directories().into_iter().filter(is_running).collect()
}

/// Removes a directory, its processes and its containers. The caller holds its lock.
pub(super) fn remove(path: &Path) -> Result<()> {
    labelled_processes::kill(Label { variable: VARIABLE, value: path.as_os_str() }, KILL_LIMIT)?;
    docker::remove_left_over(path)?;
    match remove_files(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// Removes the marker last, so that a removal that was interrupted is continued by the next sweep.
fn remove_files(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else if entry.file_name() != MARKER {
            fs::remove_file(entry.path())?;
        }
    }
    fs::remove_dir_all(path)
}

/// Returns the labelled directories of this user.
fn directories() -> Vec<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let Ok(entries) = fs::read_dir(parent()) else { return Vec::new() };
    let mut paths: Vec<_> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(LABEL)))
        // Not that of a link: another user may have made it.
        .filter(|entry| entry.metadata().is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == user))
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}
