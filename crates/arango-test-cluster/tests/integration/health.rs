//! Health of the servers.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::client::{Session, in_memory};

async fn health(session: &mut Session) -> Value {
    session.get("/_admin/cluster/health").await.json()["Health"].clone()
}

fn keys(record: &Value) -> Vec<&str> {
    record.as_object().expect("a record is an object").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn records_have_exactly_the_keys_of_their_role() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let health = health(&mut session).await;
    assert_eq!(health.as_object().unwrap().len(), 9);

    let server = [
        "CanBeDeleted",
        "Endpoint",
        "Engine",
        "Host",
        "LastAckedTime",
        "Role",
        "ShortName",
        "Status",
        "SyncStatus",
        "SyncTime",
        "Timestamp",
        "Version",
    ];
    assert_eq!(keys(&health[cluster.coordinator(0).id()]), server);
    assert_eq!(keys(&health[&cluster.db_server_ids()[0]]), server);
    let agent = [
        "CanBeDeleted",
        "Endpoint",
        "Engine",
        "LastAckedTime",
        "Leader",
        "Leading",
        "Role",
        "Status",
        "Version",
    ];
    assert_eq!(keys(&health[&cluster.agent_ids()[1]]), agent);
    assert_eq!(health[&cluster.agent_ids()[0]]["LastAckedTime"], 0);
    assert!(health[&cluster.agent_ids()[1]]["LastAckedTime"].is_f64());
}

#[tokio::test(start_paused = true)]
async fn a_killed_coordinator_turns_bad_and_then_failed_and_recovers() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let id = cluster.coordinator(2).id().to_owned();
    let written = health(&mut session).await[&id]["Timestamp"].clone();
    cluster.coordinator(2).kill();
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(health(&mut session).await[&id]["Status"].clone());
        sleep(Duration::from_secs(6)).await;
    }
    assert_eq!(seen, ["GOOD", "BAD", "FAILED"]);
    let record = health(&mut session).await[&id].clone();
    assert_eq!(record["CanBeDeleted"], true);
    assert_ne!(record["Timestamp"], written);
    let endpoints = session.get("/_api/cluster/endpoints").await.json();
    assert_eq!(endpoints["endpoints"].as_array().unwrap().len(), 3, "a failed coordinator stays listed");

    cluster.coordinator(2).restart().await.unwrap();
    assert_eq!(health(&mut session).await[&id]["Status"], "GOOD");
}

#[tokio::test(start_paused = true)]
async fn health_does_not_change_during_supervision_maintenance() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.put("/_admin/cluster/maintenance", &Value::from("on")).await;
    cluster.coordinator(2).kill();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(health(&mut session).await[cluster.coordinator(2).id()]["Status"], "GOOD");

    session.put("/_admin/cluster/maintenance", &Value::from("off")).await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(health(&mut session).await[cluster.coordinator(2).id()]["Status"], "FAILED");
}

#[tokio::test(start_paused = true)]
async fn a_server_is_queried_through_another() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let db_server = &cluster.db_server_ids()[0];
    let version = session.get(&format!("/_admin/cluster/nodeVersion?ServerID={db_server}")).await.json();
    assert_eq!((&version["server"], &version["version"]), (&"arango".into(), &"3.12.5".into()));
    let engine = session.get("/_admin/cluster/nodeEngine?ServerID=DBServer0001").await.json();
    assert_eq!(engine["name"], "rocksdb");
    let path = format!("/_admin/cluster/nodeStatistics?ServerID={}", cluster.coordinator(1).id());
    assert!(session.get(&path).await.json()["client"]["totalTime"]["counts"].is_array());

    let agent =
        session.get(&format!("/_admin/cluster/nodeVersion?ServerID={}", cluster.agent_ids()[0])).await;
    assert_eq!((agent.status, agent.error_num()), (503, 1478));
    let missing = session.get("/_admin/cluster/nodeVersion").await;
    assert_eq!((missing.status, missing.error_num()), (400, 400));
}

#[tokio::test(start_paused = true)]
async fn a_query_of_a_killed_server_waits_until_it_is_reported_as_failed() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let id = cluster.coordinator(2).id().to_owned();
    cluster.coordinator(2).kill();
    sleep(Duration::from_secs(8)).await;
    let start = Instant::now();
    let late = session.get(&format!("/_admin/cluster/nodeVersion?ServerID={id}")).await;
    assert_eq!((late.status, late.error_num()), (408, 504));
    assert!((1..4).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());

    let again = Instant::now();
    assert_eq!(session.get(&format!("/_admin/cluster/nodeVersion?ServerID={id}")).await.status, 408);
    assert_eq!(again.elapsed(), Duration::ZERO);
    session.get("/_admin/cluster/nodeVersion?ServerID=Coordinator0003").await;
    assert!(again.elapsed() >= Duration::from_secs(10), "with a short name the wait lasts until the timeout");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_restarts_in_time_responds() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    cluster.stop_db_server(0);
    let path = format!("/_admin/cluster/nodeVersion?ServerID={}", cluster.db_server_ids()[0]);
    let response = tokio::spawn(async move { session.get(&path).await.status });
    sleep(Duration::from_secs(3)).await;
    cluster.start_db_server(0);

    assert_eq!(response.await.unwrap(), 200);
}
