//! One request of an import, until the result of each of its items is known.

use std::time::Duration;

use arango_data::{BulkWrite, InsertDocuments, Silent, merge_items};
use arango_transport::{Error, RetryPolicy};
use tokio::time::sleep;

use crate::data::bulk::send::Sent;
use crate::data::collection::Collection;
use crate::handles::pauses::{Pauses, wait_until_paid};
use crate::handles::unix_time::unix_millis;

/// A longer time in the queue of a coordinator means that it is overloaded.
const MAX_QUEUE_TIME: Duration = Duration::from_millis(100);
/// How often items are sent again that failed for a transient reason: for 15 to 32 s.
const REPEATS: u32 = 6;
/// The pauses before they are sent again.
const PAUSES: Pauses = Pauses::from_millis(500, 16_000);
/// How long a repetition waits until the retry budget pays for it.
const BUDGET_LIMIT: Duration = Duration::from_secs(30);

impl Collection {
    /// Sends each request with one attempt.
    fn once(mut self) -> Self {
        self.set_database(self.database().clone().with_retry_policy(RetryPolicy::disabled()));
        self
    }
}

/// The result of one request.
pub(super) struct Done {
    pub(super) sent: Sent<Silent>,
    pub(super) is_overloaded: bool,
}

/// Sends a request, and those of its items again that failed for a transient reason.
///
/// An item that may have been executed is sent again only if a second copy of it does no harm. The first request is retried as
/// any other; after that each repetition is one attempt, so that the numbers do not multiply. Repetitions are paid for by the retry
/// budget. If other calls have used it up they wait for it, since to give up at once would cost documents.
#[inline]
pub(super) async fn send(collection: Collection, mut write: InsertDocuments<Silent>) -> Done {
    let mut sent = collection.send_items_with_repeats(&mut write, 0).await;
    // If keys are refused here, `write` has lost them.
    let mut is_overloaded = sent.load.is_overloaded || sent.load.queue_time > MAX_QUEUE_TIME;
    let mut has_lost_keys = false;
    for repeat in 0..REPEATS {
        let again = write.repeatable(&sent.items);
        if again.is_none() && write.question(&sent.items).is_none() {
            break;
        }
        let transport = &collection.database().transport;
        sleep(PAUSES.pause(repeat, transport.random())).await;
        if let Some((mut again, places)) = again {
            if !wait_until_paid(transport, PAUSES.pause(0, transport.random()), BUDGET_LIMIT).await {
                break;
            }
            again.seal();
            let copies = collection.clone().once().send_items_with_repeats(&mut again, 0).await;
            is_overloaded |= copies.load.is_overloaded || copies.load.queue_time > MAX_QUEUE_TIME;
            let failed = copies.error.as_ref().filter(|_| !copies.is_itemised()).map(Error::outcome);
            merge_items(&mut sent.items, &places, failed.map_or(Ok(copies.items), Err));
            sent.error = copies.error.or(sent.error);
            has_lost_keys = copies.has_lost_keys;
        }
        collection.look_again(&write, &mut sent.items).await;
        if has_lost_keys {
            // The repetition was sent without keys, which `write` still has: it does not know what may be executed twice.
            break;
        }
    }
    if let Some(database) = collection.database().name() {
        // Some of them have become unknown since the first time.
        write.add_tickets(&mut sent.items, database, unix_millis());
    }
    Done { sent, is_overloaded }
}
