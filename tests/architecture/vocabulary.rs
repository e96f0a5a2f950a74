//! Names, also of files, and texts use the words of the field: those that this project once made up for itself do not come back.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Names that had no meaning outside this project. See the glossary in `docs/architecture.md` for the terms in use.
const NAMES: &[&str] = &[
    "Apart",
    "BEREFT",
    "Belled",
    "CallRecord",
    "Crier",
    "Decider",
    "Doors",
    "DoorBody",
    "DoorService",
    "FACTS",
    "Farewell",
    "Following",
    "Glance",
    "MedicalRecord",
    "OfTheCall",
    "SeededJitter",
    "Standing",
    "Strays",
    "ThreadJitter",
    "Verdict",
    "Whereto",
    "also_answers",
    "begin_anew",
    "beginning_by",
    "ends_server",
    "every_operation",
    "execute_keeping",
    "is_gated",
    "is_lacking_in",
    "look_around",
    "no_sooner_than",
    "of_the_slowest",
    "on_a_fresh_connection",
    "out_by_opinion",
    "send_away",
    "sent_away",
    "take_note",
    "tell_queue_time",
    "trying_out",
    "wait_until_known",
];

/// Words and phrases that make a sentence vague or treat modules and servers as persons.
const PHRASES: &[&str] = &[
    "whoever",
    "whomever",
    "nobody",
    "somebody",
    "everybody",
    "anybody",
    "nowhere",
    "stranger",
    "strangers",
    "farewell",
    "glance",
    "hearsay",
    "one's own",
    "of its own",
    "of their own",
    "of one's own",
    "wish",
    "wishes",
    "by chance",
    "anew",
    "about to go",
    "takes note",
    "take note",
    "is told",
    "are told",
    "is spared",
    "are spared",
    "bereft",
    "unwell",
    "is well",
    "are well",
    "by the word",
    "word of others",
    "looked around",
    "look around",
    "wears",
    "sees to it",
    "lets go",
    "curious",
];

/// Lines in which a phrase is meant literally: the end of the path, the phrase, and why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[];

const ROOTS: &[&str] =
    &["bench", "crates", "xtask", "tests", "fuzz", "docs", ".github", ".ci", "README.md", "CHANGELOG.md"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files whose names and texts are checked.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in ROOTS {
        collect(&root.join(entry), &mut files);
    }
    assert!(files.len() > 500, "the files were not found");
    files
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    if path.is_dir() {
        let skipped = ["target", "node_modules", "corpus", "architecture"];
        if path.file_name().is_some_and(|name| skipped.iter().any(|skipped| name == *skipped)) {
            return;
        }
        let mut entries: Vec<_> =
            std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for entry in &entries {
            collect(entry, files);
        }
    } else if path.extension().is_some_and(|extension| {
        ["rs", "md", "toml", "py", "mjs", "yml"].iter().any(|known| extension == *known)
    }) || path.parent().is_some_and(|folder| folder.file_name().is_some_and(|name| name == ".ci"))
    {
        files.push(path.to_owned());
    }
}

/// The words of a line in lower case; an underscore separates words, too.
fn words(line: &str) -> String {
    let mut words = String::from(" ");
    for word in line.split(|c: char| !(c.is_alphanumeric() || c == '\'')).filter(|word| !word.is_empty()) {
        words.push_str(&word.to_lowercase());
        words.push(' ');
    }
    words
}

fn names(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|name| NAMES.contains(name))
}

#[test]
fn no_private_word_is_left_in_names_and_texts() {
    let root = root();
    let files = files(&root);
    let mut found = BTreeSet::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap();
        for (number, line) in text.lines().enumerate() {
            let words = words(line);
            let phrases = PHRASES.iter().copied().filter(|phrase| words.contains(&format!(" {phrase} ")));
            for word in phrases.chain(names(line)) {
                let is_meant = EXCEPTIONS.iter().any(|(end, meant, _)| path.ends_with(end) && *meant == word);
                if !is_meant {
                    found.insert(format!("{path}:{}: `{word}`", number + 1));
                }
            }
        }
    }
    assert!(found.is_empty(), "{} lines: {found:#?}", found.len());
}

/// The files and folders below a path, whatever they contain; those that tools install and build are left out.
fn paths(path: &Path, found: &mut Vec<PathBuf>) {
    let skipped = ["target", "node_modules", "__pycache__"];
    if path.file_name().is_some_and(|name| skipped.iter().any(|skipped| name == *skipped)) {
        return;
    }
    found.push(path.to_owned());
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            paths(&entry.unwrap().path(), found);
        }
    }
}

#[test]
fn no_private_word_is_left_in_the_names_of_files() {
    let root = root();
    let mut all = Vec::new();
    for entry in ROOTS {
        paths(&root.join(entry), &mut all);
    }
    assert!(all.len() > 1500, "the files were not found");
    let mut found = BTreeSet::new();
    for path in &all {
        let path = path.strip_prefix(&root).unwrap().to_str().unwrap();
        let words = words(path.rsplit(['/', '\\']).next().unwrap());
        if PHRASES.iter().any(|phrase| words.contains(&format!(" {phrase} "))) {
            found.insert(path);
        }
    }
    assert_eq!(found, BTreeSet::new());
}

#[test]
fn every_exception_is_needed() {
    let files = files(&root());
    for (end, meant, reason) in EXCEPTIONS {
        assert!(!reason.is_empty(), "{end}: `{meant}` needs a reason");
        let is_there = files.iter().filter(|file| file.ends_with(end)).any(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            text.lines().any(|line| {
                words(line).contains(&format!(" {meant} ")) || names(line).any(|name| name == *meant)
            })
        });
        assert!(is_there, "`{meant}` is not in {end}: remove the exception");
    }
}
