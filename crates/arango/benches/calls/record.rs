//! The recorded counts of calls, with which `cargo xtask bench --check` compares.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use serde_json::Value;

/// Fails unless exactly these rows are recorded.
pub(crate) fn check(counted: &BTreeSet<String>) -> anyhow::Result<()> {
    let record: Value =
        serde_json::from_str(include_str!("../calls.json")).context("cannot read calls.json")?;
    let calls = record["calls"].as_object().context("calls.json has no `calls`")?;
    let recorded: BTreeSet<String> = calls.keys().cloned().collect();
    let unrecorded: Vec<_> = counted.difference(&recorded).collect();
    ensure!(unrecorded.is_empty(), "`--counts` measures what is not recorded: {unrecorded:?}");
    let unmeasured: Vec<_> = recorded.difference(counted).collect();
    ensure!(unmeasured.is_empty(), "`--counts` does not measure what is recorded: {unmeasured:?}");
    Ok(())
}
