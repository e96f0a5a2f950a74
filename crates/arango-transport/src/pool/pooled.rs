//! A connection in use by one response.

use std::fmt;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Frame;
use hyper::body::Incoming;

use super::connection::Connection;
use crate::pool::permit::Permit;
use crate::types::boxed::BoxError;

/// A connection that belongs to a response until its body has been read.
///
/// Dropping it earlier closes the connection, because the rest of the body would be read as the next
/// response.
pub(crate) struct PooledConnection {
    connection: Connection,
    // Held until the end of the body, so that the limit counts connections and not only requests without a
    // response. The last field, so that the connection is dropped before the next request gets the permit.
    permit: Permit,
}

impl PooledConnection {
    pub(super) fn new(permit: Permit, connection: Connection) -> Self {
        Self { connection, permit }
    }

    /// Polls the body of the response.
    pub(super) fn poll_body(
        &self,
        body: &mut Incoming,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.connection.poll_body(body, cx).map_err(|error| self.connection.body_error(error))
    }

    /// Returns the connection to the pool: the response has been read.
    pub(crate) fn finish(self) {
        let Self { connection, permit } = self;
        // Before the permit is released, so that the next request finds the connection.
        permit.give_back(connection);
        drop(permit);
    }
}

impl fmt::Debug for PooledConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PooledConnection").field("pool", &*self.permit).finish_non_exhaustive()
    }
}
