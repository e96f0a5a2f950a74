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

/// Returns the pairs of a feature and a crate that a text names, as in "the feature `x` of `arango` or of `arango-data`".
fn named(text: &str) -> Vec<(String, String)> {
    let joined = text.replace("\\\n", " ");
    let joined = joined.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut pairs = Vec::new();
    for sentence in joined.split("the feature `").skip(1) {
        // The feature is the last quoted word before the crate.
        let (mut feature, mut of) = ("", false);
        for (index, part) in sentence.split('`').take(9).enumerate() {
            match (index % 2, part) {
                (1, part) => of = part.ends_with(" of "),
                (_, part) if of && part.starts_with("arango") => pairs.push((feature.into(), part.into())),
                (_, part) => feature = part,
            }
        }
    }
    pairs
}

#[test]
fn errors_advise_features_that_exist() {
    let metadata = super::crates::metadata();
    let mut found = 0;
    for package in metadata.packages.iter().filter(|package| package.name.starts_with("arango")) {
        let folder = package.manifest_path.parent().unwrap().join("src");
        if !folder.is_dir() {
            continue; // the tests
        }
        for file in super::links::sources(folder.as_std_path()) {
            for (feature, owner) in named(&std::fs::read_to_string(&file).unwrap()) {
                let owner = metadata.packages.iter().find(|package| *package.name == owner).unwrap();
                assert!(
                    owner.features.contains_key(&feature),
                    "{}: `{feature}` of {}",
                    file.display(),
                    owner.name
                );
                found += 1;
            }
        }
    }
    assert!(found >= 3, "{found}");
}

#[test]
fn a_second_feature_and_a_second_crate_are_read() {
    let pair = |feature: &str, owner: &str| (feature.to_owned(), owner.to_owned());
    let text =
        "the feature `a` of `arango`, or `b` of \\\n   `arango-data` or of `arango-transport`; use `c`";
    let expected = [pair("a", "arango"), pair("b", "arango-data"), pair("b", "arango-transport")];
    assert_eq!(named(text), expected);
}
