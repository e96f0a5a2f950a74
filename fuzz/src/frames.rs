//! Whatever may come on a connection that speaks HTTP/2.

use std::sync::Arc;
use std::time::Duration;

use arango::balance::SeededRandom;
use arango::cluster::{ExecuteMoves, GetHealth};
use arango::{Client, Http2};

use super::answer::{COPIES, ask, at_rest};
use super::peer::{HOSTS, Peer, runtime};

pub(crate) fn frames(input: &[u8]) {
    let peer = Peer::greeting(input);
    let client = Client::builder()
        .hosts(HOSTS)
        .http2(Http2::PriorKnowledge)
        .jitter(Arc::new(SeededRandom::new(1)))
        .connect(peer.clone())
        .build()
        .expect("the hosts are good");
    runtime().block_on(async {
        ask(&client, &peer, GetHealth, COPIES).await;
        ask(&client, &peer, ExecuteMoves { moves: &[] }, COPIES).await;
        at_rest(&client);
        client.close(Duration::ZERO).await;
    });
}
