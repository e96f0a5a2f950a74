//! Passes on bytes that cannot be read, and causes the faults that need no more.

use std::io;

use http::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::coordinator_proxy::ProxyInner;
use crate::faults::effect::{Close, Effect, ResponseFault};
use crate::server::listener::shared_stream::SharedStream;

/// Size of a buffer for one direction, in bytes.
const BUFFER: usize = 16 * 1024;

/// Bytes that are no record of TLS.
const GARBAGE: &[u8] = b"\0 this is not TLS\r\n";

/// What happens to the bytes of the coordinator.
#[derive(Debug, Clone, Copy)]
enum Response {
    Pass,
    /// After this many bytes nothing more is passed on.
    Stall {
        left: usize,
    },
    /// After this many bytes the connection ends.
    Cut {
        left: usize,
        how: Close,
    },
    /// Replaced by garbage, with which the connection ends.
    Garbage,
}

/// Passes on bytes in both directions until one side ends, then ends the other.
pub(super) async fn run(stream: &SharedStream, mut coordinator: TcpStream, proxy: &ProxyInner) {
    match relay(stream, &mut coordinator, proxy).await {
        Ok(how) => stream.close(how),
        Err(error) => {
            let is_reset = error.kind() == io::ErrorKind::ConnectionReset;
            stream.close(if is_reset { Close::Rst } else { Close::Fin });
        }
    }
}

async fn relay(stream: &SharedStream, coordinator: &mut TcpStream, proxy: &ProxyInner) -> io::Result<Close> {
    let record = proxy.journal.begin_connection(proxy.index);
    let mut client = stream.clone();
    let (mut from_coordinator, mut to_coordinator) = coordinator.split();
    let (mut sent, mut received) = (vec![0; BUFFER], vec![0; BUFFER]);
    // Whether the client is to speak: at the beginning, and after the coordinator has spoken.
    let mut is_clients_turn = true;
    let mut response = Response::Pass;
    loop {
        tokio::select! {
            read = client.read(&mut sent) => {
                let read = read?;
                if read == 0 {
                    return Ok(Close::Fin);
                }
                record.request_bytes(read);
                if is_clients_turn {
                    is_clients_turn = false;
                    // Faults with a method or a path are not injected here.
                    let applied = proxy.faults.apply(&Method::GET, "/");
                    sleep(applied.latency).await;
                    match applied.effect {
                        Some(Effect::ResponseFault(ResponseFault::Close { how, .. })) => return Ok(how),
                        Some(Effect::ResponseFault(fault)) => response = response_of(fault),
                        _ => {}
                    }
                }
                proxy.process.until_resumed().await;
                record.forwarded();
                to_coordinator.write_all(&sent[..read]).await?;
            }
            read = from_coordinator.read(&mut received) => {
                let read = read?;
                if read == 0 {
                    return Ok(Close::Fin);
                }
                record.response_bytes(read);
                is_clients_turn = true;
                proxy.process.until_resumed().await;
                match &mut response {
                    Response::Pass => client.write_all(&received[..read]).await?,
                    Response::Stall { left } => {
                        let part = read.min(*left);
                        *left -= part;
                        client.write_all(&received[..part]).await?;
                    }
                    Response::Cut { left, how } => {
                        let part = read.min(*left);
                        *left -= part;
                        client.write_all(&received[..part]).await?;
                        client.flush().await?;
                        if *left == 0 {
                            return Ok(*how);
                        }
                    }
                    Response::Garbage => {
                        client.write_all(GARBAGE).await?;
                        client.flush().await?;
                        return Ok(Close::Fin);
                    }
                }
                client.flush().await?;
            }
        }
    }
}

fn response_of(fault: ResponseFault) -> Response {
    match fault {
        ResponseFault::Hang => Response::Stall { left: 0 },
        ResponseFault::Stall { after } => Response::Stall { left: after },
        ResponseFault::Truncate { after, how } => Response::Cut { left: after, how },
        ResponseFault::Garbage(_) => Response::Garbage,
        // These need HTTP and are not injected here.
        ResponseFault::Close { .. }
        | ResponseFault::SlowHead { .. }
        | ResponseFault::SlowBody { .. }
        | ResponseFault::Padded { .. }
        | ResponseFault::Reset { .. } => Response::Pass,
    }
}
