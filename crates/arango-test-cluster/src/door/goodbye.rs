//! How a connection says that it takes no more requests.

use std::sync::Arc;

use bytes::{BufMut as _, Bytes, BytesMut};
use http::request::Parts;
use tokio::sync::Notify;

use crate::fault::Close;
use crate::handler::{Cut, Ended};
use crate::script::Script;

/// Where a request stands on its connection; in its extensions.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// How many requests came before it.
    pub(super) before: u32,
    /// Tells the connection to say goodbye.
    pub(super) goodbye: Arc<Notify>,
}

/// Lets the connection of a request say that it takes no more of them.
pub(crate) fn begin(head: &Parts) {
    if let Some(place) = head.extensions.get::<Place>() {
        place.goodbye.notify_one();
    }
}

/// Ends the connection of a request with the word that nothing was done with it.
pub(crate) fn disown(head: &Parts) -> Ended {
    let last = head.extensions.get::<Place>().filter(|_| head.version == http::Version::HTTP_2);
    let script = last.map_or_else(|| Script::new([]), |place| Script::whole(frame(place.before)));
    Ended::Connection(Cut { script, how: Close::Fin })
}

/// A GOAWAY that covers so many requests and no more.
///
/// Written by hand: no server says this of a request that it has let in.
fn frame(requests: u32) -> Bytes {
    const GO_AWAY: u8 = 7;
    // Clients number their streams 1, 3, 5, …; no stream is 0.
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
        assert_eq!(frame(0)[..], [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(frame(3)[9..13], [0, 0, 0, 5]);
    }
}
