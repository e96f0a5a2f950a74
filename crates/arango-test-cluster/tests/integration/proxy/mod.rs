//! Proxies, with an embedded cluster as the one behind them.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod control;
mod http;
mod http2;
mod lifecycle;
mod tls;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use arango_test_cluster::{ClusterProxy, TestCluster};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::yield_now;
use tokio::time::timeout;

use crate::client::{Session, basic};

/// Far longer than anything takes.
const LIMIT: Duration = Duration::from_secs(60);

/// Waits until something holds.
async fn wait_until(holds: impl Fn() -> bool) {
    let wait = async {
        while !holds() {
            yield_now().await;
        }
    };
    timeout(LIMIT, wait).await.expect("it happens in time");
}

/// Lets everything happen that can happen at once.
async fn settle() {
    for _ in 0..1000 {
        yield_now().await;
    }
}

/// A cluster of one coordinator, and the proxy in front of it.
async fn proxied() -> (TestCluster, ClusterProxy) {
    let cluster = TestCluster::builder().coordinators(1).start().await.unwrap();
    let proxy = ClusterProxy::start(cluster.urls()).unwrap();
    (cluster, proxy)
}

async fn session(address: SocketAddr) -> Session {
    Session::from_io(TcpStream::connect(address).await.expect("the proxy listens")).await
}

/// Returns all that is received for one request, and how the connection ended.
async fn raw_request(address: SocketAddr) -> (String, Option<ErrorKind>) {
    let mut stream = TcpStream::connect(address).await.expect("the proxy listens");
    let request = format!(
        "GET /_api/version HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nX-Sim-Marker: m\r\n\r\n",
        basic("root", "passwd")
    );
    // A connection that is reset at once may have ended before.
    if let Err(error) = stream.write_all(request.as_bytes()).await {
        return (String::new(), Some(error.kind()));
    }
    read_to_end(&mut stream).await
}

async fn read_to_end(stream: &mut TcpStream) -> (String, Option<ErrorKind>) {
    let mut seen = Vec::new();
    let mut buffer = [0; 1024];
    let end = loop {
        match timeout(LIMIT, stream.read(&mut buffer)).await.expect("the connection ends in time") {
            Ok(0) => break None,
            Ok(read) => seen.extend_from_slice(&buffer[..read]),
            Err(error) => break Some(error.kind()),
        }
    };
    (String::from_utf8_lossy(&seen).into_owned(), end)
}
