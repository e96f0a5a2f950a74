//! Whatever may come back for a request: status line, headers and body, as they are on the wire.

use std::sync::Arc;
use std::time::Duration;

use arango::balance::SeededRandom;
use arango::cluster::{ExecuteMoves, GetHealth};
use arango::protocol::Operation;
use arango::{Client, Error, Hedging};
use bytes::Bytes;
use tokio::time::timeout;

use super::peer::{HOSTS, Peer, runtime};

/// The most copies that may be sent of one call.
pub(super) const COPIES: usize = 6;
/// Longer than any call may take.
const LONG: Duration = Duration::from_secs(600);

pub(crate) fn answer(input: &[u8]) {
    let bytes = Bytes::copy_from_slice(input);
    let peer = Peer::new(move |_| bytes.clone());
    let client = Client::builder()
        .hosts(HOSTS)
        .basic_auth("root", "s3cret")
        .hedging(Hedging::of_the_slowest())
        .jitter(Arc::new(SeededRandom::new(1)))
        .connect(peer.clone())
        .build()
        .expect("the hosts are good");
    runtime().block_on(async {
        // The second finds what the first has left behind: a connection, a coordinator that is left out.
        for _ in 0..2 {
            ask(&client, &peer, GetHealth, COPIES).await;
            ask(&client, &peer, ExecuteMoves { moves: &[] }, COPIES).await;
            at_rest(&client);
        }
        client.close(Duration::ZERO).await;
    });
}

/// Asks, and looks at what came of it; the peer may read that many requests.
pub(super) async fn ask<O: Operation>(client: &Client, peer: &Peer, operation: O, most: usize) {
    let before = peer.requests();
    let result = timeout(LONG, client.db("_system").execute(operation)).await;
    let copies = peer.requests() - before;
    assert!(copies <= most, "{copies} copies");
    if let Err(error) = result.expect("every call ends") {
        hides_the_password(&error);
    }
}

/// Nothing of a call is left once it has ended.
pub(super) fn at_rest(client: &Client) {
    assert!(client.coordinators().iter().all(|state| state.in_flight == 0));
}

fn hides_the_password(error: &Error) {
    let shown = format!("{error} {error:?} {}", error.report());
    assert!(!shown.contains("s3cret"), "{shown}");
}
