//! Leaving a cursor on the server, and continuing it.

use arango_data::{Batch, NextBatch};
use arango_transport::Error;
use arango_transport::protocol::BuildError;
use serde::de::DeserializeOwned;

use super::{Cursor, CursorLost, Ended};
use crate::data::cursor_ticket::CursorTicket;
use crate::data::server_cursor::ServerCursor;
use crate::handles::data_support::invalid_request;
use crate::handles::database::Database;
use crate::handles::unix_time::unix_millis;

impl<T: DeserializeOwned + Send + 'static> Cursor<T> {
    /// Continues a cursor after the batch that a ticket names.
    pub(in crate::data) fn resumed(database: Database, ticket: &CursorTicket, batch: Batch<T>) -> Self {
        let id = Some(ticket.next.cursor().clone());
        // Also after the last batch, which names no cursor.
        let server = ServerCursor { database, owner: ticket.owner(), is_kept: true, id, transaction: None };
        let progress = CursorLost { batches: ticket.batches, rows: ticket.rows, is_committed: None };
        Self::begin(server, batch, ticket.effect, ticket.ttl, None, progress)
    }

    /// Leaves the cursor on the server, for [`resume`](Database::resume), also in another process.
    ///
    /// Returns the rows of the current batch that were not returned yet, and a ticket for those of the batches after it;
    /// `None` if there is no batch after it. A batch that was read in advance is read again. The server closes the cursor
    /// [some time](crate::data::Query::ttl) after its last batch was read, unless it is resumed before.
    ///
    /// # Errors
    ///
    /// [`Request`](crate::ErrorKind::Request) if the server has no numbered batches, before 3.11: a batch that is being
    /// read would be lost. The cursor stays as it is then, with all of its rows. Also if the cursor has failed or was detached
    /// before: its rows are not complete.
    pub fn detach(&mut self) -> Result<(Vec<T>, Option<CursorTicket>), Error> {
        let is_numbered = self.next_batch.as_ref().is_none_or(NextBatch::is_repeatable);
        let refusal = match self.ended {
            Some(Ended::Failed) => Some("has failed, so its rows are not complete"),
            Some(Ended::Detached) => Some("was detached before"),
            None if is_numbered => None,
            None => Some("has no numbered batches, which servers have since 3.11"),
        };
        if let Some(reason) = refusal {
            return Err(invalid_request::<NextBatch<T>>(BuildError::Field { field: "cursor", reason }));
        }
        let rows: Vec<T> = std::mem::take(&mut self.rows).collect();
        self.ended = Some(Ended::Detached);
        // What is being read in advance belongs to the ticket.
        self.fetch = None;
        let Some(next) = self.next_batch.take() else { return Ok((rows, None)) };
        self.server.id = None;
        self.progress.rows += u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let ticket = CursorTicket {
            database: self.server.database.display_name().to_owned(),
            coordinator: self.server.owner.as_ref().map(ToString::to_string),
            next: next.rows_as(),
            batches: self.progress.batches,
            rows: self.progress.rows,
            effect: self.effect,
            ttl: self.ttl,
            unix_millis: unix_millis(),
        };
        Ok((rows, Some(ticket)))
    }
}
