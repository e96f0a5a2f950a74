//! The control address of a test cluster.

use anyhow::{Context, Result};
use arango::protocol::RequestClass;
use arango::transport::{Body, Call, Transport};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};

/// Kills and restarts coordinators, and reports executed requests.
pub(crate) struct Control {
    transport: Transport,
    prefix: String,
}

impl Control {
    /// Takes a URL such as `http://127.0.0.1:41234/token`.
    pub(crate) fn new(url: &str) -> Result<Self> {
        let (scheme, rest) = url.split_once("://").context("ARANGO_TEST_CONTROL is not a URL")?;
        let (host, token) = rest.split_once('/').context("ARANGO_TEST_CONTROL contains no token")?;
        let transport = Transport::builder(format!("{scheme}://{host}")).build()?;
        Ok(Self { transport, prefix: format!("/{token}") })
    }

    pub(crate) async fn kill(&self, index: usize) -> Result<()> {
        self.send(Method::POST, &format!("/coordinators/{index}/kill"), None).await.map(drop)
    }

    pub(crate) async fn restart(&self, index: usize) -> Result<()> {
        self.send(Method::POST, &format!("/coordinators/{index}/restart"), None).await.map(drop)
    }

    /// Delays every response of a coordinator, so that many requests are in flight at any moment.
    pub(crate) async fn delay(&self, index: usize, milliseconds: u64) -> Result<()> {
        let fault = json!({ "kind": "latency", "ms": milliseconds });
        self.send(Method::POST, &format!("/coordinators/{index}/faults"), Some(fault)).await.map(drop)
    }

    pub(crate) async fn clear_faults(&self) -> Result<()> {
        self.send(Method::DELETE, "/faults", None).await.map(drop)
    }

    /// Returns how often the request with each marker that begins with `prefix` was executed.
    pub(crate) async fn executions(&self, prefix: &str) -> Result<Vec<(String, u64)>> {
        let response = self.send(Method::GET, &format!("/journal/markers?prefix={prefix}"), None).await?;
        let markers = response["markers"].as_object().context("the journal contains no markers")?;
        Ok(markers
            .iter()
            .map(|(marker, counts)| (marker.clone(), counts["executed"].as_u64().unwrap_or(0)))
            .collect())
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let body = body.map_or_else(Bytes::new, |body| body.to_string().into());
        let request =
            Request::builder().method(method).uri(format!("{}{path}", self.prefix)).body(Full::new(body))?;
        let call = Call::with_name("test.control").class(RequestClass::NonIdempotent);
        let response: Body = self.transport.send(request, call).await?.into_body();
        let bytes = response.collect().await.map_err(anyhow::Error::from_boxed)?.to_bytes();
        Ok(serde_json::from_slice(&bytes)?)
    }
}
