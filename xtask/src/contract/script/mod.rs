//! The script: requests in a fixed order, as data in `xtask/contract/script`.

mod placeholders;
mod step;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::de::DeserializeOwned;

pub(crate) use self::placeholders::Placeholders;
#[cfg(test)]
use self::placeholders::names_in;
pub(crate) use self::step::{Effect, Group, Identity, Step, Until};
use crate::workspace;

/// The files of the script, in order. `own` creates what the others use, and `end` stops a coordinator.
pub(crate) const FILES: [&str; 11] = [
    "own",
    "server",
    "cluster",
    "shards",
    "jobs",
    "records",
    "collections",
    "documents",
    "graphs",
    "queries",
    "users",
];
pub(crate) const LAST: [&str; 1] = ["end"];

/// What is sent to a cluster.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) groups: Vec<Group>,
    /// These come after everything else, also after the open questions.
    pub(crate) last: Vec<Group>,
}

impl Script {
    /// Reads the files.
    ///
    /// # Errors
    /// If one of them cannot be read, or is no part of a script.
    pub(crate) fn read() -> Result<Self> {
        let groups = |files: &[&str]| -> Result<Vec<Group>> {
            let parts = files.iter().map(|name| read_json::<Vec<Group>>(&format!("script/{name}.json")));
            Ok(parts.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
        };
        Ok(Self { groups: groups(&FILES)?, last: groups(&LAST)? })
    }

    /// All steps with their groups, in order.
    pub(crate) fn steps(&self) -> impl Iterator<Item = (&Group, &Step)> {
        let groups = self.groups.iter().chain(&self.last);
        groups.flat_map(|group| group.steps.iter().map(move |step| (group, step)))
    }

    /// What is called: names of operations, and of what is no operation of the client.
    pub(crate) fn operations(&self) -> BTreeSet<&str> {
        self.steps().flat_map(|(group, _)| group.operations.iter().map(String::as_str)).collect()
    }
}

/// A file in `xtask/contract`.
pub(crate) fn path(name: &str) -> PathBuf {
    workspace::root().join("xtask/contract").join(name)
}

/// Reads a file in `xtask/contract`.
///
/// # Errors
/// If it cannot be read, or has another format.
pub(crate) fn read_json<T: DeserializeOwned>(name: &str) -> Result<T> {
    let path = path(name);
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("in {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_a_different_name() {
        let script = Script::read().unwrap();
        let mut seen = BTreeSet::new();
        for (group, step) in script.steps() {
            assert!(seen.insert(group.id_of(step)), "{} is there twice", group.id_of(step));
        }
        assert!(seen.len() > 300, "{}", seen.len());
    }

    #[test]
    fn every_placeholder_is_filled_by_an_earlier_response() {
        let script = Script::read().unwrap();
        let mut known: BTreeSet<String> = Placeholders::INITIAL.iter().map(ToString::to_string).collect();
        for (group, step) in script.steps() {
            for name in step.placeholders() {
                assert!(known.contains(&name), "{}: nothing before it saves {{{name}}}", group.id_of(step));
            }
            known.extend(step.save.keys().cloned());
        }
    }

    #[test]
    fn whatever_does_not_only_read_says_what_it_changes() {
        for (group, step) in Script::read().unwrap().steps() {
            let says = step.effect.or(group.effect).is_some();
            assert!(says || step.only_reads_by_method(), "{} has no effect", group.id_of(step));
        }
    }

    /// What is called the recording's own has its database or its user in the path, so that no mistake in the script
    /// changes anything else.
    #[test]
    fn what_is_not_destructive_changes_only_the_database_and_the_user_of_the_recording() {
        for (group, step) in Script::read().unwrap().steps() {
            if group.effect_of(step) != Effect::Own {
                continue;
            }
            let path = step.request.split(' ').nth(1).unwrap();
            let body = step.body.as_ref().map(ToString::to_string).unwrap_or_default();
            let is_own = path.starts_with("/_db/{database}/")
                || path == "/_api/database/{database}"
                || (path == "/_api/database" && body.contains("\"{database}\""))
                || path.starts_with("/_api/user/{user}")
                || path.starts_with("/_api/token/{user}")
                || (path == "/_api/user" && body.contains("\"{user}\""));
            assert!(is_own, "{}: {}", group.id_of(step), step.request);
        }
    }
}
