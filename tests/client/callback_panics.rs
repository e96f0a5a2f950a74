//! A panic of the program's connector or random source fails calls, and says nothing about coordinators.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arango::balance::{HealthPolicy, MemberState, RandomSource};
use arango::transport::{BoxFuture, Connect, Io};
use arango::{Client, ErrorKind, LoadBalancing, Outcome};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::support::{InMemoryConnector, builder, cluster_of, concurrent_version_calls};

/// Panics once, when it has returned `left` numbers.
#[derive(Debug)]
struct PanicsAfter {
    left: AtomicUsize,
}

impl RandomSource for PanicsAfter {
    fn next_f64(&self) -> f64 {
        assert_ne!(self.left.fetch_sub(1, Ordering::Relaxed), 0, "s3cret");
        0.5
    }
}

/// Panics for the first connect, before or within its future.
struct PanickingConnector {
    inner: InMemoryConnector,
    connects: AtomicUsize,
    at_once: bool,
}

impl Connect for PanickingConnector {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        if self.connects.fetch_add(1, Ordering::Relaxed) > 0 {
            return self.inner.connect(address);
        }
        assert!(!self.at_once, "s3cret");
        Box::pin(async { unreachable!("s3cret") })
    }
}

/// Panics for the first connect after 100 ms, and never ends the others.
struct PanicsLater {
    connects: AtomicUsize,
}

impl Connect for PanicsLater {
    fn connect(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        let is_first = self.connects.fetch_add(1, Ordering::Relaxed) == 0;
        Box::pin(async move {
            sleep(Duration::from_millis(100)).await;
            assert!(!is_first, "s3cret");
            std::future::pending().await
        })
    }
}

/// The results of 20 concurrent calls.
#[derive(Debug, Default)]
struct Results {
    panicked: usize,
    failed: usize,
}

/// Sends concurrent calls, and checks that those that fail name `callback`.
async fn concurrent_calls(client: &Client, callback: &str) -> Results {
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let database = client.db("_system");
        calls.spawn(async move { database.version().await });
    }
    let mut results = Results::default();
    while let Some(ended) = calls.join_next().await {
        match ended {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                let report = error.report().to_string();
                assert_eq!(
                    (error.kind(), error.outcome()),
                    (ErrorKind::Middleware, Outcome::NotExecuted),
                    "{report}"
                );
                assert!(report.contains(callback) && !report.contains("s3cret"), "{report}");
                results.failed += 1;
            }
            Err(panic) => {
                assert!(panic.is_panic());
                results.panicked += 1;
            }
        }
    }
    results
}

/// Checks that coordinators are healthy, that nothing is left of earlier calls, and that later ones succeed.
async fn check_unaffected(client: &Client) {
    for state in client.coordinators() {
        assert_eq!((state.state, state.ejections), (MemberState::Healthy, 0), "{state:?}");
        assert_eq!((state.waiting, state.connecting, state.in_flight), (0, 0, 0), "{state:?}");
    }
    concurrent_version_calls(client, 20).await;
}

#[tokio::test(start_paused = true)]
async fn a_random_source_that_panics_at_any_number_fails_one_call_and_leaves_coordinators_healthy() {
    let cluster = cluster_of(2).await;
    let mut total = Results::default();
    for numbers in 0.. {
        let random = Arc::new(PanicsAfter { left: AtomicUsize::new(usize::MAX) });
        let client = builder(&cluster).random_source(Arc::clone(&random) as Arc<dyn RandomSource>);
        let client = client.load_balancing(LoadBalancing::LeastLoaded).build().unwrap();
        random.left.store(numbers, Ordering::Relaxed);
        let results = concurrent_calls(&client, "the random source of the program panicked").await;
        let is_over = random.left.swap(usize::MAX, Ordering::Relaxed) <= numbers;
        check_unaffected(&client).await;
        if is_over {
            // The calls need fewer numbers.
            break;
        }
        assert_eq!(results.panicked + results.failed, 1, "after {numbers}");
        total.panicked += results.panicked;
        total.failed += results.failed;
    }
    assert!(total.panicked > 0 && total.failed > 0, "{total:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_panics_fails_one_call_and_leaves_coordinators_healthy() {
    for at_once in [true, false] {
        let cluster = cluster_of(2).await;
        let (inner, connects) = (InMemoryConnector::new(&cluster), AtomicUsize::new(0));
        let client =
            builder(&cluster).connect(PanickingConnector { inner, connects, at_once }).build().unwrap();
        let results = concurrent_calls(&client, "the connector or resolver of the program panicked").await;
        check_unaffected(&client).await;
        assert_eq!((results.panicked, results.failed), (0, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_panics_after_its_call_has_left_does_not_count_against_the_coordinator() {
    let cluster = cluster_of(2).await;
    let health = HealthPolicy::default().consecutive_connect_failures(1);
    let connector = PanicsLater { connects: AtomicUsize::new(0) };
    let client = builder(&cluster).health(health).connect(connector).build().unwrap();
    let database = client.db("_system").timeout(Duration::from_millis(50));
    database.version().await.unwrap_err();
    sleep(Duration::from_millis(100)).await;
    database.version().await.unwrap_err();
    for state in client.coordinators() {
        assert_eq!((state.state, state.ejections), (MemberState::Healthy, 0), "{state:?}");
    }
}
