//! Rotation of coordinators, which final errors and other calls must not affect.

use std::time::Duration;

use arango::StoppedBy;
use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::readers;
use crate::support::{client, cluster, insert};

/// arangojs switches to the next host after every error. It does so even if every host would return the error.
#[tokio::test(start_paused = true)]
async fn a_final_error_does_not_change_the_rotation() {
    for (status, number) in [(404, 1202), (404, 1203), (409, 1210), (412, 1200), (400, 600), (403, 11)] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let refusal = Fault::response(status, number, "no").on(Match::post("/_api/document/*"));
        let faults: Vec<_> =
            [0, 0, 1].map(|index| cluster.coordinator(index).inject(refusal.clone().times(1))).into();
        let mut errors = 0;
        for _ in 0..9 {
            let result = client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await;
            errors += usize::from(result.is_err());
        }
        assert_eq!(readers(&cluster, "m"), [0, 1, 2, 0, 1, 2, 0, 1, 2], "{status}/{number}");
        assert_eq!(errors, 3);
        assert!(client.coordinators().iter().all(|state| state.state == MemberState::Healthy));
        drop(faults);
    }
}

/// The same as above for a pinned call.
#[tokio::test(start_paused = true)]
async fn a_final_error_does_not_move_a_pinned_call() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let pinned = client.coordinator(&client.coordinators()[1].address);
    let missing = Fault::response(404, 1202, "document not found").on(Match::post("/_api/document/*"));
    let _missing = cluster.coordinator(1).inject(missing.times(2));
    for call in 0..4 {
        let result = pinned.execute(insert("m", RequestClass::Safe)).await;
        assert_eq!(result.is_err(), call < 2);
    }
    assert_eq!(readers(&cluster, "m"), [1; 4]);
}

/// The Java driver counts failures across calls. A new call then fails because no host can be contacted.
#[tokio::test(start_paused = true)]
async fn failures_of_one_call_do_not_limit_another() {
    for class in crate::support::CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        cluster.coordinator(0).kill();
        cluster.coordinator(1).kill();
        let mut calls = JoinSet::new();
        for call in 0..60 {
            let database = client.db("_system");
            calls.spawn(async move { database.execute(insert(&format!("m{call}"), class)).await });
        }
        let start = Instant::now();
        for result in calls.join_all().await {
            result.unwrap();
        }
        assert!((0..60).all(|call| cluster.journal().executions(&format!("m{call}")) == 1));
        assert!(start.elapsed() < Duration::from_millis(100), "{:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn each_call_makes_all_its_attempts_when_all_are_down() {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.coordinators().iter().for_each(arango_test_cluster::Coordinator::kill);
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let database = client.db("_system");
        calls.spawn(async move { database.execute(insert("m", RequestClass::NonIdempotent)).await });
    }
    for result in calls.join_all().await {
        let error = result.unwrap_err();
        assert_eq!(
            (error.kind(), error.outcome()),
            (ErrorKind::NoCoordinatorAvailable, Outcome::NotExecuted)
        );
        assert_eq!((error.stopped_by(), error.attempts().len()), (StoppedBy::MaxAttempts, 4));
        assert!(error.was_not_executed());
    }
    cluster.coordinator(2).restart().await.unwrap();
    // Later calls are not affected.
    client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap();
    assert_eq!(cluster.journal().executions("m"), 1);
}
