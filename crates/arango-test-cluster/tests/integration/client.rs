//! A connection to one coordinator.

use std::collections::BTreeMap;

use arango_test_cluster::{Coordinator, TestCluster};
use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// Sends requests in sequence, as `root` by default.
pub(crate) struct Session {
    sender: SendRequest<Full<Bytes>>,
    authorization: String,
}

pub(crate) struct TestResponse {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl TestResponse {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("the response is JSON")
    }

    pub(crate) fn error_num(&self) -> u64 {
        self.json()["errorNum"].as_u64().expect("the response is an error object")
    }
}

pub(crate) async fn in_memory() -> TestCluster {
    TestCluster::builder().in_memory().seed(42).start().await.expect("a cluster in memory starts")
}

pub(crate) fn basic(user: &str, password: &str) -> String {
    let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!("Basic {credentials}")
}

impl Session {
    /// Connects in memory.
    pub(crate) async fn connect_in_memory(coordinator: &Coordinator) -> Self {
        Self::from_io(coordinator.connect().expect("the coordinator accepts connections")).await
    }

    /// Connects through a socket.
    pub(crate) async fn connect_tcp(coordinator: &Coordinator) -> Self {
        Self::from_io(TcpStream::connect(coordinator.address()).await.expect("the coordinator listens")).await
    }

    pub(crate) async fn from_io(io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        let (sender, connection) = handshake(TokioIo::new(io)).await.expect("HTTP/1.1 needs no handshake");
        tokio::spawn(connection);
        Self { sender, authorization: basic("root", "passwd") }
    }

    pub(crate) fn with_authorization(mut self, authorization: impl Into<String>) -> Self {
        self.authorization = authorization.into();
        self
    }

    pub(crate) async fn get(&mut self, path: &str) -> TestResponse {
        self.request(Method::GET, path, "").await.expect("a response")
    }

    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> TestResponse {
        self.request(Method::POST, path, &body.to_string()).await.expect("a response")
    }

    pub(crate) async fn put(&mut self, path: &str, body: &Value) -> TestResponse {
        self.request(Method::PUT, path, &body.to_string()).await.expect("a response")
    }

    pub(crate) async fn delete(&mut self, path: &str) -> TestResponse {
        self.request(Method::DELETE, path, "").await.expect("a response")
    }

    pub(crate) async fn request(
        &mut self,
        method: Method,
        path: &str,
        body: &str,
    ) -> Result<TestResponse, hyper::Error> {
        self.send(Request::builder().method(method).uri(path), body).await
    }

    /// Sends a request that is part of a stream transaction.
    pub(crate) async fn within(
        &mut self,
        transaction: &str,
        method: Method,
        path: &str,
        body: &Value,
    ) -> TestResponse {
        let request = Request::builder().method(method).uri(path).header("x-arango-trx-id", transaction);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(request, &body).await.expect("a response")
    }

    /// Sends a request with a marker for the journal.
    pub(crate) async fn request_with_marker(
        &mut self,
        method: Method,
        path: &str,
        marker: &str,
        body: &str,
    ) -> Result<TestResponse, hyper::Error> {
        self.send(Request::builder().method(method).uri(path).header("x-sim-marker", marker), body).await
    }

    /// Returns the first shard of a collection, and its copies.
    pub(crate) async fn shard_of(&mut self, collection: &str) -> (String, Vec<String>) {
        let path = format!("/_api/collection/{collection}/shards?details=true");
        let shards: BTreeMap<String, Vec<String>> =
            serde_json::from_value(self.get(&path).await.json()["shards"].clone()).expect("shards");
        shards.into_iter().next().expect("a collection has a shard")
    }

    pub(crate) async fn send(
        &mut self,
        request: http::request::Builder,
        body: &str,
    ) -> Result<TestResponse, hyper::Error> {
        let request = request.header("host", "cluster").header("authorization", &self.authorization);
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).expect("a well-formed request");
        self.sender.ready().await?;
        let (head, body) = self.sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(TestResponse { status: head.status.as_u16(), headers: head.headers, body })
    }
}
