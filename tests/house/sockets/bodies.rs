//! Bodies of answers that are half there, slow, wrong, or large.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arango::protocol::{Metadata, RequestClass};
use arango::transport::Call;
use arango::{Client, Error, ErrorKind, Limits, Outcome};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::in_time;
use crate::support::CLASSES;

/// Answers whoever connects; tells its URL.
async fn answers<F>(answer: impl Fn(TcpStream) -> F + Send + 'static) -> String
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    // It ends with the runtime of the test.
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let answer = head(&mut stream).await.map(|_| answer(stream));
            tokio::spawn(async move {
                if let Ok(answer) = answer {
                    drop(answer.await);
                }
            });
        }
    });
    url
}

/// Reads to the end of a head.
async fn head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(head)
}

fn client(url: &str, limits: Limits) -> Client {
    Client::builder().hosts(url).limits(limits).build().unwrap()
}

async fn ask(client: &Client, class: RequestClass) -> Result<Bytes, Error> {
    const METADATA: Metadata = Metadata::get("ask", "/");
    let request = Request::get("/").body(Full::default()).unwrap();
    let call = Call::of(&METADATA, class);
    in_time(client.transport().ask(request, call, |answer| Ok(answer.bytes().clone()))).await
}

#[tokio::test]
async fn half_a_body_was_executed_if_the_head_shows_that_arangodb_sent_it() {
    for (server, outcome) in [("server: ArangoDB\r\n", Outcome::Executed), ("", Outcome::Unknown)] {
        let url = answers(move |mut stream| async move {
            let head = format!("HTTP/1.1 200 OK\r\n{server}content-length: 100\r\n\r\nhalf");
            stream.write_all(head.as_bytes()).await?;
            stream.shutdown().await
        })
        .await;
        for class in CLASSES {
            let error = ask(&client(&url, Limits::default()), class).await.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::BodyInterrupted, outcome));
            assert_eq!(error.status().unwrap(), 200);
            assert_eq!(error.attempts().len(), if class == RequestClass::NonIdempotent { 1 } else { 3 });
        }
    }
}

#[tokio::test]
async fn a_body_that_comes_slowly_comes_and_one_that_stands_still_does_not() {
    let url = answers(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n").await?;
        for _ in 0..20 {
            stream.write_all(b"x").await?;
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    })
    .await;
    for class in CLASSES {
        // Longer than each part takes, and shorter than all of them do.
        let patient = client(&url, Limits::default().body_idle(Duration::from_secs(5)));
        assert_eq!(ask(&patient, class).await.unwrap().len(), 20);
    }
    let url = answers(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\nserver: ArangoDB\r\ncontent-length: 20\r\n\r\nx").await?;
        std::future::pending().await
    })
    .await;
    let impatient = client(&url, Limits::default().body_idle(Duration::from_millis(50)));
    let error = ask(&impatient, RequestClass::NonIdempotent).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::BodyTimeout, Outcome::Executed));
}

#[tokio::test]
async fn a_body_that_is_not_framed_as_it_says_was_executed() {
    for garbage in
        ["transfer-encoding: chunked\r\n\r\nthis is no length\r\n", "transfer-encoding: chunked\r\n\r\nff"]
    {
        let answer = format!("HTTP/1.1 200 OK\r\nserver: ArangoDB\r\n{garbage}");
        let url = answers(move |mut stream| {
            let answer = answer.clone();
            async move {
                stream.write_all(answer.as_bytes()).await?;
                stream.shutdown().await
            }
        })
        .await;
        let error = ask(&client(&url, Limits::default()), RequestClass::NonIdempotent).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::BodyInterrupted, Outcome::Executed));
    }
}

#[tokio::test]
async fn what_comes_after_an_answer_is_not_taken_for_the_next() {
    let url = answers(|mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nown").await?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged").await?;
        head(&mut stream).await?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nown").await
    })
    .await;
    for class in CLASSES {
        let client = client(&url, Limits::default());
        for _ in 0..20 {
            match ask(&client, class).await {
                Ok(body) => assert_eq!(body, "own"),
                Err(error) => {
                    // The forgery came just as a write was handed over, and nobody can tell.
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
/// What the kernel keeps between the two ends, and both ends beside that; far from all of it.
const BETWEEN: u64 = 24 << 20;

/// Answers with a hundred MiB, and counts those that it could get rid of.
async fn large(written: &Arc<AtomicU64>) -> String {
    let written = Arc::clone(written);
    answers(move |mut stream| {
        let written = Arc::clone(&written);
        async move {
            let answer = format!("HTTP/1.1 200 OK\r\nserver: ArangoDB\r\ncontent-length: {LARGE}\r\n\r\n");
            stream.write_all(answer.as_bytes()).await?;
            let part = vec![b'x'; 64 << 10];
            while written.load(Ordering::Relaxed) < LARGE {
                stream.write_all(&part).await?;
                written.fetch_add(part.len() as u64, Ordering::Relaxed);
            }
            // Kept open, as servers do.
            head(&mut stream).await.map(drop)
        }
    })
    .await
}

#[tokio::test]
async fn a_large_body_is_handed_on_as_it_comes_and_never_held_as_a_whole() {
    let written = Arc::default();
    let client = client(&large(&written).await, Limits::default());
    let call = Call::named("large").streaming();
    let request = Request::get("/").body(Full::default()).unwrap();
    let mut body = in_time(client.transport().send(request, call)).await.unwrap().into_body();
    assert!(written.load(Ordering::Relaxed) < BETWEEN, "with the head nobody has read the body");
    let mut read = 0;
    while let Some(frame) = in_time(body.frame()).await {
        read += frame.unwrap().into_data().unwrap().len() as u64;
        let held = written.load(Ordering::Relaxed).saturating_sub(read);
        assert!(held < BETWEEN, "{held} bytes are neither with the server nor with us");
    }
    assert_eq!(read, LARGE);
    assert_eq!(client.coordinators()[0].open_connections, 1, "and its connection is kept");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_given_up_as_soon_as_it_is() {
    for class in CLASSES {
        let written = Arc::default();
        let client = client(&large(&written).await, Limits::default().body_bytes(1 << 20));
        let error = ask(&client, class).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::BodyTooLarge, Outcome::Executed));
        assert_eq!(error.attempts().len(), 1);
        assert!(written.load(Ordering::Relaxed) < BETWEEN);
    }
}
