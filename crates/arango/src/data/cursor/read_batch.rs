//! Reading a batch that the server may still compute for an earlier request.

use arango_data::{Batch, NextBatch};
use arango_transport::Error;
use arango_transport::protocol::{ErrorNumber, Outcome};
use tokio::time::sleep;

use super::{CursorEffect, Row};
use crate::handles::database::Database;
use crate::handles::pauses::{Pauses, wait_until_paid};
use crate::handles::time_limit::TimeLimit;

/// The pauses before a cursor is asked again on which an earlier request works.
const PAUSES: Pauses = Pauses::from_millis(100, 2000);

/// Reads a batch. Waits, within the time limit of a call, while the server works on an earlier request for it.
///
/// That may be a request whose connection has ended, or one that took longer than an attempt may, or one from before the
/// cursor was detached. Each further request is paid for by the retry budget. If other calls have used it up it waits for it, since
/// to give up would cost the rows that follow.
pub(in crate::data) async fn read_batch<T: Row>(
    database: &Database,
    next: &NextBatch<T>,
    effect: CursorEffect,
) -> Result<Batch<T>, Error> {
    let is_commit = effect == CursorEffect::CommitsWithItsLastBatch;
    let limit = TimeLimit::start(database, next);
    let transport = &database.transport;
    let mut repeats = 0;
    loop {
        let result = limit.apply(database).execute(next).await;
        let is_busy = |error: &Error| error.error_number() == Some(ErrorNumber::CURSOR_BUSY);
        let was_busy = result.as_ref().is_err_and(is_busy);
        // The earlier request may be the commit, whatever became of this one.
        let has_earlier = was_busy || repeats > 0;
        let result = result
            .map_err(|error| if is_commit && has_earlier { error.of_write(Outcome::Unknown) } else { error });
        if !was_busy {
            return result;
        }
        let pause = PAUSES.pause(repeats, transport.random());
        if pause >= limit.left() {
            return result;
        }
        sleep(pause).await;
        if !wait_until_paid(transport, pause, limit.left()).await {
            return result;
        }
        repeats += 1;
    }
}
