//! Response bodies that are truncated, slow, invalid or large.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arango::protocol::{Metadata, RequestClass, RequestProperties};
use arango::transport::Call;
use arango::{Client, Error, ErrorKind, Limits, Outcome};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::with_timeout;
use crate::support::CLASSES;

/// Serves each connection with `respond` and returns the URL.
async fn serve_responses<F>(respond: impl Fn(TcpStream) -> F + Send + 'static) -> String
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // The task ends with the runtime of the test.
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let handler = read_head(&mut stream).await.map(|_| respond(stream));
            tokio::spawn(async move {
                if let Ok(handler) = handler {
                    drop(handler.await);
                }
            });
        }
    });
    url
}

/// Reads a head up to the empty line at its end.
async fn read_head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(head)
}

fn client(url: &str, limits: Limits) -> Client {
    Client::builder().hosts(url).limits(limits).build().unwrap()
}

async fn get_body(client: &Client, class: RequestClass) -> Result<Bytes, Error> {
    const METADATA: Metadata = Metadata::get("ask", "/");
    let request = Request::get("/").body(Full::default()).unwrap();
    let call = Call::new(&METADATA, RequestProperties::with_class(class));
    with_timeout(client.transport().send_and_decode(request, call, |response| Ok(response.bytes().clone())))
        .await
}

#[tokio::test]
async fn a_truncated_body_was_executed_if_sent_by_arangodb() {
    for (server, outcome) in [("server: ArangoDB\r\n", Outcome::Executed), ("", Outcome::Unknown)] {
        let url = serve_responses(move |mut stream| async move {
            let head = format!("HTTP/1.1 200 OK\r\n{server}content-length: 100\r\n\r\nhalf");
            stream.write_all(head.as_bytes()).await?;
            stream.shutdown().await
        })
        .await;
        for class in CLASSES {
            let error = get_body(&client(&url, Limits::default()), class).await.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::BodyInterrupted, outcome));
            assert_eq!(error.status().unwrap(), 200);
            assert_eq!(error.attempts().len(), if class == RequestClass::NonIdempotent { 1 } else { 3 });
        }
    }
}

#[tokio::test]
async fn a_slow_body_succeeds_and_a_stalled_body_times_out() {
    let url = serve_responses(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n").await?;
        for _ in 0..20 {
            stream.write_all(b"x").await?;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    })
    .await;
    for class in CLASSES {
        // Longer than each part takes, and shorter than the whole body takes.
        let long_idle = client(&url, Limits::default().body_idle(Duration::from_secs(5)));
        assert_eq!(get_body(&long_idle, class).await.unwrap().len(), 20);
    }
    let url = serve_responses(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\nserver: ArangoDB\r\ncontent-length: 20\r\n\r\nx").await?;
        std::future::pending().await
    })
    .await;
    let short_idle = client(&url, Limits::default().body_idle(Duration::from_millis(50)));
    let error = get_body(&short_idle, RequestClass::NonIdempotent).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::BodyTimeout, Outcome::Executed));
}

#[tokio::test]
async fn a_body_with_invalid_framing_was_executed() {
    for garbage in
        ["transfer-encoding: chunked\r\n\r\nthis is no length\r\n", "transfer-encoding: chunked\r\n\r\nff"]
    {
        let response = format!("HTTP/1.1 200 OK\r\nserver: ArangoDB\r\n{garbage}");
        let url = serve_responses(move |mut stream| {
            let response = response.clone();
            async move {
                stream.write_all(response.as_bytes()).await?;
                stream.shutdown().await
            }
        })
        .await;
        let error =
            get_body(&client(&url, Limits::default()), RequestClass::NonIdempotent).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::BodyInterrupted, Outcome::Executed));
    }
}

#[tokio::test]
async fn data_after_a_response_is_not_used_as_the_next_response() {
    let url = serve_responses(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nown").await?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged").await?;
        read_head(&mut stream).await?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nown").await
    })
    .await;
    for class in CLASSES {
        let client = client(&url, Limits::default());
        for _ in 0..20 {
            match get_body(&client, class).await {
                Ok(body) => assert_eq!(body, "own"),
                Err(error) => {
                    // The forged response arrived just as a write was sent, so the outcome is unknown.
                    assert_eq!(
                        (class, error.kind()),
                        (RequestClass::NonIdempotent, ErrorKind::ConnectionLost)
                    );
                }
            }
        }
    }
}

const LARGE: u64 = 100 << 20;
/// Upper limit of the data in the kernel's and both ends' buffers, far below `LARGE`.
const MAX_BUFFERED: u64 = 24 << 20;

/// Responds with 100 MiB and counts the bytes written.
async fn serve_large_body(written: &Arc<AtomicU64>) -> String {
    let written = Arc::clone(written);
    serve_responses(move |mut stream| {
        let written = Arc::clone(&written);
        async move {
            let response = format!("HTTP/1.1 200 OK\r\nserver: ArangoDB\r\ncontent-length: {LARGE}\r\n\r\n");
            stream.write_all(response.as_bytes()).await?;
            let part = vec![b'x'; 64 << 10];
            while written.load(Ordering::Relaxed) < LARGE {
                stream.write_all(&part).await?;
                written.fetch_add(part.len() as u64, Ordering::Relaxed);
            }
            // The connection stays open, as with real servers.
            read_head(&mut stream).await.map(drop)
        }
    })
    .await
}

#[tokio::test]
async fn a_large_body_is_streamed_without_buffering() {
    let written = Arc::default();
    let client = client(&serve_large_body(&written).await, Limits::default());
    let call = Call::with_name("large").streaming();
    let request = Request::get("/").body(Full::default()).unwrap();
    let mut body = with_timeout(client.transport().send(request, call)).await.unwrap().into_body();
    assert!(written.load(Ordering::Relaxed) < MAX_BUFFERED, "the body is not read together with the head");
    let mut read = 0;
    while let Some(frame) = with_timeout(body.frame()).await {
        read += frame.unwrap().into_data().unwrap().len() as u64;
        let buffered = written.load(Ordering::Relaxed).saturating_sub(read);
        assert!(buffered < MAX_BUFFERED, "{buffered} bytes are buffered");
    }
    assert_eq!(read, LARGE);
    assert_eq!(client.coordinators()[0].open_connections, 1, "the connection is reused");
}

#[tokio::test]
async fn a_body_over_the_limit_is_aborted_early() {
    for class in CLASSES {
        let written = Arc::default();
        let client = client(&serve_large_body(&written).await, Limits::default().body_bytes(1 << 20));
        let error = get_body(&client, class).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::BodyTooLarge, Outcome::Executed));
        assert_eq!(error.attempts().len(), 1);
        assert!(written.load(Ordering::Relaxed) < MAX_BUFFERED);
    }
}
