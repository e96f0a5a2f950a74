//! The server: the same program in another process, so that counting covers the client alone.

use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use anyhow::Context;
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, EXPIRES, PRAGMA, SERVER,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderName, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rcgen::CertifiedKey;
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::protocol::Protocol;
use crate::responses::{Body, Responses};

/// The number of addresses of a server.
const COORDINATORS: usize = 3;

/// A running server process. Dropping it stops the process.
pub(crate) struct Server {
    process: Child,
    /// Several, as if it were several coordinators.
    pub(crate) addresses: Vec<SocketAddr>,
    /// The certificate authority, in PEM, if it uses TLS.
    pub(crate) authority: Option<String>,
}

/// The line that it prints as soon as it listens.
#[derive(Debug, Serialize, Deserialize)]
struct ServerAddress {
    addresses: Vec<SocketAddr>,
    authority: Option<String>,
}

impl Server {
    /// Starts the process and waits until it listens.
    pub(crate) fn start(protocol: Protocol) -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["serve", protocol.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the server process")?;
        let mut line = String::new();
        let stdout = process.stdout.take().context("the server has no output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let ServerAddress { addresses, authority } =
            serde_json::from_str(&line).context("the server did not print its address")?;
        Ok(Self { process, addresses, authority })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process ends when its input is closed.
        drop(self.process.stdin.take());
        if let Err(error) = self.process.wait() {
            anstream::eprintln!("the server process: {error}");
        }
    }
}

/// Serves until standard input is closed.
pub(crate) async fn serve(protocol: Protocol) -> anyhow::Result<()> {
    let mut listeners = Vec::new();
    for _ in 0..COORDINATORS {
        listeners.push(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?);
    }
    let (acceptor, authority) = (protocol == Protocol::Tls).then(self_signed_tls).transpose()?.unzip();
    let addresses = listeners.iter().map(TcpListener::local_addr).collect::<io::Result<_>>()?;
    let address = ServerAddress { addresses, authority };
    anstream::println!("{}", serde_json::to_string(&address)?);
    let closed = tokio::task::spawn_blocking(|| io::copy(&mut io::stdin().lock(), &mut io::sink()));
    for listener in listeners {
        tokio::spawn(accept(listener, protocol, acceptor.clone()));
    }
    closed.await?.map(drop).map_err(Into::into)
}

/// Returns an acceptor with a self-signed certificate for the loopback address, and the certificate.
fn self_signed_tls() -> anyhow::Result<(TlsAcceptor, String)> {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed([Ipv4Addr::LOCALHOST.to_string()])?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?;
    Ok((TlsAcceptor::from(Arc::new(config)), cert.pem()))
}

async fn accept(
    listener: TcpListener,
    protocol: Protocol,
    acceptor: Option<TlsAcceptor>,
) -> anyhow::Result<()> {
    let responses = Arc::new(Responses::new()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (responses, acceptor) = (Arc::clone(&responses), acceptor.clone());
        tokio::spawn(async move {
            match acceptor {
                None => connection(stream, protocol, responses).await,
                Some(acceptor) => match acceptor.accept(stream).await {
                    Ok(stream) => connection(stream, protocol, responses).await,
                    Err(error) => anstream::eprintln!("a handshake: {error}"),
                },
            }
        });
    }
}

async fn connection<S>(stream: S, protocol: Protocol, responses: Arc<Responses>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let responses = Arc::clone(&responses);
        async move { respond(request, &responses).await }
    });
    let stream = TokioIo::new(stream);
    let served = match protocol {
        Protocol::Plain | Protocol::Tls => {
            let mut builder = http1::Builder::new();
            builder.title_case_headers(true).auto_date_header(false);
            builder.serve_connection(stream, service).await
        }
        #[cfg(feature = "http2")]
        Protocol::Http2 => {
            let mut builder = hyper::server::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new());
            builder.auto_date_header(false);
            builder.serve_connection(stream, service).await
        }
    };
    // A client that exits drops its connection.
    if let Err(error) = served
        && !error.is_incomplete_message()
    {
        anstream::eprintln!("a connection: {error}");
    }
}

async fn respond(request: Request<Incoming>, responses: &Responses) -> hyper::Result<Response<Full<Body>>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let (status, body) = responses.respond(&head.method, head.uri.path(), &body);
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().extend(HEADERS);
    Ok(response)
}

/// The headers of a response to a user, as coordinators have sent them since 3.10. hyper adds the content length.
const HEADERS: [(HeaderName, HeaderValue); 10] = [
    (HeaderName::from_static("x-arango-queue-time-seconds"), HeaderValue::from_static("0.000000")),
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static("frame-ancestors 'self'; form-action 'self';")),
    (
        CACHE_CONTROL,
        HeaderValue::from_static(
            "no-cache, no-store, must-revalidate, pre-check=0, post-check=0, max-age=0, s-maxage=0",
        ),
    ),
    (PRAGMA, HeaderValue::from_static("no-cache")),
    (EXPIRES, HeaderValue::from_static("0")),
    (STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000 ; includeSubDomains")),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (SERVER, HeaderValue::from_static("ArangoDB")),
    (CONNECTION, HeaderValue::from_static("Keep-Alive")),
    (CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8")),
];
