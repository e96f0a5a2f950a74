//! Responses that are sent before the request is complete.

use std::time::Duration;

use arango_test_cluster::{Close, Fault, Match, TestCluster};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::client::in_memory;
use crate::raw_connection::RawConnection;

const INSERT: &str = "POST /_api/document/books";
const LENGTH: &str = "Content-Length: 10\r\n";

fn too_large() -> Fault {
    Fault::early_response(413, 413, "too large").on(Match::post("/_api/document/*"))
}

#[tokio::test(start_paused = true)]
async fn the_response_does_not_wait_for_the_body() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let early = coordinator.inject(too_large());
    let mut raw = RawConnection::connect_in_memory(coordinator);
    raw.send_head(INSERT, LENGTH).await;
    let head = raw.read_head().await;

    assert!(head.starts_with("HTTP/1.1 413 ") && head.contains("Connection: Keep-Alive\r\n"), "{head}");
    let journal = cluster.journal();
    assert_eq!((journal.received("m"), journal.executions("m"), early.hits()), (1, 0, 1));
    assert_eq!(journal.entries()[0].status, Some(413));
}

#[tokio::test(start_paused = true)]
async fn a_connection_left_open_is_reusable_after_the_whole_request() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let _early = coordinator.inject(too_large());
    let mut raw = RawConnection::connect_in_memory(coordinator);
    raw.send_head(INSERT, LENGTH).await;
    raw.read_head().await;
    raw.write(b"0123456789").await;
    raw.received.clear();
    raw.send_head("GET /_api/version", "").await;

    assert!(raw.read_head().await.starts_with("HTTP/1.1 200 OK\r\n"));
}

#[tokio::test(start_paused = true)]
async fn a_closed_connection_still_reads_the_rest_of_the_request() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let _early = coordinator.inject(too_large().close_mode(Close::Fin));
    let mut raw = RawConnection::connect_in_memory(coordinator);
    raw.send_head(INSERT, LENGTH).await;
    let response = timeout(Duration::from_secs(1), raw.read_to_end()).await.unwrap();
    assert!(response.contains("Connection: Close\r\n") && response.ends_with('}'), "{response}");

    raw.write(b"0123456789").await;
    assert_eq!(coordinator.open_connections(), 1);
    drop(raw);
    sleep(Duration::from_secs(1)).await;
    assert_eq!(coordinator.open_connections(), 0);
}

#[tokio::test]
async fn on_a_socket_fin_and_rst_are_distinguishable() {
    let cluster = TestCluster::builder().start().await.unwrap();
    let coordinator = cluster.coordinator(0);
    for how in [Close::Fin, Close::Rst] {
        let _early = coordinator.inject(too_large().close_mode(how));
        let mut stream = TcpStream::connect(coordinator.address()).await.unwrap();
        // Longer than what the coordinator reads with the head, so that some of it stays unread.
        let head = format!("{INSERT} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
        stream.write_all(&[head.as_bytes(), &vec![b'x'; 20_000]].concat()).await.unwrap();
        let mut response = Vec::new();
        let end = stream.read_to_end(&mut response).await;

        assert!(response.starts_with(b"HTTP/1.1 413 "), "{how:?}");
        assert_eq!(end.is_ok(), how == Close::Fin, "{how:?}: {end:?}");
    }
}
