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

/// The targets of the links in a page, outside of code blocks.
fn targets(text: &str) -> Vec<&str> {
    let mut is_code = false;
    let mut targets = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        if !is_code {
            targets.extend(line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()));
        }
    }
    targets
}

/// The anchors that GitHub makes of the headings of a page.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let anchor = |heading: &str| -> String {
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading() {
    let mut broken = BTreeSet::new();
    let pages = pages();
    assert!(pages.len() > 20, "the pages were not found");
    for page in &pages {
        let text = std::fs::read_to_string(page).unwrap();
        for target in targets(&text).into_iter().filter(|target| !target.contains("://")) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            let has_anchor = || {
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                anchor.is_empty()
                    || path.extension().is_some_and(|extension| extension == "rs")
                    || anchors(&text).contains(anchor)
            };
            if !path.exists() || !has_anchor() {
                broken.insert(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn links_and_anchors_are_found() {
    let page = "# A heading: `x`, and more\n[a](b.md#c) ![d](e.svg)\n```\n[no](code)\n```\n";
    assert_eq!(targets(page), ["b.md#c", "e.svg"]);
    assert_eq!(anchors(page), BTreeSet::from(["a-heading-x-and-more".to_owned()]));
}
