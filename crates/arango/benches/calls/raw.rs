//! The baseline for one coordinator: one connection of hyper, used directly.
//!
//! It includes what a program cannot leave out: the request is prepared and cloned, the body collected, and decoded
//! into types with the same fields as the facade's.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, ensure};
use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::client::Task;
use crate::endpoint::Endpoint;
use crate::protocol::Protocol;

#[derive(Debug, Deserialize)]
#[expect(
    dead_code,
    clippy::struct_field_names,
    reason = "decoded as a program would, with the server's names"
)]
struct Version {
    server: String,
    license: String,
    version: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "decoded as a program would")]
struct Health {
    cluster_id: String,
    health: HashMap<String, Server>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[expect(dead_code, reason = "decoded as a program would")]
struct Server {
    role: String,
    status: String,
    endpoint: String,
    can_be_deleted: bool,
    short_name: Option<String>,
    host: Option<String>,
    sync_status: Option<String>,
    sync_time: Option<String>,
    version: Option<String>,
    engine: Option<String>,
    last_acked_time: Option<Value>,
    timestamp: Option<String>,
    advertised_endpoint: Option<String>,
    leading: Option<bool>,
    leader: Option<String>,
}

/// The login of `root` with the password `passwd`.
const LOGIN: &str = "Basic cm9vdDpwYXNzd2Q=";

pub(crate) struct Raw {
    sender: Sender,
    prepared: Request<Full<Bytes>>,
    endpoint: Endpoint,
}

/// One connection.
pub(crate) enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    #[cfg(feature = "http2")]
    Http2(hyper::client::conn::http2::SendRequest<Full<Bytes>>),
}

impl Raw {
    pub(crate) async fn connect(task: &Task) -> anyhow::Result<Self> {
        let address = task.addresses[0];
        let (sender, prepared) = (Sender::open(task, address).await?, prepared(task, address)?);
        Ok(Self { sender, prepared, endpoint: task.endpoint })
    }

    /// Sends one call; returns the length of the version or the number of servers.
    pub(crate) async fn call(&mut self) -> anyhow::Result<usize> {
        self.sender.ready().await?;
        let response = self.sender.send(self.prepared.clone()).await?;
        decode(self.endpoint, response).await
    }
}

/// Prepares the request for one coordinator, which is cloned for each call.
pub(crate) fn prepared(task: &Task, address: SocketAddr) -> anyhow::Result<Request<Full<Bytes>>> {
    let request = match task.protocol {
        Protocol::Plain | Protocol::Tls => {
            Request::get(task.endpoint.path()).header(HOST, address.to_string())
        }
        #[cfg(feature = "http2")]
        Protocol::Http2 => Request::get(format!("http://{address}{}", task.endpoint.path())),
    };
    Ok(request.header(AUTHORIZATION, LOGIN).body(Full::default())?)
}

/// Decodes a response; returns the length of the version or the number of servers.
pub(crate) async fn decode(endpoint: Endpoint, response: Response<Incoming>) -> anyhow::Result<usize> {
    ensure!(response.status().is_success(), "the server returned {}", response.status());
    let body = response.into_body().collect().await?.to_bytes();
    Ok(match endpoint {
        Endpoint::Version => serde_json::from_slice::<Version>(&body)?.version.len(),
        Endpoint::Health => serde_json::from_slice::<Health>(&body)?.health.len(),
    })
}

impl Sender {
    /// Opens a connection.
    pub(crate) async fn open(task: &Task, address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        match task.protocol {
            Protocol::Plain => Ok(Self::over_http1(stream).await?),
            Protocol::Tls => {
                let connector =
                    tls_connector(task.authority.as_deref().context("no certificate authority")?)?;
                let name = ServerName::IpAddress(address.ip().into());
                Ok(Self::over_http1(connector.connect(name, stream).await?).await?)
            }
            #[cfg(feature = "http2")]
            Protocol::Http2 => Ok(Self::over_http2(stream).await?),
        }
    }

    async fn over_http1<S>(stream: S) -> hyper::Result<Self>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self::Http1(sender))
    }

    #[cfg(feature = "http2")]
    async fn over_http2(stream: TcpStream) -> hyper::Result<Self> {
        use hyper::client::conn::http2;
        use hyper_util::rt::TokioExecutor;

        let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self::Http2(sender))
    }

    /// Returns whether it takes a request without waiting.
    pub(crate) fn is_ready(&self) -> bool {
        match self {
            Self::Http1(sender) => sender.is_ready(),
            #[cfg(feature = "http2")]
            Self::Http2(sender) => sender.is_ready(),
        }
    }

    pub(crate) async fn ready(&mut self) -> hyper::Result<()> {
        match self {
            Self::Http1(sender) => sender.ready().await,
            #[cfg(feature = "http2")]
            Self::Http2(sender) => sender.ready().await,
        }
    }

    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<Response<Incoming>> {
        match self {
            Self::Http1(sender) => sender.send_request(request).await,
            #[cfg(feature = "http2")]
            Self::Http2(sender) => sender.send_request(request).await,
        }
    }
}

/// Returns a connector that trusts the certificates of this authority.
fn tls_connector(authority: &str) -> anyhow::Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes())?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
