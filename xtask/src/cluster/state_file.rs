//! The state file of a running cluster: where its owner and its control address are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};

use super::ClusterInfo;
use super::directory::ClusterDirectory;
use super::directory::sweep::running;

const NAME: &str = "state.json";

/// Content of the file. It contains passwords, so only its user can read it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct State {
    /// The process that owns the cluster.
    pub(crate) owner: i32,
    pub(crate) info: ClusterInfo,
}

/// A running cluster of this user.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) directory: PathBuf,
    pub(crate) state: State,
}

/// Writes the file. Until then, other commands do not find the cluster.
///
/// # Errors
/// If the system refuses.
pub(crate) fn write(directory: &ClusterDirectory, info: &ClusterInfo) -> Result<()> {
    let owner = i32::try_from(process::id()).context("the process id is too large")?;
    let state = State { owner, info: info.clone() };
    directory.write(NAME, &serde_json::to_string(&state)?)?;
    Ok(())
}

/// Returns the clusters that run, and those that are starting without their state.
pub(crate) fn all() -> Vec<(PathBuf, Option<State>)> {
    running().into_iter().map(|directory| (directory.clone(), read(&directory))).collect()
}

/// Finds the cluster in `directory`, or the only one that runs.
///
/// # Errors
/// If no cluster runs, or several do and none is named.
pub(crate) fn find(directory: Option<&Path>) -> Result<Found> {
    let mut clusters: Vec<_> = all()
        .into_iter()
        .filter(|(path, _)| directory.is_none_or(|directory| directory == path))
        .filter_map(|(directory, state)| Some(Found { directory, state: state? }))
        .collect();
    match (clusters.pop(), clusters.as_slice()) {
        (Some(cluster), []) => Ok(cluster),
        (None, _) => bail!("no cluster runs: `cargo xtask test-cluster up` starts one"),
        (Some(last), others) => {
            let paths: Vec<_> =
                others.iter().chain([&last]).map(|found| found.directory.display().to_string()).collect();
            bail!("several clusters run, so one has to be named: --cluster {}", paths.join(" | "))
        }
    }
}

fn read(directory: &Path) -> Option<State> {
    serde_json::from_slice(&fs::read(directory.join(NAME)).ok()?).ok()
}
