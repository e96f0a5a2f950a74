//! Forwards the bytes of one connection under the conditions of its link.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, split};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::http_parser::HttpParser;
use super::link::{Direction, Link};
use super::network_log::ObservedConnection;

/// Bytes that are read at once.
const CHUNK: usize = 4 << 10;
/// Delay between the last byte and the end of a connection.
const CLOSE_DELAY: Duration = Duration::from_millis(1);
/// Chunks in flight before the writer has to wait.
const MAX_CHUNKS_IN_FLIGHT: usize = 16;

/// Forwards bytes between the two ends until one of them closes or the link cuts the connection.
///
/// As with a closed socket, bytes in flight towards the closed end are lost; bytes that it wrote before still arrive.
pub(crate) async fn forward_connection(
    client: DuplexStream,
    server: DuplexStream,
    link: Link,
    connection: ObservedConnection,
) {
    let (mut from_client, mut to_client) = split(client);
    let (mut from_server, mut to_server) = split(server);
    let (mut requests, mut responses) = (HttpParser::new(), HttpParser::new());
    let up = forward_direction(&mut from_client, &mut to_server, &link, Direction::Up, |event| match event {
        StreamEvent::Read(bytes) => requests.feed(bytes, |message| connection.record_sent(&message)),
        StreamEvent::Closed => connection.record_client_close(),
        StreamEvent::Written(_) => {}
    });
    let down = forward_direction(&mut from_server, &mut to_client, &link, Direction::Down, |event| {
        if let StreamEvent::Written(bytes) = event {
            responses.feed(bytes, |message| connection.record_received(&message));
        }
    });
    // Biased: a random order would differ between runs.
    tokio::select! {
        biased;
        () = link.wait_until_cut() => {}
        () = up => {}
        () = down => {}
    }
}

/// An event of one direction of a connection.
enum StreamEvent<'a> {
    Read(&'a [u8]),
    Closed,
    Written(&'a [u8]),
}

/// Forwards one direction until its end.
async fn forward_direction(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    link: &Link,
    direction: Direction,
    emit: impl FnMut(StreamEvent<'_>) + Send,
) {
    let (sender, mut receiver) = mpsc::channel::<(Instant, Vec<u8>)>(MAX_CHUNKS_IN_FLIGHT);
    // Both halves emit events, never at the same time.
    let shared_emit = Mutex::new(emit);
    let emit = |event: StreamEvent<'_>| (shared_emit.lock().unwrap_or_else(PoisonError::into_inner))(event);
    let reading = async {
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = from.read(&mut chunk).await.unwrap_or(0);
            if read == 0 {
                emit(StreamEvent::Closed);
                break;
            }
            emit(StreamEvent::Read(&chunk[..read]));
            if sender.send((Instant::now(), chunk[..read].to_vec())).await.is_err() {
                break;
            }
        }
        // The writing half sees the end after all bytes that were read.
        drop(sender);
        io::Result::Ok(())
    };
    let writing = async {
        while let Some((since, chunk)) = receiver.recv().await {
            wait_in_transit(since, link).await;
            let cut_after = link.bytes_before_cut(direction, chunk.len());
            let bytes = &chunk[..cut_after.unwrap_or(chunk.len())];
            to.write_all(bytes).await?;
            to.flush().await?;
            emit(StreamEvent::Written(bytes));
            if cut_after.is_some() {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
        }
        wait_in_transit(Instant::now(), link).await;
        // A server that reads a request together with the end never handles the request, so it has to get it first.
        sleep(CLOSE_DELAY).await;
        Ok(())
    };
    // Either the writing half fails, or both finish.
    drop(tokio::try_join!(reading, writing));
}

/// Waits until bytes that were sent at `since` have passed the link.
async fn wait_in_transit(since: Instant, link: &Link) {
    let latency: Duration = link.conditions().latency;
    if !latency.is_zero() {
        sleep_until(since + latency).await;
    }
    link.wait_until_released().await;
}
