//! Checks every feature of every crate, alone and together with the others, and every crate without the rest of the workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
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

/// Checks the libraries of the workspace with each feature set; warnings are errors. Then checks the tests, examples and
/// benchmarks of each package alone: together with others, they would compile with the features that those need.
///
/// # Errors
/// If cargo does not list the features.
pub(crate) async fn features() -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let mut failed = 0;
    for package in packages(&mut interruptions).await? {
        let sets = package.feature_sets().into_iter().map(|set| Check::Library(set.join(",")));
        let alone = package.defaults().iter().map(|defaults| Check::AllTargets(*defaults));
        for check in sets.chain(alone) {
            let exit = package.check(&check, &mut interruptions).await?;
            if !matches!(exit, ExitReason::Exited(_)) {
                return Ok(exit.exit_code());
            }
            let ok = exit.is_success();
            failed += usize::from(!ok);
            let word = if ok { "ok".green().to_string() } else { "FAILED".red().bold().to_string() };
            anstream::println!("{}: {check} ... {word}", package.name);
        }
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn packages(interruptions: &mut Interruptions) -> Result<Vec<Package>> {
    let mut output = String::new();
    let exit = cargo("metadata")
        .arguments(["--no-deps", "--format-version", "1"])
        .run_with_lines(interruptions, |line| output.push_str(&line))
        .await?;
    anyhow::ensure!(exit.is_success(), "`cargo metadata` failed");
    let metadata: Metadata =
        serde_json::from_str(&output).context("cannot parse the output of `cargo metadata`")?;
    Ok(metadata.packages)
}

/// What is checked of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Check {
    /// The library with these features.
    Library(String),
    /// The library, its tests, examples and benchmarks, without the rest of the workspace.
    AllTargets(Defaults),
}

/// Whether the default features are enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Defaults {
    Enabled,
    Disabled,
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Library(features) if features.is_empty() => "no features",
            Self::Library(features) => features,
            Self::AllTargets(Defaults::Enabled) => "all targets, alone",
            Self::AllTargets(Defaults::Disabled) => "all targets, alone, no features",
        })
    }
}

impl Package {
    /// None, each feature, and all. Not every combination: there are 2ⁿ. Nothing if there are no features.
    fn feature_sets(&self) -> BTreeSet<Vec<&str>> {
        if self.features.is_empty() {
            return BTreeSet::new();
        }
        let all: Vec<&str> =
            self.features.keys().map(String::as_str).filter(|name| *name != "default").collect();
        let each = all.iter().map(|name| vec![*name]);
        [Vec::new(), all.clone()].into_iter().chain(each).collect()
    }

    /// With and without the default features, if there are any.
    fn defaults(&self) -> &'static [Defaults] {
        let has_defaults = self.features.contains_key("default");
        if has_defaults { &[Defaults::Enabled, Defaults::Disabled] } else { &[Defaults::Enabled] }
    }

    async fn check(&self, check: &Check, interruptions: &mut Interruptions) -> Result<ExitReason> {
        let package = ["--quiet", "--locked", "--package", &self.name];
        let program = match check {
            Check::Library(features) => cargo("clippy")
                .arguments(package)
                .arguments(["--lib", "--no-default-features", "--features", features])
                .arguments(["--", "-D", "warnings"]),
            Check::AllTargets(Defaults::Enabled) => {
                cargo("check").arguments(package).arguments(["--all-targets"])
            }
            Check::AllTargets(Defaults::Disabled) => {
                cargo("check").arguments(package).arguments(["--all-targets", "--no-default-features"])
            }
        };
        program.run(interruptions).await
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
        assert!(joined_feature_sets(r#"{"name":"x","features":{}}"#).is_empty());
    }

    #[test]
    fn tests_and_examples_are_checked_alone_with_and_without_default_features() {
        let defaults = |package: &str| serde_json::from_str::<Package>(package).unwrap().defaults();
        assert_eq!(
            defaults(r#"{"name":"x","features":{"default":["a"],"a":[]}}"#),
            [Defaults::Enabled, Defaults::Disabled]
        );
        assert_eq!(defaults(r#"{"name":"x","features":{"a":[]}}"#), [Defaults::Enabled]);
        assert_eq!(defaults(r#"{"name":"x","features":{}}"#), [Defaults::Enabled]);
    }
}
