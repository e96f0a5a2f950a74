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

/// Finds the cluster in `directory`, or the only one that runs. Of several, that of the shell's `ARANGO_TEST_CONTROL`.
///
/// # Errors
/// If no cluster runs, or several do and none is named.
pub(crate) fn find(directory: Option<&Path>) -> Result<Found> {
    let clusters = all()
        .into_iter()
        .filter(|(path, _)| directory.is_none_or(|directory| directory == path))
        .filter_map(|(directory, state)| Some(Found { directory, state: state? }))
        .collect();
    choose(clusters, std::env::var("ARANGO_TEST_CONTROL").ok().as_deref())
}

/// Returns the only cluster, or of several the one with this control address.
fn choose(mut clusters: Vec<Found>, control: Option<&str>) -> Result<Found> {
    if clusters.len() > 1
        && let Some(place) = clusters
            .iter()
            .position(|found| control.is_some() && found.state.info.control.as_deref() == control)
    {
        return Ok(clusters.swap_remove(place));
    }
    match (clusters.pop(), clusters.as_slice()) {
        (Some(cluster), []) => Ok(cluster),
        (None, _) => bail!("no cluster runs: `cargo xtask test-cluster up` starts one"),
        (Some(last), others) => {
            let paths: Vec<_> =
                others.iter().chain([&last]).map(|found| found.directory.display().to_string()).collect();
            bail!(
                "several clusters run, so one has to be named: --cluster {}, or execute the `export` lines of one",
                paths.join(" | ")
            )
        }
    }
}

fn read(directory: &Path) -> Option<State> {
    serde_json::from_slice(&fs::read(directory.join(NAME)).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(directory: &str, control: Option<&str>) -> Found {
        let info = serde_json::json!({
            "backend": "embedded", "version": "3.12.5", "endpoints": [], "control": control,
            "coordinators": [], "db_servers": [], "agents": [],
        });
        let info = serde_json::from_value(info).unwrap();
        Found { directory: directory.into(), state: State { owner: 1, info } }
    }

    #[test]
    fn of_several_clusters_the_shell_names_one_by_its_control_address() {
        let several =
            || vec![found("/a", Some("http://a/1")), found("/b", Some("http://b/2")), found("/c", None)];
        let chosen = choose(several(), Some("http://a/1")).unwrap();
        assert_eq!(chosen.directory, Path::new("/a"));
        for other in [None, Some("http://ended/3")] {
            let error = choose(several(), other).unwrap_err().to_string();
            assert_eq!(
                error,
                "several clusters run, so one has to be named: --cluster /a | /b | /c, or execute the `export` lines of one"
            );
        }
        let only = choose(vec![found("/a", None)], Some("http://ended/3")).unwrap();
        assert_eq!(only.directory, Path::new("/a"), "the only one needs no name");
    }
}
