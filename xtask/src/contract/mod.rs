//! The contract: what servers respond to a fixed script, recorded and compared.
//!
//! The script, the documented responses and the open questions are data in `xtask/contract`.

mod commands;
mod compare;
mod documented;
mod questions;
mod recorder;
mod recording;
mod script;
mod session;
mod shape;
mod version;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use owo_colors::OwoColorize as _;

pub(crate) use self::compare::Grade;
use self::recorder::Recorder;
use self::recording::Recording;
use crate::cli::Contract;
use crate::cluster::Flags;
use crate::interruption::Interruptions;

/// The versions that are checked: the newest patches that are simulated.
const VERSIONS: [&str; 4] = ["3.10.14", "3.11.14", SNAPSHOT_VERSION, "4.0.0"];

/// The version of the snapshot, and its file.
const SNAPSHOT_VERSION: &str = "3.12.10";
const SNAPSHOT: &str = "embedded/3.12.json";

/// The exit code if something could not be done, so that it differs from that of a difference.
const CANNOT: u8 = 2;

/// Performs a command. Errors are printed here: they have a separate exit code.
pub(crate) async fn contract(command: Contract) -> ExitCode {
    let result = match command {
        Contract::Record(command) => Box::pin(commands::record(*command)).await.map(|()| ExitCode::SUCCESS),
        Contract::Check(command) => commands::check(&command),
        Contract::Embedded(command) => Box::pin(commands::embedded(&command)).await,
        Contract::Questions(command) => commands::questions(&command).map(|()| ExitCode::SUCCESS),
    };
    result.unwrap_or_else(|error| {
        anstream::eprintln!("{} {error:#}", "error:".red().bold());
        ExitCode::from(CANNOT)
    })
}

/// Records an embedded cluster of this version.
async fn record_embedded(recorder: &Recorder, version: &str) -> Result<Recording> {
    let running = Flags::embedded(version).start().await?;
    let recording = recorder.record(running.info()).await;
    running.stop(&mut Interruptions::listen()?).await?;
    recording.with_context(|| format!("version {version}"))
}

/// The names of the client's operations, from the page that lists them.
///
/// # Errors
/// If the page cannot be read.
fn operation_names() -> Result<BTreeSet<String>> {
    let page = std::fs::read_to_string(crate::workspace::root().join("docs/operations.md"))?;
    let tables = page.split("<!-- the table of `cargo xtask operations --write` begins: ").skip(1);
    let rows =
        tables.filter_map(|rest| rest.split_once("<!-- and ends -->")).flat_map(|(table, _)| table.lines());
    Ok(rows.filter_map(|row| Some(row.strip_prefix("| `")?.split_once('`')?.0.to_owned())).collect())
}
