//! Compares recordings that exist.

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::{Check, Report};
use crate::contract::compare::{self, Difference};
use crate::contract::documented::Documented;
use crate::contract::recording::Recording;

/// Compares two recordings, or one with what is documented.
///
/// # Errors
/// If a recording cannot be read.
pub(crate) fn check(command: &Check) -> Result<ExitCode> {
    let first = Recording::read(&command.expected)?;
    let differences = match &command.found {
        Some(second) => compare::recordings(&first, &Recording::read(second)?),
        None => Documented::read()?.compare(&first)?,
    };
    report(differences, &command.report)
}

/// Prints the differences, and returns the exit code: 0 if there are none.
///
/// # Errors
/// If they cannot be printed.
pub(super) fn report(mut differences: Vec<Difference>, report: &Report) -> Result<ExitCode> {
    differences.retain(|one| one.grade >= report.at_least);
    compare::print(&differences, report.json)?;
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}
