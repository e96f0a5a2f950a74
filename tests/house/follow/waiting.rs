//! Waiting for health, for shards, and for news to spread.

use arango::cluster::{HealthStatus, ServerId};
use arango::follow::Stopped;
use arango::protocol::DatabaseName;
use tokio::time::{Instant, sleep};

use super::{SECOND, pace, skewed};
use crate::support::{CreateCollection, CreateDatabase, client, cluster};

#[tokio::test(start_paused = true)]
async fn who_waits_for_health_waits_until_the_last_server_is_good() {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.stop_db_server(1);
    sleep(SECOND * 20).await;
    let began = Instant::now();
    let back = async {
        sleep(SECOND * 100).await;
        cluster.start_db_server(1);
    };
    let admin = client.cluster();
    let (health, ()) = tokio::join!(admin.wait_until_healthy(pace()), back);
    assert!(health.unwrap().all_good());
    assert!((100..=110).contains(&began.elapsed().as_secs()));
}

#[tokio::test(start_paused = true)]
async fn who_has_waited_in_vain_is_told_who_is_not_good() {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.stop_db_server(1);
    sleep(SECOND * 20).await;
    let server = ServerId::from(cluster.db_server_ids().remove(1));
    let short = pace().limit(SECOND * 30);
    let sick = client.cluster().wait_until_healthy(short).await.unwrap_err();
    assert!(
        matches!(sick.why(), Stopped::Unhealthy(sick) if *sick == [(server.clone(), HealthStatus::Failed)])
    );
    assert_eq!(sick.to_string(), format!("not all servers are good: {server} is FAILED"));

    let _outage = cluster.agency_down();
    let nobody = client.cluster().wait_until_healthy(short).await.unwrap_err();
    assert!(matches!(nobody.why(), Stopped::OutOfTime { last: Some(_), .. }), "{nobody}");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_shards_waits_until_the_last_copy_has_caught_up() {
    let cluster = skewed().await;
    let client = client(&cluster);
    client.cluster().wait_until_in_sync(pace()).await.unwrap();
    cluster.set_sync_time(SECOND * 60);
    cluster.stop_db_server(1);
    sleep(SECOND).await;
    cluster.start_db_server(1);
    let short = client.cluster().wait_until_in_sync(pace().limit(SECOND * 10)).await.unwrap_err();
    assert!(short.to_string().contains("shop/orders"), "{short}");
    let began = Instant::now();
    client.cluster().wait_until_in_sync(pace()).await.unwrap();
    assert!((40..=60).contains(&began.elapsed().as_secs()));
}

#[tokio::test(start_paused = true)]
async fn a_database_is_known_when_the_last_coordinator_that_lives_has_heard_of_it() {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.set_propagation(SECOND * 60);
    cluster.coordinator(2).kill();
    let name = DatabaseName::new("shop").unwrap();
    client.db("_system").execute(CreateDatabase(&name)).await.unwrap();
    let early = client.db("shop").wait_until_known(pace().limit(SECOND * 20)).await.unwrap_err();
    assert_eq!((early.done().by.len(), early.done().unknown_to.len()), (1, 1), "{:?}", early.done());
    let known = client.db("shop").wait_until_known(pace()).await.unwrap();
    assert_eq!((known.by.len(), known.unknown_to.len(), known.unasked.len()), (2, 0, 1));
    assert_eq!(known.unasked[0].as_str(), cluster.coordinator(2).url());
}

#[tokio::test(start_paused = true)]
async fn a_collection_is_known_when_all_coordinators_have_heard_of_it() {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.set_propagation(SECOND * 60);
    let began = Instant::now();
    client.db("_system").execute(CreateCollection("orders")).await.unwrap();
    let known = client.db("_system").wait_for_collection("orders", pace()).await.unwrap();
    assert_eq!(known.by.len(), 3);
    assert!((60..=75).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    let none = client.db("_system").wait_for_collection("nothing", pace().limit(SECOND)).await.unwrap_err();
    assert_eq!(none.done().unknown_to.len(), 3);
}
