//! One thing, asked of every server.

use arango::ErrorKind;
use arango_test_cluster::Fault;
use tokio::time::{Instant, sleep};

use super::SECOND;
use crate::support::{client, cluster, cluster_of};

#[tokio::test(start_paused = true)]
async fn every_coordinator_answers_for_itself_and_one_that_is_dead_is_seen() {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.coordinator(1).kill();
    let ids = client.on_each_coordinator(|one| async move { one.server_id().await }).await;
    let places: Vec<_> = ids.results().iter().map(|(coordinator, _)| coordinator.to_string()).collect();
    assert_eq!(places, cluster.urls(), "in their order");
    let answers: Vec<_> = ids.answers().map(|(_, id)| id.as_str().to_owned()).collect();
    assert_eq!(answers, [cluster.coordinator(0).id(), cluster.coordinator(2).id()]);
    let failures: Vec<_> = ids.failures().map(|(one, error)| (one.to_string(), error.kind())).collect();
    assert_eq!(failures, [(cluster.coordinator(1).url(), ErrorKind::ConnectRefused)]);
    assert!(ids.all().is_err());
}

#[tokio::test(start_paused = true)]
async fn no_more_than_sixteen_are_asked_at_once_and_each_is_asked_once() {
    let cluster = cluster_of(20).await;
    let client = client(&cluster);
    let _slow: Vec<_> = cluster.coordinators().iter().map(|one| one.inject(Fault::latency(SECOND))).collect();
    let began = Instant::now();
    let asking = client.on_each_coordinator(|one| async move { one.server_id().await });
    let most = async {
        let mut most = 0;
        loop {
            most = most.max(client.coordinators().iter().map(|state| state.in_flight).sum::<usize>());
            if began.elapsed() > SECOND + SECOND / 2 {
                return most;
            }
            sleep(SECOND / 10).await;
        }
    };
    let (ids, most) = tokio::join!(asking, most);
    assert_eq!((ids.all().unwrap().len(), most, began.elapsed()), (20, 16, 2 * SECOND));
    assert!((0..20).all(|index| cluster.journal().requests_to(index) == 1));
}

#[tokio::test(start_paused = true)]
async fn versions_that_differ_during_an_upgrade_are_seen_server_by_server() {
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
