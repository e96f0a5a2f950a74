//! The server: the same program, started once more, so that counting sees a client alone.

use std::convert::Infallible;
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, SERVER, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
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

use crate::answers::Question;
use crate::way::Way;

/// A running server process. It ends when this is dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    /// Who has signed its certificate, in PEM, if it has one.
    pub(crate) authority: Option<String>,
}

/// What it says of itself as soon as it listens.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    address: SocketAddr,
    authority: Option<String>,
}

impl Server {
    /// Starts the process and waits until it listens.
    pub(crate) fn start(way: Way) -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["serve", way.name()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the server process")?;
        let mut line = String::new();
        let stdout = process.stdout.take().context("the server has no output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let Place { address, authority } =
            serde_json::from_str(&line).context("the server did not tell where it is")?;
        Ok(Self { process, address, authority })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // That its input is closed is what ends it.
        drop(self.process.stdin.take());
        if let Err(error) = self.process.wait() {
            anstream::eprintln!("the server process: {error}");
        }
    }
}

/// Answers until the input is closed.
pub(crate) async fn serve(way: Way) -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let (acceptor, authority) = (way == Way::Tls).then(certified).transpose()?.unzip();
    let place = Place { address: listener.local_addr()?, authority };
    anstream::println!("{}", serde_json::to_string(&place)?);
    let closed = tokio::task::spawn_blocking(|| io::copy(&mut io::stdin().lock(), &mut io::sink()));
    tokio::select! {
        failed = accept(listener, way, acceptor) => failed,
        closed = closed => closed?.map(drop).map_err(Into::into),
    }
}

/// What shows a certificate for the loopback address, and the certificate, which has signed itself.
fn certified() -> anyhow::Result<(TlsAcceptor, String)> {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed([Ipv4Addr::LOCALHOST.to_string()])?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)?;
    Ok((TlsAcceptor::from(Arc::new(config)), cert.pem()))
}

async fn accept(listener: TcpListener, way: Way, acceptor: Option<TlsAcceptor>) -> anyhow::Result<()> {
    let answers = Arc::new(Question::ALL.map(|question| Bytes::from(question.answer())));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (answers, acceptor) = (Arc::clone(&answers), acceptor.clone());
        tokio::spawn(async move {
            match acceptor {
                None => connection(stream, way, answers).await,
                Some(acceptor) => match acceptor.accept(stream).await {
                    Ok(stream) => connection(stream, way, answers).await,
                    Err(error) => anstream::eprintln!("a handshake: {error}"),
                },
            }
        });
    }
}

async fn connection<S>(stream: S, way: Way, answers: Arc<[Bytes; 2]>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let response = answer(&request, &answers);
        async { Ok::<_, Infallible>(response) }
    });
    let stream = TokioIo::new(stream);
    let served = match way {
        Way::Plain | Way::Tls => {
            let mut builder = http1::Builder::new();
            builder.title_case_headers(true).auto_date_header(false);
            builder.serve_connection(stream, service).await
        }
        #[cfg(feature = "http2")]
        Way::Http2 => {
            let mut builder = hyper::server::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new());
            builder.auto_date_header(false);
            builder.serve_connection(stream, service).await
        }
    };
    // A client that ends drops its connection.
    if let Err(error) = served
        && !error.is_incomplete_message()
    {
        anstream::eprintln!("a connection: {error}");
    }
}

fn answer(request: &Request<Incoming>, answers: &[Bytes; 2]) -> Response<Full<Bytes>> {
    let found = Question::of_path(request.uri().path());
    let body = found.map(|question| answers[question as usize].clone()).unwrap_or_default();
    let mut response = Response::new(Full::new(body));
    if found.is_none() {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    // hyper adds the length.
    response.headers_mut().extend([
        (SERVER, HeaderValue::from_static("ArangoDB")),
        (CONNECTION, HeaderValue::from_static("Keep-Alive")),
        (CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (HeaderName::from_static("x-arango-queue-time-seconds"), HeaderValue::from_static("0.000000")),
    ]);
    response
}
