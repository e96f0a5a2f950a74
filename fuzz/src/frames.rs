//! Bytes of a peer on an HTTP/2 connection.

use std::sync::Arc;
use std::time::Duration;

use arango::balance::SeededRandom;
use arango::cluster::{ExecuteMoves, GetHealth};
use arango::{Client, Http2};

use super::peer::{HOSTS, Peer, runtime};
use super::response::{MAX_COPIES, assert_idle, execute_and_check};

pub(crate) fn frames(input: &[u8]) {
    let peer = Peer::greeting(input);
    let client = Client::builder()
        .hosts(HOSTS)
        .http2(Http2::PriorKnowledge)
        .random_source(Arc::new(SeededRandom::new(1)))
        .connect(peer.clone())
        .build()
        .expect("the hosts are valid");
    runtime().block_on(async {
        execute_and_check(&client, &peer, GetHealth, MAX_COPIES).await;
        execute_and_check(&client, &peer, ExecuteMoves { moves: &[] }, MAX_COPIES).await;
        assert_idle(&client);
        client.close(Duration::ZERO).await;
    });
}
