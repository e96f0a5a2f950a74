//! What the published packages contain: each must be complete without the rest of the repository.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use cargo_metadata::{DependencyKind, MetadataCommand, Package};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The packages that are published.
fn published() -> Vec<Package> {
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec().unwrap();
    let packages: Vec<_> =
        metadata.packages.into_iter().filter(|package| package.publish.is_none()).collect();
    assert!(packages.len() >= 8, "{}", packages.len());
    packages
}

/// The files of a package, relative to its folder.
fn files(package: &Package) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline", "--manifest-path"])
        .arg(&package.manifest_path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // Windows separates folders otherwise.
    String::from_utf8(output.stdout).unwrap().lines().map(|line| line.replace('\\', "/")).collect()
}

fn folder(package: &Package) -> &Path {
    package.manifest_path.parent().unwrap().as_std_path()
}

fn is_source(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|extension| extension == "rs")
}

#[test]
fn every_package_contains_its_readme_and_both_licences() {
    for package in published() {
        let files = files(&package);
        for name in ["README.md", "LICENSE-APACHE", "LICENSE-MIT"] {
            assert!(files.contains(name), "{} lacks {name}", package.name);
        }
        for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
            let contained = fs::read(folder(&package).join(name)).unwrap();
            assert_eq!(contained, fs::read(root().join(name)).unwrap(), "{}: {name}", package.name);
        }
    }
}

/// Returns the path in `include_str!("…")` and the like, of each such call in the text.
fn included(text: &str) -> Vec<&str> {
    ["include_str!(\"", "include_bytes!(\"", "include!(\"", "#[path = \""]
        .into_iter()
        .flat_map(|call| text.split(call).skip(1))
        .filter_map(|rest| rest.split('"').next())
        .collect()
}

/// Returns the path without `..`, without asking the file system.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => assert!(normal.pop(), "{}", path.display()),
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}

#[test]
fn no_package_includes_a_file_that_it_does_not_contain() {
    let mut checked = 0;
    for package in published() {
        let files = files(&package);
        for source in files.iter().filter(|file| is_source(file)) {
            let text = fs::read_to_string(folder(&package).join(source)).unwrap();
            for path in included(&text) {
                // A path above the package's folder keeps its `..` at the front and so is not found.
                let from = Path::new("/package").join(source);
                let path = normal(&from.parent().unwrap().join(path));
                let path = path.strip_prefix("/package").ok().and_then(Path::to_str);
                assert!(
                    path.is_some_and(|path| files.contains(path)),
                    "{}: {source} includes {path:?}, which is not in the package",
                    package.name
                );
                checked += 1;
            }
        }
    }
    assert!(checked > 10, "{checked}");
}

/// Returns the names in the sources of these folders of a package.
fn names(package: &Package, folders: &[&str]) -> BTreeSet<String> {
    let files = files(package);
    let sources = files.iter().filter(|file| {
        is_source(file) && folders.iter().any(|folder| file.starts_with(&format!("{folder}/")))
    });
    let texts = sources.map(|file| fs::read_to_string(folder(package).join(file)).unwrap());
    let names = texts.flat_map(|text| {
        let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        words.map(str::to_owned).collect::<Vec<_>>()
    });
    names.collect()
}

#[test]
fn every_dependency_of_a_package_is_used() {
    for package in published() {
        let library = names(&package, &["src"]);
        let everything = names(&package, &["src", "tests", "benches", "examples"]);
        assert!(library.len() > 100, "{}", package.name);
        for dependency in &package.dependencies {
            let name = dependency.rename.as_ref().unwrap_or(&dependency.name).replace('-', "_");
            let names = if dependency.kind == DependencyKind::Normal { &library } else { &everything };
            let kind = dependency.kind;
            assert!(names.contains(&name), "{} does not use {name} ({kind:?})", package.name);
        }
    }
}

#[test]
fn the_lock_file_of_the_comparison_lists_the_dependencies_of_our_packages() {
    let lock = fs::read_to_string(root().join("bench/Cargo.lock")).unwrap();
    let mut compared = 0;
    for package in published() {
        let begin = format!("\nname = \"{}\"\n", package.name);
        let Some(locked) = lock.split("[[package]]").find(|entry| entry.starts_with(&begin)) else {
            continue;
        };
        compared += 1;
        for dependency in &package.dependencies {
            // Those of features that are not enabled are in no lock file.
            if dependency.kind == DependencyKind::Normal && !dependency.optional {
                // If there are two versions of it, the version follows.
                let is_listed = [format!("\"{}\"", dependency.name), format!("\"{} ", dependency.name)]
                    .iter()
                    .any(|text| locked.contains(text));
                let name = &dependency.name;
                assert!(is_listed, "bench/Cargo.lock lacks {name} of {}: update it", package.name);
            }
        }
    }
    assert!(compared >= 4, "{compared}");
}

#[test]
fn the_page_of_operations_lists_the_successes_that_look_alike() {
    let page = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let section = page.split("## Successes that look alike").nth(1).expect("the page has the section");
    let section = section.split("\n## ").next().unwrap();
    let rows: Vec<_> = section.lines().filter(|line| line.starts_with("| `")).collect();
    let found = fs::read_to_string(root().join("crates/arango-cluster/fixtures/look_alike.txt")).unwrap();
    assert!(!rows.is_empty());
    assert_eq!(rows, found.lines().collect::<Vec<_>>());
}

/// By the library of the package, or by that of the tests.
#[test]
fn the_examples_of_every_readme_are_compiled() {
    let of_the_tests = fs::read_to_string(root().join("tests/documents/lib.rs")).unwrap();
    for package in published() {
        let readme = fs::read_to_string(folder(&package).join("README.md")).unwrap();
        assert!(readme.contains("```rust"), "{}", package.name);
        let library = fs::read_to_string(folder(&package).join("src/lib.rs")).unwrap();
        let is_compiled = library.contains("#[doc = include_str!(\"../README.md\")]")
            || of_the_tests.contains(&format!("crates/{}/README.md", package.name));
        assert!(is_compiled, "{}", package.name);
    }
}
