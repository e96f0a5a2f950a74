//! Waiting for health, for shards in sync, and for propagation.

use arango::cluster::{HealthStatus, ServerId};
use arango::long_running::StopReason;
use arango::protocol::DatabaseName;
use tokio::time::{Instant, sleep};

use super::{SECOND, poll_options, skewed_cluster};
use crate::support::{CreateCollection, CreateDatabase, client, cluster};

#[tokio::test(start_paused = true)]
async fn wait_until_healthy_waits_for_the_last_server() {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.stop_db_server(1);
    sleep(SECOND * 20).await;
    let start = Instant::now();
    let recovery = async {
        sleep(SECOND * 100).await;
        cluster.start_db_server(1);
    };
    let admin = client.cluster();
    let (health, ()) = tokio::join!(admin.wait_until_healthy(poll_options()), recovery);
    assert!(health.unwrap().all_good());
    assert!((100..=110).contains(&start.elapsed().as_secs()));
}

#[tokio::test(start_paused = true)]
async fn wait_until_healthy_reports_unhealthy_servers_at_the_limit() {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.stop_db_server(1);
    sleep(SECOND * 20).await;
    let server = ServerId::from(cluster.db_server_ids().remove(1));
    let short_limit = poll_options().timeout(SECOND * 30);
    let unhealthy = client.cluster().wait_until_healthy(short_limit).await.unwrap_err();
    assert!(
        matches!(unhealthy.reason(), StopReason::Unhealthy(servers) if *servers == [(server.clone(), HealthStatus::Failed)])
    );
    assert_eq!(unhealthy.to_string(), format!("not all servers are healthy: {server} is FAILED"));

    let _outage = cluster.agency_down();
    let unavailable = client.cluster().wait_until_healthy(short_limit).await.unwrap_err();
    assert!(
        matches!(unavailable.reason(), StopReason::TimedOut { last_error: Some(_), .. }),
        "{unavailable}"
    );
}

#[tokio::test(start_paused = true)]
async fn wait_until_in_sync_waits_for_the_last_follower() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    client.cluster().wait_until_in_sync(poll_options()).await.unwrap();
    cluster.set_sync_time(SECOND * 60);
    cluster.stop_db_server(1);
    sleep(SECOND).await;
    cluster.start_db_server(1);
    let timed_out =
        client.cluster().wait_until_in_sync(poll_options().timeout(SECOND * 10)).await.unwrap_err();
    assert!(timed_out.to_string().contains("shop/orders"), "{timed_out}");
    let start = Instant::now();
    client.cluster().wait_until_in_sync(poll_options()).await.unwrap();
    assert!((40..=60).contains(&start.elapsed().as_secs()));
}

#[tokio::test(start_paused = true)]
async fn a_database_is_propagated_when_all_live_coordinators_have_it() {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.set_propagation(SECOND * 60);
    cluster.coordinator(2).kill();
    let name = DatabaseName::new("shop").unwrap();
    client.db("_system").execute(CreateDatabase(&name)).await.unwrap();
    let incomplete =
        client.db("shop").wait_until_propagated(poll_options().timeout(SECOND * 20)).await.unwrap_err();
    assert_eq!(
        (incomplete.progress().known_to.len(), incomplete.progress().unknown_to.len()),
        (1, 1),
        "{:?}",
        incomplete.progress()
    );
    let status = client.db("shop").wait_until_propagated(poll_options()).await.unwrap();
    assert_eq!((status.known_to.len(), status.unknown_to.len(), status.unreachable.len()), (2, 0, 1));
    assert_eq!(status.unreachable[0].as_str(), cluster.coordinator(2).url());
}

#[tokio::test(start_paused = true)]
async fn a_collection_is_propagated_when_all_coordinators_have_it() {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.set_propagation(SECOND * 60);
    let start = Instant::now();
    client.db("_system").execute(CreateCollection("orders")).await.unwrap();
    let status = client.db("_system").wait_for_collection("orders", poll_options()).await.unwrap();
    assert_eq!(status.known_to.len(), 3);
    assert!((60..=75).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    let missing = client
        .db("_system")
        .wait_for_collection("nothing", poll_options().timeout(SECOND))
        .await
        .unwrap_err();
    assert_eq!(missing.progress().unknown_to.len(), 3);
}
