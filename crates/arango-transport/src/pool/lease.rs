//! A connection on loan to one answer.

use std::fmt;

use tokio::sync::OwnedSemaphorePermit;

use super::Pool;
use super::connection::Connection;

/// A connection that belongs to an answer until its body has been read to the end.
///
/// Dropped before that, the connection is closed: what is left of the body would be taken for the
/// next answer.
pub(crate) struct Lease {
    pool: Pool,
    connection: Connection,
    // Held to the end of the body, so that the cap counts connections and not heads of answers.
    // Last, so that the connection is back in the pool before the next in the queue looks for one.
    permit: Option<OwnedSemaphorePermit>,
}

impl Lease {
    pub(super) fn new(pool: Pool, connection: Connection, permit: Option<OwnedSemaphorePermit>) -> Self {
        Self { pool, connection, permit }
    }

    /// Gives the connection back: the answer was read to its end.
    pub(crate) fn finish(self) {
        let Self { pool, connection, permit } = self;
        pool.give_back(connection);
        drop(permit);
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("pool", &self.pool).finish_non_exhaustive()
    }
}
