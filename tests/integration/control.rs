//! The control address of a test cluster.

use arango::protocol::RequestClass;
use arango::transport::{Body, Call, Transport};
use arango::{Limits, RetryPolicy};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};

use crate::cluster_under_test::LIMIT;

/// Kills and restarts coordinators.
pub(crate) struct Control {
    transport: Transport,
    prefix: String,
}

impl Control {
    /// Takes a URL such as `http://127.0.0.1:41234/token`.
    pub(crate) fn new(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (host, token) = rest.split_once('/').unwrap();
        // A restart of a real server is answered when the server is ready.
        let transport = Transport::builder(format!("{scheme}://{host}"))
            .limits(Limits::default().attempt(LIMIT * 2).total(LIMIT * 2))
            .retry(RetryPolicy::default())
            .build()
            .unwrap();
        Self { transport, prefix: format!("/{token}") }
    }

    /// Kills a coordinator.
    pub(crate) async fn kill(&self, index: usize) {
        self.post(&format!("coordinators/{index}/kill")).await;
    }

    /// Restarts a coordinator, and waits until it is ready.
    pub(crate) async fn restart(&self, index: usize) {
        self.post(&format!("coordinators/{index}/restart")).await;
    }

    async fn post(&self, path: &str) {
        let request = Request::post(format!("{}/{path}", self.prefix)).body(Full::new(Bytes::new())).unwrap();
        let call = Call::with_name("test.control").class(RequestClass::NonIdempotent);
        let response = self.transport.send(request, call).await.unwrap();
        let (head, body): (_, Body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        assert!(head.status.is_success(), "{}: {}", head.status, String::from_utf8_lossy(&body));
    }
}
