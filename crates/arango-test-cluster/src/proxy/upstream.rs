//! The connection from a proxy to its coordinator: one for each connection of a client.

use std::error::Error as _;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::{Notify, OnceCell};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::bodies::RequestBody;
use crate::faults::effect::Close;

/// Time limit for connecting to the coordinator.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// Connects to a coordinator.
///
/// # Errors
/// If it does not accept the connection in time.
pub(super) async fn connect(authority: &str) -> io::Result<TcpStream> {
    let stream = timeout(CONNECT_LIMIT, TcpStream::connect(authority)).await??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A connection over which requests are passed on, in the version of HTTP in which the first one came.
#[derive(Debug)]
pub(super) struct Upstream {
    /// Taken by the first request.
    stream: Mutex<Option<TcpStream>>,
    sender: OnceCell<Sender>,
    ended: Arc<Notify>,
    task: Mutex<Option<AbortHandle>>,
}

#[derive(Debug)]
enum Sender {
    // One request at a time: the lock is held until there is a response.
    Http1(tokio::sync::Mutex<http1::SendRequest<RequestBody>>),
    Http2(http2::SendRequest<RequestBody>),
}

/// How a coordinator has failed to respond.
#[derive(Debug)]
pub(super) struct Broken {
    /// How its connection has ended.
    pub(super) how: Close,
}

impl Upstream {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream: Mutex::new(Some(stream)),
            sender: OnceCell::new(),
            ended: Arc::default(),
            task: Mutex::default(),
        }
    }

    /// Sends a request, and returns the head of its response.
    pub(super) async fn send(&self, request: Request<RequestBody>) -> Result<Response<Incoming>, Broken> {
        let version = request.version();
        let sender = self.sender.get_or_try_init(|| self.handshake(version)).await;
        let sent = match sender? {
            Sender::Http1(sender) => {
                let mut sender = sender.lock().await;
                match sender.ready().await {
                    Ok(()) => sender.send_request(request).await,
                    Err(error) => Err(error),
                }
            }
            Sender::Http2(sender) => {
                let mut sender = sender.clone();
                match sender.ready().await {
                    Ok(()) => sender.send_request(request).await,
                    Err(error) => Err(error),
                }
            }
        };
        sent.map_err(|error| Broken::from(&error))
    }

    /// Completes when the coordinator has closed the connection.
    pub(super) async fn ended(&self) {
        self.ended.notified().await;
    }

    async fn handshake(&self, version: Version) -> Result<Sender, Broken> {
        let stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner).take();
        // After a handshake that has failed, there is no second one.
        let io = TokioIo::new(stream.ok_or(Broken { how: Close::Fin })?);
        let ended = Arc::clone(&self.ended);
        let (sender, task) = if version == Version::HTTP_2 {
            let (sender, connection) =
                http2::handshake(TokioExecutor::new(), io).await.map_err(|error| Broken::from(&error))?;
            let task = tokio::spawn(async move {
                report_end(connection.await);
                ended.notify_one();
            });
            (Sender::Http2(sender), task)
        } else {
            let handshake = http1::Builder::new().title_case_headers(true).handshake(io).await;
            let (sender, connection) = handshake.map_err(|error| Broken::from(&error))?;
            let task = tokio::spawn(async move {
                report_end(connection.await);
                ended.notify_one();
            });
            (Sender::Http1(tokio::sync::Mutex::new(sender)), task)
        };
        *self.task.lock().unwrap_or_else(PoisonError::into_inner) = Some(task.abort_handle());
        Ok(sender)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        if let Some(task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

impl From<&hyper::Error> for Broken {
    fn from(error: &hyper::Error) -> Self {
        let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
        let is_reset = io.is_some_and(|io| io.kind() == io::ErrorKind::ConnectionReset);
        Self { how: if is_reset { Close::Rst } else { Close::Fin } }
    }
}

fn report_end(result: Result<(), hyper::Error>) {
    if let Err(error) = result {
        tracing::debug!(%error, "the connection to the coordinator failed");
    }
}
