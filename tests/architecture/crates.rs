//! The floor plan, read from the manifests.

use std::collections::BTreeSet;

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Every arrow between our crates that may exist, from above; dev arrows are marked.
const ALLOWED_DEPENDENCIES: &[(&str, &str, DependencyKind)] = &[
    ("arango", "arango-transport", DependencyKind::Normal),
    ("arango", "arango-cluster", DependencyKind::Normal),
    ("arango-transport", "arango-balance", DependencyKind::Normal),
    ("arango-transport", "arango-protocol", DependencyKind::Normal),
    ("arango-cluster", "arango-protocol", DependencyKind::Normal),
    ("arango", "arango-data", DependencyKind::Normal),
    ("arango-data", "arango-protocol", DependencyKind::Normal),
    ("arango-test-cluster", "arango-test-aql", DependencyKind::Normal),
    ("xtask", "arango-test-cluster", DependencyKind::Normal),
    ("fleet-simulator", "arango-balance", DependencyKind::Normal),
    ("arango", "arango-test-cluster", DependencyKind::Development),
    ("arango-transport", "arango-test-cluster", DependencyKind::Development),
    ("arango-tests", "arango", DependencyKind::Development),
    ("arango-tests", "arango-test-cluster", DependencyKind::Development),
    // For the examples of the documentation alone.
    ("arango-tests", "arango-transport", DependencyKind::Development),
];

/// What a floor must never know, by the names of packages outside.
const FORBIDDEN_PACKAGES: &[(&str, &[&str])] = &[
    ("arango-protocol", &["tower", "tokio", "hyper", "hyper-util", "socket2"]),
    ("arango-balance", &["http", "hyper", "hyper-util", "serde", "serde_json"]),
    ("arango-cluster", &["tower", "tokio", "hyper", "hyper-util"]),
    ("arango-data", &["tower", "tokio", "hyper", "hyper-util", "rand"]),
    ("arango-transport", &["serde", "serde_json"]),
    ("arango-test-aql", &["tower", "tokio", "hyper", "http"]),
    ("arango", &["hyper", "hyper-util", "socket2"]),
];

pub(super) fn metadata() -> cargo_metadata::Metadata {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml");
    MetadataCommand::new().manifest_path(root).no_deps().exec().unwrap()
}

#[test]
fn workspace_crates_depend_only_on_allowed_crates() {
    let metadata = metadata();
    let ours: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let mut drawn = BTreeSet::new();
    for package in &metadata.packages {
        for dependency in &package.dependencies {
            if ours.contains(dependency.name.as_str()) {
                let arrow = (package.name.as_str(), dependency.name.as_str(), dependency.kind);
                assert!(
                    ALLOWED_DEPENDENCIES.contains(&arrow),
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
    for (from, to, kind) in ALLOWED_DEPENDENCIES {
        if *kind == DependencyKind::Normal {
            assert!(drawn.contains(&(from, to)), "{from} -> {to} is on the plan but not in the manifests");
        }
    }
}

#[test]
fn crates_do_not_depend_on_forbidden_packages() {
    let metadata = metadata();
    for (name, never) in FORBIDDEN_PACKAGES {
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
fn facade_does_not_enable_tokio_networking() {
    let metadata = metadata();
    let facade = metadata.packages.iter().find(|package| package.name == "arango").unwrap();
    let is_tokio =
        |one: &&cargo_metadata::Dependency| one.name == "tokio" && one.kind == DependencyKind::Normal;
    let tokio = facade.dependencies.iter().find(is_tokio).unwrap();
    assert_eq!(tokio.features, ["rt", "sync", "time"]);
}

#[test]
fn all_crates_share_edition_rust_version_and_license() {
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
