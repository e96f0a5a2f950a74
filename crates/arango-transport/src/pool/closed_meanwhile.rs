//! Detection of a connection that was closed while a request was passed to it.

use std::sync::atomic::{Ordering, fence};

/// Returns whether the connection was closed while the last request was passed to it.
///
/// hyper passes requests through a channel. When a connection ends, its receiver fails the requests in the channel, but
/// cannot see one that is being put there at this moment: that one stays in the channel, and its response is never ready,
/// until all senders are dropped. So the caller drops its sender. A connection that is closed after this check sees the
/// request.
pub(super) fn was_closed_meanwhile(is_closed: impl FnOnce() -> bool) -> bool {
    // The request is in the channel before the state of the connection is read.
    fence(Ordering::SeqCst);
    is_closed()
}
