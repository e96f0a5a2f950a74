//! When a list is asked for beside the intervals, and when no more.

use std::time::Duration;

use arango::Outcome;
use arango_test_cluster::{Fault, Match};
use tokio::time::sleep;

use super::{MINUTE, lists, looking, members};
use crate::support::{ask_at_once, cluster};

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_is_lost_has_it_look_around_at_once() {
    let cluster = cluster().await;
    let client = looking(&cluster).build().unwrap();
    ask_at_once(&client, 1).await;
    sleep(Duration::from_secs(20)).await;
    assert_eq!(lists(&cluster), 1);
    cluster.coordinator(2).kill();
    ask_at_once(&client, 30).await;
    sleep(Duration::from_millis(10)).await;
    assert_eq!(lists(&cluster), 2);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_starting_has_it_look_around_at_once() {
    let cluster = cluster().await;
    let client = looking(&cluster).build().unwrap();
    ask_at_once(&client, 1).await;
    sleep(Duration::from_secs(20)).await;
    let _starting = cluster.coordinator(2).starting();
    ask_at_once(&client, 3).await;
    sleep(Duration::from_millis(10)).await;
    assert_eq!(lists(&cluster), 2);
}

#[tokio::test(start_paused = true)]
async fn when_nobody_is_there_the_next_list_is_asked_for_as_soon_as_it_may_be() {
    let cluster = cluster().await;
    let client = looking(&cluster).build().unwrap();
    ask_at_once(&client, 1).await;
    sleep(Duration::from_secs(20)).await;
    cluster.coordinators().iter().for_each(arango_test_cluster::Coordinator::kill);
    let error = client.db("_system").version().await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotExecuted);
    for one in cluster.coordinators() {
        one.restart().await.unwrap();
    }
    cluster.journal().clear();
    sleep(Duration::from_secs(20)).await;
    assert!(lists(&cluster) >= 1, "without waiting for the minute to end");
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_the_client_and_when_the_client_is_closed() {
    for closed in [true, false] {
        let cluster = cluster().await;
        let client = looking(&cluster).build().unwrap();
        ask_at_once(&client, 1).await;
        sleep(Duration::from_secs(20)).await;
        let kept = closed.then(|| client.clone());
        if closed {
            client.close(Duration::from_secs(1)).await;
        }
        drop(client);
        cluster.journal().clear();
        sleep(10 * MINUTE).await;
        assert!(cluster.coordinators().iter().all(|one| one.open_connections() == 0));
        assert_eq!(cluster.journal().entries().len(), 0);
        drop(kept);
    }
}

/// A list is asked for by nobody's call, so nobody's going away ends it.
#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_takes_no_list_along() {
    let cluster = cluster().await;
    let slow =
        |path| cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(3)).on(Match::get(path)));
    let _slow = (slow("/_api/cluster/endpoints"), slow("/_api/version"));
    let client = looking(&cluster).build().unwrap();
    {
        let database = client.db("_system");
        tokio::time::timeout(Duration::from_secs(1), database.version()).await.unwrap_err();
    }
    sleep(Duration::from_secs(20)).await;
    assert_eq!((lists(&cluster), members(&client)), (1, 3));
}
