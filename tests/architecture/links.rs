//! Links between the pages of the repository.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut pages =
        vec![root.join("README.md"), root.join("CHANGELOG.md"), root.join(".github/CONTRIBUTING.md")];
    for folder in ["docs", "docs/diagrams"] {
        pages.extend(std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()));
    }
    for entry in std::fs::read_dir(root.join("crates")).unwrap() {
        pages.push(entry.unwrap().path().join("README.md"));
    }
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages
}

/// The prefixes of links from published texts to files of this repository.
const REPOSITORY: [&str; 2] =
    ["https://github.com/arango-rs/arango/blob/main/", "https://github.com/arango-rs/arango/tree/main/"];

/// The lines of a page outside of code blocks.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    })
}

/// The targets of the links in a page.
fn targets(text: &str) -> Vec<&str> {
    prose(text)
        .flat_map(|line| line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()))
        .collect()
}

/// The anchors that GitHub makes of the headings of a page. The second heading of a text gets a number.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for heading in prose(text).filter(|line| line.starts_with('#')) {
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let anchor: String = kept.map(|c| if c == ' ' { '-' } else { c }).collect();
        let mut numbered = anchor.clone();
        let mut number = 0;
        while !anchors.insert(numbered) {
            number += 1;
            numbered = format!("{anchor}-{number}");
        }
    }
    anchors
}

/// Returns whether a target, relative to a folder, is a file with this heading.
fn leads_somewhere(folder: &Path, page: &Path, target: &str) -> bool {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() { page.to_owned() } else { folder.join(file) };
    let has_anchor = || {
        anchor.is_empty()
            || path.extension().is_some_and(|extension| extension == "rs")
            || anchors(&std::fs::read_to_string(&path).unwrap_or_default()).contains(anchor)
    };
    path.exists() && has_anchor()
}

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading() {
    let mut broken = BTreeSet::new();
    let pages = pages();
    assert!(pages.len() > 20, "the pages were not found");
    for page in &pages {
        let text = std::fs::read_to_string(page).unwrap();
        for target in targets(&text).into_iter().filter(|target| !target.contains("://")) {
            if !leads_somewhere(page.parent().unwrap(), page, target) {
                broken.insert(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Texts that are shown elsewhere, as those of a crate, link to this repository by its URL.
#[test]
fn every_link_to_this_repository_leads_to_a_file_and_a_heading() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = pages();
    files.extend(sources(&root.join("crates")));
    let (mut broken, mut found) = (BTreeSet::new(), 0);
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        for rest in REPOSITORY.iter().flat_map(|prefix| text.split(prefix).skip(1)) {
            let target = rest.split([')', '>', '"', ' ', '\n']).next().unwrap_or_default();
            found += 1;
            if !leads_somewhere(&root, file, target) {
                broken.insert(format!("{}: {target}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(found > 10, "the links were not found");
}

/// Returns the Rust files below a folder.
pub(super) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.append(&mut sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn links_and_anchors_are_found() {
    let page = "# A heading: `x`, and more\n[a](b.md#c) ![d](e.svg)\n```\n# no\n[no](code)\n```\n## Next\n### Next\n";
    assert_eq!(targets(page), ["b.md#c", "e.svg"]);
    let expected = ["a-heading-x-and-more", "next", "next-1"];
    assert_eq!(anchors(page), expected.map(str::to_owned).into());
}
