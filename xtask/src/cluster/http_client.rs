//! A small HTTP client: one request on one connection, with a time limit.
//!
//! For readiness, control and recordings. It is built on what the embedded cluster needs anyway.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Method, Request, Uri, header};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Time limit for one request, including the connect.
const LIMIT: Duration = Duration::from_secs(5);

/// How a request is authorized.
#[derive(Debug, Clone)]
pub(crate) enum Authorization {
    None,
    Bearer(String),
    Basic { user: String, password: String },
}

/// Sends requests, and trusts one authority if there is one.
#[derive(Clone)]
pub(crate) struct HttpClient {
    tls: Option<TlsConnector>,
    authorization: Authorization,
    limit: Duration,
}

/// A response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// The body, or `null` if it is not JSON.
    pub(crate) body: Value,
}

impl std::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpClient").finish_non_exhaustive()
    }
}

impl HttpClient {
    /// Creates a client for `http` URLs, and for `https` URLs if there is a file with the authority's certificates.
    ///
    /// # Errors
    /// If the file does not contain certificates.
    pub(crate) fn new(ca_file: Option<&Path>) -> Result<Self> {
        let tls = ca_file.map(connector).transpose()?;
        Ok(Self { tls, authorization: Authorization::None, limit: LIMIT })
    }

    /// Returns the same client with these credentials.
    pub(crate) fn with(&self, authorization: Authorization) -> Self {
        Self { authorization, ..self.clone() }
    }

    /// Returns the same client with another limit for a request. Default: 5 s.
    pub(crate) fn limit(&self, limit: Duration) -> Self {
        Self { limit, ..self.clone() }
    }

    /// Sends a GET request.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub(crate) async fn get(&self, url: &str) -> Result<Response> {
        self.send(Method::GET, url, String::new()).await
    }

    /// Sends a request, and reads the whole response.
    ///
    /// # Errors
    /// If there is no response within the limit. A response with an error status is a response.
    pub(crate) async fn send(&self, method: Method, url: &str, body: String) -> Result<Response> {
        let response = self.send_with_headers(method, url, HeaderMap::new(), body.into()).await?;
        Ok(Response {
            status: response.status().as_u16(),
            body: serde_json::from_slice(response.body()).unwrap_or(Value::Null),
        })
    }

    /// Sends a request with these headers, and returns the response as it came.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub(crate) async fn send_with_headers(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<hyper::Response<Bytes>> {
        let sent = timeout(self.limit, self.exchange(method, url, headers, body)).await;
        sent.with_context(|| format!("no response within {}", humantime::format_duration(self.limit)))?
    }

    async fn exchange(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<hyper::Response<Bytes>> {
        let uri: Uri = url.parse().with_context(|| format!("`{url}` is not a URL"))?;
        let Some(host) = uri.host() else { bail!("`{url}` has no host") };
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_tls = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let stream = TcpStream::connect((host.as_str(), port)).await?;

        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::HOST, uri.authority().map_or(host.as_str(), |name| name.as_str()));
        request = match &self.authorization {
            Authorization::None => request,
            Authorization::Bearer(token) => request.header(header::AUTHORIZATION, format!("bearer {token}")),
            Authorization::Basic { user, password } => {
                let credentials = base64(format!("{user}:{password}").as_bytes());
                request.header(header::AUTHORIZATION, format!("Basic {credentials}"))
            }
        };
        let mut request = request.body(Full::new(body))?;
        request.headers_mut().extend(headers);
        if !is_tls {
            return respond(stream, request).await;
        }
        let Some(tls) = &self.tls else { bail!("a URL with https needs --ca-file") };
        respond(tls.connect(ServerName::try_from(host)?, stream).await?, request).await
    }
}

async fn respond(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<hyper::Response<Bytes>> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let exchange = async move {
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        // Closes the connection.
        drop(sender);
        Ok(hyper::Response::from_parts(head, body))
    };
    // Not spawned, so that both end if this future is dropped.
    tokio::pin!(connection);
    tokio::pin!(exchange);
    tokio::select! {
        response = &mut exchange => response,
        // An ended connection has nothing more to do; the response may still have to be read.
        _ = &mut connection => exchange.await,
    }
}

fn connector(ca_file: &Path) -> Result<TlsConnector> {
    let name = || format!("cannot read the certificates in {}", ca_file.display());
    let pem = fs::read(ca_file).with_context(name)?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        roots.add(certificate.with_context(name)?).with_context(name)?;
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Encodes credentials for a header.
fn base64(bytes: &[u8]) -> String {
    use ::base64::Engine as _;

    ::base64::engine::general_purpose::STANDARD.encode(bytes)
}
