//! The connection details that a failed attempt reports.

use http::Method;

use super::*;
use crate::call::Call as AnyCall;
use crate::client::transport::Transport;
use crate::config::limits::Limits;
use crate::error::Error;
use crate::error::attempt::Phase;
use crate::pool::body::Body;

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
        transport.send(request, AnyCall::from_method(&Method::POST)).await
    })
}

/// Uses a connection once, then makes a write fail on it with this response, or without any.
async fn fails(response: Option<&str>) -> Error {
    let (transport, mut peers) = transport();
    let first = post(&transport);
    let mut peer = peers.recv().await.unwrap();
    read_path(&mut peer).await;
    write(&mut peer, HELLO).await;
    first.await.unwrap().unwrap();
    settle().await;
    let call = post(&transport);
    read_path(&mut peer).await;
    match response {
        None => sleep(Duration::from_secs(60)).await,
        Some(response) => write(&mut peer, response).await,
    }
    drop(peer);
    call.await.unwrap().unwrap_err()
}

#[tokio::test(start_paused = true)]
async fn every_failure_on_a_connection_reports_its_address_and_whether_it_was_reused() {
    for (response, kind, phase) in [
        (None, ErrorKind::AttemptTimeout, Phase::Sent),
        (Some(""), ErrorKind::ConnectionLost, Phase::Sent),
        (Some("220 smtp.example.com ESMTP\r\n\r\n"), ErrorKind::ProtocolViolation, Phase::Sent),
        (Some("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhel"), ErrorKind::BodyInterrupted, Phase::Body),
        (Some("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"), ErrorKind::NotArangoDb, Phase::Body),
    ] {
        let error = fails(response).await;
        let attempt = &error.attempts()[0];
        assert_eq!((attempt.kind, attempt.phase), (kind, phase), "{}", error.report());
        assert_eq!(attempt.address, Some("127.0.0.1:8529".parse().unwrap()), "{kind:?}");
        assert!(attempt.reused, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_head_larger_than_the_limit_is_rejected() {
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
        read_path(&mut peer).await;
        let padding = "p".repeat(20 << 10);
        write(
            &mut peer,
            &format!("HTTP/1.1 404 Not Found\r\nx-padding: {padding}\r\ncontent-length: 0\r\n\r\n"),
        )
        .await;
        let error = call.await.unwrap().unwrap_err();
        assert_eq!(error.kind(), kind, "{limit}: {}", error.report());
    }
}
