//! Calls pinned to one coordinator, and calls that prefer one.

use std::time::Duration;

use arango::StoppedBy;
use arango::cluster::GetStatus;
use arango::protocol::RequestClass;
use arango::transport::Call;
use arango::{Client, Coordinator, ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match, TestCluster};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tokio::time::sleep;

use crate::support::{client, cluster, insert};

fn address(client: &Client, index: usize) -> Coordinator {
    client.coordinators()[index].address.clone()
}

/// Returns the number of requests sent to each coordinator, and clears the journal.
fn requests_per_coordinator(cluster: &TestCluster) -> Vec<usize> {
    let requests = cluster.journal().requests_per_coordinator();
    cluster.journal().clear();
    requests
}

#[tokio::test(start_paused = true)]
async fn the_responding_coordinator_can_be_preferred() {
    let cluster = cluster().await;
    let client = client(&cluster);
    for _ in 0..3 {
        let request = Request::get("/_api/version").body(Full::<Bytes>::default()).unwrap();
        let call = Call::with_name("first").class(RequestClass::Safe);
        let response = client.transport().send(request, call).await.unwrap();
        let owner = response.extensions().get::<Coordinator>().unwrap().clone();
        let first = requests_per_coordinator(&cluster);
        let preferring = client.db("_system").prefer(owner);
        for _ in 0..5 {
            preferring.cluster().endpoints().await.unwrap();
        }
        let expected: Vec<_> = first.iter().map(|count| count * 5).collect();
        assert_eq!(requests_per_coordinator(&cluster), expected, "the same coordinator");
    }
}

#[tokio::test(start_paused = true)]
async fn a_preferred_coordinator_that_is_down_is_replaced_by_another() {
    for class in crate::support::CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let preferring = client.db("_system").prefer(address(&client, 1));
        cluster.coordinator(1).kill();
        for number in 0..10 {
            preferring.execute(insert(&format!("m{number}"), class)).await.unwrap();
            assert_eq!(cluster.journal().executions(&format!("m{number}")), 1);
        }
        assert_eq!(requests_per_coordinator(&cluster)[1], 0);
        // After its recovery it is preferred again.
        cluster.coordinator(1).restart().await.unwrap();
        sleep(Duration::from_secs(40)).await;
        for _ in 0..3 {
            preferring.cluster().endpoints().await.unwrap();
            sleep(Duration::from_secs(5)).await;
        }
        requests_per_coordinator(&cluster);
        preferring.cluster().endpoints().await.unwrap();
        assert_eq!(requests_per_coordinator(&cluster), [0, 1, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_preferred_coordinator_that_was_removed_is_replaced_by_another() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let preferring = client.db("_system").prefer(address(&client, 2));
    client.reconfigure().set_hosts(&cluster.urls()[..2]).unwrap();
    preferring.cluster().endpoints().await.unwrap();
    assert_eq!(requests_per_coordinator(&cluster)[2], 0);
}

#[tokio::test(start_paused = true)]
async fn a_retry_does_not_return_to_the_preferred_coordinator() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let preferring = client.db("_system").prefer(address(&client, 1));
    let fault = Fault::response(503, 503, "starting").on(Match::post("/_api/document/*"));
    let fault_guard = cluster.coordinator(1).inject(fault);
    preferring.execute(insert("m", RequestClass::NonIdempotent)).await.unwrap();
    assert_eq!((fault_guard.hits(), cluster.journal().executions("m")), (1, 1));
}

/// An operation about one coordinator is never sent to another one.
#[tokio::test(start_paused = true)]
async fn coordinator_operations_stay_on_the_preferred_coordinator() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let target = address(&client, 1);
    let preferring = client.db("_system").prefer(target.clone());
    preferring.execute(GetStatus).await.unwrap();
    assert_eq!(requests_per_coordinator(&cluster), [0, 1, 0]);
    cluster.coordinator(1).kill();
    let error = preferring.execute(GetStatus).await.unwrap_err();
    assert_eq!((error.stopped_by(), error.coordinator()), (StoppedBy::NoAlternative, Some(&target)));
    assert_eq!(requests_per_coordinator(&cluster), [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_call_pinned_to_a_removed_coordinator_names_it() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let target = address(&client, 2);
    let pinned = client.coordinator(&target).db("_system");
    pinned.version().await.unwrap();
    client.reconfigure().set_hosts(&cluster.urls()[..2]).unwrap();
    requests_per_coordinator(&cluster);
    for class in crate::support::CLASSES {
        let error = pinned.execute(insert("m", class)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::UnknownCoordinator, Outcome::NotExecuted));
        assert_eq!(error.coordinator(), Some(&target));
        assert!(error.to_string().contains(target.as_str()), "{error}");
        assert!(error.to_string().contains("unknown coordinator"), "{error}");
    }
    assert_eq!(requests_per_coordinator(&cluster), [0, 0, 0]);
    // After it is added again it gets requests again.
    client.reconfigure().set_hosts(cluster.urls()).unwrap();
    pinned.version().await.unwrap();
    assert_eq!(requests_per_coordinator(&cluster), [0, 0, 1]);
}

/// A coordinator removed during a call may have executed the request.
#[tokio::test(start_paused = true)]
async fn a_coordinator_removed_during_a_call_leaves_its_outcome_unknown() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let target = address(&client, 2);
    let pinned = client.coordinator(&target).db("_system");
    let _slow = cluster.coordinator(2).inject(Fault::latency(Duration::from_secs(5)));
    let call = tokio::spawn(async move { pinned.execute(insert("m", RequestClass::Idempotent)).await });
    sleep(Duration::from_secs(1)).await;
    client.reconfigure().set_hosts(&cluster.urls()[..2]).unwrap();
    cluster.coordinator(2).kill();
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{}", error.report());
    assert_eq!(error.coordinator(), Some(&target));
}
