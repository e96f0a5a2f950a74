//! A connection on loan to one answer.

use std::fmt;

use super::connection::Connection;
use super::place::Place;

/// A connection that belongs to an answer until its body has been read to the end.
///
/// Dropped before that, the connection is closed: what is left of the body would be taken for the
/// next answer.
pub(crate) struct Lease {
    connection: Connection,
    // Held to the end of the body, so that the cap counts connections and not heads of answers.
    // Last, so that the connection is gone before the next in the queue looks for one.
    place: Place,
}

impl Lease {
    pub(super) fn new(place: Place, connection: Connection) -> Self {
        Self { connection, place }
    }

    /// Gives the connection back: the answer was read to its end.
    pub(crate) fn finish(self) {
        let Self { connection, place } = self;
        // Before the place, so that the next in the queue finds it.
        place.give_back(connection);
        drop(place);
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("pool", &*self.place).finish_non_exhaustive()
    }
}
