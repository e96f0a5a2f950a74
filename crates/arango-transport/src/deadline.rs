//! One budget for everything: waiting, attempts, pauses, the body, and the user's layers too.

use http::Response;
use tokio::time::timeout_at;

use crate::record::CallRecord;
use crate::{Body, Error, ErrorKind};

/// Ends `call` when the time of its record is over.
///
/// Outermost, so that not even a layer that never answers can keep a caller waiting for ever, and
/// above retry: else three attempts of thirty seconds would be a surprise of ninety.
pub(crate) async fn within(
    record: &CallRecord,
    call: impl Future<Output = Result<Response<Body>, Error>>,
) -> Result<Response<Body>, Error> {
    match timeout_at(record.deadline, call).await {
        Ok(result) => result,
        Err(_) => Err(Error::cut_off(record, ErrorKind::DeadlineExceeded, None)),
    }
}
