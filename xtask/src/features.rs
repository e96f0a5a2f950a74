//! Checks every feature of every crate, alone and together with the others.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use owo_colors::OwoColorize as _;
use serde::Deserialize;

use crate::interruption::Interruptions;
use crate::program::{ExitReason, Program};
use crate::workspace;

/// The part of the output of `cargo metadata` that is needed here.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    features: BTreeMap<String, Vec<String>>,
}

/// Checks the libraries of the workspace with each feature set; warnings are errors.
///
/// # Errors
/// If cargo does not list the features.
pub(crate) async fn features() -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let mut failed = 0;
    for package in packages(&mut interruptions).await? {
        for features in package.feature_sets() {
            let features = features.join(",");
            let exit = package.check(&features, &mut interruptions).await?;
            if !matches!(exit, ExitReason::Exited(_)) {
                return Ok(exit.exit_code());
            }
            let ok = exit.is_success();
            failed += usize::from(!ok);
            let word = if ok { "ok".green().to_string() } else { "FAILED".red().bold().to_string() };
            let features = if features.is_empty() { "no features" } else { &features };
            anstream::println!("{}: {features} ... {word}", package.name);
        }
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Returns the packages that have features.
async fn packages(interruptions: &mut Interruptions) -> Result<Vec<Package>> {
    let mut output = String::new();
    let exit = cargo("metadata")
        .arguments(["--no-deps", "--format-version", "1"])
        .run_with_lines(interruptions, |line| output.push_str(&line))
        .await?;
    anyhow::ensure!(exit.is_success(), "`cargo metadata` failed");
    let metadata: Metadata =
        serde_json::from_str(&output).context("cannot parse the output of `cargo metadata`")?;
    Ok(metadata.packages.into_iter().filter(|package| !package.features.is_empty()).collect())
}

impl Package {
    /// None, each feature, and all. Not every combination: there are 2ⁿ.
    fn feature_sets(&self) -> BTreeSet<Vec<&str>> {
        let all: Vec<&str> =
            self.features.keys().map(String::as_str).filter(|name| *name != "default").collect();
        let each = all.iter().map(|name| vec![*name]);
        [Vec::new(), all.clone()].into_iter().chain(each).collect()
    }

    async fn check(&self, features: &str, interruptions: &mut Interruptions) -> Result<ExitReason> {
        cargo("clippy")
            .arguments(["--quiet", "--locked", "--package", &self.name, "--lib"])
            .arguments(["--no-default-features", "--features", features])
            .arguments(["--", "-D", "warnings"])
            .run(interruptions)
            .await
    }
}

fn cargo(verb: &str) -> Program {
    Program::new(workspace::cargo())
        .arguments([verb, "--manifest-path"])
        .arguments([workspace::root().join("Cargo.toml")])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined_feature_sets(package: &str) -> Vec<String> {
        let package: Package = serde_json::from_str(package).unwrap();
        package.feature_sets().into_iter().map(|set| set.join("+")).collect()
    }

    #[test]
    fn each_feature_is_tried_alone_and_with_all_others() {
        let three = r#"{"name":"x","features":{"default":["a"],"a":[],"b":["dep:y"],"c":[]}}"#;
        assert_eq!(joined_feature_sets(three), ["", "a", "a+b+c", "b", "c"]);
        assert_eq!(joined_feature_sets(r#"{"name":"x","features":{"a":[]}}"#), ["", "a"]);
    }
}
