//! Runs clients of other languages against the embedded cluster, to verify the cluster.

mod node;
mod python;
mod setup;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;

use crate::cli::Client;
use crate::cluster::Flags;
use crate::interruption::Interruptions;
use crate::program::{ExitReason, Program};
use setup::Setup;

/// Time limit for the checks, several times what they need.
const LIMIT: Duration = Duration::from_secs(2 * 60);

/// Runs the checks of one client.
///
/// # Errors
/// If the client's packages are available but cannot be set up.
pub(crate) async fn compat(client: Client) -> Result<ExitCode> {
    match client {
        Client::PythonArango => python::checks().await,
        Client::Arangojs => node::checks().await,
    }
}

/// Sets up a client, and runs its program against a cluster without TLS and one with TLS.
///
/// `program` gets the path that `setup` returned, and the variables that describe the cluster.
async fn run_against_both_clusters(
    setup: impl Future<Output = Result<Setup>>,
    program: impl Fn(&Path, Vec<(&'static str, String)>) -> Program,
) -> Result<ExitCode> {
    let mut interruptions = Interruptions::listen()?;
    let setup = tokio::select! {
        setup = setup => setup?,
        interruption = interruptions.next() => return Ok(ExitReason::Interrupted(interruption).exit_code()),
    };
    let path = match setup {
        Setup::Ready(path) => path,
        Setup::Skipped(reason) => {
            anstream::println!("skipped: {reason}");
            return Ok(ExitCode::SUCCESS);
        }
    };
    for (how, flags) in [("without TLS", Flags::skewed()), ("with TLS", Flags::skewed().with_tls())] {
        anstream::println!("{how}");
        let running = flags.start().await?;
        let exit = program(&path, running.variables()).run(&mut interruptions).await?;
        running.stop(&mut interruptions).await?;
        if !exit.is_success() {
            return Ok(exit.exit_code());
        }
    }
    Ok(ExitCode::SUCCESS)
}
