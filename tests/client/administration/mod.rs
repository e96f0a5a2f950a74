//! Tests of the administration API against a cluster.

mod all_operations;
mod diagnostics;
mod not_a_cluster;
mod pinned;
mod server_admin;
mod shards;
mod shutdown;
mod version_matrix;
mod versions;

use std::time::Duration;

use arango::Coordinator;
use arango::cluster::{
    HealthStatus, Maintenance, RebalanceOptions, ServerId, ServerMode, ServerRole, SupervisionMode,
};
use arango_test_cluster::TestCluster;

use crate::support::{InMemoryConnector, builder, client, cluster};

#[tokio::test(start_paused = true)]
async fn each_coordinator_reports_its_identity() {
    let cluster = cluster().await;
    let client = client(&cluster);
    for coordinator in cluster.coordinators() {
        let address: Coordinator = coordinator.url().parse().unwrap();
        let handle = client.coordinator(&address);
        assert_eq!(handle.server_id().await.unwrap().as_str(), coordinator.id());
        assert_eq!(handle.server_role().await.unwrap(), ServerRole::Coordinator);
        assert_eq!(handle.server_mode().await.unwrap(), ServerMode::Default);
        assert_eq!(handle.version().await.unwrap().version.as_deref(), Some("3.12.5"));
        handle.availability().await.unwrap();
        handle.status().await.unwrap();
    }
    // Calls through the cluster handle are distributed over all coordinators.
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(client.cluster().server_id().await.unwrap());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn health_lists_every_server_and_reports_a_dead_one() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let health = client.cluster().health().await.unwrap();
    assert_eq!(health.servers().len(), 9);
    assert_eq!(
        (health.coordinators().count(), health.db_servers().count(), health.agents().count()),
        (3, 3, 3)
    );
    assert!(health.all_good());

    cluster.coordinator(2).kill();
    tokio::time::sleep(Duration::from_secs(30)).await;
    let health = client.cluster().health().await.unwrap();
    let dead = health.get(&ServerId::from(cluster.coordinator(2).id())).unwrap();
    assert_eq!(dead.status, HealthStatus::Failed);
}

#[tokio::test(start_paused = true)]
async fn servers_are_queried_through_any_coordinator() {
    let cluster = cluster().await;
    let admin = client(&cluster).cluster();
    let count = admin.server_count().await.unwrap();
    assert_eq!((count.db_servers, count.coordinators), (Some(3), Some(3)));
    for id in cluster.db_server_ids() {
        let id = ServerId::from(id);
        assert_eq!(admin.server_version(&id).await.unwrap().version.as_deref(), Some("3.12.5"));
        assert_eq!(admin.server_engine(&id).await.unwrap().name.to_string(), "rocksdb");
        assert!(admin.server_statistics(&id).await.unwrap().enabled);
    }
    assert_eq!(admin.endpoints().await.unwrap().addresses().count(), 3);
}

#[tokio::test(start_paused = true)]
async fn maintenance_is_enabled_disabled_and_expires() {
    let cluster = cluster().await;
    let admin = client(&cluster).cluster();
    assert_eq!(admin.maintenance().await.unwrap(), SupervisionMode::Normal);
    assert!(!admin.maintenance_on().await.unwrap().warning.is_empty());
    assert_eq!(admin.maintenance().await.unwrap(), SupervisionMode::Maintenance);
    admin.maintenance_off().await.unwrap();
    assert_eq!(admin.maintenance().await.unwrap(), SupervisionMode::Normal);
    admin.maintenance_for(Duration::from_secs(30)).await.unwrap();
    tokio::time::sleep(Duration::from_secs(35)).await;
    assert_eq!(admin.maintenance().await.unwrap(), SupervisionMode::Normal);

    let id = ServerId::from(cluster.db_server_ids().remove(0));
    assert!(admin.server_maintenance(&id).await.unwrap().is_none());
    admin.set_server_maintenance(&id, Maintenance::For(Duration::from_secs(60))).await.unwrap();
    assert!(admin.server_maintenance(&id).await.unwrap().is_some());
    admin.set_server_maintenance(&id, Maintenance::Off).await.unwrap();
    assert!(admin.server_maintenance(&id).await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_rebalance_is_planned_and_executed_to_completion() {
    let cluster = TestCluster::builder().seed(3).in_memory().skewed_shards().start().await.unwrap();
    let client = builder(&cluster).connect(InMemoryConnector::new(&cluster)).build().unwrap();
    let admin = client.cluster();
    let before = admin.imbalance().await.unwrap();
    assert!(before.is_idle());

    let options = RebalanceOptions::new().move_leaders().move_followers().pi_factor(256e6);
    let plan = admin.rebalance_plan_with(&options).await.unwrap();
    assert!(!plan.moves.is_empty());
    assert!(admin.imbalance().await.unwrap().is_idle(), "a plan moves nothing");

    admin.execute_moves(&plan.moves).await.unwrap();
    let mut busy = false;
    let after = loop {
        let now = admin.imbalance().await.unwrap();
        busy |= !now.is_idle();
        if now.is_idle() {
            break now;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert!(busy, "the moves take some time");
    assert_eq!(after.leader.imbalance.to_bits(), plan.after.leader.imbalance.to_bits(), "as planned");
    assert_eq!(after.shards.imbalance.to_bits(), plan.after.shards.imbalance.to_bits(), "as planned");
    assert!(after.leader.imbalance < before.leader.imbalance);

    let nothing = admin.rebalance_with(&options).await.unwrap();
    assert!(nothing.moves.is_empty(), "no move is left");
}

#[tokio::test(start_paused = true)]
async fn every_server_version_is_supported() {
    for version in ["3.10", "3.11", "3.12", "4.0"] {
        let cluster = TestCluster::builder().version(version).seed(5).in_memory().start().await.unwrap();
        let client = builder(&cluster).build().unwrap();
        let admin = client.cluster();
        assert!(admin.health().await.unwrap().all_good(), "{version}");
        admin.server_count().await.unwrap();
        admin.imbalance().await.unwrap();
        admin.endpoints().await.unwrap();
        admin.rebalance_plan_with(&RebalanceOptions::new()).await.unwrap();
        let id = ServerId::from(cluster.db_server_ids().remove(0));
        admin.server_engine(&id).await.unwrap();
        let statistics = admin.server_statistics(&id).await;
        assert_eq!(statistics.is_ok(), version != "4.0", "{version}: {statistics:?}");
        let reported = client.db("_system").version().await.unwrap().version.unwrap();
        assert!(reported.starts_with(version), "{reported}");
    }
}

#[tokio::test(start_paused = true)]
async fn execute_with_response_returns_unmodelled_fields() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let (health, response) =
        client.db("_system").execute_with_response(arango::cluster::GetHealth).await.unwrap();
    let raw: serde_json::Value = serde_json::from_slice(response.bytes()).unwrap();
    assert_eq!(raw["ClusterId"], health.cluster_id.as_str());
    assert_eq!(raw["code"], 200);
}
