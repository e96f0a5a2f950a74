//! Happy eyeballs (RFC 8305): connects to several addresses of a name concurrently.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::task::Poll;
use std::time::Duration;

use arango_protocol::{ErrorKind, Outcome};
use tokio::time::{Instant, timeout_at};

use crate::connect::{BoxFuture, Connect, Io};
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;

/// The delay before the next address is tried concurrently.
///
/// It is shorter if otherwise not all addresses would be tried before the deadline.
const CONNECTION_ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Orders addresses for connecting: families alternate, IPv6 first.
///
/// Each family is rotated by `turn`, so that connections are distributed over all addresses of a name.
pub(crate) fn interleave(addresses: &[SocketAddr], turn: usize) -> Vec<SocketAddr> {
    let (mut six, mut four): (Vec<SocketAddr>, Vec<_>) =
        addresses.iter().partition(|address| address.is_ipv6());
    for family in [&mut six, &mut four] {
        let by = turn.checked_rem(family.len()).unwrap_or(0);
        family.rotate_left(by);
    }
    let longer = six.len().max(four.len());
    (0..longer).flat_map(|index| [six.get(index), four.get(index)]).flatten().copied().collect()
}

/// Opens a stream to the first of `addresses` that accepts one, and drops the others.
///
/// The next address is tried when one has failed, and concurrently with addresses that have not responded for a
/// while. All are tried before the deadline `until`. If all fail, the most informative error is returned.
pub(crate) async fn open(
    network: &dyn Connect,
    addresses: &[SocketAddr],
    until: Instant,
) -> Result<(Box<dyn Io>, SocketAddr), AttemptError> {
    let time = until.saturating_duration_since(Instant::now());
    let stagger =
        CONNECTION_ATTEMPT_DELAY.min(time / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX));
    let mut untried = addresses.iter();
    let mut connects = HappyEyeballs(Vec::with_capacity(addresses.len()));
    let mut failure = None;
    loop {
        if let Some(address) = untried.next() {
            connects.0.push((*address, network.connect(*address)));
        }
        let pause = if untried.len() == 0 { until } else { until.min(Instant::now() + stagger) };
        match timeout_at(pause, connects.next()).await {
            Ok((address, Ok(stream))) => return Ok((stream, address)),
            Ok((address, Err(error))) => {
                let best = ConnectFailure::from_io_error(Some(address), error).more_informative(failure);
                if connects.0.is_empty() && untried.len() == 0 {
                    return Err(best.error);
                }
                failure = Some(best);
            }
            Err(_) if pause == until => {
                let last = connects.0.last().map(|(address, _)| *address);
                return Err(ConnectFailure::new(Reason::TimedOut, ErrorKind::ConnectTimeout, last)
                    .more_informative(failure)
                    .error);
            }
            Err(_) => {}
        }
    }
}

/// Opens a stream to a Unix socket.
pub(crate) async fn open_socket(
    network: &dyn Connect,
    path: &Path,
    until: Instant,
) -> Result<Box<dyn Io>, AttemptError> {
    match timeout_at(until, network.connect_socket(path)).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(ConnectFailure::from_io_error(None, error).error),
        Err(_) => Err(ConnectFailure::new(Reason::TimedOut, ErrorKind::ConnectTimeout, None).error),
    }
}

/// Pending connects; few enough to poll all of them each time.
struct HappyEyeballs<'a>(Vec<(SocketAddr, PendingConnect<'a>)>);

type PendingConnect<'a> = BoxFuture<'a, io::Result<Box<dyn Io>>>;

impl HappyEyeballs<'_> {
    /// Waits for the next connect that succeeds or fails, and removes it.
    async fn next(&mut self) -> (SocketAddr, io::Result<Box<dyn Io>>) {
        poll_fn(|cx| {
            for (index, (address, opening)) in self.0.iter_mut().enumerate() {
                if let Poll::Ready(result) = opening.as_mut().poll(cx) {
                    let address = *address;
                    drop(self.0.remove(index));
                    return Poll::Ready((address, result));
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// The failure of one address.
struct ConnectFailure {
    reason: Reason,
    error: AttemptError,
}

/// The reason of a failure, ordered from the least to the most informative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// There is no route, as for every IPv6 address on a machine without IPv6.
    Unroutable,
    /// There was no response in time.
    TimedOut,
    /// The connection was refused.
    Refused,
}

impl ConnectFailure {
    fn new(reason: Reason, kind: ErrorKind, address: Option<SocketAddr>) -> Self {
        let mut error = AttemptError::new(kind, Outcome::NotExecuted, Phase::Connect);
        error.attempt_mut().address = address;
        Self { reason, error }
    }

    fn from_io_error(address: Option<SocketAddr>, error: io::Error) -> Self {
        use io::ErrorKind as Io;
        let (reason, kind) = match error.kind() {
            Io::TimedOut => (Reason::TimedOut, ErrorKind::ConnectTimeout),
            Io::NetworkUnreachable | Io::HostUnreachable | Io::NetworkDown | Io::AddrNotAvailable => {
                (Reason::Unroutable, ErrorKind::ConnectRefused)
            }
            _ => (Reason::Refused, ErrorKind::ConnectRefused),
        };
        let Self { reason, error: failed } = Self::new(reason, kind, address);
        Self { reason, error: failed.with_source(error) }
    }

    /// Returns the more informative of both failures; this one if they are equal.
    fn more_informative(self, earlier: Option<Self>) -> Self {
        match earlier {
            Some(earlier) if earlier.reason > self.reason => earlier,
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests;
