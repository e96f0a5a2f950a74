//! A loopback port that stays reserved while no socket listens on it.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::AbortHandle;

use super::ConnectionHandler;
use super::shared_stream::Stream;

/// Maximum number of connections waiting to be accepted.
const BACKLOG: u32 = 1024;

/// Reserves a port with a socket that is bound and never listens.
///
/// A killed coordinator refuses connections, and gets its port back when it restarts.
#[derive(Debug)]
pub(crate) struct Port {
    address: SocketAddr,
    _reserved: TcpSocket,
}

/// Listens until it is dropped. The drop itself closes the socket, not the accepting task.
#[derive(Debug)]
pub(super) struct ActiveListener {
    socket: Arc<Mutex<Option<TcpListener>>>,
    accepting: AbortHandle,
}

impl Port {
    pub(super) fn reserve(address: SocketAddr) -> io::Result<Self> {
        if address.port() != 0 {
            // Two sockets that share a port would also share it with another cluster's, so check first whether one
            // listens there.
            let probe = TcpSocket::new_v4()?;
            probe.set_reuseaddr(true)?;
            probe.bind(address)?;
            drop(probe.listen(1)?);
        }
        // Sharing the address as well would let other programs share it too. After connections of others have ended
        // there, it is the only way to bind.
        let socket =
            bind(address, AddressReuse::Port).or_else(|_| bind(address, AddressReuse::PortAndAddress))?;
        Ok(Self { address: socket.local_addr()?, _reserved: socket })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn listen(&self, handler: impl ConnectionHandler) -> io::Result<ActiveListener> {
        let listener = bind(self.address, AddressReuse::PortAndAddress)?.listen(BACKLOG)?;
        let socket = Arc::new(Mutex::new(Some(listener)));
        let accepting = tokio::spawn(accept(Arc::clone(&socket), handler)).abort_handle();
        Ok(ActiveListener { socket, accepting })
    }
}

impl Drop for ActiveListener {
    fn drop(&mut self) {
        self.socket.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.accepting.abort();
    }
}

/// Which other sockets may share the address.
#[derive(Clone, Copy, PartialEq)]
enum AddressReuse {
    /// Sockets of this user that agree to share the port.
    Port,
    /// These, and connections that have ended.
    PortAndAddress,
}

fn bind(address: SocketAddr, sharing: AddressReuse) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(sharing == AddressReuse::PortAndAddress)?;
    // Both the reserving and the listening socket are bound to the same port.
    #[cfg(unix)]
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    Ok(socket)
}

async fn accept(socket: Arc<Mutex<Option<TcpListener>>>, handler: impl ConnectionHandler) {
    loop {
        let next = std::future::poll_fn(|cx| match &*socket.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(listener) => listener.poll_accept(cx).map(Some),
            None => Poll::Ready(None),
        });
        match next.await {
            None => return,
            Some(Ok((stream, _))) => serve_stream(stream, &handler),
            // The connection ended before it was accepted, or the process has too many open files. Neither ends the
            // listener.
            Some(Err(error)) => {
                tracing::debug!(%error, "accept");
                tokio::task::yield_now().await;
            }
        }
    }
}

fn serve_stream(stream: TcpStream, handler: &impl ConnectionHandler) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "cannot set TCP_NODELAY");
    }
    handler.listener().spawn_connection(Stream::Tcp(stream), handler);
}
