//! One budget for everything: waiting, attempts, pauses, the body, and the user's layers too.

use http::Response;
use tokio::time::timeout_at;

use crate::record::CallRecord;
use crate::{Body, Error, ErrorKind};

/// Ends `call` when the time of its record is over.
///
/// Outermost, so that not even a layer of the user's that never answers can keep a caller waiting for
/// ever. Without such layers it is not needed: retry keeps to the same deadline at each step, and
/// one timer a call is saved.
pub(crate) async fn within(
    record: &CallRecord,
    call: impl Future<Output = Result<Response<Body>, Error>>,
) -> Result<Response<Body>, Error> {
    match timeout_at(record.deadline, call).await {
        Ok(result) => result,
        Err(_) => Err(Error::cut_off(record, ErrorKind::DeadlineExceeded, None)),
    }
}
