//! Bytes of a peer on an HTTP/2 connection.

use std::sync::Arc;
use std::time::Duration;

use arango::balance::SeededRandom;
use arango::cluster::{ExecuteMoves, GetHealth};
use arango::{Client, Http2};
use bytes::Bytes;

use super::http2_frames::{first_frame, stream_of, take_request, with_stream};
use super::peer::{HOSTS, Peer, runtime};
use super::response::{MAX_COPIES, assert_idle, execute_and_check};

pub(crate) fn frames(input: &[u8]) {
    before_requests(input);
    in_response(input);
}

/// Sends all frames on each new connection, before a request can arrive.
fn before_requests(input: &[u8]) {
    execute(&Peer::new(|_| Bytes::new()).speaking(take_request, input));
}

/// Sends the first frame on each new connection, since the client waits for settings, and the others in response to
/// each request. Returns whether the calls succeeded.
fn in_response(input: &[u8]) -> [bool; 2] {
    let (first, others) = first_frame(input);
    let others = others.to_vec();
    let peer = Peer::new(move |request| with_stream(&others, stream_of(request)));
    execute(&peer.speaking(take_request, first))
}

fn execute(peer: &Peer) -> [bool; 2] {
    let client = Client::builder()
        .hosts(HOSTS)
        .http2(Http2::PriorKnowledge)
        .random_source(Arc::new(SeededRandom::new(1)))
        .connect(peer.clone())
        .build()
        .expect("the hosts are valid");
    runtime().block_on(async {
        let health = execute_and_check(&client, peer, GetHealth, MAX_COPIES).await;
        let moves = execute_and_check(&client, peer, ExecuteMoves { moves: &[] }, MAX_COPIES).await;
        assert_idle(&client);
        client.close(Duration::ZERO).await;
        [health, moves]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpus_has_a_response_with_which_every_call_succeeds() {
        assert_eq!(in_response(include_bytes!("../corpus/frames/answer")), [true; 2]);
    }
}
