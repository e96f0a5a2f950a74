//! Stops, restarts and upgrades of DB-Servers.

use std::time::Duration;

use arango_test_cluster::{StartError, TestCluster};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::{Session, in_memory};

const SECOND: Duration = Duration::from_secs(1);
const DISTRIBUTION: &str = "/_admin/cluster/collectionShardDistribution?collection=books";

/// Creates a collection with one shard of two copies and some documents. Returns the indexes of its leader and its
/// follower.
async fn create_books(cluster: &TestCluster, session: &mut Session) -> (usize, usize) {
    let books = json!({ "name": "books", "replicationFactor": 2 });
    assert_eq!(session.post("/_api/collection", &books).await.status, 200);
    for _ in 0..10 {
        session.post("/_api/document/books", &json!({})).await;
    }
    let (_, copies) = session.shard_of("books").await;
    let index = |id: &String| cluster.db_server_ids().iter().position(|one| one == id).expect("a DB-Server");
    (index(&copies[0]), index(&copies[1]))
}

/// Returns the only shard of `books`: as planned, and its current state.
async fn shard(session: &mut Session) -> (Value, Value) {
    let results = session.get(DISTRIBUTION).await.json()["results"]["books"].clone();
    let only = |side: &str| {
        results[side].as_object().and_then(|all| all.values().next()).cloned().unwrap_or_default()
    };
    (only("Plan"), only("Current"))
}

fn name(index: usize) -> String {
    format!("DBServer{:04}", index + 1)
}

async fn status(session: &mut Session, cluster: &TestCluster, index: usize) -> String {
    let record =
        &session.get("/_admin/cluster/health").await.json()["Health"][&cluster.db_server_ids()[index]];
    record["Status"].as_str().expect("a status").to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_was_down_catches_up_and_reports_progress() {
    let cluster = in_memory().await;
    cluster.set_sync_time(SECOND * 10);
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let (leader, follower) = create_books(&cluster, &mut session).await;
    let whole = json!({ "leader": name(leader), "followers": [name(follower)] });
    assert_eq!(shard(&mut session).await, (whole.clone(), whole.clone()));

    cluster.stop_db_server(follower);
    let (planned, there) = shard(&mut session).await;
    assert_eq!(there, json!({ "leader": name(leader), "followers": [] }));
    assert_eq!(
        planned["progress"],
        json!({ "total": 10, "current": 0, "followerPercent": null, "followersSyncing": 0 })
    );

    cluster.start_db_server(follower);
    sleep(SECOND * 4).await;
    let (planned, there) = shard(&mut session).await;
    assert_eq!(
        planned["progress"],
        json!({ "total": 10, "current": 4, "followerPercent": 40, "followersSyncing": 1 })
    );
    assert_eq!(there["followers"], json!([]));
    let without =
        session.get("/_admin/cluster/shardDistribution").await.json()["results"]["books"]["Plan"].clone();
    assert!(without.as_object().unwrap().values().all(|shard| shard.get("progress").is_none()));

    sleep(SECOND * 6).await;
    assert_eq!(shard(&mut session).await, (whole.clone(), whole));
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_has_failed_comes_back_as_a_follower_that_has_to_catch_up() {
    let cluster = in_memory().await;
    cluster.set_sync_time(SECOND * 10);
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let (leader, follower) = create_books(&cluster, &mut session).await;
    cluster.stop_db_server(leader);
    let mut seen = Vec::new();
    for _ in 0..3 {
        let leads = shard(&mut session).await.0["leader"] == name(leader);
        seen.push((status(&mut session, &cluster, leader).await, leads));
        sleep(SECOND * 6).await;
    }
    assert_eq!(
        seen,
        [("GOOD", true), ("BAD", true), ("FAILED", false)].map(|(text, leads)| (text.to_owned(), leads))
    );

    cluster.start_db_server(leader);
    let swapped = json!({ "leader": name(follower), "followers": [name(leader)] });
    let (planned, there) = shard(&mut session).await;
    assert_eq!((&planned["leader"], &planned["followers"]), (&swapped["leader"], &swapped["followers"]));
    assert_eq!(there["followers"], json!([]));
    assert_eq!(status(&mut session, &cluster, leader).await, "GOOD");
    sleep(SECOND * 10).await;
    assert_eq!(shard(&mut session).await, (swapped.clone(), swapped));
}

#[tokio::test(start_paused = true)]
async fn a_server_in_maintenance_keeps_its_leaderships_over_a_restart() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let (leader, _) = create_books(&cluster, &mut session).await;
    let path = format!("/_admin/cluster/maintenance/{}", cluster.db_server_ids()[leader]);
    assert_eq!(session.put(&path, &json!({ "mode": "maintenance", "timeout": 60 })).await.status, 200);
    cluster.stop_db_server(leader);
    sleep(SECOND * 30).await;
    assert_eq!(status(&mut session, &cluster, leader).await, "FAILED");
    assert_eq!(shard(&mut session).await.0["leader"], name(leader));

    sleep(SECOND * 60).await;
    assert_ne!(shard(&mut session).await.0["leader"], name(leader), "its maintenance has ended");
}

#[tokio::test(start_paused = true)]
async fn a_follower_that_is_behind_does_not_take_over() {
    let cluster = in_memory().await;
    cluster.set_sync_time(SECOND * 60);
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let (leader, follower) = create_books(&cluster, &mut session).await;
    cluster.stop_db_server(follower);
    cluster.start_db_server(follower);
    cluster.stop_db_server(leader);
    sleep(SECOND * 30).await;

    assert_eq!(shard(&mut session).await.0["leader"], name(leader));
}

#[tokio::test(start_paused = true)]
async fn a_paused_server_resumes_with_the_same_reboot_id() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    cluster.pause_db_server(1);
    sleep(SECOND * 7).await;
    assert_eq!(status(&mut session, &cluster, 1).await, "BAD");
    cluster.resume_db_server(1);
    assert_eq!(status(&mut session, &cluster, 1).await, "GOOD");

    cluster.stop_db_server(1);
    cluster.resume_db_server(1);
    sleep(SECOND * 7).await;
    assert_eq!(status(&mut session, &cluster, 1).await, "BAD", "a stopped server is not resumed");
}

#[tokio::test(start_paused = true)]
async fn a_copy_being_moved_is_in_plan_and_not_in_current() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let (leader, follower) = create_books(&cluster, &mut session).await;
    let other = 3 - leader - follower;
    cluster.agency_jobs().set_move_time(SECOND * 10);
    let shards = session.get("/_api/collection/books/shards").await.json()["shards"].clone();
    let step = json!({ "collection": "books", "shard": shards[0], "fromServer": name(follower), "toServer": name(other) });
    assert_eq!(session.post("/_admin/cluster/moveShard", &step).await.status, 202);
    sleep(SECOND * 5).await;
    let (planned, there) = shard(&mut session).await;
    assert_eq!(planned["followers"], json!([name(follower), name(other)]));
    assert_eq!(
        (&planned["progress"]["followerPercent"], &planned["progress"]["followersSyncing"]),
        (&json!(50), &json!(1))
    );
    assert_eq!(there["followers"], json!([name(follower)]));

    sleep(SECOND * 5).await;
    let (planned, there) = shard(&mut session).await;
    assert_eq!((&planned, &there["followers"]), (&there, &json!([name(other)])));
}

#[tokio::test(start_paused = true)]
async fn servers_are_upgraded_one_by_one_and_respond_in_their_own_version() {
    let cluster = TestCluster::builder().version("3.11.14").in_memory().start().await.unwrap();
    cluster.start_db_server_as(0, "3.12.5").unwrap();
    cluster.coordinator(0).restart_as("3.12.5").await.unwrap();
    let (mut new, mut old) = (
        Session::connect_in_memory(cluster.coordinator(0)).await,
        Session::connect_in_memory(cluster.coordinator(1)).await,
    );

    assert_eq!(new.get("/_api/version").await.json()["version"], "3.12.5");
    assert_eq!(old.get("/_api/version").await.json()["version"], "3.11.14");
    let health = old.get("/_admin/cluster/health").await.json()["Health"].clone();
    let version = |id: &str| health[id]["Version"].as_str().unwrap().to_owned();
    let ids = cluster.db_server_ids();
    assert_eq!([version(&ids[0]), version(&ids[1])], ["3.12.5", "3.11.14"]);
    assert_eq!(version(cluster.coordinator(0).id()), "3.12.5");
    let version = new.get("/_admin/cluster/nodeVersion?ServerID=DBServer0001").await.json();
    assert_eq!(version["version"], "3.12.5");
    let version = new.get("/_admin/cluster/nodeVersion?ServerID=Coordinator0002").await.json();
    assert_eq!(version["version"], "3.11.14");
    assert_eq!(
        (new.get("/_api/token/root").await.status, old.get("/_api/token/root").await.status),
        (200, 404)
    );

    cluster.coordinator(0).restart().await.unwrap();
    let mut new = Session::connect_in_memory(cluster.coordinator(0)).await;
    assert_eq!(new.get("/_api/version").await.json()["version"], "3.12.5", "a restart keeps the version");
    let refused = cluster.coordinator(0).restart_as("2.8").await;
    assert!(matches!(refused, Err(StartError::UnknownVersion { .. })));
    assert!(cluster.coordinator(0).is_up());
}
