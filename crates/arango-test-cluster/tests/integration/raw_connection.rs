//! A raw byte connection, for responses that no HTTP parser accepts.

use arango_test_cluster::Coordinator;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use crate::client::basic;

/// A connection and the bytes received so far.
pub(crate) struct RawConnection {
    stream: DuplexStream,
    pub(crate) received: Vec<u8>,
}

impl RawConnection {
    pub(crate) fn connect_in_memory(coordinator: &Coordinator) -> Self {
        Self {
            stream: coordinator.connect().expect("the coordinator accepts connections"),
            received: Vec::new(),
        }
    }

    /// Sends the head of a request, as `root`, with the marker `m`.
    pub(crate) async fn send_head(&mut self, request_line: &str, more: &str) {
        let authorization = basic("root", "passwd");
        let head = format!(
            "{request_line} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nX-Sim-Marker: m\r\n{more}\r\n"
        );
        self.write(head.as_bytes()).await;
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("the connection is open");
    }

    /// Reads the next bytes. Returns `false` at the end of the stream.
    pub(crate) async fn read(&mut self) -> bool {
        // Without spare capacity, only a few bytes would be read at a time.
        self.received.reserve(64 * 1024);
        self.stream.read_buf(&mut self.received).await.expect("reading from memory cannot fail") > 0
    }

    /// Reads until the response's head is complete.
    pub(crate) async fn read_head(&mut self) -> String {
        while self.body().is_none() && self.read().await {}
        self.text().split_inclusive("\r\n\r\n").next().expect("a split has at least one part").to_owned()
    }

    pub(crate) async fn read_to_end(&mut self) -> String {
        while self.read().await {}
        self.text()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.received).into_owned()
    }

    /// Returns the part of the body received so far, if the head is complete.
    pub(crate) fn body(&self) -> Option<&[u8]> {
        let end = self.received.windows(4).position(|window| window == b"\r\n\r\n")?;
        Some(&self.received[end + 4..])
    }
}
