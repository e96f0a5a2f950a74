//! The deadline of a call: it covers waits, attempts, pauses, the body, and middleware.

use http::Response;
use tokio::time::timeout_at;

use crate::call::body::Body;
use crate::call::context::CallContext;
use crate::error::Error;
use crate::error::kind::ErrorKind;

/// Ends `call` at the deadline of its context.
///
/// Outermost, so that middleware that never responds cannot block the caller. Without middleware it is not
/// needed: the retry layer checks the same deadline at each step, which saves one timer per call.
pub(crate) async fn within(
    context: &CallContext,
    call: impl Future<Output = Result<Response<Body>, Error>>,
) -> Result<Response<Body>, Error> {
    match timeout_at(context.deadline, call).await {
        Ok(result) => result,
        Err(_) => Err(Error::cancelled(context, ErrorKind::DeadlineExceeded, None)),
    }
}
