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
use tokio::net::{TcpListener, TcpStream};

use crate::answers::Question;

/// A running server process. It ends when this is dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts the process and waits until it listens.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the server process")?;
        let mut line = String::new();
        let stdout = process.stdout.take().context("the server has no output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.trim().parse().context("the server told no address")?;
        Ok(Self { process, address })
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
pub(crate) async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    anstream::println!("{}", listener.local_addr()?);
    let closed = tokio::task::spawn_blocking(|| io::copy(&mut io::stdin().lock(), &mut io::sink()));
    tokio::select! {
        failed = accept(listener) => failed,
        closed = closed => closed?.map(drop).map_err(Into::into),
    }
}

async fn accept(listener: TcpListener) -> anyhow::Result<()> {
    let answers = Arc::new(Question::ALL.map(|question| Bytes::from(question.answer())));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(connection(stream, Arc::clone(&answers)));
    }
}

async fn connection(stream: TcpStream, answers: Arc<[Bytes; 2]>) {
    let service = service_fn(move |request| {
        let response = answer(&request, &answers);
        async { Ok::<_, Infallible>(response) }
    });
    let served = http1::Builder::new()
        .title_case_headers(true)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
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
