//! From a coordinator's name to a byte stream: the seams through which tests replace the network.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use crate::attempt_error::AttemptError;
use crate::coordinator::Host;
use crate::record::Phase;
use crate::{Coordinator, ErrorKind, Outcome};

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
}

/// Finds the addresses of a name.
pub trait Resolve: Send + Sync + 'static {
    /// Finds the addresses of `name`, in the order in which they should be tried.
    ///
    /// # Errors
    ///
    /// If the name has no address; an empty list means the same.
    fn resolve<'a>(&'a self, name: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>>;
}

/// Opens TCP connections: without delay, kept alive every 30 seconds.
#[derive(Debug, Clone, Copy, Default)]
pub struct TcpConnect;

impl Connect for TcpConnect {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        Box::pin(async move {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let keepalive = socket2::TcpKeepalive::new().with_time(Duration::from_secs(30));
            socket2::SockRef::from(&stream).set_tcp_keepalive(&keepalive)?;
            Ok(Box::new(stream) as Box<dyn Io>)
        })
    }
}

/// Asks the operating system, off the runtime's own threads.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolve;

impl Resolve for SystemResolve {
    fn resolve<'a>(&'a self, name: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, port)).await?.collect()) })
    }
}

/// Both seams and the limit that holds for them together.
#[derive(Clone)]
pub(crate) struct Connector {
    pub(crate) resolve: Arc<dyn Resolve>,
    pub(crate) connect: Arc<dyn Connect>,
    pub(crate) limit: Duration,
}

impl Connector {
    /// Opens a stream to the first address of `coordinator` that takes one.
    pub(crate) async fn open(
        &self,
        coordinator: &Coordinator,
    ) -> Result<(Box<dyn Io>, SocketAddr), AttemptError> {
        let failed = |kind| AttemptError::new(kind, Outcome::NotExecuted, Phase::Connect);
        let until = Instant::now() + self.limit;
        let addresses = match coordinator.host() {
            Host::Ip(ip) => vec![SocketAddr::new(*ip, coordinator.port())],
            Host::Name(name) => {
                match timeout_at(until, self.resolve.resolve(name, coordinator.port())).await {
                    Ok(Ok(addresses)) if !addresses.is_empty() => addresses,
                    Ok(Ok(_)) => return Err(failed(ErrorKind::Dns)),
                    Ok(Err(error)) => return Err(failed(ErrorKind::Dns).because(error)),
                    Err(_) => return Err(failed(ErrorKind::Dns).because("no answer in time")),
                }
            }
        };
        let mut last = failed(ErrorKind::ConnectTimeout);
        for (index, address) in addresses.iter().enumerate() {
            // An address that swallows everything must leave time for the others.
            let left = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
            let now = Instant::now();
            let share = now + until.saturating_duration_since(now) / left;
            last = match timeout_at(share, self.connect.connect(*address)).await {
                Ok(Ok(io)) => return Ok((io, *address)),
                Ok(Err(error)) if error.kind() == io::ErrorKind::TimedOut => {
                    failed(ErrorKind::ConnectTimeout).because(error)
                }
                Ok(Err(error)) => failed(ErrorKind::ConnectRefused).because(error),
                Err(_) => failed(ErrorKind::ConnectTimeout),
            };
            last.attempt().address = Some(*address);
        }
        Err(last)
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector").field("limit", &self.limit).finish_non_exhaustive()
    }
}
