//! A place among the requests that may have a connection at the same time.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::{Pool, closed};
use crate::attempt_error::AttemptError;
use crate::failed_attempt::Phase;
use crate::{ErrorKind, Outcome, meters};

/// A handle on a pool that holds one of its permits, and gives it back when it is dropped.
///
/// Not tokio's owned permit, which would be a second handle on the same thing.
pub(super) struct Place {
    pool: Pool,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One of as many as there may be connections.
    Counted,
    /// Beside those: nobody waits for it, and it waits for nobody.
    Extra,
}

impl Place {
    /// Takes a place if one is free.
    pub(super) fn free(pool: Pool) -> Result<Self, Pool> {
        match pool.0.permits.try_acquire().map(SemaphorePermit::forget) {
            Ok(()) => Ok(Self { pool, kind: Kind::Counted }),
            Err(_) => Err(pool),
        }
    }

    /// Waits for a place, behind all who came before, but no longer than until then.
    pub(super) async fn in_turn(pool: Pool, until: Instant) -> Result<Self, AttemptError> {
        let queued = Queued::new(&pool.0.queued);
        let until = until.min(Instant::now() + pool.0.limits.acquire);
        let permit = timeout_at(until, pool.0.permits.acquire()).await;
        let taken = permit.map(|permit| permit.map(SemaphorePermit::forget));
        drop(queued);
        match taken {
            Ok(Ok(())) => Ok(Self { pool, kind: Kind::Counted }),
            Ok(Err(_)) => Err(closed()),
            Err(_) => {
                pool.0.tally.timed_out();
                meters::pool_timed_out(pool.coordinator());
                Err(AttemptError::new(ErrorKind::PoolExhausted, Outcome::NotExecuted, Phase::Acquire))
            }
        }
    }

    /// A place beside the others.
    pub(super) fn extra(pool: Pool) -> Self {
        Self { pool, kind: Kind::Extra }
    }
}

impl Deref for Place {
    type Target = Pool;

    fn deref(&self) -> &Pool {
        &self.pool
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.kind == Kind::Counted {
            self.pool.0.permits.add_permits(1);
        }
    }
}

/// Counts one request while it waits for a place.
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
