//! Every feature of every crate, alone and together with the others.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use owo_colors::OwoColorize as _;
use serde::Deserialize;

use crate::interruption::Interruptions;
use crate::program::{Ending, Program};
use crate::workspace;

/// What `cargo metadata` says of the workspace, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Debug, Deserialize)]
struct Package {
    name: String,
    features: BTreeMap<String, Vec<String>>,
}

/// Checks the libraries of the workspace with each set of features, warnings being errors.
///
/// # Errors
/// If cargo does not tell which features there are.
pub(crate) async fn features() -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let mut failed = 0;
    for package in packages(&mut interruptions).await? {
        for features in package.sets() {
            let features = features.join(",");
            let ending = package.check(&features, &mut interruptions).await?;
            if !matches!(ending, Ending::Exited(_)) {
                return Ok(ending.exit_code());
            }
            let good = ending.is_success();
            failed += usize::from(!good);
            let word = if good { "ok".green().to_string() } else { "FAILED".red().bold().to_string() };
            let features = if features.is_empty() { "no features" } else { &features };
            anstream::println!("{}: {features} ... {word}", package.name);
        }
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The packages that have features.
async fn packages(interruptions: &mut Interruptions) -> Result<Vec<Package>> {
    let mut said = String::new();
    let ending = cargo("metadata")
        .arguments(["--no-deps", "--format-version", "1"])
        .hear(interruptions, |line| said.push_str(&line))
        .await?;
    anyhow::ensure!(ending.is_success(), "`cargo metadata` fails");
    let metadata: Metadata = serde_json::from_str(&said).context("cannot read what `cargo metadata` says")?;
    Ok(metadata.packages.into_iter().filter(|package| !package.features.is_empty()).collect())
}

impl Package {
    /// None, each, and all. Every set is for the night: there are 2ⁿ.
    fn sets(&self) -> BTreeSet<Vec<&str>> {
        let all: Vec<&str> =
            self.features.keys().map(String::as_str).filter(|name| *name != "default").collect();
        let each = all.iter().map(|name| vec![*name]);
        [Vec::new(), all.clone()].into_iter().chain(each).collect()
    }

    async fn check(&self, features: &str, interruptions: &mut Interruptions) -> Result<Ending> {
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

    fn sets(package: &str) -> Vec<String> {
        let package: Package = serde_json::from_str(package).unwrap();
        package.sets().into_iter().map(|set| set.join("+")).collect()
    }

    #[test]
    fn each_feature_is_tried_alone_and_with_all_others() {
        let three = r#"{"name":"x","features":{"default":["a"],"a":[],"b":["dep:y"],"c":[]}}"#;
        assert_eq!(sets(three), ["", "a", "a+b+c", "b", "c"]);
        assert_eq!(sets(r#"{"name":"x","features":{"a":[]}}"#), ["", "a"]);
    }
}
