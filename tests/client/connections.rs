//! Number of connections, and how long a request occupies one.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arango::PoolLimits;
use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::transport::{BoxFuture, Resolve};
use arango_test_cluster::{Fault, Match};
use tokio::time::{Instant, sleep};

use crate::support::{builder, cluster, cluster_of, concurrent_version_calls, insert};

#[tokio::test(start_paused = true)]
async fn a_connection_is_in_use_until_its_response_body_is_read() {
    let cluster = cluster_of(1).await;
    let client = builder(&cluster).pool(PoolLimits::default().connections(1)).build().unwrap();
    let trickle = Fault::slow_body(1, Duration::from_millis(100)).on(Match::post("/_api/document/*"));
    let trickle = cluster.coordinator(0).inject(trickle.times(1));
    let start = Instant::now();
    let slow = tokio::spawn({
        let database = client.db("_system");
        async move { database.execute(insert("slow", RequestClass::Safe)).await }
    });
    while trickle.hits() == 0 {
        sleep(Duration::from_millis(1)).await;
    }
    // The response head has arrived; the body takes some time.
    sleep(Duration::from_millis(300)).await;
    client.db("_system").version().await.unwrap();
    let waited = start.elapsed();
    assert!(slow.is_finished(), "the next request waits for the end of the body");
    slow.await.unwrap().unwrap();
    assert!(waited > Duration::from_secs(2), "{waited:?}");
    assert_eq!(
        cluster.coordinator(0).connections_accepted(),
        2,
        "one for the setup of the cluster, and one for the test"
    );
}

#[tokio::test(start_paused = true)]
async fn a_burst_opens_at_most_one_connection_per_request_up_to_the_limit() {
    for (calls, cap) in [(64, 128), (300, 10)] {
        let cluster = cluster().await;
        let before: Vec<_> = cluster
            .coordinators()
            .iter()
            .map(arango_test_cluster::Coordinator::connections_accepted)
            .collect();
        let client = builder(&cluster).pool(PoolLimits::default().connections(cap)).build().unwrap();
        concurrent_version_calls(&client, calls).await;
        for (coordinator, before) in cluster.coordinators().iter().zip(before) {
            let opened = coordinator.connections_accepted() - before;
            assert!(opened <= cap.min(calls.div_ceil(3)), "{opened} of {cap} for {calls}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_idle_connections_of_an_ejected_coordinator_are_closed() {
    let cluster = cluster().await;
    let client = builder(&cluster).build().unwrap();
    concurrent_version_calls(&client, 30).await;
    assert!(client.coordinators()[0].idle_connections > 0);
    let lost = Fault::raw_response(502, "text/html", "<html>");
    let _lost = cluster.coordinator(0).inject(lost);
    while client.coordinators()[0].state == MemberState::Healthy {
        client.db("_system").version().await.unwrap();
    }
    sleep(Duration::from_millis(1)).await;
    let states = client.coordinators();
    assert_eq!((states[0].state, states[0].open_connections), (MemberState::Ejected, 0));
    assert_eq!(cluster.coordinator(0).open_connections(), 0);
    assert!(states[1].idle_connections > 0);
}

#[tokio::test(start_paused = true)]
async fn a_burst_resolves_a_name_once_and_a_later_one_again() {
    #[derive(Clone)]
    struct Counting(SocketAddr, Arc<AtomicUsize>);

    impl Resolve for Counting {
        fn resolve<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
            self.1.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                sleep(Duration::from_millis(5)).await;
                Ok(vec![self.0])
            })
        }
    }

    let cluster = cluster_of(1).await;
    let lookups = Arc::<AtomicUsize>::default();
    let resolver = Counting(cluster.coordinator(0).address(), Arc::clone(&lookups));
    let client = builder(&cluster).hosts("http://db.example").resolve(resolver).build().unwrap();
    for bursts in 1..=3 {
        concurrent_version_calls(&client, 64).await;
        assert_eq!(lookups.load(Ordering::Relaxed), bursts);
        // By then idle connections are closed and cached addresses have expired.
        sleep(Duration::from_secs(31)).await;
    }
}
