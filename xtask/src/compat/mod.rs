//! Clients of other languages, run against the embedded cluster to judge it.

mod node;
mod python;
mod setup;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use crate::cli::Client;
use crate::cluster::{Flags, environment};
use crate::interruption::Interruptions;
use crate::program::{Ending, Program};
use setup::Setup;

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

/// Sets up what a client needs, and runs its program against a cluster without TLS, and against one with it. The
/// program is made of the place where what it needs is, and of the variables that tell of the cluster.
async fn both_clusters(
    setup: impl Future<Output = Result<Setup>>,
    program: impl Fn(&Path, Vec<(&'static str, String)>) -> Program,
) -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let setup = tokio::select! {
        setup = setup => setup?,
        interruption = interruptions.next() => return Ok(Ending::Interrupted(interruption).exit_code()),
    };
    let place = match setup {
        Setup::Ready(place) => place,
        Setup::Skipped(reason) => {
            anstream::println!("skipped: {reason}");
            return Ok(ExitCode::SUCCESS);
        }
    };
    for (how, flags) in [("without TLS", Flags::skewed()), ("with TLS", Flags::skewed().with_tls())] {
        anstream::println!("{how}");
        let running = flags.start().await?;
        let ending = program(&place, environment(&running.facts())).run(&mut interruptions).await?;
        running.report_unsupported();
        if !ending.is_success() {
            return Ok(ending.exit_code());
        }
    }
    Ok(ExitCode::SUCCESS)
}
