//! Clients of other languages, run against the embedded cluster to judge it.

mod python;

use std::process::ExitCode;

use anyhow::Result;

use crate::cli::Client;

/// Runs one client's checks.
///
/// # Errors
/// If what they need is there and yet cannot be set up.
pub(crate) async fn compat(client: Client) -> Result<ExitCode> {
    match client {
        Client::PythonArango => python::checks().await,
    }
}
