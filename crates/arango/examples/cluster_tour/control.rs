//! The control address of a test cluster.

use std::time::Duration;

use anyhow::{Context, Result};
use arango::Limits;
use arango::protocol::RequestClass;
use arango::transport::{Body, Call, Transport};
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};

/// Time limit for a request: a restart of a real server is answered when the server is ready.
const RESTART_LIMIT: Duration = Duration::from_secs(120);

/// Kills and restarts coordinators, and reports executed requests.
pub(crate) struct Control {
    transport: Transport,
    prefix: String,
    ends_processes: bool,
}

impl Control {
    /// Takes a URL such as `http://127.0.0.1:41234/token`.
    pub(crate) fn new(url: &str) -> Result<Self> {
        let (scheme, rest) = url.split_once("://").context("ARANGO_TEST_CONTROL is not a URL")?;
        let (host, token) = rest.split_once('/').context("ARANGO_TEST_CONTROL contains no token")?;
        let limits = Limits::default().attempt(RESTART_LIMIT).total(RESTART_LIMIT);
        let transport = Transport::builder(format!("{scheme}://{host}")).limits(limits).build()?;
        // Of a cluster that runs already, only proxies are killed.
        let ends_processes = std::env::var("ARANGO_TEST_BACKEND").as_deref() != Ok("external");
        Ok(Self { transport, prefix: format!("/{token}"), ends_processes })
    }

    /// Whether a killed coordinator has ended, with what it had in memory. Otherwise only the way to it is closed.
    pub(crate) fn ends_processes(&self) -> bool {
        self.ends_processes
    }

    pub(crate) async fn kill(&self, index: usize) -> Result<()> {
        self.change(&format!("/coordinators/{index}/kill")).await
    }

    pub(crate) async fn restart(&self, index: usize) -> Result<()> {
        self.change(&format!("/coordinators/{index}/restart")).await
    }

    /// Delays every response of a coordinator, so that many requests are in flight at any moment.
    ///
    /// Real servers without proxies have no faults: there it has no effect.
    pub(crate) async fn delay(&self, index: usize, milliseconds: u64) -> Result<()> {
        let fault = json!({ "kind": "latency", "ms": milliseconds });
        self.send(Method::POST, &format!("/coordinators/{index}/faults"), Some(fault)).await.map(drop)
    }

    pub(crate) async fn clear_faults(&self) -> Result<()> {
        self.send(Method::DELETE, "/faults", None).await.map(drop)
    }

    /// Returns how often the request with each marker that begins with `prefix` was executed.
    ///
    /// `None` if that is not known: proxies know only what they have passed on, and real servers have no journal.
    pub(crate) async fn executions(&self, prefix: &str) -> Result<Option<Vec<(String, u64)>>> {
        let response = self.send(Method::GET, &format!("/journal/markers?prefix={prefix}"), None).await?;
        let Some(response) = response else { return Ok(None) };
        let markers = response["markers"].as_object().context("the journal contains no markers")?;
        let executions =
            markers.iter().map(|(marker, counts)| Some((marker.clone(), counts["executed"].as_u64()?)));
        Ok(executions.collect())
    }

    async fn change(&self, path: &str) -> Result<()> {
        let done = self.send(Method::POST, path, None).await?;
        done.map(drop).with_context(|| format!("the cluster cannot do this: {path}"))
    }

    /// Sends a request. `None`: the cluster does not have what is requested.
    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Result<Option<Value>> {
        let body = body.map_or_else(Bytes::new, |body| body.to_string().into());
        let request =
            Request::builder().method(method).uri(format!("{}{path}", self.prefix)).body(Full::new(body))?;
        let call = Call::with_name("test.control").class(RequestClass::NonIdempotent);
        let response: Body = match self.transport.send(request, call).await {
            Ok(response) => response.into_body(),
            Err(error) if error.status() == Some(StatusCode::NOT_IMPLEMENTED) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let bytes = response.collect().await.map_err(anyhow::Error::from_boxed)?.to_bytes();
        Ok(Some(serde_json::from_slice(&bytes)?))
    }
}
