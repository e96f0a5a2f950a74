//! Errors for unreachable hosts and connections that cannot be obtained.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arango::balance::{Candidates, Policy, SeededRandom};
use arango::protocol::RequestClass;
use arango::transport::{BoxFuture, Connect, Io, Resolve};
use arango::{Client, Limits, PoolLimits};
use arango_test_cluster::Fault;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};
use tokio::time::Instant;

use super::{Page, read, write};
use crate::support::{builder, cluster, cluster_of, insert, wait_for_hit};

/// Resolves no name.
struct FailingResolver;

impl Resolve for FailingResolver {
    fn resolve<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async { Err(io::Error::other("no such host is known")) })
    }
}

/// Never connects.
struct NeverConnects;

impl Connect for NeverConnects {
    fn connect(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        Box::pin(std::future::pending())
    }
}

/// Refuses every connection.
struct RefusesConnections;

impl Connect for RefusesConnections {
    fn connect(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        Box::pin(async { Err(io::ErrorKind::ConnectionRefused.into()) })
    }
}

/// Connects to a service that sends this before it is asked.
struct SpeaksFirst(&'static [u8]);

impl Connect for SpeaksFirst {
    fn connect(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        Box::pin(async {
            let (client_end, mut service_end) = duplex(1024);
            service_end.write_all(self.0).await?;
            tokio::spawn(async move { service_end.read_to_end(&mut Vec::new()).await });
            Ok(Box::new(client_end) as Box<dyn Io>)
        })
    }
}

/// A policy with a fault.
struct PicksNone;

impl<K, Req> Policy<K, Req> for PicksNone {
    fn pick(&self, _: &Candidates<'_, K>, _: &Req, _: Instant) -> Option<usize> {
        None
    }
}

pub(super) async fn situations(page: &mut Page) {
    page.section("Connecting");
    let cluster = cluster_of(1).await;
    let one = || builder(&cluster).hosts("http://10.0.0.1:8529");
    page.error(
        "The only host refuses the connection",
        &read(&one().connect(RefusesConnections).build().unwrap()).await,
    );
    for count in [3, 10] {
        let hosts: Vec<_> = (1..=count).map(|host| format!("http://10.0.0.{host}:8529")).collect();
        let client = builder(&cluster).hosts(hosts).connect(RefusesConnections).build().unwrap();
        page.error(&format!("All of {count} hosts refuse the connection"), &write(&client).await);
    }
    let hosts = "http://10.0.0.1:8529,http://db.example:8529,http://10.0.0.2:8529";
    let client = builder(&cluster).hosts(hosts).resolve(FailingResolver).connect(RefusesConnections);
    page.error("The hosts cannot be reached for different reasons", &write(&client.build().unwrap()).await);
    page.error(
        "A policy of the program picks no coordinator",
        &write(&builder(&cluster).policy(PicksNone).build().unwrap()).await,
    );
    page.error(
        "A service that speaks first listens on the port",
        &write(&one().connect(SpeaksFirst(b"SSH-2.0-OpenSSH_9.6\r\n")).build().unwrap()).await,
    );
    // An empty frame of settings.
    let http2 = one().connect(SpeaksFirst(b"\0\0\0\x04\0\0\0\0\0"));
    page.error("The host speaks only HTTP/2", &write(&http2.build().unwrap()).await);
    let named = builder(&cluster).hosts("http://db.example:8529").resolve(FailingResolver).build().unwrap();
    page.error("A name that does not resolve", &read(&named).await);
    page.error(
        "A connection is not opened in time",
        &read(&one().connect(NeverConnects).build().unwrap()).await,
    );
    let limits = Limits::default().attempt(Duration::from_millis(500));
    let client = one().connect(NeverConnects).limits(limits).build().unwrap();
    page.error("The attempt times out while connecting", &read(&client).await);
    #[cfg(unix)]
    {
        let socket = Client::builder()
            .hosts("unix:///nonexistent/arangodb.sock")
            .random_source(Arc::new(SeededRandom::new(1)))
            .build()
            .unwrap();
        page.error("A Unix socket does not exist", &read(&socket).await);
    }

    let pool = PoolLimits::default().connections(1).acquire(Duration::from_millis(100));
    let client = builder(&cluster).pool(pool).build().unwrap();
    let slow = cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(60)).times(1));
    let busy = client.clone();
    let busy = tokio::spawn(async move { busy.db("_system").version().await });
    wait_for_hit(&slow).await;
    page.error("All connections are in use", &write(&client).await);
    busy.abort();

    let cluster = self::cluster().await;
    let _full = cluster.inject(&Fault::response(503, 21003, "queue is full"));
    let client = builder(&cluster).build().unwrap();
    let calls: Vec<_> = (0..100)
        .map(|_| {
            let database = client.db("_system");
            tokio::spawn(async move { database.execute(insert("m", RequestClass::Safe)).await })
        })
        .collect();
    let mut last = None;
    for call in calls {
        last = call.await.unwrap().err();
    }
    page.error("The retry budget is exhausted", &last.unwrap());
}
