//! A loopback port that stays ours even while nobody listens on it.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::AbortHandle;

use super::wire::Stream;
use crate::handler::Handler;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Holds a port with a socket that is bound and never listens, so that a killed coordinator refuses and finds its port again.
#[derive(Debug)]
pub(crate) struct Port {
    address: SocketAddr,
    _reserved: TcpSocket,
}

/// Listens until it is dropped. The socket is closed by the drop itself, not when the accepting task notices.
#[derive(Debug)]
pub(super) struct Listening {
    socket: Arc<Mutex<Option<TcpListener>>>,
    accepting: AbortHandle,
}

impl Port {
    pub(super) fn reserve(address: SocketAddr) -> io::Result<Self> {
        if address.port() != 0 {
            // Two sockets that share a port would also share it with another cluster's: look whether anybody listens there.
            let probe = TcpSocket::new_v4()?;
            probe.set_reuseaddr(true)?;
            probe.bind(address)?;
            drop(probe.listen(1)?);
        }
        // Sharing the address as well would let strangers share it too; but after a stranger's connections have ended
        // there, nothing else helps.
        let socket = bound(address, Sharing::Port).or_else(|_| bound(address, Sharing::PortAndAddress))?;
        Ok(Self { address: socket.local_addr()?, _reserved: socket })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn listen(&self, handler: Handler) -> io::Result<Listening> {
        let listener = bound(self.address, Sharing::PortAndAddress)?.listen(BACKLOG)?;
        let socket = Arc::new(Mutex::new(Some(listener)));
        let accepting = tokio::spawn(accept(Arc::clone(&socket), handler)).abort_handle();
        Ok(Listening { socket, accepting })
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.accepting.abort();
    }
}

/// With which other sockets one may share its address.
#[derive(Clone, Copy, PartialEq)]
enum Sharing {
    /// With sockets of this user that agree to share the port.
    Port,
    /// With connections that have ended, too.
    PortAndAddress,
}

fn bound(address: SocketAddr, sharing: Sharing) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(sharing == Sharing::PortAndAddress)?;
    // Both the reserving and the listening socket are bound to the same port.
    #[cfg(unix)]
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

async fn accept(socket: Arc<Mutex<Option<TcpListener>>>, handler: Handler) {
    loop {
        let next = std::future::poll_fn(|cx| match &*socket.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(listener) => listener.poll_accept(cx).map(Some),
            None => Poll::Ready(None),
        });
        match next.await {
            None => return,
            Some(Ok((stream, _))) => admit(stream, &handler),
            // The connection was gone before it was accepted, or files ran out; neither ends the listener.
            Some(Err(error)) => {
                tracing::debug!(%error, "accept");
                tokio::task::yield_now().await;
            }
        }
    }
}

fn admit(stream: TcpStream, handler: &Handler) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no delay");
    }
    handler.coordinator().door.let_in(Stream::Tcp(stream), handler);
}
