//! Carries the bytes of one connection, as slowly and as far as its link allows.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, split};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::link::{Direction, Link};
use super::messages::Messages;
use super::sightings::Watched;

/// The bytes that are read at once.
const CHUNK: usize = 4 << 10;
/// How long after its last byte a connection ends.
const BETWEEN: Duration = Duration::from_millis(1);
/// How many chunks are under way before whoever writes has to wait.
const UNDER_WAY: usize = 16;

/// Carries bytes between the two ends until one of them closes or the link cuts the connection.
///
/// As with a socket that is closed, what is still under way towards the end that has closed is lost; what that end wrote
/// before arrives.
pub(crate) async fn carry(client: DuplexStream, server: DuplexStream, link: Link, watched: Watched) {
    let (mut from_client, mut to_client) = split(client);
    let (mut from_server, mut to_server) = split(server);
    let (mut asked, mut answered) = (Messages::new(), Messages::new());
    let up = flow(&mut from_client, &mut to_server, &link, Direction::Up, |news| match news {
        News::Read(bytes) => asked.feed(bytes, |passed| watched.sent(&passed)),
        News::Closed => watched.hung_up(),
        News::Written(_) => {}
    });
    let down = flow(&mut from_server, &mut to_client, &link, Direction::Down, |news| {
        if let News::Written(bytes) = news {
            answered.feed(bytes, |passed| watched.heard(&passed));
        }
    });
    // In this order always: an order by chance would not be the same in the next run.
    tokio::select! {
        biased;
        () = link.cut_off() => {}
        () = up => {}
        () = down => {}
    }
}

/// What a flow tells while it flows.
enum News<'a> {
    Read(&'a [u8]),
    Closed,
    Written(&'a [u8]),
}

/// Carries one direction to its end.
async fn flow(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    link: &Link,
    direction: Direction,
    tell: impl FnMut(News<'_>) + Send,
) {
    let (enter, mut leave) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    // Both halves tell, never at once.
    let news = Mutex::new(tell);
    let tell = |what: News<'_>| (news.lock().unwrap_or_else(PoisonError::into_inner))(what);
    let reading = async {
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = from.read(&mut chunk).await.unwrap_or(0);
            if read == 0 {
                tell(News::Closed);
                break;
            }
            tell(News::Read(&chunk[..read]));
            if enter.send((Instant::now(), chunk[..read].to_vec())).await.is_err() {
                break;
            }
        }
        // The other half sees the end behind everything that was read.
        drop(enter);
        io::Result::Ok(())
    };
    let writing = async {
        while let Some((since, chunk)) = leave.recv().await {
            pass(since, link).await;
            let passes = link.burn(direction, chunk.len());
            let bytes = &chunk[..passes.unwrap_or(chunk.len())];
            to.write_all(bytes).await?;
            to.flush().await?;
            tell(News::Written(bytes));
            if passes.is_some() {
                return Err(io::ErrorKind::ConnectionReset.into());
            }
        }
        pass(Instant::now(), link).await;
        // A server that reads a request and the end together never looks at the request: it has to get it first.
        sleep(BETWEEN).await;
        Ok(())
    };
    // Either the writing half fails, or both come to their end.
    drop(tokio::try_join!(reading, writing));
}

/// Waits for as long as bytes are under way that were sent at `since`.
async fn pass(since: Instant, link: &Link) {
    let latency: Duration = link.weather().latency;
    if !latency.is_zero() {
        sleep_until(since + latency).await;
    }
    link.flowing().await;
}
