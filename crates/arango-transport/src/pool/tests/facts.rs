//! What a failure says of the connection that it happened on.

use http::Method;

use super::*;
use crate::{Body, Call as AnyCall, Error, Limits, Phase, Transport};

fn transport() -> (Transport, Peers) {
    let (sender, peers) = mpsc::unbounded_channel();
    let limits = Limits::default().attempt(Duration::from_secs(5)).total(Duration::from_secs(8));
    let builder = Transport::builder("http://127.0.0.1:8529").connect(Script(sender)).limits(limits);
    (builder.build().unwrap(), peers)
}

fn post(transport: &Transport) -> JoinHandle<Result<http::Response<Body>, Error>> {
    let transport = transport.clone();
    tokio::spawn(async move {
        let request = Request::post("/m").body(Full::default()).unwrap();
        transport.send(request, AnyCall::of_method(&Method::POST)).await
    })
}

/// Warms a connection, then has a write fail on it by what the server says, if it says anything.
async fn fails(answer: Option<&str>) -> Error {
    let (transport, mut peers) = transport();
    let warm = post(&transport);
    let mut peer = peers.recv().await.unwrap();
    heard(&mut peer).await;
    say(&mut peer, HELLO).await;
    warm.await.unwrap().unwrap();
    settle().await;
    let call = post(&transport);
    heard(&mut peer).await;
    match answer {
        None => sleep(Duration::from_secs(60)).await,
        Some(answer) => say(&mut peer, answer).await,
    }
    drop(peer);
    call.await.unwrap().unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn every_failure_after_a_connection_was_taken_names_its_address_and_whether_it_was_reused() {
    for (answer, kind, phase) in [
        (None, ErrorKind::AttemptTimeout, Phase::Sent),
        (Some(""), ErrorKind::ConnectionLost, Phase::Sent),
        (Some("220 smtp.example.com ESMTP\r\n\r\n"), ErrorKind::ProtocolViolation, Phase::Sent),
        (Some("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhel"), ErrorKind::BodyInterrupted, Phase::Body),
        (Some("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"), ErrorKind::NotArangoDb, Phase::Body),
    ] {
        let error = fails(answer).await;
        let attempt = &error.attempts()[0];
        assert_eq!((attempt.kind, attempt.phase), (kind, phase), "{}", error.report());
        assert_eq!(attempt.address, Some("127.0.0.1:8529".parse().unwrap()), "{kind:?}");
        assert!(attempt.reused, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_is_larger_than_the_limit_is_no_answer_and_one_within_it_is() {
    for (limit, kind) in [
        (0, ErrorKind::ProtocolViolation),
        (16 << 10, ErrorKind::ProtocolViolation),
        (64 << 10, ErrorKind::NotArangoDb),
    ] {
        let (sender, mut peers) = mpsc::unbounded_channel();
        let builder = Transport::builder("http://127.0.0.1:8529").connect(Script(sender));
        let transport = builder.limits(Limits::default().head_bytes(limit)).build().unwrap();
        let call = post(&transport);
        let mut peer = peers.recv().await.unwrap();
        heard(&mut peer).await;
        let padding = "p".repeat(20 << 10);
        say(
            &mut peer,
            &format!("HTTP/1.1 404 Not Found\r\nx-padding: {padding}\r\ncontent-length: 0\r\n\r\n"),
        )
        .await;
        let error = call.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), kind, "{limit}: {}", error.report());
    }
}
