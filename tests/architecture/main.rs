//! The floor plan, read from the manifests.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Every arrow between our crates that may exist, from above; dev arrows are marked.
const ARROWS: &[(&str, &str, DependencyKind)] = &[
    ("arango", "arango-transport", DependencyKind::Normal),
    ("arango", "arango-cluster", DependencyKind::Normal),
    ("arango-transport", "arango-balance", DependencyKind::Normal),
    ("arango-transport", "arango-protocol", DependencyKind::Normal),
    ("arango-cluster", "arango-protocol", DependencyKind::Normal),
    ("xtask", "arango-test-cluster", DependencyKind::Normal),
    ("arango", "arango-test-cluster", DependencyKind::Development),
    ("arango-transport", "arango-test-cluster", DependencyKind::Development),
    ("arango-tests", "arango", DependencyKind::Development),
    ("arango-tests", "arango-test-cluster", DependencyKind::Development),
];

/// What a floor must never know, by the names of packages outside.
const NEVER: &[(&str, &[&str])] = &[
    ("arango-protocol", &["tower", "tokio", "hyper", "hyper-util", "socket2"]),
    ("arango-balance", &["http", "hyper", "hyper-util", "serde", "serde_json"]),
    ("arango-cluster", &["tower", "tokio", "hyper", "hyper-util"]),
    ("arango-transport", &["serde", "serde_json"]),
    ("arango", &["hyper", "hyper-util", "socket2"]),
];

fn metadata() -> cargo_metadata::Metadata {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    MetadataCommand::new().manifest_path(root).no_deps().exec().unwrap()
}

#[test]
fn no_arrow_between_our_crates_exists_that_is_not_on_the_plan() {
    let metadata = metadata();
    let ours: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let mut drawn = BTreeSet::new();
    for package in &metadata.packages {
        for dependency in &package.dependencies {
            if ours.contains(dependency.name.as_str()) {
                let arrow = (package.name.as_str(), dependency.name.as_str(), dependency.kind);
                assert!(
                    ARROWS.contains(&arrow),
                    "{} -> {} ({:?}) is not on the plan",
                    arrow.0,
                    arrow.1,
                    arrow.2
                );
                assert!(!dependency.req.comparators.is_empty(), "{} -> {} needs a version", arrow.0, arrow.1);
                drawn.insert((arrow.0, arrow.1));
            }
        }
    }
    for (from, to, kind) in ARROWS {
        if *kind == DependencyKind::Normal {
            assert!(drawn.contains(&(from, to)), "{from} -> {to} is on the plan but not in the manifests");
        }
    }
}

#[test]
fn no_floor_knows_what_it_must_never_know() {
    let metadata = metadata();
    for (name, never) in NEVER {
        let package = metadata.packages.iter().find(|package| package.name == *name).unwrap();
        for dependency in &package.dependencies {
            if dependency.kind == DependencyKind::Normal {
                assert!(
                    !never.contains(&dependency.name.as_str()),
                    "{name} must not know {}",
                    dependency.name
                );
            }
        }
    }
}

#[test]
fn the_facade_has_tokio_for_its_clock_and_tasks_and_not_for_the_network() {
    let metadata = metadata();
    let facade = metadata.packages.iter().find(|package| package.name == "arango").unwrap();
    let is_tokio =
        |one: &&cargo_metadata::Dependency| one.name == "tokio" && one.kind == DependencyKind::Normal;
    let tokio = facade.dependencies.iter().find(is_tokio).unwrap();
    assert_eq!(tokio.features, ["rt", "sync", "time"]);
}

#[test]
fn every_crate_names_the_same_edition_compiler_and_licence() {
    for package in metadata().packages {
        assert_eq!(package.edition, cargo_metadata::Edition::E2024, "{}", package.name);
        assert_eq!(
            package.rust_version.as_ref().map(ToString::to_string).as_deref(),
            Some("1.88.0"),
            "{}",
            package.name
        );
        assert_eq!(package.license.as_deref(), Some("MIT OR Apache-2.0"), "{}", package.name);
    }
}
