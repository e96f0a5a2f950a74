//! A connection of hyper.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, ensure};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::client::Task;
use crate::protocol::Protocol;

/// One connection.
pub(crate) enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    #[cfg(feature = "http2")]
    Http2(hyper::client::conn::http2::SendRequest<Full<Bytes>>),
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

    /// Sends a request and returns the body of the response.
    pub(crate) async fn send(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Bytes> {
        let response = match self {
            Self::Http1(sender) => sender.send_request(request).await,
            #[cfg(feature = "http2")]
            Self::Http2(sender) => sender.send_request(request).await,
        }?;
        ensure!(response.status().is_success(), "the server returned {}", response.status());
        Ok(response.into_body().collect().await?.to_bytes())
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
