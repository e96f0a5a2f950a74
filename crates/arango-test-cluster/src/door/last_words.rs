//! What a connection still says when HTTP is over, and how it ends.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::sleep;

use super::wire::Wire;
use crate::coordinator::Inner;
use crate::handler::Cut;
use crate::script::Step;

/// Plays a script to its end, or until the client is gone, and closes as told.
pub(super) async fn say(cut: Cut, wire: &Wire, coordinator: &Inner) {
    let Cut { script, how } = cut;
    for step in script {
        if let Err(error) = take(step, &mut wire.clone(), coordinator).await {
            tracing::debug!(%error, "last words");
            break;
        }
    }
    wire.close(how);
}

async fn take(step: Step, wire: &mut Wire, coordinator: &Inner) -> io::Result<()> {
    match step {
        Step::Send(bytes) => {
            wire.write_all(&bytes).await?;
            wire.flush().await
        }
        Step::Wait(pause) => {
            sleep(pause).await;
            coordinator.awake().await;
            Ok(())
        }
        Step::End | Step::Reset(_) => wire.shutdown().await,
        // Until the client ends it; whatever it says meanwhile is not heard.
        Step::Silence => {
            let mut ignored = [0; 1024];
            while wire.read(&mut ignored).await? > 0 {}
            Ok(())
        }
    }
}
