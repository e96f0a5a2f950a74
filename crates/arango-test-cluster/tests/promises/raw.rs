//! A connection byte by byte, for answers that no parser should see.

use arango_test_cluster::Coordinator;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use crate::session::basic;

/// What one connection has said so far.
pub(crate) struct Raw {
    stream: DuplexStream,
    pub(crate) seen: Vec<u8>,
}

impl Raw {
    pub(crate) fn dial(coordinator: &Coordinator) -> Self {
        Self { stream: coordinator.dial().expect("the coordinator lets us in"), seen: Vec::new() }
    }

    /// Sends the head of a request, as `root`, with the marker `m`.
    pub(crate) async fn head(&mut self, request_line: &str, more: &str) {
        let authorization = basic("root", "passwd");
        let head = format!(
            "{request_line} HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nX-Sim-Marker: m\r\n{more}\r\n"
        );
        self.write(head.as_bytes()).await;
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.expect("the connection is open");
    }

    /// Reads what comes next; `false` at the end of the stream.
    pub(crate) async fn read(&mut self) -> bool {
        // A vector without room to spare is read into little by little.
        self.seen.reserve(64 * 1024);
        self.stream.read_buf(&mut self.seen).await.expect("memory does not fail") > 0
    }

    /// Reads until the head of an answer has come.
    pub(crate) async fn read_head(&mut self) -> String {
        while self.body().is_none() && self.read().await {}
        self.text().split_inclusive("\r\n\r\n").next().expect("there is always one").to_owned()
    }

    pub(crate) async fn read_to_end(&mut self) -> String {
        while self.read().await {}
        self.text()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }

    /// What has come of the body, if the head is there.
    pub(crate) fn body(&self) -> Option<&[u8]> {
        let end = self.seen.windows(4).position(|window| window == b"\r\n\r\n")?;
        Some(&self.seen[end + 4..])
    }
}
