//! Reading a batch that the server may still compute for an earlier request.

use std::time::Duration;

use arango_data::{Batch, NextBatch};
use arango_transport::Error;
use arango_transport::protocol::ErrorNumber;
use tokio::time::sleep;

use super::Row;
use crate::handles::database::Database;
use crate::handles::jitter::at_least_half;
use crate::handles::time_limit::TimeLimit;

/// The pauses before a cursor is asked again on which an earlier request works.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// Reads a batch. Waits, within the time limit of a call, while the server works on an earlier request for it.
///
/// That may be a request whose connection has ended, or one that took longer than an attempt may, or one from before the
/// cursor was detached.
pub(in crate::data) async fn read_batch<T: Row>(
    database: &Database,
    next: &NextBatch<T>,
) -> Result<Batch<T>, Error> {
    let limit = TimeLimit::start(database, next);
    let mut pause = FIRST_PAUSE;
    loop {
        let result = limit.apply(database).execute(next).await;
        let is_busy = |error: &Error| error.error_number() == Some(ErrorNumber::CURSOR_BUSY);
        if !result.as_ref().is_err_and(is_busy) || limit.left() <= pause {
            return result;
        }
        sleep(at_least_half(pause, database.transport.random())).await;
        pause = (2 * pause).min(MAX_PAUSE);
    }
}
