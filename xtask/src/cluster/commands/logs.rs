//! Prints what a server has logged.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use hyper::Method;

use super::act::request;
use super::output;
use crate::cli::OneServer;
use crate::cluster::state_file;

/// Prints the log of a server of a running cluster.
///
/// # Errors
/// If no cluster runs, or its servers have no logs, as those of the embedded one.
pub(crate) async fn logs(command: OneServer) -> Result<ExitCode> {
    let cluster = state_file::find(command.selection.cluster.as_deref())?;
    let response = request(&cluster, Method::GET, command.server, "log").await?;
    let text = response["log"].as_str().context("the response has no log")?;
    output::write(text)?;
    Ok(ExitCode::SUCCESS)
}
