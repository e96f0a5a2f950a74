//! The control address of a cluster made for tests.

use anyhow::{Context, Result};
use arango::protocol::RequestClass;
use arango::transport::{Body, Call, Transport};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};

/// Kills and restarts coordinators, and tells what was executed.
pub(crate) struct Control {
    transport: Transport,
    prefix: String,
}

impl Control {
    /// Takes a URL such as `http://127.0.0.1:41234/token`.
    pub(crate) fn new(url: &str) -> Result<Self> {
        let (scheme, rest) = url.split_once("://").context("ARANGO_TEST_CONTROL is no URL")?;
        let (host, token) = rest.split_once('/').context("ARANGO_TEST_CONTROL holds no token")?;
        let transport = Transport::builder(format!("{scheme}://{host}")).build()?;
        Ok(Self { transport, prefix: format!("/{token}") })
    }

    pub(crate) async fn kill(&self, index: usize) -> Result<()> {
        self.ask(Method::POST, &format!("/coordinators/{index}/kill"), None).await.map(drop)
    }

    pub(crate) async fn restart(&self, index: usize) -> Result<()> {
        self.ask(Method::POST, &format!("/coordinators/{index}/restart"), None).await.map(drop)
    }

    /// Makes every answer of a coordinator later, so that many requests are on their way at any moment.
    pub(crate) async fn delay(&self, index: usize, milliseconds: u64) -> Result<()> {
        let fault = json!({ "kind": "latency", "ms": milliseconds });
        self.ask(Method::POST, &format!("/coordinators/{index}/faults"), Some(fault)).await.map(drop)
    }

    pub(crate) async fn clear_faults(&self) -> Result<()> {
        self.ask(Method::DELETE, "/faults", None).await.map(drop)
    }

    /// How often the request with each marker that begins with `prefix` was executed.
    pub(crate) async fn executions(&self, prefix: &str) -> Result<Vec<(String, u64)>> {
        let answer = self.ask(Method::GET, &format!("/journal/markers?prefix={prefix}"), None).await?;
        let markers = answer["markers"].as_object().context("the journal holds no markers")?;
        Ok(markers
            .iter()
            .map(|(marker, counts)| (marker.clone(), counts["executed"].as_u64().unwrap_or(0)))
            .collect())
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let body = body.map_or_else(Bytes::new, |body| body.to_string().into());
        let request =
            Request::builder().method(method).uri(format!("{}{path}", self.prefix)).body(Full::new(body))?;
        let call = Call::named("test.control").class(RequestClass::NonIdempotent);
        let answer: Body = self.transport.send(request, call).await?.into_body();
        let bytes = answer.collect().await.map_err(anyhow::Error::from_boxed)?.to_bytes();
        Ok(serde_json::from_slice(&bytes)?)
    }
}
