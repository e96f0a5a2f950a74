//! A refused request names the method or argument that the program used.

use std::fs;
use std::path::Path;

/// What comes before the name in the source of a refusal.
const PREFIXES: &[&str] = &["field: \"", "Requirement::new(\"", " refuse(\"", " invalid(\""];

/// Appends the sources of a folder, without their tests.
fn append_sources(folder: &Path, sources: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() {
            append_sources(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !name.contains("tests") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            lines.for_each(|line| sources.extend([line, "\n"]));
        }
    }
}

/// Returns the names in the refusals of `sources` that are neither a method nor an argument or field there.
fn unknown_names(sources: &str) -> Vec<&str> {
    let named = PREFIXES.iter().flat_map(|prefix| sources.split(prefix).skip(1));
    let mut unknown: Vec<_> = named
        .filter_map(|rest| rest.split('"').next())
        // Not the attributes of documents, and not reasons.
        .filter(|name| !name.starts_with('_') && !name.contains(' '))
        .filter(|name| !sources.contains(&format!("fn {name}(")) && !sources.contains(&format!("fn {name}<")))
        .filter(|name| ![' ', '('].iter().any(|before| sources.contains(&format!("{before}{name}: "))))
        .collect();
    unknown.sort_unstable();
    unknown.dedup();
    unknown
}

#[test]
fn refusals_name_methods_and_arguments_that_exist() {
    let mut sources = String::new();
    for package in ["arango", "arango-cluster", "arango-data"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").join(package).join("src");
        append_sources(&folder, &mut sources);
    }
    let refusals: usize = PREFIXES.iter().map(|prefix| sources.matches(prefix).count()).sum();
    assert!(refusals > 30, "{refusals}");
    assert_eq!(unknown_names(&sources), [""; 0]);
}

#[test]
fn a_name_that_nothing_has_is_found() {
    let sources =
        "fn allow_dirty_read(self) {} fn f(limit: u8) {} field: \"allow_dirty_reads\", field: \"limit\"";
    assert_eq!(unknown_names(sources), ["allow_dirty_reads"]);
}
