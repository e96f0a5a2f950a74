//! Responses that are read while they arrive.

#[path = "../memory/in_memory.rs"]
mod in_memory;

use std::time::Duration;

use arango::protocol::{ApiResponse, Metadata, Operation, OutputError, Scope};
use arango::{Client, Error, ErrorKind, Limits, Outcome, PoolLimits, ResponseStream};
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use in_memory::{Peers, client, read_request, respond};

/// An export, whose output would be its whole text.
struct Export;

impl Operation for Export {
    type Output = String;

    const METADATA: Metadata = Metadata::get("test.export", "/_api/export").scope(Scope::Database);

    fn output(&self, response: ApiResponse) -> Result<String, OutputError> {
        response.text()
    }
}

/// Responds to one request with a body of this length, of which only the parts arrive, with a pause before each.
fn serve(
    mut peers: Peers,
    length: usize,
    parts: &'static [&'static str],
) -> JoinHandle<(Peers, DuplexStream)> {
    tokio::spawn(async move {
        let mut peer = peers.recv().await.unwrap();
        read_request(&mut peer).await;
        respond(&mut peer, length, b"").await;
        for part in parts {
            sleep(Duration::from_secs(1)).await;
            if peer.write_all(part.as_bytes()).await.is_err() {
                break;
            }
        }
        (peers, peer)
    })
}

/// Starts an export whose body consists of these parts, and is announced to be longer by `missing` bytes.
async fn export(
    limits: Limits,
    missing: usize,
    parts: &'static [&'static str],
) -> (Client, ResponseStream, JoinHandle<(Peers, DuplexStream)>) {
    let (client, peers) = client(limits, PoolLimits::default());
    let server = serve(peers, parts.iter().map(|part| part.len()).sum::<usize>() + missing, parts);
    let stream = client.db("library").execute_streaming(Export).await.unwrap();
    (client, stream, server)
}

/// Reads until an error, after which nothing may follow. Returns how many bytes arrived before it.
async fn read_to_error(stream: &mut ResponseStream) -> (usize, Error) {
    let mut bytes = 0;
    loop {
        match stream.try_next().await {
            Ok(part) => bytes += part.expect("the body ends with an error").len(),
            Err(error) => {
                assert!(matches!(stream.try_next().await, Ok(None)), "nothing follows an error");
                return (bytes, error);
            }
        }
    }
}

async fn assert_closed(mut peer: DuplexStream) {
    assert_eq!(peer.read(&mut [0]).await.unwrap(), 0, "the client has closed the connection");
}

#[tokio::test(start_paused = true)]
async fn a_body_is_returned_part_by_part_and_its_connection_is_used_again() {
    let (client, mut stream, server) = export(Limits::default(), 0, &["one", "two", "three"]).await;
    assert_eq!(
        (stream.status().as_u16(), &stream.headers()["content-length"]),
        (200, &"11".parse().unwrap())
    );
    assert_eq!(stream.coordinator(), Some(&client.coordinators()[0].address));
    for part in ["one", "two", "three"] {
        assert_eq!(stream.try_next().await.unwrap().unwrap(), part);
    }
    assert!(stream.try_next().await.unwrap().is_none());
    let (mut peers, mut peer) = server.await.unwrap();
    let again = tokio::spawn(async move { client.db("library").execute_streaming(Export).await.map(drop) });
    read_request(&mut peer).await;
    respond(&mut peer, 0, b"").await;
    again.await.unwrap().unwrap();
    assert!(peers.try_recv().is_err(), "no other connection was opened");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_breaks_off_was_executed_by_its_coordinator() {
    let (client, mut stream, server) = export(Limits::default(), 100, &["half"]).await;
    let reading = tokio::spawn(async move { read_to_error(&mut stream).await });
    drop(server.await.unwrap());
    let (bytes, error) = reading.await.unwrap();
    assert_eq!((bytes, error.kind(), error.outcome()), (4, ErrorKind::BodyInterrupted, Outcome::Executed));
    assert_eq!(error.coordinator(), Some(&client.coordinators()[0].address));
    assert_eq!(
        (error.operation(), error.path(), error.attempts().len()),
        ("test.export", "/_db/library/_api/export", 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_part_that_does_not_arrive_in_time_ends_the_body() {
    let limits = Limits::default().body_idle(Duration::from_secs(5));
    let (_client, mut stream, server) = export(limits, 100, &["a", "b", "c"]).await;
    let start = Instant::now();
    let (bytes, error) = read_to_error(&mut stream).await;
    assert_eq!((bytes, error.kind(), error.outcome()), (3, ErrorKind::BodyTimeout, Outcome::Executed));
    assert_eq!(start.elapsed().as_secs(), 8, "three parts, and the limit");
    assert_closed(server.await.unwrap().1).await;
}

#[tokio::test(start_paused = true)]
async fn the_time_limit_ends_a_body_whose_parts_arrive() {
    let (_client, stream, server) = export(Limits::default(), 0, &["a"; 100]).await;
    let start = Instant::now();
    let (bytes, error) = read_to_error(&mut stream.timeout(Duration::from_millis(10_500))).await;
    assert_eq!((bytes, error.kind(), error.outcome()), (10, ErrorKind::DeadlineExceeded, Outcome::Executed));
    assert_eq!(start.elapsed().as_millis(), 10_500);
    let text = error.to_string();
    assert!(text.contains("time limit of 10.5s") && text.contains("raise this limit"), "{text}");
    let (_, peer) = server.await.unwrap();
    assert_closed(peer).await;
}

#[tokio::test(start_paused = true)]
async fn a_body_may_take_longer_than_a_call_may() {
    let limits = Limits::default().total(Duration::from_secs(10)).attempt(Duration::from_secs(10));
    let (_client, mut stream, _server) = export(limits, 0, &["a"; 100]).await;
    let mut bytes = 0;
    while let Some(part) = stream.try_next().await.unwrap() {
        bytes += part.len();
    }
    assert_eq!(bytes, 100);
}

#[tokio::test(start_paused = true)]
async fn a_body_over_the_size_limit_ends() {
    let (_client, stream, server) = export(Limits::default(), 0, &["1234"; 10]).await;
    let (bytes, error) = read_to_error(&mut stream.max_bytes(15)).await;
    assert_eq!((bytes, error.kind(), error.outcome()), (12, ErrorKind::BodyTooLarge, Outcome::Executed));
    let text = error.to_string();
    assert!(text.contains("15 bytes") && text.contains("raise this limit"), "{text}");
    assert_closed(server.await.unwrap().1).await;
    // Exactly as large is not too large.
    let (_client, stream, _server) = export(Limits::default(), 0, &["1234"; 10]).await;
    let mut stream = stream.max_bytes(40);
    while stream.try_next().await.unwrap().is_some() {}
}

#[tokio::test(start_paused = true)]
async fn dropping_a_response_closes_its_connection() {
    let (client, mut stream, server) = export(Limits::default(), 100, &["a"]).await;
    stream.try_next().await.unwrap().unwrap();
    assert_eq!(client.coordinators()[0].open_connections, 1);
    drop(stream);
    assert_closed(server.await.unwrap().1).await;
    assert_eq!(client.coordinators()[0].open_connections, 0);
}

#[tokio::test(start_paused = true)]
async fn a_call_is_retried_until_the_head_of_its_response_has_arrived() {
    let (client, mut peers) = client(Limits::default(), PoolLimits::default());
    let server = tokio::spawn(async move {
        // Closed without a response.
        read_request(&mut peers.recv().await.unwrap()).await;
        let mut peer = peers.recv().await.unwrap();
        read_request(&mut peer).await;
        respond(&mut peer, 2, b"ok").await;
        peer
    });
    let mut stream = client.db("library").execute_streaming(Export).await.unwrap();
    assert_eq!(stream.try_next().await.unwrap().unwrap(), "ok");
    drop(server.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn an_error_response_is_the_error_of_the_call() {
    let (client, mut peers) = client(Limits::default(), PoolLimits::default());
    tokio::spawn(async move {
        let mut peer = peers.recv().await.unwrap();
        read_request(&mut peer).await;
        let body = r#"{"error":true,"code":404,"errorNum":1203,"errorMessage":"no such collection"}"#;
        let head =
            format!("HTTP/1.1 404 Not Found\r\nserver: ArangoDB\r\ncontent-length: {}\r\n\r\n", body.len());
        peer.write_all((head + body).as_bytes()).await.unwrap();
        peer.read(&mut [0]).await
    });
    let error = client.db("library").execute_streaming(Export).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::CollectionNotFound, Outcome::NotExecuted));
}

#[tokio::test(start_paused = true)]
async fn lines_are_found_wherever_the_parts_of_the_body_end() {
    let parts = &["one\ntw", "o\r\n", "\n", "th", "re", "e\nlast"];
    let (_client, stream, _server) = export(Limits::default(), 0, parts).await;
    let mut lines = stream.lines();
    for line in ["one", "two", "", "three", "last"] {
        assert_eq!(lines.try_next().await.unwrap().unwrap(), line);
    }
    assert_eq!((lines.try_next().await.unwrap(), lines.line_number()), (None, 5));
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_too_long_ends_the_body() {
    for parts in
        [&["short\n", "12345", "6789\n", "more\n"][..], &["short\n123456789\n"], &["short\n", "123456789"]]
    {
        let (_client, stream, server) = export(Limits::default().body_bytes(8), 0, parts).await;
        let mut lines = stream.lines();
        assert_eq!(lines.try_next().await.unwrap().unwrap(), "short");
        let error = lines.try_next().await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::BodyTooLarge, Outcome::Executed));
        assert!(matches!(lines.try_next().await, Ok(None)));
        drop(server);
    }
}

#[derive(Debug, Deserialize, PartialEq)]
struct Book {
    title: String,
    year: u16,
}

#[tokio::test(start_paused = true)]
async fn json_lines_are_decoded_and_empty_ones_ignored() {
    let parts = &["{\"title\":\"Du", "ne\",\"year\":1965}\n\n \r\n", "{\"title\":\"Ubik\",\"year\":1969}"];
    let (_client, stream, _server) = export(Limits::default(), 0, parts).await;
    let mut books = stream.json_lines::<Book>();
    for (title, year) in [("Dune", 1965), ("Ubik", 1969)] {
        assert_eq!(books.try_next().await.unwrap().unwrap(), Book { title: title.to_owned(), year });
    }
    assert!(books.try_next().await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_line_that_cannot_be_decoded_ends_the_body_and_is_not_shown() {
    let parts =
        &["{\"title\":\"Dune\",\"year\":1965}\n", "{\"title\":\"Ubik\",\"year\":\"s3cret\"}\n", "{}\n"];
    let (client, stream, _server) = export(Limits::default(), 0, parts).await;
    let mut books = stream.json_lines::<Book>();
    books.try_next().await.unwrap().unwrap();
    let error = books.try_next().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, Outcome::Unknown));
    assert_eq!((books.line_number(), error.coordinator()), (2, Some(&client.coordinators()[0].address)));
    let text = format!("{error} {error:?} {}", error.report());
    assert!(text.contains("`year`") && !text.contains("s3cret"), "{text}");
    assert!(matches!(books.try_next().await, Ok(None)));
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_an_error_object_has_its_kind() {
    let parts = &["{\"error\":true,\"code\":410,\"errorNum\":1500,\"errorMessage\":\"query killed\"}\n"];
    let (_client, stream, _server) = export(Limits::default(), 0, parts).await;
    let error = stream.json_lines::<Book>().try_next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QueryKilled);
}
