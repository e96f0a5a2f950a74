//! Name resolution and connecting: the traits, their defaults and the connector.

pub(crate) mod connected;
pub(crate) mod connector;
pub(crate) mod dns_cache;
pub(crate) mod happy_eyeballs;

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tokio::net::TcpStream;

use crate::types::boxed::BoxFuture;
use crate::types::io::Io;

/// Opens byte streams.
pub trait Connect: Send + Sync + 'static {
    /// Opens a stream to `address`.
    ///
    /// The caller applies the time limit and drops the future when it is exceeded.
    ///
    /// # Errors
    ///
    /// Any error means that nothing was sent.
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>>;

    /// Opens a stream to a Unix socket.
    ///
    /// This is as [`connect`](Self::connect) does to an address.
    ///
    /// # Errors
    ///
    /// Any error means that nothing was sent. The default implementation always fails.
    fn connect_socket<'a>(&'a self, path: &'a Path) -> BoxFuture<'a, io::Result<Box<dyn Io>>> {
        let _ = path;
        Box::pin(std::future::ready(Err(io::ErrorKind::Unsupported.into())))
    }
}

/// Resolves host names to addresses.
pub trait Resolve: Send + Sync + 'static {
    /// Resolves the addresses of `name`.
    ///
    /// IPv6 and IPv4 addresses are tried alternately, IPv6 first. Within each family, successive connections
    /// start with successive addresses in the returned order, so that all addresses share the load.
    ///
    /// # Errors
    ///
    /// If the name has no address; an empty list means the same.
    fn resolve<'a>(&'a self, name: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>>;
}

/// The idle time before TCP sends a keepalive probe.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// The maximum time that written data may remain unacknowledged.
#[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
const UNACKNOWLEDGED: Duration = Duration::from_secs(20);

/// Opens TCP connections and, on Unix, Unix sockets.
///
/// TCP connections use `TCP_NODELAY` and keepalive after 30 seconds. On Linux, Android and Fuchsia they are
/// closed when written data remains unacknowledged for 20 seconds (`TCP_USER_TIMEOUT`).
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
    // Detects a route that drops all packets in seconds, while TCP would retransmit for about 15 minutes.
    // Some sandboxes do not support the option; the connection works without it.
    #[cfg(any(target_os = "android", target_os = "fuchsia", target_os = "linux"))]
    if let Err(error) = socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED)) {
        tracing::debug!(%error, "TCP_USER_TIMEOUT cannot be set");
    }
    Ok(())
}

/// Resolves names with the operating system's resolver, on tokio's blocking threads.
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
    async fn a_tcp_socket_has_nodelay_keepalive_and_a_user_timeout() {
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
