//! Proxies over HTTP/2.

use std::error::Error as _;

use arango_test_cluster::{CoordinatorProxy, Fault, Phase, ResetReason};
use bytes::Bytes;
use h2::Reason;
use http::{Request, Response, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::proxied;
use crate::client::basic;

type Sender = SendRequest<Full<Bytes>>;

async fn connect(proxy: &CoordinatorProxy) -> Sender {
    let io = TokioIo::new(TcpStream::connect(proxy.address()).await.unwrap());
    let (sender, connection) = handshake(TokioExecutor::new(), io).await.unwrap();
    tokio::spawn(connection);
    sender
}

async fn send_request(sender: &mut Sender) -> Result<Response<Incoming>, hyper::Error> {
    let request = Request::get("http://cluster/_api/version")
        .header("authorization", basic("root", "passwd"))
        .header("x-sim-marker", "m")
        .body(Full::default())
        .unwrap();
    sender.ready().await?;
    sender.send_request(request).await
}

fn reason(error: &hyper::Error) -> Option<Reason> {
    error.source()?.downcast_ref::<h2::Error>()?.reason()
}

#[tokio::test]
async fn requests_of_one_connection_share_one_to_the_coordinator() {
    let (cluster, proxy) = proxied().await;
    let sender = connect(proxy.coordinator(0)).await;
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let mut sender = sender.clone();
        calls.spawn(async move {
            let response = send_request(&mut sender).await.unwrap();
            assert_eq!((response.version(), response.status().as_u16()), (Version::HTTP_2, 200));
            assert!(!response.into_body().collect().await.unwrap().to_bytes().is_empty());
        });
    }
    calls.join_all().await;

    assert_eq!((cluster.journal().executions("m"), cluster.coordinator(0).connections_accepted()), (20, 1));
}

#[tokio::test]
async fn a_stream_is_reset_with_the_reason_before_and_after_the_execution() {
    let (cluster, proxy) = proxied().await;
    for (phase, executed) in [(Phase::BeforeRead, 0), (Phase::AfterRead, 0), (Phase::AfterExecution, 1)] {
        cluster.journal().clear();
        let fault = Fault::reset_stream(phase, ResetReason::ENHANCE_YOUR_CALM);
        let _fault = proxy.coordinator(0).inject(fault).unwrap();
        let error = send_request(&mut connect(proxy.coordinator(0)).await).await.unwrap_err();

        assert_eq!(reason(&error), Some(Reason::ENHANCE_YOUR_CALM), "{phase:?}");
        assert_eq!(cluster.journal().executions("m"), executed, "{phase:?}");
    }
}

#[tokio::test]
async fn a_close_in_the_body_resets_the_stream_after_half_of_it() {
    let (_cluster, proxy) = proxied().await;
    let _fault = proxy.coordinator(0).inject(Fault::close(Phase::InBody)).unwrap();
    let response = send_request(&mut connect(proxy.coordinator(0)).await).await.unwrap();

    assert!(response.into_body().collect().await.is_err());
}

#[tokio::test]
async fn a_connection_takes_no_request_after_its_goaway() {
    let (cluster, proxy) = proxied().await;
    let _fault = proxy.coordinator(0).inject(Fault::goaway().times(1)).unwrap();
    let mut sender = connect(proxy.coordinator(0)).await;

    let response = send_request(&mut sender).await.unwrap();
    response.into_body().collect().await.unwrap();
    while !sender.is_closed() {
        assert!(send_request(&mut sender).await.is_err());
    }

    assert_eq!(cluster.journal().executions("m"), 1);
}
