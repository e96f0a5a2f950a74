//! Announces that a connection accepts no more requests.

use std::sync::Arc;

use bytes::{BufMut as _, Bytes, BytesMut};
use http::request::Parts;
use tokio::sync::Notify;

use crate::faults::effect::Close;
use crate::faults::response_script::ResponseScript;
use crate::server::abort::{Abort, ConnectionClose};

/// The position of a request on its connection, kept in the request's extensions.
#[derive(Debug, Clone)]
pub(super) struct RequestPosition {
    /// How many requests came before it.
    pub(super) preceding: u32,
    /// Notifies the connection to send a GOAWAY.
    pub(super) goaway: Arc<Notify>,
}

/// Announces on the request's connection that it accepts no more.
pub(crate) fn start(head: &Parts) {
    if let Some(position) = head.extensions.get::<RequestPosition>() {
        position.goaway.notify_one();
    }
}

/// Ends the connection of a request and reports that request as unprocessed.
pub(crate) fn reject_unprocessed(head: &Parts) -> Abort {
    let last = head.extensions.get::<RequestPosition>().filter(|_| head.version == http::Version::HTTP_2);
    let script = last.map_or_else(
        || ResponseScript::new([]),
        |position| ResponseScript::whole(goaway_frame(position.preceding)),
    );
    Abort::Connection(ConnectionClose { script, mode: Close::Fin })
}

/// Builds a GOAWAY that covers this number of requests.
///
/// It is written by hand, since no HTTP/2 server sends it for a request that it has accepted.
fn goaway_frame(requests: u32) -> Bytes {
    const GO_AWAY: u8 = 7;
    // Clients number their streams 1, 3, 5, …; there is no stream 0.
    let last_stream = (2 * requests).saturating_sub(1);
    let mut frame = BytesMut::with_capacity(17);
    frame.put_uint(8, 3);
    frame.put_u8(GO_AWAY);
    frame.put_u8(0);
    frame.put_u32(0);
    frame.put_u32(last_stream);
    frame.put_u32(h2::Reason::NO_ERROR.into());
    frame.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goaway_names_the_stream_of_the_last_request_that_it_covers() {
        assert_eq!(goaway_frame(0)[..], [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(goaway_frame(3)[9..13], [0, 0, 0, 5]);
    }
}
