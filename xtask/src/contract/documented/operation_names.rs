//! The names of the client's operations.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result};

use crate::workspace;

/// The page with a row for each operation; `cargo xtask operations --check` compares it with the code.
const PAGE: &str = "docs/operations.md";

/// Reads the names of all operations from the page that lists them.
///
/// # Errors
/// If the page cannot be read.
pub(crate) fn operation_names() -> Result<BTreeSet<String>> {
    let page =
        fs::read_to_string(workspace::root().join(PAGE)).with_context(|| format!("cannot read {PAGE}"))?;
    let tables = page.split("<!-- the table of `cargo xtask operations --write` begins: ").skip(1);
    let rows =
        tables.filter_map(|rest| rest.split_once("<!-- and ends -->")).flat_map(|(table, _)| table.lines());
    Ok(rows.filter_map(|row| Some(row.strip_prefix("| `")?.split_once('`')?.0.to_owned())).collect())
}
