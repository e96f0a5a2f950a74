//! A network in memory, in which attempts meet what a script says.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use arango::transport::{BoxFuture, Connect, Io};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::sync::Notify;

use crate::message::{Reply, http_response};

/// The coordinators, by the last number of their addresses.
pub(crate) const HOSTS: [&str; 3] =
    ["http://192.0.2.1:8529", "http://192.0.2.2:8529", "http://192.0.2.3:8529"];
/// The longest request.
const REQUEST_BYTES: usize = 4096;

/// What clients and the server of a model send to each other.
pub(crate) trait Protocol: 'static {
    type Request: Copy + Send;
    type Response: Copy + PartialEq + Send + Sync;

    /// Reads a request of a client: its head without the last empty line, and its body.
    fn parse(head: &str, body: &[u8]) -> Self::Request;

    /// Returns the bytes of a response.
    fn http(response: Self::Response) -> Vec<u8>;
}

/// A network in which the attempts of one client meet the replies of a script, in this order.
pub(crate) struct Network<P: Protocol>(Arc<Shared<P>>);

impl<P: Protocol> Clone for Network<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Shared<P: Protocol> {
    script: Mutex<Script<P>>,
    is_beyond: Notify,
    /// Notified when the script has a further reply.
    is_continued: Notify,
}

struct Script<P: Protocol> {
    replies: Vec<Reply<P::Response>>,
    next: usize,
    /// The attempt for which there is no reply yet.
    beyond: Option<(usize, P::Request)>,
    stopped: Option<usize>,
    /// Requests that were read, and those of them that were understood.
    received: usize,
    understood: usize,
}

impl<P: Protocol> Network<P> {
    pub(crate) fn new(replies: &[Reply<P::Response>]) -> Self {
        let script = Script {
            replies: replies.to_vec(),
            next: 0,
            beyond: None,
            stopped: None,
            received: 0,
            understood: 0,
        };
        let (is_beyond, is_continued) = (Notify::new(), Notify::new());
        Self(Arc::new(Shared { script: Mutex::new(script), is_beyond, is_continued }))
    }

    /// Waits for an attempt for which the script has no reply. Returns its coordinator and its request.
    pub(crate) async fn beyond_script(&self) -> (usize, P::Request) {
        loop {
            let beyond = self.with(|script| script.beyond);
            match beyond {
                Some(attempt) => return attempt,
                None => self.0.is_beyond.notified().await,
            }
        }
    }

    /// Lets the attempt for which there was no reply meet this one.
    pub(crate) fn continue_with(&self, reply: Reply<P::Response>) {
        self.with(|script| {
            script.replies.push(reply);
            script.beyond = None;
        });
        self.0.is_continued.notify_one();
    }

    /// Returns whether each reply was met by an attempt, and each request understood.
    pub(crate) fn has_followed_script(&self) -> bool {
        self.with(|script| script.next == script.replies.len() && script.received == script.understood)
    }

    fn with<T>(&self, change: impl FnOnce(&mut Script<P>) -> T) -> T {
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

    /// Returns what an attempt meets, as soon as the script has it.
    async fn reply(&self, coordinator: usize, request: P::Request) -> Reply<P::Response> {
        loop {
            let reply = self.with(|script| {
                let reply = script.replies.get(script.next).copied();
                if reply.is_some() {
                    script.next += 1;
                } else {
                    assert!(script.beyond.is_none(), "a client sends one request at a time");
                    script.beyond = Some((coordinator, request));
                }
                reply
            });
            if let Some(reply) = reply {
                return reply;
            }
            self.0.is_beyond.notify_one();
            self.0.is_continued.notified().await;
        }
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
            let request = P::parse(&head, &body);
            self.with(|script| script.understood += 1);
            match self.reply(coordinator, request).await {
                Reply::Response(response) => stream.write_all(&P::http(response)).await?,
                Reply::CutOff(response) => {
                    let bytes = P::http(response);
                    return stream.write_all(&bytes[..bytes.len() - 1]).await;
                }
                Reply::ConnectionLost => return Ok(()),
                Reply::Stopped(coordinator) => {
                    self.with(|script| script.stopped = Some(coordinator));
                    return Ok(());
                }
                Reply::Silence => std::future::pending().await,
            }
        }
    }
}

impl<P: Protocol> Connect for Network<P> {
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

/// Returns the response to a request that is about the server or the database.
fn of_server(head: &str) -> Option<&'static str> {
    let path = head.split(' ').nth(1)?;
    if path.ends_with("/_api/version") {
        Some(r#"{"server":"arango","license":"community","version":"3.12.4"}"#)
    } else if path == "/_admin/server/availability" {
        Some(r#"{"error":false,"code":200,"mode":"default"}"#)
    } else if path.ends_with("/_api/database/current") {
        // All documents have one leader.
        Some(
            r#"{"error":false,"code":200,"result":{"name":"bank","id":"1","isSystem":false,"path":"","sharding":"single"}}"#,
        )
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
