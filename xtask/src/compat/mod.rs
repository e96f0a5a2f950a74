//! Clients of other languages, run against the embedded cluster to judge it.

mod node;
mod python;
mod setup;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use crate::cli::Client;
use crate::cluster::{Flags, environment};
use crate::interruption::Interruptions;
use crate::program::Program;

/// How long the checks may take; they need a fraction of it.
const LIMIT: Duration = Duration::from_secs(2 * 60);

/// Runs one client's checks.
///
/// # Errors
/// If what they need is there and yet cannot be set up.
pub(crate) async fn compat(client: Client) -> Result<ExitCode> {
    match client {
        Client::PythonArango => python::checks().await,
        Client::Arangojs => node::checks().await,
    }
}

/// Runs a program against a cluster without TLS, and against one with it.
async fn both_clusters(
    interruptions: &mut Interruptions,
    program: impl Fn(Vec<(&'static str, String)>) -> Program,
) -> Result<ExitCode> {
    for (how, flags) in [("without TLS", Flags::skewed()), ("with TLS", Flags::skewed().with_tls())] {
        anstream::println!("{how}");
        let running = flags.start().await?;
        let ending = program(environment(&running.facts())).run(interruptions).await?;
        running.report_unsupported();
        if !ending.is_success() {
            return Ok(ending.exit_code());
        }
    }
    Ok(ExitCode::SUCCESS)
}
