//! Waiting until a pool is not in use.

use tokio::sync::Semaphore;

use super::Pool;

/// A pool of which no connection is in use. Requests wait until it is dropped.
pub(crate) struct Drained {
    pool: Pool,
    /// The number of permits that it holds.
    permits: usize,
}

impl Pool {
    /// Waits until no connection is in use, including bodies that are still being read.
    ///
    /// Requests that arrive meanwhile wait for it. Dropping the future has no effect on the pool.
    pub(crate) async fn drained(self) -> Drained {
        let all = self.0.limits.connections.clamp(1, Semaphore::MAX_PERMITS);
        let mut drained = Drained { pool: self, permits: 0 };
        while drained.permits < all {
            let part = u32::try_from(all - drained.permits).unwrap_or(u32::MAX);
            // Acquiring fails only if the pool is closed, and then nothing can be waited for.
            let Ok(permits) = drained.pool.0.permits.acquire_many(part).await else { break };
            permits.forget();
            drained.permits = drained.permits.saturating_add(usize::try_from(part).unwrap_or(usize::MAX));
        }
        drained
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        self.pool.0.permits.add_permits(self.permits);
    }
}
