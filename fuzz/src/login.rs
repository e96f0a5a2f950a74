//! Responses to a login, and the use of the token until it expires.

use std::sync::Arc;
use std::time::Duration;

use arango::Client;
use arango::balance::SeededRandom;
use arango::cluster::GetServerId;
use bytes::Bytes;
use tokio::time::sleep;

use super::peer::{HOSTS, Peer, runtime};
use super::response::{MAX_COPIES, execute_and_check};

/// Copies of a call, of a login for it, and of a login that renews the token.
const MAX_REQUESTS: usize = 3 * MAX_COPIES;

const ID: &[u8] = b"HTTP/1.1 200 OK\r\nserver: ArangoDB\r\ncontent-length: 15\r\n\r\n{\"id\":\"CRDN-1\"}";

pub(crate) fn login(input: &[u8]) {
    let bytes = Bytes::copy_from_slice(input);
    let peer = Peer::new(move |request| {
        if request.starts_with(b"POST /_open/auth ") { bytes.clone() } else { Bytes::from_static(ID) }
    });
    let client = Client::builder()
        .hosts(HOSTS)
        .jwt_auth("root", "s3cret")
        .random_source(Arc::new(SeededRandom::new(1)))
        .connect(peer.clone())
        .build()
        .expect("the hosts are valid");
    runtime().block_on(async {
        execute_and_check(&client, &peer, GetServerId, MAX_REQUESTS).await;
        // By now the token may be due for renewal, or expired.
        sleep(Duration::from_secs(3500)).await;
        execute_and_check(&client, &peer, GetServerId, MAX_REQUESTS).await;
        sleep(Duration::from_secs(3600)).await;
        execute_and_check(&client, &peer, GetServerId, MAX_REQUESTS).await;
        client.close(Duration::ZERO).await;
    });
}
