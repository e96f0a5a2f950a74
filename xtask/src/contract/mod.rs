//! The contract: what servers respond to a fixed script, recorded and compared.
//!
//! The script, the documented responses and the open questions are data in `xtask/contract`. The modules are layers, from
//! the bottom up: `version`, `answer` and `shape`, `script`, `recording`, `compare`, `documented`, `session`, `questions`,
//! `recorder`, `embedded_clusters`, `commands`.

mod answer;
mod commands;
mod compare;
mod documented;
mod embedded_clusters;
mod questions;
mod recorder;
mod recording;
mod script;
mod session;
mod shape;
mod version;

#[cfg(test)]
mod tests;

use std::process::ExitCode;

pub(crate) use self::compare::Grade;
use crate::cli::Contract;
use crate::failure;

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
    result.unwrap_or_else(|error| failure::report(&error, CANNOT))
}
