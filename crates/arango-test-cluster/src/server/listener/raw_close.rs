//! Sends the last bytes of a connection after HTTP has ended, and closes it.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::sleep;

use super::shared_stream::SharedStream;
use crate::faults::response_script::Step;
use crate::server::abort::ConnectionClose;
use crate::server::process_state::ProcessStateWatch;

/// Runs a script, then closes in the given mode. It stops early if the client disconnects.
pub(super) async fn run(close: ConnectionClose, stream: &SharedStream, process: &ProcessStateWatch) {
    let ConnectionClose { script, mode: how } = close;
    for step in script {
        if let Err(error) = run_step(step, &mut stream.clone(), process).await {
            tracing::debug!(%error, "cannot send the last bytes");
            break;
        }
    }
    stream.close(how);
}

async fn run_step(step: Step, stream: &mut SharedStream, process: &ProcessStateWatch) -> io::Result<()> {
    match step {
        Step::Send(bytes) => {
            stream.write_all(&bytes).await?;
            stream.flush().await
        }
        Step::Wait(pause) => {
            sleep(pause).await;
            process.until_resumed().await;
            Ok(())
        }
        Step::End | Step::Reset(_) => stream.shutdown().await,
        // Lasts until the client closes. What the client sends meanwhile is discarded.
        Step::Silence => {
            let mut ignored = [0; 1024];
            while stream.read(&mut ignored).await? > 0 {}
            Ok(())
        }
    }
}
