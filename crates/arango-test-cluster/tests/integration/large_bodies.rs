//! Large and padded bodies.

use arango_test_cluster::{Fault, Match, TestCluster};
use http::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{Session, basic, in_memory};

#[tokio::test]
async fn a_padded_response_has_the_same_json_in_more_bytes() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let mut session = Session::connect_in_memory(coordinator).await;
    let plain = session.get("/_api/version").await;
    let _padded = coordinator.inject(Fault::padded(300_000).on(Match::path("/_api/*")));
    let padded = session.request_with_marker(Method::GET, "/_api/version", "m", "").await.unwrap();

    assert_eq!((padded.body.len(), padded.json()), (300_000, plain.json()));
    assert_eq!(padded.headers["content-length"], "300000");
    assert_eq!((cluster.journal().executions("m"), coordinator.connections_accepted()), (1, 1));
}

#[tokio::test]
async fn long_or_empty_responses_are_not_padded() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let mut session = Session::connect_in_memory(coordinator).await;
    let plain = session.get("/_api/version").await;
    let small = coordinator.inject(Fault::padded(10));
    assert_eq!(session.get("/_api/version").await.body, plain.body);
    drop(small);

    let _large = coordinator.inject(Fault::padded(1000));
    let head = session.request(Method::HEAD, "/_api/version", "").await.unwrap();
    assert_eq!(head.headers["content-length"], plain.headers["content-length"]);
}

#[tokio::test]
async fn a_hundred_megabytes_go_over_a_socket() {
    const LENGTH: usize = 100_000_000;
    let cluster = TestCluster::builder().start().await.unwrap();
    let coordinator = cluster.coordinator(0);
    let _padded = coordinator.inject(Fault::padded(LENGTH));
    let mut stream = TcpStream::connect(coordinator.address()).await.unwrap();
    let authorization = basic("root", "passwd");
    let request = format!(
        "GET /_api/version HTTP/1.1\r\nHost: x\r\nAuthorization: {authorization}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let (mut seen, mut buffer) = (0, vec![0; 256 * 1024]);
    loop {
        match stream.read(&mut buffer).await.unwrap() {
            0 => break,
            read => seen += read,
        }
    }

    assert!((LENGTH..LENGTH + 1000).contains(&seen), "{seen}");
}
