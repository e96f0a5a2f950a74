//! Closing a transport.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::client::transport::Transport;

impl Transport {
    /// Closes the client and all its clones.
    ///
    /// From now on every new call fails with [`ErrorKind::ClientClosed`](crate::ErrorKind::ClientClosed), and
    /// nothing is sent.
    ///
    /// The future waits for running calls, including streamed bodies, but not longer than `grace`. Calls that
    /// have not ended by then fail and their connections are closed. A coordinator still executes requests
    /// that it has received, so the outcome of those calls reports what is known. Finally all connections are
    /// closed.
    ///
    /// The future need not be awaited, and without awaiting it no runtime is needed: running calls then
    /// finish, and idle connections are closed. Awaited outside of a tokio runtime, there is no grace period.
    /// Closing twice is the same as closing once with the shorter grace. If the future is dropped, running calls
    /// continue.
    #[inline]
    pub fn close(&self, grace: Duration) -> impl Future<Output = ()> + Send + 'static {
        let shared = Arc::clone(&self.0);
        shared.lifecycle.close();
        shared.members.stop_probes();
        shared.discovery_task.get().into_iter().for_each(|task| task.stop());
        for pool in shared.pools.all() {
            pool.retire();
        }
        async move {
            let ended = async {
                shared.lifecycle.idle().await;
                let mut drained = Vec::new();
                for pool in shared.pools.all() {
                    drained.push(pool.drained().await);
                }
                drained
            };
            // Without a runtime there is no timer.
            let has_clock = Handle::try_current().is_ok();
            // Kept until the pools are closed, so that no request begins.
            let drained = if has_clock { timeout(grace, ended).await.ok() } else { None };
            shared.lifecycle.end();
            for pool in shared.pools.close() {
                pool.abort();
            }
            if drained.is_none() && has_clock {
                // Every call can end immediately, but its future may not be polled.
                timeout(END_TIMEOUT, shared.lifecycle.idle()).await.ok();
            }
        }
    }
}

/// How long [`Transport::close`] waits for calls to end after the grace period.
const END_TIMEOUT: Duration = Duration::from_secs(1);
