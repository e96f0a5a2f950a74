//! The recorded counts of calls, with which `cargo xtask bench --check` compares.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The recorded counts.
#[derive(Debug, Deserialize)]
struct Record {
    calls: BTreeMap<String, IgnoredAny>,
}

/// Fails unless exactly these rows are recorded.
pub(crate) fn check(counted: BTreeSet<String>) -> anyhow::Result<()> {
    let record: Record =
        serde_json::from_str(include_str!("../calls.json")).context("cannot read calls.json")?;
    let recorded: BTreeSet<String> = record.calls.into_keys().collect();
    let unrecorded: Vec<_> = counted.difference(&recorded).collect();
    ensure!(unrecorded.is_empty(), "`--counts` measures what is not recorded: {unrecorded:?}");
    let unmeasured: Vec<_> = recorded.difference(&counted).collect();
    ensure!(unmeasured.is_empty(), "`--counts` does not measure what is recorded: {unmeasured:?}");
    Ok(())
}
