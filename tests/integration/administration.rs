//! Identity, health, maintenance and rebalance.

use std::collections::BTreeSet;
use std::time::Duration;

use arango::cluster::{RebalanceOptions, ServerRole, SupervisionMode};
use tokio::time::{Instant, sleep};

use crate::cluster_under_test::{ClusterUnderTest, LIMIT, new_database, patient};

#[tokio::test]
async fn every_coordinator_identifies_itself() {
    let under_test = ClusterUnderTest::from_env();
    let client = under_test.client();
    let health = client.cluster().health().await.unwrap();
    let mut ids = BTreeSet::new();
    for state in client.coordinators() {
        let coordinator = client.coordinator(&state.address);

        let id = coordinator.server_id().await.unwrap();

        assert_eq!(coordinator.server_role().await.unwrap(), ServerRole::Coordinator);
        assert!(health.coordinators().any(|(known, _)| *known == id), "{id} is not in {health:?}");
        ids.insert(id);
    }
    assert_eq!(ids.len(), under_test.endpoints.len());
}

#[tokio::test]
async fn all_servers_report_a_version_and_are_good() {
    let client = ClusterUnderTest::from_env().client();
    let cluster = client.cluster();

    let health = cluster.wait_until_healthy(patient()).await.unwrap();

    assert!(health.all_good(), "{health:?}");
    assert_eq!(health.unreadable().count(), 0, "{health:?}");
    assert!(health.agents().count() > 0);
    let version = client.db("_system").version().await.unwrap().version.unwrap();
    for (id, _) in health.db_servers() {
        assert_eq!(cluster.server_version(id).await.unwrap().version.unwrap(), version, "{id}");
    }
}

#[tokio::test]
async fn servers_are_counted_and_endpoints_are_listed() {
    let under_test = ClusterUnderTest::from_env();
    let client = under_test.client();

    let listed = client.cluster().endpoints().await.unwrap();

    assert!(listed.addresses().count() >= under_test.endpoints.len(), "{listed:?}");
    client.cluster().server_count().await.unwrap();
}

#[tokio::test]
async fn maintenance_of_the_supervision_begins_and_ends() {
    let under_test = ClusterUnderTest::from_env();
    if !under_test.disturb_or_skip() {
        return;
    }
    let client = under_test.client();
    let cluster = client.cluster();

    cluster.maintenance_for(Duration::from_secs(300)).await.unwrap();
    assert_eq!(cluster.maintenance().await.unwrap(), SupervisionMode::Maintenance);
    cluster.maintenance_off().await.unwrap();

    assert_eq!(cluster.maintenance().await.unwrap(), SupervisionMode::Normal);
}

#[tokio::test]
async fn maintenance_of_a_db_server_begins_and_ends() {
    let under_test = ClusterUnderTest::from_env();
    if !under_test.disturb_or_skip() {
        return;
    }
    let client = under_test.client();
    let cluster = client.cluster();
    let health = cluster.health().await.unwrap();
    let (id, _) = health.db_servers().next().unwrap();

    let guard = cluster.hold_server_maintenance(id, Duration::from_secs(300)).await.unwrap();
    assert!(cluster.server_maintenance(id).await.unwrap().is_some());
    guard.end().await.unwrap();

    // The agency applies it some time later.
    let begin = Instant::now();
    while cluster.server_maintenance(id).await.unwrap().is_some() {
        assert!(begin.elapsed() < LIMIT, "{id} is still in maintenance");
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_plan_of_a_rebalance_is_executed_until_nothing_moves() {
    let under_test = ClusterUnderTest::from_env();
    if !under_test.disturb_or_skip() {
        return;
    }
    let client = under_test.client();
    let cluster = client.cluster();
    let database = new_database(&client, "rebalance").await;
    database.create_collection("books").shards(6).replication_factor(2).await.unwrap();

    let options = RebalanceOptions::new().move_leaders().move_followers();
    let plan = cluster.rebalance_plan_with(&options).await.unwrap();
    cluster.execute_moves(&plan.moves).await.unwrap();
    let imbalance = cluster.wait_until_idle(patient()).await.unwrap();

    assert!(imbalance.is_idle(), "{imbalance:?}");
    client.drop_database(database.name()).await.unwrap();
}
