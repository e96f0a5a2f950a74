//! T01–T04 and T07: nothing was sent, so any request goes on to the next coordinator.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arango::balance::Standing;
use arango::transport::{BoxFuture, Connect, Io, Resolve};
use arango::{Client, ErrorKind, Limits, Outcome, PoolLimits};
use tokio::time::Instant;

use super::{SUCCEEDS_ELSEWHERE, ending};
use crate::support::{CLASSES, Memory, builder, client, cluster, insert};

/// Knows `good.example` and nothing else.
struct OneName(SocketAddr);

impl Resolve for OneName {
    fn resolve<'a>(&'a self, name: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move {
            if name == "good.example" { Ok(vec![self.0]) } else { Err(io::ErrorKind::NotFound.into()) }
        })
    }
}

#[tokio::test(start_paused = true)]
async fn t01_a_name_that_does_not_resolve_sends_the_request_to_the_next() {
    let cluster = cluster().await;
    let named = |hosts: &str| {
        builder(&cluster).hosts(hosts).resolve(OneName(cluster.coordinator(0).address())).build().unwrap()
    };
    for class in CLASSES {
        let client = named("http://bad.example,http://good.example");
        let (ending, _) = ending(&cluster, &client, class).await;
        assert_eq!(ending, SUCCEEDS_ELSEWHERE, "{class:?}");
    }
    let client = named("http://bad.example");
    let error = client.db("_system").execute(insert("m", CLASSES[2])).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Dns, Outcome::NotExecuted));
    assert!(error.is_retryable_by_caller());
}

#[tokio::test(start_paused = true)]
async fn t02_while_the_resolver_is_out_of_order_the_last_known_addresses_are_used() {
    /// Resolves once and never again.
    struct Once(SocketAddr, AtomicBool);
    impl Resolve for Once {
        fn resolve<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
            let first = !self.1.swap(true, Ordering::Relaxed);
            Box::pin(async move {
                if first { Ok(vec![self.0]) } else { Err(io::Error::other("the resolver is out of order")) }
            })
        }
    }
    for class in CLASSES {
        let cluster = cluster().await;
        let client = builder(&cluster)
            .hosts("http://good.example")
            .resolve(Once(cluster.coordinator(0).address(), AtomicBool::new(false)))
            .build()
            .unwrap();
        client.db("_system").version().await.unwrap();
        // Its connections are gone, so the name is asked for again.
        cluster.coordinator(0).kill();
        cluster.coordinator(0).restart().await.unwrap();
        let (ending, _) = ending(&cluster, &client, class).await;
        assert_eq!(ending, SUCCEEDS_ELSEWHERE, "{class:?}");

        // Ten minutes later they are no longer good for anything.
        tokio::time::sleep(Duration::from_secs(601)).await;
        let error = client.db("_system").execute(insert("m", class)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Dns, Outcome::NotExecuted));
    }
}

#[tokio::test(start_paused = true)]
async fn t03_a_refused_connection_sends_any_request_to_the_next_at_once() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        cluster.coordinator(0).kill();
        let began = Instant::now();
        let (ending, _) = ending(&cluster, &client, class).await;
        assert_eq!(ending, SUCCEEDS_ELSEWHERE, "{class:?}");
        assert_eq!(began.elapsed(), Duration::ZERO, "no pause before another coordinator");
        assert_eq!(client.coordinators()[0].requests, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn t03_when_every_connection_is_refused_each_coordinator_is_named_and_nothing_was_executed() {
    let cluster = cluster().await;
    let client = client(&cluster);
    for coordinator in cluster.coordinators() {
        coordinator.kill();
    }
    let error = client.db("_system").execute(insert("m", CLASSES[2])).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NoCoordinatorAvailable, Outcome::NotExecuted));
    let report = error.report().to_string();
    for coordinator in cluster.coordinators() {
        assert!(report.contains(&coordinator.url()), "{report}");
    }
    assert!(error.attempts().iter().all(|attempt| attempt.kind == ErrorKind::ConnectRefused));
}

#[tokio::test(start_paused = true)]
async fn t03_the_next_address_of_a_name_is_tried_before_the_next_coordinator() {
    struct TwoAddresses([SocketAddr; 2]);
    impl Resolve for TwoAddresses {
        fn resolve<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
            Box::pin(async move { Ok(self.0.to_vec()) })
        }
    }
    let cluster = cluster().await;
    let nobody: SocketAddr = "127.0.0.1:1".parse().unwrap();
    let client = builder(&cluster)
        .hosts("http://both.example")
        .resolve(TwoAddresses([nobody, cluster.coordinator(1).address()]))
        .build()
        .unwrap();
    client.db("_system").execute(insert("m", CLASSES[2])).await.unwrap();
    assert_eq!(client.coordinators()[0].requests, 1, "one attempt");
    assert_eq!(cluster.journal().requests_to(1), 1);
}

/// Swallows whoever knocks at one address.
struct Swallow {
    network: Memory,
    address: SocketAddr,
}

impl Connect for Swallow {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        if address == self.address { Box::pin(std::future::pending()) } else { self.network.connect(address) }
    }
}

#[tokio::test(start_paused = true)]
async fn t04_a_connection_that_does_not_open_in_time_sends_any_request_to_the_next() {
    for class in CLASSES {
        let cluster = cluster().await;
        let swallow = Swallow { network: Memory::of(&cluster), address: cluster.coordinator(0).address() };
        let client = builder(&cluster)
            .connect(swallow)
            .limits(Limits::default().connect(Duration::from_secs(2)))
            .build()
            .unwrap();
        let began = Instant::now();
        let (ending, _) = ending(&cluster, &client, class).await;
        assert_eq!(ending, SUCCEEDS_ELSEWHERE, "{class:?}");
        assert_eq!(began.elapsed(), Duration::from_secs(2), "one connect timeout and nothing more");
    }
}

#[tokio::test(start_paused = true)]
async fn t07_a_full_pool_sends_any_request_to_the_next_and_counts_against_nobody() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client: Client = builder(&cluster)
            .pool(PoolLimits::default().connections(1).acquire(Duration::from_millis(100)))
            .build()
            .unwrap();
        let slow = cluster.coordinator(0).inject(arango_test_cluster::Fault::latency(Duration::from_secs(5)));
        let busy = tokio::spawn({
            let client = client.clone();
            async move { client.db("_system").execute(insert("busy", CLASSES[0])).await }
        });
        while slow.hits() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for _ in 0..2 {
            client.db("_system").execute(insert("turn", CLASSES[0])).await.unwrap();
        }
        let (ending, _) = ending(&cluster, &client, class).await;
        assert_eq!(ending, SUCCEEDS_ELSEWHERE, "{class:?}");
        assert!(client.coordinators().iter().all(|state| state.standing == Standing::Well));
        busy.await.unwrap().unwrap();
    }
}
