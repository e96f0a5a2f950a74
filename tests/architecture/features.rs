//! The features of dependencies, which depend on the packages that are built together.

use std::collections::BTreeMap;
use std::process::Command;

/// Returns the features of each dependency of a selection of packages. Those that run at build time are left out.
fn features(selection: &[&str]) -> BTreeMap<String, String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--prefix", "none", "--no-dedupe", "--format", "{p} features: {f}"])
        .args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml")])
        .args(selection)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let entries = lines.lines().filter_map(|line| line.split_once(" features: "));
    entries.map(|(package, features)| (package.to_owned(), features.to_owned())).collect()
}

/// `cargo xtask` builds one package, `cargo xtask demo` and `cargo test --workspace` all of them. A dependency that has
/// other features with one of them is compiled twice, and so is what depends on it.
#[test]
fn what_xtask_is_built_with_has_the_features_that_the_whole_workspace_needs() {
    let edges = ["--edges", "normal,no-proc-macro"];
    let xtask = features(&[&edges[..], &["--package", "xtask"]].concat());
    let workspace = features(&["--edges", "normal,dev,no-proc-macro", "--workspace"]);

    assert!(xtask.len() > 50, "{xtask:?}");
    let differences: Vec<_> = xtask
        .iter()
        .filter(|(package, features)| workspace.get(*package) != Some(features))
        .map(|(package, features)| format!("{package}: {features} and {:?}", workspace.get(package)))
        .collect();
    assert_eq!(differences, [""; 0], "add the missing features to xtask/Cargo.toml");
}
