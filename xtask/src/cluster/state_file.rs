//! The state file of a running cluster: where its owner and its control address are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;

use anyhow::{Context as _, Result, bail, ensure};
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

/// Returns whether a cluster is the one that a command names, or none is named.
pub(crate) fn is_selected(directory: &Path, named: Option<&Path>) -> bool {
    let absolute = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    named.is_none_or(|named| absolute(named) == absolute(directory))
}

/// Finds the cluster in the directory that is named, or the only one that runs. Of several, that of the shell's
/// `ARANGO_TEST_CONTROL`.
///
/// # Errors
/// If no cluster runs, several do and none is named, or none has the directory.
pub(crate) fn find(named: Option<&Path>) -> Result<Found> {
    let running = all().into_iter().filter_map(|(directory, state)| Some(Found { directory, state: state? }));
    choose(running.collect(), named, std::env::var("ARANGO_TEST_CONTROL").ok().as_deref())
}

/// Returns the cluster in the directory that is named, the only one, or of several the one with this control address.
fn choose(mut clusters: Vec<Found>, named: Option<&Path>, control: Option<&str>) -> Result<Found> {
    let running = paths(&clusters);
    if let Some(named) = named.filter(|_| !clusters.is_empty()) {
        clusters.retain(|found| is_selected(&found.directory, Some(named)));
        ensure!(!clusters.is_empty(), "no cluster has the directory {}, only: {running}", named.display());
    }
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
        (Some(_), _) => bail!(
            "several clusters run, so one has to be named: --cluster {running}, or execute the `export` lines of one"
        ),
    }
}

fn paths(clusters: &[Found]) -> String {
    clusters.iter().map(|found| found.directory.display().to_string()).collect::<Vec<_>>().join(" | ")
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
        let chosen = choose(several(), None, Some("http://a/1")).unwrap();
        assert_eq!(chosen.directory, Path::new("/a"));
        for other in [None, Some("http://ended/3")] {
            let error = choose(several(), None, other).unwrap_err().to_string();
            assert_eq!(
                error,
                "several clusters run, so one has to be named: --cluster /a | /b | /c, or execute the `export` lines of one"
            );
        }
        let only = choose(vec![found("/a", None)], None, Some("http://ended/3")).unwrap();
        assert_eq!(only.directory, Path::new("/a"), "the only one needs no name");
    }

    #[test]
    fn a_directory_that_no_cluster_has_is_reported_with_those_that_run() {
        let error = choose(vec![found("/a", None)], Some(Path::new("/wrong")), None).unwrap_err().to_string();
        assert_eq!(error, "no cluster has the directory /wrong, only: /a");
        let error = choose(Vec::new(), Some(Path::new("/wrong")), None).unwrap_err().to_string();
        assert!(error.contains("no cluster runs"), "{error}");
    }

    #[test]
    fn a_directory_may_be_written_in_another_way() {
        let folder = tempfile::tempdir().unwrap();
        let written = folder.path().join("../").join(folder.path().file_name().unwrap()).join("");

        assert!(is_selected(folder.path(), Some(&written)) && is_selected(folder.path(), None));
        assert!(!is_selected(folder.path(), Some(Path::new("/"))));
    }
}
