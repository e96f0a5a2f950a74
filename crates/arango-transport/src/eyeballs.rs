//! Several addresses of one name, tried side by side (RFC 8305, "happy eyeballs").

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::attempt_error::AttemptError;
use crate::connect::{BoxFuture, Connect, Io};
use crate::failed_attempt::Phase;
use crate::{ErrorKind, Outcome};

/// How long an address is tried before the next one is tried beside it; less, if otherwise not all
/// of them had begun when time is over.
const STAGGER: Duration = Duration::from_millis(250);

/// Puts addresses in the order in which they are tried: one of each family by turns, IPv6 first.
///
/// Each family begins `turn` addresses further than it was given, so that several addresses of one
/// name share its connections.
pub(crate) fn in_turn(addresses: &[SocketAddr], turn: usize) -> Vec<SocketAddr> {
    let (mut six, mut four): (Vec<SocketAddr>, Vec<_>) =
        addresses.iter().partition(|address| address.is_ipv6());
    for family in [&mut six, &mut four] {
        let by = turn.checked_rem(family.len()).unwrap_or(0);
        family.rotate_left(by);
    }
    let longer = six.len().max(four.len());
    (0..longer).flat_map(|index| [six.get(index), four.get(index)]).flatten().copied().collect()
}

/// Opens a stream to the first of `addresses` that takes one, and drops what was begun with others.
///
/// The next one is tried when one has failed, and beside those that say nothing for a while; all
/// have begun before `until`. If none takes a stream, the failure is the one that explains most.
pub(crate) async fn open(
    network: &dyn Connect,
    addresses: &[SocketAddr],
    until: Instant,
) -> Result<(Box<dyn Io>, SocketAddr), AttemptError> {
    let time = until.saturating_duration_since(Instant::now());
    let stagger = STAGGER.min(time / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX));
    let mut untried = addresses.iter();
    let mut race = Race(Vec::with_capacity(addresses.len()));
    let mut failure = None;
    loop {
        if let Some(address) = untried.next() {
            race.0.push((*address, network.connect(*address)));
        }
        let pause = if untried.len() == 0 { until } else { until.min(Instant::now() + stagger) };
        match timeout_at(pause, race.next()).await {
            Ok((address, Ok(stream))) => return Ok((stream, address)),
            Ok((address, Err(error))) => {
                let worst = Failure::of(Some(address), error).or(failure);
                if race.0.is_empty() && untried.len() == 0 {
                    return Err(worst.error);
                }
                failure = Some(worst);
            }
            Err(_) if pause == until => {
                let last = race.0.last().map(|(address, _)| *address);
                return Err(Failure::new(Tells::Silence, ErrorKind::ConnectTimeout, last).or(failure).error);
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
        Ok(Err(error)) => Err(Failure::of(None, error).error),
        Err(_) => Err(Failure::new(Tells::Silence, ErrorKind::ConnectTimeout, None).error),
    }
}

/// Streams that are being opened; few enough to ask them all each time.
struct Race<'a>(Vec<(SocketAddr, Opening<'a>)>);

type Opening<'a> = BoxFuture<'a, io::Result<Box<dyn Io>>>;

impl Race<'_> {
    /// Waits for the next that ends in whatever way, and takes it out.
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

/// Why one address took no stream.
struct Failure {
    tells: Tells,
    error: AttemptError,
}

/// How much it explains, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tells {
    /// There is no way from here: so says of every IPv6 address a machine that has none itself.
    NoWay,
    /// Nobody answered in time.
    Silence,
    /// Somebody refused.
    Refusal,
}

impl Failure {
    fn new(tells: Tells, kind: ErrorKind, address: Option<SocketAddr>) -> Self {
        let mut error = AttemptError::new(kind, Outcome::NotExecuted, Phase::Connect);
        error.attempt().address = address;
        Self { tells, error }
    }

    fn of(address: Option<SocketAddr>, error: io::Error) -> Self {
        use io::ErrorKind as Io;
        let (tells, kind) = match error.kind() {
            Io::TimedOut => (Tells::Silence, ErrorKind::ConnectTimeout),
            Io::NetworkUnreachable | Io::HostUnreachable | Io::NetworkDown | Io::AddrNotAvailable => {
                (Tells::NoWay, ErrorKind::ConnectRefused)
            }
            _ => (Tells::Refusal, ErrorKind::ConnectRefused),
        };
        let Self { tells, error: failed } = Self::new(tells, kind, address);
        Self { tells, error: failed.because(error) }
    }

    /// Of this one and an earlier one that which explains more; of equals this.
    fn or(self, earlier: Option<Self>) -> Self {
        match earlier {
            Some(earlier) if earlier.tells > self.tells => earlier,
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests;
