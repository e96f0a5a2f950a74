//! Hosts that cannot be reached, and connections that cannot be had.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arango::balance::SeededRandom;
use arango::protocol::RequestClass;
use arango::transport::{BoxFuture, Connect, Io, Resolve};
use arango::{Client, Limits, PoolLimits};
use arango_test_cluster::Fault;

use super::{Page, read, write};
use crate::support::{builder, cluster, cluster_of, insert, struck};

/// Knows no name.
struct NoNames;

impl Resolve for NoNames {
    fn resolve<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async { Err(io::Error::other("no such host is known")) })
    }
}

/// Never connects.
struct Silent;

impl Connect for Silent {
    fn connect(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        Box::pin(std::future::pending())
    }
}

/// Refuses every connection.
struct Refusing;

impl Connect for Refusing {
    fn connect(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        Box::pin(async { Err(io::ErrorKind::ConnectionRefused.into()) })
    }
}

pub(super) async fn situations(page: &mut Page) {
    page.section("Connecting");
    let cluster = cluster_of(1).await;
    let one = || builder(&cluster).hosts("http://10.0.0.1:8529");
    page.error(
        "The only host refuses the connection",
        &read(&one().connect(Refusing).build().unwrap()).await,
    );
    for count in [3, 10] {
        let hosts: Vec<_> = (1..=count).map(|host| format!("http://10.0.0.{host}:8529")).collect();
        let client = builder(&cluster).hosts(hosts).connect(Refusing).build().unwrap();
        page.error(&format!("All of {count} hosts refuse the connection"), &write(&client).await);
    }
    let named = builder(&cluster).hosts("http://db.example:8529").resolve(NoNames).build().unwrap();
    page.error("A name that does not resolve", &read(&named).await);
    page.error("A connection is not opened in time", &read(&one().connect(Silent).build().unwrap()).await);
    let limits = Limits::default().attempt(Duration::from_millis(500));
    let client = one().connect(Silent).limits(limits).build().unwrap();
    page.error("The attempt's limit is over while connecting", &read(&client).await);
    #[cfg(unix)]
    {
        let socket = Client::builder()
            .hosts("unix:///nonexistent/arangodb.sock")
            .jitter(Arc::new(SeededRandom::new(1)))
            .build()
            .unwrap();
        page.error("A Unix socket that is not there", &read(&socket).await);
    }

    let pool = PoolLimits::default().connections(1).acquire(Duration::from_millis(100));
    let client = builder(&cluster).pool(pool).build().unwrap();
    let slow = cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(60)).times(1));
    let busy = client.clone();
    let busy = tokio::spawn(async move { busy.db("_system").version().await });
    struck(&slow).await;
    page.error("All connections are in use", &write(&client).await);
    busy.abort();

    let cluster = self::cluster().await;
    let _full: Vec<_> = cluster
        .coordinators()
        .iter()
        .map(|one| one.inject(Fault::answer(503, 21003, "queue is full")))
        .collect();
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
    page.error("The budget of retries is used up", &last.unwrap());
}
