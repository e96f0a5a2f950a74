//! What an operation says about a single request: hedging, time sharing, measured response times, server timeout.

use std::time::Duration;

use arango::protocol::{
    ApiResponse, Metadata, Operation, OutputError, RequestClass, RequestProperties, Scope,
};
use arango::{ErrorKind, Hedging, Limits, LoadBalancing};
use arango_test_cluster::Fault;
use tokio::time::{Instant, sleep};

use crate::support::{builder, cluster};

/// A read whose properties belong to the request.
#[derive(Clone, Copy)]
struct Read(RequestProperties);

impl Operation for Read {
    type Output = ();

    const METADATA: Metadata = Metadata::get("test.read", "/_api/version").scope(Scope::Database);

    fn properties(&self) -> RequestProperties {
        self.0
    }

    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.json::<serde_json::Value>().map(drop)
    }
}

const SAFE: RequestProperties = RequestProperties::with_class(RequestClass::Safe);

#[tokio::test(start_paused = true)]
async fn a_request_without_hedging_goes_to_one_coordinator() {
    for (properties, requests) in [(SAFE, 2), (SAFE.without_hedging(), 1)] {
        let cluster = cluster().await;
        let client = builder(&cluster).hedging(Hedging::at_p95()).build().unwrap();
        let database = client.db("_system");
        for _ in 0..30 {
            database.execute(Read(SAFE)).await.unwrap();
        }
        cluster.journal().clear();
        let slow = Fault::latency(Duration::from_secs(5));
        let _slow = cluster.inject(&slow);
        database.execute(Read(properties)).await.unwrap();
        let sent: usize = cluster.journal().requests_per_coordinator().iter().sum();
        assert_eq!(sent, requests, "{properties:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_does_not_share_the_time_may_take_all_of_it() {
    for (properties, attempts) in [
        (SAFE, 3),
        (SAFE.class(RequestClass::Fenced), 3),
        (SAFE.without_time_sharing(), 1),
        (SAFE.server_timeout(Duration::from_secs(1)).without_time_sharing(), 1),
    ] {
        let cluster = cluster().await;
        let limits = Limits::default().total(Duration::from_secs(6));
        let client = builder(&cluster).limits(limits).build().unwrap();
        let _hanging = cluster.inject(&Fault::hang());
        let error = client.db("_system").execute(Read(properties)).await.unwrap_err();
        assert_eq!(error.attempts().len(), attempts, "{properties:?}: {}", error.report());
        assert_eq!(error.kind(), ErrorKind::DeadlineExceeded);
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_time_counts_for_load_balancing_only_if_it_is_measured() {
    for (properties, is_measured) in [
        (SAFE, true),
        (SAFE.without_measuring(), false),
        (SAFE.server_timeout(Duration::from_secs(5)), false),
    ] {
        let cluster = cluster().await;
        let client = builder(&cluster).load_balancing(LoadBalancing::LeastLoaded).build().unwrap();
        let slow = Fault::latency(Duration::from_secs(2));
        let _slow = cluster.inject(&slow);
        client.db("_system").execute(Read(properties)).await.unwrap();
        let measured = client.coordinators().iter().any(|state| state.latency.is_some());
        assert_eq!(measured, is_measured, "{properties:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_timeout_of_a_request_raises_its_limits() {
    let cluster = cluster().await;
    let limits = Limits::default().attempt(Duration::from_secs(1)).total(Duration::from_secs(2));
    let client = builder(&cluster).limits(limits).build().unwrap();
    let _slow = cluster.inject(&Fault::latency(Duration::from_secs(9)));
    let start = Instant::now();
    client.db("_system").execute(Read(SAFE.server_timeout(Duration::from_secs(10)))).await.unwrap();
    assert!((9..10).contains(&start.elapsed().as_secs()));
    client.db("_system").execute(Read(SAFE)).await.unwrap_err();
    sleep(Duration::from_secs(10)).await;
}
