//! Limits that the caller sets for one response.

use std::time::Duration;

/// The limit of a response stream that was exceeded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StreamLimit {
    /// Since the begin of the call.
    #[error("the response stream may take {0:?}")]
    Time(Duration),
    #[error("the response stream may have {0} bytes")]
    Bytes(u64),
}
