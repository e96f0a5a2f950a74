//! Jobs of the agency: their course, and their outcomes as set by a test.

use std::time::Duration;

use arango_test_cluster::{JobOutcome, TestCluster};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::{Session, in_memory};

const SECOND: Duration = Duration::from_secs(1);

/// Returns a possible move: the only shard of `books`, from its leader to the server without a copy.
async fn move_of_a_leader(cluster: &TestCluster, session: &mut Session) -> Value {
    let books = json!({ "name": "books", "replicationFactor": 2 });
    assert_eq!(session.post("/_api/collection", &books).await.status, 200);
    let (shard, copies) = session.shard_of("books").await;
    let free_server =
        cluster.db_server_ids().into_iter().find(|id| !copies.contains(id)).expect("a third server");
    json!({ "collection": "books", "shard": shard, "fromServer": copies[0], "toServer": free_server })
}

async fn begin(session: &mut Session, command: &str, body: &Value) -> String {
    let accepted = session.post(&format!("/_admin/cluster/{command}"), body).await;
    assert_eq!(accepted.status, 202, "{}", accepted.json());
    accepted.json()["id"].as_str().expect("an id").to_owned()
}

async fn job(session: &mut Session, id: &str) -> Value {
    session.get(&format!("/_admin/cluster/queryAgencyJob?id={id}")).await.json()
}

#[tokio::test(start_paused = true)]
async fn a_job_goes_from_list_to_list_with_the_configured_timing() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    cluster.agency_jobs().set_todo_time(SECOND * 2);
    cluster.agency_jobs().set_move_time(SECOND * 10);
    let step = move_of_a_leader(&cluster, &mut session).await;
    let id = begin(&mut session, "moveShard", &step).await;

    let mut seen = Vec::new();
    for _ in 0..4 {
        let job = job(&mut session, &id).await;
        let has = |key: &str| job.get(key).is_some();
        seen.push((job["status"].as_str().unwrap().to_owned(), has("timeStarted"), has("timeFinished")));
        sleep(SECOND * 5).await;
    }
    let expected = [
        ("ToDo", false, false),
        ("Pending", true, false),
        ("Pending", true, false),
        ("Finished", true, true),
    ];
    assert_eq!(seen, expected.map(|(status, started, finished)| (status.to_owned(), started, finished)));
}

#[tokio::test(start_paused = true)]
async fn a_job_survives_the_loss_of_the_coordinator_that_created_it() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    cluster.agency_jobs().set_move_time(SECOND * 10);
    let step = move_of_a_leader(&cluster, &mut session).await;
    let id = begin(&mut session, "moveShard", &step).await;
    cluster.coordinator(0).kill();

    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    let pending = job(&mut other, &id).await;
    assert_eq!(
        (&pending["status"], &pending["creator"]),
        (&json!("Pending"), &json!(cluster.coordinator(0).id()))
    );
    sleep(SECOND * 10).await;
    assert_eq!(job(&mut other, &id).await["status"], "Finished");
}

#[tokio::test(start_paused = true)]
async fn a_job_fails_with_the_configured_reason_and_its_query_succeeds() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let step = move_of_a_leader(&cluster, &mut session).await;
    cluster.agency_jobs().set_next_outcome(JobOutcome::fail("disk full"));
    let id = begin(&mut session, "moveShard", &step).await;
    sleep(SECOND).await;

    let failed = job(&mut session, &id).await;
    assert_eq!((&failed["status"], &failed["reason"]), (&json!("Failed"), &json!("disk full")));
    assert_eq!((&failed["error"], failed.get("code")), (&json!(false), None));
    let shards = session.get("/_api/collection/books/shards?details=true").await.json()["shards"].clone();
    assert_eq!(shards[step["shard"].as_str().unwrap()][0], step["fromServer"], "nothing has moved");
    assert_eq!(cluster.agency_jobs().list()[0].reason, "disk full");
}

#[tokio::test(start_paused = true)]
async fn a_hanging_job_ends_when_it_is_cancelled_in_the_next_round_of_the_supervision() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let step = move_of_a_leader(&cluster, &mut session).await;
    cluster.agency_jobs().set_outcome(JobOutcome::Hang);
    let id = begin(&mut session, "moveShard", &step).await;
    sleep(SECOND * 200).await;
    assert_eq!(job(&mut session, &id).await["status"], "Pending");

    let cancelled = session.post("/_admin/cluster/cancelAgencyJob", &json!({ "id": id })).await;
    assert_eq!(
        (cancelled.status, cancelled.json()),
        (200, json!({ "job": id, "status": "aborted", "error": false }))
    );
    let marked = job(&mut session, &id).await;
    assert_eq!((&marked["status"], &marked["abort"]), (&json!("Pending"), &json!(true)));
    sleep(SECOND).await;
    let ended = job(&mut session, &id).await;
    assert_eq!((&ended["status"], &ended["reason"]), (&json!("Failed"), &json!("Killed via API")));
    let again = session.post("/_admin/cluster/cancelAgencyJob", &json!({ "id": id })).await;
    assert_eq!((again.status, again.error_num()), (400, 10));
}

#[tokio::test(start_paused = true)]
async fn a_hanging_job_can_be_resumed() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let step = move_of_a_leader(&cluster, &mut session).await;
    cluster.agency_jobs().set_next_outcome(JobOutcome::Hang);
    let id = begin(&mut session, "moveShard", &step).await;
    sleep(SECOND).await;
    assert!(cluster.agency_jobs().set_job_outcome(&id, JobOutcome::Finish));
    sleep(SECOND).await;

    assert_eq!(job(&mut session, &id).await["status"], "Finished");
    assert!(!cluster.agency_jobs().set_job_outcome(&id, JobOutcome::Hang), "it has ended");
}

#[tokio::test(start_paused = true)]
async fn a_resignation_cannot_be_cancelled() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    cluster.agency_jobs().set_outcome(JobOutcome::Hang);
    let id = begin(&mut session, "resignLeadership", &json!({ "server": "DBServer0001" })).await;
    let refused = session.post("/_admin/cluster/cancelAgencyJob", &json!({ "id": id })).await;

    assert_eq!((refused.status, refused.error_num()), (400, 10));
    assert_eq!(session.post("/_admin/cluster/cancelAgencyJob", &json!({ "id": "1" })).await.error_num(), 404);
    assert_eq!(session.post("/_admin/cluster/cancelAgencyJob", &json!({ "id": 1 })).await.error_num(), 10);
}

#[tokio::test(start_paused = true)]
async fn the_job_of_a_resignation_keeps_whether_it_is_to_be_undone_since_3_12_5() {
    for (version, kept) in [("3.12.4", Value::Null), ("3.12.5", json!(true)), ("4.0", json!(true))] {
        let cluster = TestCluster::builder().in_memory().version(version).start().await.unwrap();
        let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
        let resignation = json!({ "server": "DBServer0001", "undoMoves": true });
        let id = begin(&mut session, "resignLeadership", &resignation).await;
        assert_eq!(job(&mut session, &id).await["undoMoves"], kept, "{version}");
        let id = begin(&mut session, "resignLeadership", &json!({ "server": "DBServer0001" })).await;
        assert_eq!(job(&mut session, &id).await.get("undoMoves"), None, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn no_job_begins_or_ends_during_supervision_maintenance() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let step = move_of_a_leader(&cluster, &mut session).await;
    session.put("/_admin/cluster/maintenance", &json!("on")).await;
    let id = begin(&mut session, "moveShard", &step).await;
    session.post("/_admin/cluster/cancelAgencyJob", &json!({ "id": id })).await;
    sleep(SECOND * 60).await;
    assert_eq!(job(&mut session, &id).await["status"], "ToDo");

    session.put("/_admin/cluster/maintenance", &json!("off")).await;
    sleep(SECOND).await;
    assert_eq!(job(&mut session, &id).await["status"], "Failed");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_server_becomes_a_job_that_fails_without_having_started() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    for command in ["cleanOutServer", "resignLeadership"] {
        let id = begin(&mut session, command, &json!({ "server": "PRMR-unknown" })).await;
        let failed = job(&mut session, &id).await;
        assert_eq!((&failed["status"], &failed["type"]), (&json!("Failed"), &json!(command)));
        assert_eq!((failed.get("timeStarted"), &failed["server"]), (None, &json!("PRMR-unknown")));
    }
}

#[tokio::test(start_paused = true)]
async fn cleaning_out_moves_shard_by_shard_and_takes_the_server_out_of_use() {
    let cluster = TestCluster::builder().in_memory().skewed_shards().start().await.unwrap();
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    cluster.agency_jobs().set_move_time(SECOND);
    cluster.agency_jobs().set_max_concurrent(1);
    let (id, server) = (cluster.db_server_ids()[0].clone(), json!({ "server": "DBServer0001" }));
    let cleaning = begin(&mut session, "cleanOutServer", &server).await;
    let open = |result: &Value| {
        result["pendingMoveShards"].as_u64().unwrap() + result["todoMoveShards"].as_u64().unwrap()
    };
    let first = open(&session.get("/_admin/cluster/rebalance").await.json()["result"]);
    assert!(first > 10, "{first}");
    sleep(SECOND * 5).await;
    assert_eq!(open(&session.get("/_admin/cluster/rebalance").await.json()["result"]), first - 5);
    assert_eq!(job(&mut session, &cleaning).await["status"], "Pending");

    sleep(SECOND * 60).await;
    assert_eq!(job(&mut session, &cleaning).await["status"], "Finished");
    let numbers = session.get("/_admin/cluster/numberOfServers").await.json();
    assert_eq!(numbers["cleanedServers"], json!([id]));
    session.post("/_api/collection", &json!({ "name": "new", "numberOfShards": 9 })).await;
    cluster.stop_db_server(0);
    sleep(SECOND * 11).await;
    let record = session.get("/_admin/cluster/health").await.json()["Health"][&id].clone();
    assert_eq!((&record["Status"], &record["CanBeDeleted"]), (&json!("FAILED"), &json!(true)));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_in_use_is_not_removed() {
    let cluster = TestCluster::builder().in_memory().skewed_shards().start().await.unwrap();
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let start = tokio::time::Instant::now();
    let refused = session.post("/_admin/cluster/removeServer", &json!({ "server": "DBServer0001" })).await;
    assert_eq!((refused.status, refused.error_num()), (412, 412));
    assert_eq!(start.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_removed_coordinator_is_no_longer_listed() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    cluster.coordinator(2).kill();
    sleep(SECOND * 11).await;
    let id = json!(cluster.coordinator(2).id());
    assert_eq!(session.post("/_admin/cluster/removeServer", &id).await.status, 200);

    assert_eq!(session.post("/_admin/cluster/removeServer", &id).await.error_num(), 404);
    let health = session.get("/_admin/cluster/health").await.json()["Health"].clone();
    assert_eq!(health.get(cluster.coordinator(2).id()), None);
    let endpoints = session.get("/_api/cluster/endpoints").await.json()["endpoints"].clone();
    assert_eq!(endpoints.as_array().map(Vec::len), Some(2));
}

#[tokio::test(start_paused = true)]
async fn an_ended_job_is_eventually_removed() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let step = move_of_a_leader(&cluster, &mut session).await;
    let id = begin(&mut session, "moveShard", &step).await;
    sleep(SECOND).await;
    assert_eq!(job(&mut session, &id).await["status"], "Finished");
    cluster.agency_jobs().forget_ended();
    let ended = session.get(&format!("/_admin/cluster/queryAgencyJob?id={id}")).await;
    assert_eq!((ended.status, ended.error_num()), (404, 404));
}

#[tokio::test(start_paused = true)]
async fn a_server_to_which_something_is_moved_is_in_use_until_the_job_has_ended() {
    let cluster = TestCluster::builder().db_servers(6).in_memory().seed(3).start().await.unwrap();
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let counts = session.get("/_admin/cluster/shardStatistics?DBserver=all").await.json()["result"].clone();
    let holds_nothing = |id: &String| counts[id]["shards"] == 0;
    let idle = cluster.db_server_ids().iter().position(holds_nothing).unwrap();
    let id = cluster.db_server_ids()[idle].clone();
    let (shard, copies) = session.shard_of("books").await;
    cluster.agency_jobs().set_next_outcome(JobOutcome::Hang);
    let step = json!({ "collection": "books", "shard": shard, "fromServer": copies[0], "toServer": id });
    let job = begin(&mut session, "moveShard", &step).await;
    assert_eq!(cluster.agency_jobs().list()[0].status, "Pending");
    cluster.stop_db_server(idle);
    sleep(SECOND * 11).await;
    let record = session.get("/_admin/cluster/health").await.json()["Health"][&id].clone();
    assert_eq!((&record["Status"], &record["CanBeDeleted"]), (&json!("FAILED"), &json!(false)));

    session.post("/_admin/cluster/cancelAgencyJob", &json!({ "id": job })).await;
    sleep(SECOND).await;
    let record = session.get("/_admin/cluster/health").await.json()["Health"][&id].clone();
    assert_eq!(record["CanBeDeleted"], true);
}

#[tokio::test(start_paused = true)]
async fn a_move_to_a_stopped_server_fails_even_without_requests_meanwhile() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    cluster.agency_jobs().set_move_time(SECOND * 12);
    let step = move_of_a_leader(&cluster, &mut session).await;
    let id = begin(&mut session, "moveShard", &step).await;
    let target = cluster.db_server_ids().iter().position(|id| step["toServer"] == id.as_str()).unwrap();
    cluster.stop_db_server(target);
    sleep(SECOND * 30).await;

    assert_eq!(job(&mut session, &id).await["status"], "Failed");
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_cancelled_before_it_has_begun_never_begins() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    cluster.agency_jobs().set_todo_time(SECOND / 2);
    let step = move_of_a_leader(&cluster, &mut session).await;
    let id = begin(&mut session, "moveShard", &step).await;
    session.post("/_admin/cluster/cancelAgencyJob", &json!({ "id": id })).await;
    sleep(SECOND * 2).await;

    let ended = job(&mut session, &id).await;
    assert_eq!((&ended["status"], ended.get("timeStarted")), (&json!("Failed"), None));
}
