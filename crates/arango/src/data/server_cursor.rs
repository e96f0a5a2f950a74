//! The cursor on the server, and closing it.

use std::sync::Arc;
use std::time::Duration;

use arango_data::{CloseCursor, CursorId};
use arango_transport::Coordinator;

use crate::data::transaction::TransactionCalls;
use crate::handles::database::Database;

/// How long closing a cursor in the background may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// The cursor on the server, closed when it is dropped.
pub(super) struct ServerCursor {
    /// Prefers the owner.
    pub(super) database: Database,
    pub(super) owner: Option<Coordinator>,
    /// Whether the server keeps it after its last batch, so that this can be read again.
    pub(super) is_kept: bool,
    /// `None` if there is nothing to close.
    pub(super) id: Option<CursorId>,
    /// Closes it before its next call.
    pub(super) transaction: Option<Arc<TransactionCalls>>,
}

impl Drop for ServerCursor {
    fn drop(&mut self) {
        match (self.id.take(), &self.transaction) {
            (Some(id), None) => close(&self.database, self.owner.as_ref(), id),
            (Some(id), Some(transaction)) => transaction.close_later(id),
            (None, _) => {}
        }
    }
}

/// Closes a cursor in the background.
pub(super) fn close(database: &Database, owner: Option<&Coordinator>, id: CursorId) {
    let closing = database.clone().timeout(CLOSE_TIMEOUT);
    let closing = match owner {
        Some(owner) => closing.prefer(owner.clone()),
        None => closing,
    };
    database.shared.data.background.spawn(async move {
        // The server closes it after its time to live.
        closing.execute(CloseCursor::new(&id)).await.ok();
    });
}
