//! Events that trigger a refresh outside the interval, and events that stop discovery.

use std::time::Duration;

use arango::Outcome;
use arango_test_cluster::{Fault, Match};
use tokio::time::sleep;

use super::{MINUTE, client_with_discovery, endpoint_requests, verified_count};
use crate::support::{cluster, concurrent_version_calls};

#[tokio::test(start_paused = true)]
async fn a_lost_coordinator_triggers_a_refresh() {
    let cluster = cluster().await;
    let client = client_with_discovery(&cluster).build().unwrap();
    concurrent_version_calls(&client, 1).await;
    sleep(Duration::from_secs(20)).await;
    assert_eq!(endpoint_requests(&cluster), 1);
    cluster.coordinator(2).kill();
    concurrent_version_calls(&client, 30).await;
    sleep(Duration::from_millis(10)).await;
    assert_eq!(endpoint_requests(&cluster), 2);
}

#[tokio::test(start_paused = true)]
async fn a_starting_coordinator_triggers_a_refresh() {
    let cluster = cluster().await;
    let client = client_with_discovery(&cluster).build().unwrap();
    concurrent_version_calls(&client, 1).await;
    sleep(Duration::from_secs(20)).await;
    let _starting = cluster.coordinator(2).starting();
    concurrent_version_calls(&client, 3).await;
    sleep(Duration::from_millis(10)).await;
    assert_eq!(endpoint_requests(&cluster), 2);
}

#[tokio::test(start_paused = true)]
async fn when_all_coordinators_are_down_the_next_refresh_is_immediate() {
    let cluster = cluster().await;
    let client = client_with_discovery(&cluster).build().unwrap();
    concurrent_version_calls(&client, 1).await;
    sleep(Duration::from_secs(20)).await;
    cluster.coordinators().iter().for_each(arango_test_cluster::Coordinator::kill);
    let error = client.db("_system").version().await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotExecuted);
    for one in cluster.coordinators() {
        one.restart().await.unwrap();
    }
    cluster.journal().clear();
    sleep(Duration::from_secs(20)).await;
    assert!(endpoint_requests(&cluster) >= 1, "the refresh does not wait for the interval of one minute");
}

#[tokio::test(start_paused = true)]
async fn discovery_stops_when_the_client_is_closed_or_dropped() {
    for closed in [true, false] {
        let cluster = cluster().await;
        let client = client_with_discovery(&cluster).build().unwrap();
        concurrent_version_calls(&client, 1).await;
        sleep(Duration::from_secs(20)).await;
        let closed_client = closed.then(|| client.clone());
        if closed {
            client.close(Duration::from_secs(1)).await;
        }
        drop(client);
        cluster.journal().clear();
        sleep(10 * MINUTE).await;
        assert!(cluster.coordinators().iter().all(|one| one.open_connections() == 0));
        assert_eq!(cluster.journal().entries().len(), 0);
        drop(closed_client);
    }
}

/// A refresh does not belong to a call, and is not cancelled with it.
#[tokio::test(start_paused = true)]
async fn a_dropped_call_does_not_cancel_a_refresh() {
    let cluster = cluster().await;
    let slow =
        |path| cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(3)).on(Match::get(path)));
    let _slow = (slow("/_api/cluster/endpoints"), slow("/_api/version"));
    let client = client_with_discovery(&cluster).build().unwrap();
    {
        let database = client.db("_system");
        tokio::time::timeout(Duration::from_secs(1), database.version()).await.unwrap_err();
    }
    sleep(Duration::from_secs(20)).await;
    assert_eq!((endpoint_requests(&cluster), verified_count(&client)), (1, 3));
}
