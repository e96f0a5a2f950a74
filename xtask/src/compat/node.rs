//! The JavaScript checks: `tests/compat/arangojs.mjs`.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};
use tokio::process::Command;

use super::setup::{self, InstallDir, Setup, output_of};
use super::{LIMIT, run_against_both_clusters};
use crate::program::Program;
use crate::workspace;

/// The files that pin the packages.
const PINNED: [&str; 2] = ["package.json", "package-lock.json"];

/// The oldest Node.js release that the client supports.
const MIN_MAJOR_VERSION: u32 = 20;

/// Sets up the client, and runs the checks against a cluster without TLS and one with TLS.
///
/// # Errors
/// If the packages are available but cannot be set up, or the cluster cannot start.
pub(super) async fn checks() -> Result<ExitCode> {
    let directory = workspace::root().join("tests/compat");
    let script = directory.join("arangojs.mjs");
    run_against_both_clusters(packages(&directory), |install_dir, variables| {
        let authority = variables.iter().find(|(name, _)| *name == "ARANGO_CA_FILE");
        let extra_ca = authority.map(|(_, file)| ("NODE_EXTRA_CA_CERTS", file.clone()));
        Program::new("node")
            .arguments([&*script, install_dir])
            .variables(variables.into_iter().chain(extra_ca))
            .limit(LIMIT)
    })
    .await
}

/// Installs the packages, unless they are already installed.
async fn packages(directory: &Path) -> Result<Setup> {
    let texts = PINNED.map(|name| setup::read(&directory.join(name)));
    let pinned = texts.into_iter().collect::<Result<String>>()?;
    let Some(version) = setup::version_of("node").await? else { return Ok(Setup::Skipped("no node")) };
    if major_version(&version).is_none_or(|release| release < MIN_MAJOR_VERSION) {
        return Ok(Setup::Skipped("node is older than 20"));
    }
    let install_dir = InstallDir::new("node", pinned, &version)?;
    if install_dir.is_complete() {
        return Ok(Setup::Ready(install_dir.folder));
    }
    if setup::version_of("npm").await?.is_none() {
        return Ok(Setup::Skipped("no npm"));
    }
    install_dir.clear()?;
    anstream::eprintln!("Setting up node {version} in {}", install_dir.folder.display());
    fs::create_dir_all(&install_dir.folder)?;
    for name in PINNED {
        fs::copy(directory.join(name), install_dir.folder.join(name))?;
    }
    let quiet =
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=20000"];
    let installed = output_of(Command::new("npm").args(quiet).current_dir(&install_dir.folder)).await?;
    if !installed.status.success() {
        let stderr = String::from_utf8_lossy(&installed.stderr);
        if is_network_error(&stderr) {
            return Ok(Setup::Skipped("the registry of npm cannot be reached"));
        }
        bail!("npm failed:\n{}", stderr.trim_end());
    }
    install_dir.mark_complete()?;
    Ok(Setup::Ready(install_dir.folder))
}

/// The major version of a version such as `v20.20.2`.
fn major_version(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

/// Whether npm failed because of the network rather than the packages.
fn is_network_error(stderr: &str) -> bool {
    ["ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "EAI_AGAIN", "network timeout"]
        .iter()
        .any(|marker| stderr.contains(marker))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_errors_are_distinguished_from_missing_versions() {
        assert!(is_network_error("npm error code EAI_AGAIN\nnpm error syscall getaddrinfo"));
        assert!(!is_network_error("npm error code ETARGET\nnpm error notarget No matching version found"));
    }

    #[test]
    fn the_release_is_the_major_version() {
        assert_eq!((major_version("v20.20.2"), major_version("nothing")), (Some(20), None));
    }

    #[test]
    fn every_package_is_pinned_with_an_integrity_hash() {
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
