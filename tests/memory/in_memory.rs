//! Clients whose connections end in the same process: without sockets, a connection is the same number of bytes each time.

use std::io;
use std::net::SocketAddr;

use arango::transport::{BoxFuture, Connect, Io};
use arango::{Client, Limits, PoolLimits};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::sync::mpsc;

/// How many bytes are between both ends at most.
pub(crate) const BUFFER: usize = 64 << 10;

/// Passes the server's end of each connection to the test.
struct InMemory(mpsc::UnboundedSender<DuplexStream>);

impl Connect for InMemory {
    fn connect(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        let (ours, theirs) = duplex(BUFFER);
        let sent = self.0.send(theirs);
        Box::pin(async move {
            sent.map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
            Ok(Box::new(ours) as Box<dyn Io>)
        })
    }
}

/// The server's ends of the connections of a client, in the order in which they were opened.
pub(crate) type Peers = mpsc::UnboundedReceiver<DuplexStream>;

/// Creates a client of one coordinator, which is the test.
pub(crate) fn client(limits: Limits, pool: PoolLimits) -> (Client, Peers) {
    let (sender, peers) = mpsc::unbounded_channel();
    let client = Client::builder().hosts("http://127.0.0.1:8529").connect(InMemory(sender));
    (client.limits(limits).pool(pool).build().unwrap(), peers)
}

/// Reads a request without a body.
pub(crate) async fn read_request(peer: &mut DuplexStream) {
    let mut end = [0; 4];
    while end != *b"\r\n\r\n" {
        end.rotate_left(1);
        end[3] = peer.read_u8().await.unwrap();
    }
}

/// Sends the head of a response, and what is known of its body.
pub(crate) async fn respond(peer: &mut DuplexStream, length: usize, body: &[u8]) {
    let head = format!("HTTP/1.1 200 OK\r\nserver: ArangoDB\r\ncontent-length: {length}\r\n\r\n");
    peer.write_all(head.as_bytes()).await.unwrap();
    peer.write_all(body).await.unwrap();
}
