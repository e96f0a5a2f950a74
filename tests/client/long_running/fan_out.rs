//! One call to every server.

use arango::ErrorKind;
use arango_test_cluster::Fault;
use tokio::time::{Instant, sleep};

use super::SECOND;
use crate::support::{client, cluster, cluster_of};

#[tokio::test(start_paused = true)]
async fn every_coordinator_is_called_and_a_dead_one_is_reported() {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.coordinator(1).kill();
    let ids = client.on_each_coordinator(|one| async move { one.server_id().await }).await;
    let addresses: Vec<_> = ids.results().iter().map(|(coordinator, _)| coordinator.to_string()).collect();
    assert_eq!(addresses, cluster.urls(), "in the order of the coordinators");
    let server_ids: Vec<_> = ids.successes().map(|(_, id)| id.as_str().to_owned()).collect();
    assert_eq!(server_ids, [cluster.coordinator(0).id(), cluster.coordinator(2).id()]);
    let failures: Vec<_> = ids.failures().map(|(one, error)| (one.to_string(), error.kind())).collect();
    assert_eq!(failures, [(cluster.coordinator(1).url(), ErrorKind::ConnectRefused)]);
    assert!(ids.all().is_err());
}

#[tokio::test(start_paused = true)]
async fn at_most_sixteen_run_concurrently_and_each_is_called_once() {
    let cluster = cluster_of(20).await;
    let client = client(&cluster);
    let _slow = cluster.inject(&Fault::latency(SECOND));
    let start = Instant::now();
    let calls = client.on_each_coordinator(|one| async move { one.server_id().await });
    let max_in_flight = async {
        let mut max_in_flight = 0;
        loop {
            max_in_flight =
                max_in_flight.max(client.coordinators().iter().map(|state| state.in_flight).sum::<usize>());
            if start.elapsed() > SECOND + SECOND / 2 {
                return max_in_flight;
            }
            sleep(SECOND / 10).await;
        }
    };
    let (ids, max_in_flight) = tokio::join!(calls, max_in_flight);
    assert_eq!((ids.all().unwrap().len(), max_in_flight, start.elapsed()), (20, 16, 2 * SECOND));
    assert!((0..20).all(|index| cluster.journal().requests_to(index) == 1));
}

#[tokio::test(start_paused = true)]
async fn versions_are_reported_per_server_during_an_upgrade() {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.stop_db_server(1);
    sleep(SECOND).await;
    cluster.start_db_server_as(1, "3.12.6").unwrap();
    let versions = client
        .cluster()
        .on_each_db_server(|cluster, id| async move { cluster.server_version(&id).await })
        .await
        .unwrap();
    let versions: Vec<_> = versions.all().unwrap().into_iter().map(|(_, one)| one.version.unwrap()).collect();
    assert_eq!(versions.iter().filter(|version| *version == "3.12.6").count(), 1);
    assert_eq!(versions.iter().filter(|version| *version == "3.12.5").count(), 2);
}
