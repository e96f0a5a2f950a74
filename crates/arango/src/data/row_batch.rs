//! A batch of rows that are decoded when they are read, and may borrow from it.

use arango_data::{NextBatch, RawRows};
use arango_transport::{Coordinator, Error};
use serde::Deserialize;

use crate::data::server_cursor::ServerCursor;
use crate::handles::database::Database;

/// A batch of rows, which are decoded when they are read.
///
/// They may borrow from the batch: a field of the type `&str` is neither copied nor allocated. A text that is escaped in the
/// JSON cannot be a `&str`; a `Cow<str>` with `#[serde(borrow)]` holds both.
#[derive(Debug)]
pub struct RowBatch {
    rows: RawRows,
    database: Database,
    coordinator: Option<Coordinator>,
}

impl RowBatch {
    pub(super) fn new(rows: RawRows, server: &ServerCursor) -> Self {
        Self { rows, database: server.database.clone(), coordinator: server.owner.clone() }
    }

    /// Returns the number of rows, which is never 0.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Decodes each row when it is asked for.
    ///
    /// # Errors
    ///
    /// [`Decode`](crate::ErrorKind::Decode), with the index and the path, of a row that is no `T`. Others may follow.
    pub fn rows<'a, T: Deserialize<'a>>(&'a self) -> impl ExactSizeIterator<Item = Result<T, Error>> + 'a {
        self.rows.iter().map(|row| row.map_err(|error| self.undecodable(error)))
    }

    fn undecodable(&self, error: impl std::error::Error + Send + Sync + 'static) -> Error {
        self.database.unexpected_output::<NextBatch<RawRows>>(self.coordinator.clone(), error)
    }
}
