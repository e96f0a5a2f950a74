//! A network in memory, in which attempts meet what a script says.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use arango::transport::{BoxFuture, Connect, Io};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::Notify;

use crate::message::{Reply, Request, http_response};

/// The coordinators, by the last number of their addresses.
pub(crate) const HOSTS: [&str; 3] =
    ["http://192.0.2.1:8529", "http://192.0.2.2:8529", "http://192.0.2.3:8529"];
/// The longest request.
const REQUEST_BYTES: usize = 4096;

/// A network in which the attempts of one client meet the replies of a script, in this order.
#[derive(Clone)]
pub(crate) struct Network(Arc<Shared>);

struct Shared {
    script: Mutex<Script>,
    is_beyond: Notify,
}

struct Script {
    replies: Vec<Reply>,
    next: usize,
    /// The attempt for which there is no reply yet.
    beyond: Option<(usize, Request)>,
    stopped: Option<usize>,
    /// Requests that were read, and those of them that were understood.
    received: usize,
    understood: usize,
}

impl Network {
    pub(crate) fn new(replies: &[Reply]) -> Self {
        let script = Script {
            replies: replies.to_vec(),
            next: 0,
            beyond: None,
            stopped: None,
            received: 0,
            understood: 0,
        };
        Self(Arc::new(Shared { script: Mutex::new(script), is_beyond: Notify::new() }))
    }

    /// Waits for an attempt for which the script has no reply. Returns its coordinator and its request.
    pub(crate) async fn beyond_script(&self) -> (usize, Request) {
        loop {
            let beyond = self.with(|script| script.beyond);
            match beyond {
                Some(attempt) => return attempt,
                None => self.0.is_beyond.notified().await,
            }
        }
    }

    /// Returns whether each reply was met by an attempt, and each request understood.
    pub(crate) fn has_followed_script(&self) -> bool {
        self.with(|script| script.next == script.replies.len() && script.received == script.understood)
    }

    fn with<T>(&self, change: impl FnOnce(&mut Script) -> T) -> T {
        change(&mut self.0.script.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns whether a coordinator refuses a connection.
    fn refuses_connection(&self, coordinator: usize) -> bool {
        self.with(|script| {
            if script.replies.get(script.next) == Some(&Reply::Stopped(coordinator)) {
                script.next += 1;
                script.stopped = Some(coordinator);
            }
            script.stopped == Some(coordinator)
        })
    }

    /// Returns what an attempt meets; `None` if the script has ended.
    fn reply(&self, coordinator: usize, request: Request) -> Option<Reply> {
        let reply = self.with(|script| {
            let reply = script.replies.get(script.next).copied();
            match reply {
                Some(_) => script.next += 1,
                None => script.beyond = Some((coordinator, request)),
            }
            reply
        });
        if reply.is_none() {
            self.0.is_beyond.notify_one();
        }
        reply
    }

    /// Serves a connection to a coordinator until it breaks.
    async fn serve(self, coordinator: usize, mut stream: DuplexStream) -> io::Result<()> {
        loop {
            let (head, body) = read_request(&mut stream).await?;
            if let Some(body) = of_server(&head) {
                stream.write_all(&http_response(200, body)).await?;
                continue;
            }
            self.with(|script| script.received += 1);
            let request = Request::parse(&head, &body);
            self.with(|script| script.understood += 1);
            match self.reply(coordinator, request) {
                Some(Reply::Response(response)) => stream.write_all(&response.http()).await?,
                Some(Reply::CutOff(response)) => {
                    let bytes = response.http();
                    return stream.write_all(&bytes[..bytes.len() - 1]).await;
                }
                Some(Reply::ConnectionLost) => return Ok(()),
                Some(Reply::Stopped(coordinator)) => {
                    self.with(|script| script.stopped = Some(coordinator));
                    return Ok(());
                }
                Some(Reply::Silence) | None => std::future::pending().await,
            }
        }
    }
}

impl Connect for Network {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        Box::pin(async move {
            let host = format!("http://{address}");
            let coordinator = HOSTS.iter().position(|other| *other == host).expect("a coordinator");
            if self.refuses_connection(coordinator) {
                return Err(io::ErrorKind::ConnectionRefused.into());
            }
            let (near, far) = tokio::io::duplex(REQUEST_BYTES);
            tokio::spawn(self.clone().serve(coordinator, far));
            Ok(Box::new(near) as Box<dyn Io>)
        })
    }
}

/// Returns the response to a request that is not about documents.
fn of_server(head: &str) -> Option<&'static str> {
    let path = head.split(' ').nth(1)?;
    if path.ends_with("/_api/version") {
        Some(r#"{"server":"arango","license":"community","version":"3.12.4"}"#)
    } else if path == "/_admin/server/availability" {
        Some(r#"{"error":false,"code":200,"mode":"default"}"#)
    } else {
        None
    }
}

/// Reads one request: its head and its body.
async fn read_request(stream: &mut DuplexStream) -> io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        read_more(stream, &mut bytes).await?;
    };
    let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    while bytes.len() < head + length.unwrap_or(0) {
        read_more(stream, &mut bytes).await?;
    }
    Ok((text, bytes.split_off(head)))
}

async fn read_more(stream: &mut DuplexStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    match stream.read_buf(bytes).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}
