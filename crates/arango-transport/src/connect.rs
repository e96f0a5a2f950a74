//! The seams to the network: how names are resolved and byte streams opened.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A future that was boxed because its type cannot be named; once per connection.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A byte stream to a coordinator.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Io for T {}

/// Opens byte streams.
pub trait Connect: Send + Sync + 'static {
    /// Opens a stream to `address`. The caller limits how long it waits and drops the future then.
    ///
    /// # Errors
    ///
    /// Any error means that nothing was sent.
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>>;

    /// Opens a stream to a Unix socket, as [`connect`](Self::connect) does to an address.
    ///
    /// # Errors
    ///
    /// Any error means that nothing was sent. Unless it is implemented, it always fails.
    fn connect_socket<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, io::Result<Box<dyn Io>>> {
        let _ = path;
        Box::pin(std::future::ready(Err(io::ErrorKind::Unsupported.into())))
    }
}

/// Finds the addresses of a name.
pub trait Resolve: Send + Sync + 'static {
    /// Finds the addresses of `name`.
    ///
    /// IPv6 and IPv4 are tried by turns, IPv6 first. Within each family connections begin with one
    /// address after the other, in this order, so that all of them share the load.
    ///
    /// # Errors
    ///
    /// If the name has no address; an empty list means the same.
    fn resolve<'a>(&'a self, name: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>>;
}

/// How long a connection may be silent before TCP asks whether the other end is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// How long the other end's system may leave unacknowledged what was written to it.
#[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
const UNACKNOWLEDGED: Duration = Duration::from_secs(20);

/// Opens TCP connections: without delay, kept alive every 30 seconds, and on Linux, Android and
/// Fuchsia broken off when nothing that was written has been acknowledged for 20 seconds. Where there
/// are Unix sockets it opens those, too.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemConnect;

impl Connect for SystemConnect {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        Box::pin(async move {
            let stream = TcpStream::connect(address).await?;
            prepare(&stream)?;
            Ok(Box::new(stream) as Box<dyn Io>)
        })
    }

    #[cfg(unix)]
    fn connect_socket<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, io::Result<Box<dyn Io>>> {
        Box::pin(async move { Ok(Box::new(tokio::net::UnixStream::connect(path).await?) as Box<dyn Io>) })
    }
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = socket2::SockRef::from(stream);
    socket.set_tcp_keepalive(&socket2::TcpKeepalive::new().with_time(KEEP_ALIVE))?;
    // A route that swallows everything is noticed in seconds, not in the quarter of an hour for which
    // TCP would repeat itself. Some sandboxes do not know the option; a connection is usable without.
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    if let Err(error) = socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED)) {
        tracing::debug!(%error, "TCP_USER_TIMEOUT cannot be set");
    }
    Ok(())
}

/// Asks the operating system, off the runtime's own threads.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolve;

impl Resolve for SystemResolve {
    fn resolve<'a>(&'a self, name: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, port)).await?.collect()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_is_without_delay_kept_alive_and_gives_up_on_a_peer_that_acknowledges_nothing() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        prepare(&stream).unwrap();
        assert!(stream.nodelay().unwrap());
        let socket = socket2::SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        #[cfg(target_os = "linux")]
        {
            assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(30));
            assert_eq!(socket.tcp_user_timeout().unwrap(), Some(Duration::from_secs(20)));
        }
    }
}
