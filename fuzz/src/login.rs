//! Whatever may come back for a login, and how long such a token is worn.

use std::sync::Arc;
use std::time::Duration;

use arango::Client;
use arango::balance::SeededRandom;
use arango::cluster::GetServerId;
use bytes::Bytes;
use tokio::time::sleep;

use super::answer::{COPIES, ask};
use super::peer::{HOSTS, Peer, runtime};

/// Those of the call, and those of a login for it and one to renew what it gave.
const BOTH: usize = 3 * COPIES;

const ID: &[u8] = b"HTTP/1.1 200 OK\r\nserver: ArangoDB\r\ncontent-length: 15\r\n\r\n{\"id\":\"CRDN-1\"}";

pub(crate) fn login(input: &[u8]) {
    let bytes = Bytes::copy_from_slice(input);
    let peer = Peer::new(move |request| {
        if request.starts_with(b"POST /_open/auth ") { bytes.clone() } else { Bytes::from_static(ID) }
    });
    let client = Client::builder()
        .hosts(HOSTS)
        .jwt_auth("root", "s3cret")
        .jitter(Arc::new(SeededRandom::new(1)))
        .connect(peer.clone())
        .build()
        .expect("the hosts are good");
    runtime().block_on(async {
        ask(&client, &peer, GetServerId, BOTH).await;
        // By now the token may be due, or over.
        sleep(Duration::from_secs(3500)).await;
        ask(&client, &peer, GetServerId, BOTH).await;
        sleep(Duration::from_secs(3600)).await;
        ask(&client, &peer, GetServerId, BOTH).await;
        client.close(Duration::ZERO).await;
    });
}
