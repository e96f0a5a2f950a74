//! Permits, which limit the number of connections in use.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};

use arango_protocol::{ErrorKind, Outcome};
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::{Pool, closed};
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;
use crate::telemetry::metrics;

/// A pool handle that holds one permit and releases it on drop.
///
/// Not tokio's owned permit, which would require a second handle to the semaphore.
pub(super) struct Permit {
    pool: Pool,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Counts against the connection limit.
    Limited,
    /// Outside of the limit: it neither waits nor makes others wait.
    Unlimited,
}

impl Permit {
    /// Takes a permit if one is available.
    pub(super) fn try_acquire(pool: Pool) -> Result<Self, Pool> {
        match pool.0.permits.try_acquire().map(SemaphorePermit::forget) {
            Ok(()) => Ok(Self { pool, kind: Kind::Limited }),
            Err(_) => Err(pool),
        }
    }

    /// Waits in order for a permit, at most until `until`.
    pub(super) async fn acquire(pool: Pool, until: Instant) -> Result<Self, AttemptError> {
        let queued = Queued::new(&pool.0.queued);
        let until = until.min(Instant::now() + pool.0.limits.acquire);
        let permit = timeout_at(until, pool.0.permits.acquire()).await;
        let taken = permit.map(|permit| permit.map(SemaphorePermit::forget));
        drop(queued);
        match taken {
            Ok(Ok(())) => Ok(Self { pool, kind: Kind::Limited }),
            Ok(Err(_)) => Err(closed()),
            Err(_) => {
                pool.0.stats.record_timeout();
                metrics::pool_timed_out(pool.coordinator());
                Err(AttemptError::new(ErrorKind::PoolExhausted, Outcome::NotExecuted, Phase::Acquire))
            }
        }
    }

    /// Returns a permit outside of the limit.
    pub(super) fn unlimited(pool: Pool) -> Self {
        Self { pool, kind: Kind::Unlimited }
    }
}

impl Deref for Permit {
    type Target = Pool;

    fn deref(&self) -> &Pool {
        &self.pool
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.kind == Kind::Limited {
            self.pool.0.permits.add_permits(1);
        }
    }
}

/// Counts a request while it waits for a permit.
struct Queued<'a>(&'a AtomicUsize);

impl<'a> Queued<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
