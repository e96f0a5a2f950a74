//! Calls that are meant for one coordinator, and those that would rather go there.

use std::time::Duration;

use arango::cluster::GetStatus;
use arango::protocol::RequestClass;
use arango::transport::{Call, StoppedBy};
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

/// How many requests each coordinator was sent.
fn asked(cluster: &TestCluster) -> Vec<usize> {
    let asked = cluster.journal().requests_per_coordinator();
    cluster.journal().clear();
    asked
}

#[tokio::test(start_paused = true)]
async fn whoever_answers_is_known_and_can_be_preferred_from_then_on() {
    let cluster = cluster().await;
    let client = client(&cluster);
    for _ in 0..3 {
        let request = Request::get("/_api/version").body(Full::<Bytes>::default()).unwrap();
        let call = Call::named("first").class(RequestClass::Safe);
        let answer = client.transport().send(request, call).await.unwrap();
        let owner = answer.extensions().get::<Coordinator>().unwrap().clone();
        let first = asked(&cluster);
        let there = client.db("_system").preferring(owner);
        for _ in 0..5 {
            there.cluster().endpoints().await.unwrap();
        }
        let again: Vec<_> = first.iter().map(|count| count * 5).collect();
        assert_eq!(asked(&cluster), again, "the same one");
    }
}

#[tokio::test(start_paused = true)]
async fn what_would_rather_go_to_one_that_is_lost_goes_to_another() {
    for class in crate::support::CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let there = client.db("_system").preferring(address(&client, 1));
        cluster.coordinator(1).kill();
        for number in 0..10 {
            there.execute(insert(&format!("m{number}"), class)).await.unwrap();
            assert_eq!(cluster.journal().executions(&format!("m{number}")), 1);
        }
        assert_eq!(asked(&cluster)[1], 0);
        // Once it is back it is preferred again.
        cluster.coordinator(1).restart().await.unwrap();
        sleep(Duration::from_secs(40)).await;
        for _ in 0..3 {
            there.cluster().endpoints().await.unwrap();
            sleep(Duration::from_secs(5)).await;
        }
        asked(&cluster);
        there.cluster().endpoints().await.unwrap();
        assert_eq!(asked(&cluster), [0, 1, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_would_rather_go_to_one_that_is_named_no_more_goes_to_another() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let there = client.db("_system").preferring(address(&client, 2));
    client.reconfigure().set_hosts(&cluster.urls()[..2]).unwrap();
    there.cluster().endpoints().await.unwrap();
    assert_eq!(asked(&cluster)[2], 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_again_does_not_come_back_to_the_one_that_is_preferred() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let there = client.db("_system").preferring(address(&client, 1));
    let fault = Fault::answer(503, 503, "starting").on(Match::post("/_api/document/*"));
    let refused = cluster.coordinator(1).inject(fault);
    there.execute(insert("m", RequestClass::NonIdempotent)).await.unwrap();
    assert_eq!((refused.hits(), cluster.journal().executions("m")), (1, 1));
}

/// What speaks of one coordinator is answered by no other, however much another would like to.
#[tokio::test(start_paused = true)]
async fn what_is_of_one_coordinator_is_never_sent_elsewhere_even_where_that_is_only_preferred() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let here = address(&client, 1);
    let there = client.db("_system").preferring(here.clone());
    there.execute(GetStatus).await.unwrap();
    assert_eq!(asked(&cluster), [0, 1, 0]);
    cluster.coordinator(1).kill();
    let error = there.execute(GetStatus).await.unwrap_err();
    assert_eq!((error.stopped_by(), error.coordinator()), (StoppedBy::NoAlternative, Some(&here)));
    assert_eq!(asked(&cluster), [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_meant_for_one_that_is_gone_says_so_and_names_it() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let here = address(&client, 2);
    let only = client.coordinator(&here).db("_system");
    only.version().await.unwrap();
    client.reconfigure().set_hosts(&cluster.urls()[..2]).unwrap();
    asked(&cluster);
    for class in crate::support::CLASSES {
        let error = only.execute(insert("m", class)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::UnknownCoordinator, Outcome::NotExecuted));
        assert_eq!(error.coordinator(), Some(&here));
        assert!(error.to_string().contains(here.as_str()), "{error}");
        assert!(error.to_string().contains("unknown coordinator"), "{error}");
    }
    assert_eq!(asked(&cluster), [0, 0, 0]);
    // And when it is named again it is asked again.
    client.reconfigure().set_hosts(cluster.urls()).unwrap();
    only.version().await.unwrap();
    assert_eq!(asked(&cluster), [0, 0, 1]);
}

/// One that is gone while its answer is awaited may have executed what it was sent.
#[tokio::test(start_paused = true)]
async fn a_coordinator_that_goes_during_a_call_leaves_its_outcome_unknown() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let here = address(&client, 2);
    let only = client.coordinator(&here).db("_system");
    let _slow = cluster.coordinator(2).inject(Fault::latency(Duration::from_secs(5)));
    let call = tokio::spawn(async move { only.execute(insert("m", RequestClass::Idempotent)).await });
    sleep(Duration::from_secs(1)).await;
    client.reconfigure().set_hosts(&cluster.urls()[..2]).unwrap();
    cluster.coordinator(2).kill();
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{}", error.report());
    assert_eq!(error.coordinator(), Some(&here));
}
