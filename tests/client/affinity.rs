//! Requests about the state of one coordinator, such as a cursor.

use std::time::Duration;

use arango::protocol::{
    Affinity, ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, RequestClass,
    RequestProperties, Scope,
};
use arango::{Client, Coordinator, ErrorKind, Outcome, StoppedBy};
use arango_test_cluster::{Close, Fault, FaultGuard, Match, Phase, TestCluster};
use bytes::Bytes;
use http::Request;
use tokio::time::Instant;

use crate::support::{builder, client, cluster, cluster_of, marked};

/// A write about the state of one coordinator that a late copy does not harm.
struct Fetch(Affinity);

impl Operation for Fetch {
    type Output = ();
    const METADATA: Metadata = Metadata::post("test.fetch", "/_api/document/books").scope(Scope::Database);

    fn properties(&self) -> RequestProperties {
        RequestProperties::with_class(RequestClass::Fenced).affinity(self.0)
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        marked(RequestBuilder::new(Self::METADATA).json(&serde_json::json!({})), "fetch")
    }

    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.json::<serde_json::Value>().map(drop)
    }
}

fn address(client: &Client, index: usize) -> Coordinator {
    client.coordinators()[index].address.clone()
}

fn requests(cluster: &TestCluster) -> Vec<usize> {
    cluster.journal().requests_per_coordinator()
}

fn fail_at(cluster: &TestCluster, index: usize, fault: Fault) -> FaultGuard {
    cluster.coordinator(index).inject(fault.on(Match::post("/_api/document/*")))
}

fn lost() -> Fault {
    Fault::close(Phase::AfterRead).close_mode(Close::Fin)
}

#[tokio::test(start_paused = true)]
async fn a_request_for_an_owner_that_is_not_named_is_refused_before_it_is_sent() {
    let cluster = cluster().await;
    let error = client(&cluster).db("_system").execute(Fetch(Affinity::Owner)).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NeedsCoordinator, Outcome::NotExecuted));
    assert_eq!(requests(&cluster), [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_request_for_the_owner_goes_to_no_other_coordinator() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let owner = client.db("_system").prefer(address(&client, 1));
    for _ in 0..3 {
        owner.execute(Fetch(Affinity::Owner)).await.unwrap();
    }
    assert_eq!(requests(&cluster), [0, 3, 0]);
    let _lost = fail_at(&cluster, 1, Fault::response(503, 503, "starting"));
    let error = owner.execute(Fetch(Affinity::Owner)).await.unwrap_err();
    assert_eq!(error.stopped_by(), StoppedBy::NoAlternative);
    assert_eq!(requests(&cluster), [0, 4, 0]);
}

#[tokio::test(start_paused = true)]
async fn while_the_owner_responds_no_other_coordinator_is_used() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let owner = client.db("_system").prefer(address(&client, 2));
    for _ in 0..5 {
        owner.execute(Fetch(Affinity::OwnerThenForward)).await.unwrap();
    }
    assert_eq!(requests(&cluster), [0, 0, 5]);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_does_not_reach_the_owner_is_forwarded_once_and_then_sent_to_the_owner_again() {
    let cluster = cluster_of(4).await;
    let client = client(&cluster);
    let owner = client.db("_system").prefer(address(&client, 1));
    // The owner loses two requests, and each other coordinator fails.
    let _owner = fail_at(&cluster, 1, lost().times(2));
    let _others = [0, 2, 3].map(|index| fail_at(&cluster, index, Fault::response(503, 1478, "no backend")));
    owner.execute(Fetch(Affinity::OwnerThenForward)).await.unwrap();
    let requests = requests(&cluster);
    let forwarded: usize = [0, 2, 3].iter().map(|&index| requests[index]).sum();
    assert_eq!((requests[1], forwarded), (3, 1), "{requests:?}");
    assert_eq!(cluster.journal().executions("fetch"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_is_down_is_reached_through_another_coordinator() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let owner = client.db("_system").prefer(address(&client, 0));
    cluster.coordinator(0).kill();
    owner.execute(Fetch(Affinity::OwnerThenForward)).await.unwrap();
    assert_eq!(cluster.journal().executions("fetch"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_forwarded_attempt_does_not_wait_long_for_an_owner_that_is_down() {
    let cluster = cluster().await;
    let client = builder(&cluster).build().unwrap();
    let owner = client.db("_system").prefer(address(&client, 1));
    let _owner = fail_at(&cluster, 1, lost().times(1));
    let _others = [0, 2].map(|index| fail_at(&cluster, index, Fault::hang()));
    let began = Instant::now();
    owner.execute(Fetch(Affinity::OwnerThenForward)).await.unwrap();
    let elapsed = began.elapsed();
    assert!((Duration::from_secs(5)..Duration::from_secs(7)).contains(&elapsed), "{elapsed:?}");
}

#[tokio::test(start_paused = true)]
async fn the_coordinator_that_responded_is_returned() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _starting = fail_at(&cluster, 0, Fault::response(503, 503, "starting"));
    let ((), coordinator) =
        client.db("_system").execute_with_coordinator(Fetch(Affinity::Any)).await.unwrap();
    assert_eq!(requests(&cluster), [1, 1, 0]);
    assert_eq!(coordinator, Some(address(&client, 1)));
}
