//! The checks in JavaScript: `tests/compat/arangojs.mjs`.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use tokio::process::Command;

use super::setup::{self, Place, Setup, said};
use super::{LIMIT, both_clusters};
use crate::program::Program;
use crate::workspace;

/// What describes the packages.
const PINNED: [&str; 2] = ["package.json", "package-lock.json"];

/// The first release of Node.js for which the client is meant.
const OLDEST: u32 = 20;

/// Sets up the client, and runs the checks against two clusters, one without TLS and one with.
///
/// # Errors
/// If the packages can be had and yet cannot be set up, or the cluster cannot start.
pub(super) async fn checks() -> Result<ExitCode> {
    let directory = workspace::root().join("tests/compat");
    let script = directory.join("arangojs.mjs");
    both_clusters(packages(&directory), |place, variables| {
        let authority = variables.iter().find(|(name, _)| *name == "ARANGO_CA_FILE");
        let believed = authority.map(|(_, file)| ("NODE_EXTRA_CA_CERTS", file.clone()));
        Program::new("node")
            .arguments([&*script, place])
            .variables(variables.into_iter().chain(believed))
            .limit(LIMIT)
    })
    .await
}

/// Installs the packages, or finds them.
async fn packages(directory: &Path) -> Result<Setup> {
    let texts = PINNED.map(|name| setup::read(&directory.join(name)));
    let pinned = texts.into_iter().collect::<Result<String>>()?;
    let Some(version) = setup::version_of("node").await? else { return Ok(Setup::Skipped("no node")) };
    if release(&version).is_none_or(|release| release < OLDEST) {
        return Ok(Setup::Skipped("node is older than 20"));
    }
    let place = Place::of("node", pinned, &version)?;
    if place.is_complete() {
        return Ok(Setup::Ready(place.folder));
    }
    if setup::version_of("npm").await?.is_none() {
        return Ok(Setup::Skipped("no npm"));
    }
    place.clear()?;
    anstream::eprintln!("Setting up node {version} in {}", place.folder.display());
    fs::create_dir_all(&place.folder)?;
    for name in PINNED {
        fs::copy(directory.join(name), place.folder.join(name))?;
    }
    let quiet =
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=20000"];
    let installed = said(Command::new("npm").args(quiet).current_dir(&place.folder)).await?;
    if !installed.status.success() {
        let words = String::from_utf8_lossy(&installed.stderr);
        if was_not_reached(&words) {
            return Ok(Setup::Skipped("the registry of npm cannot be reached"));
        }
        bail!("npm failed:\n{}", words.trim_end());
    }
    place.complete()?;
    Ok(Setup::Ready(place.folder))
}

/// The first number of a version such as `v20.20.2`.
fn release(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

/// Whether npm's complaint is about the way to the packages rather than about the packages.
fn was_not_reached(words: &str) -> bool {
    ["ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "network timeout"]
        .iter()
        .any(|sign| words.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_that_is_not_there_is_told_apart_from_a_version_that_is_not_there() {
        assert!(was_not_reached("npm error code EAI_AGAIN\nnpm error syscall getaddrinfo"));
        assert!(!was_not_reached("npm error code ETARGET\nnpm error notarget No matching version found"));
    }

    #[test]
    fn the_release_is_the_first_number() {
        assert_eq!((release("v20.20.2"), release("nothing")), (Some(20), None));
    }

    #[test]
    fn every_package_is_pinned_and_told_by_its_content() {
        let package: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/compat/package.json")).unwrap();
        let lock: serde_json::Value =
            serde_json::from_str(include_str!("../../../tests/compat/package-lock.json")).unwrap();

        let wanted = package["dependencies"]["arangojs"].as_str().unwrap();
        assert!(wanted.starts_with(|first: char| first.is_ascii_digit()), "{wanted}");
        assert_eq!(lock["packages"]["node_modules/arangojs"]["version"], wanted);
        let packages = lock["packages"].as_object().unwrap().iter().filter(|(name, _)| !name.is_empty());
        assert!(packages.into_iter().all(|(_, package)| package["integrity"].is_string()));
    }
}
