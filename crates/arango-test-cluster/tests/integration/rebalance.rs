//! Rebalancing, from the plan to the end of its jobs.

use std::time::Duration;

use arango_test_cluster::TestCluster;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::Session;

const PATH: &str = "/_admin/cluster/rebalance";

async fn skewed() -> TestCluster {
    let builder =
        TestCluster::builder().in_memory().seed(7).skewed_shards().move_time(Duration::from_millis(200));
    builder.start().await.expect("a cluster in memory starts")
}

fn plan_request() -> Value {
    json!({ "version": 1, "leaderChanges": true, "moveLeaders": true, "moveFollowers": true, "piFactor": 256e6 })
}

#[tokio::test]
async fn a_plan_reports_less_imbalance_and_changes_nothing() {
    let cluster = skewed().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let before = session.get(PATH).await.json();
    let plan = session.post(PATH, &plan_request()).await;
    assert_eq!(plan.status, 200);
    let plan = plan.json()["result"].clone();
    assert!(plan["moves"].as_array().unwrap().len() > 5);
    let imbalance = |side: &str| plan[side]["leader"]["imbalance"].as_f64().unwrap();
    assert!(imbalance("imbalanceAfter") < imbalance("imbalanceBefore") / 2.0);
    assert_eq!(plan["imbalanceBefore"]["leader"], before["result"]["leader"]);

    assert_eq!(session.get(PATH).await.json(), before);
}

#[tokio::test(start_paused = true)]
async fn scheduled_moves_finish_and_reach_the_planned_imbalance() {
    let cluster = skewed().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let scheduled = session.put(PATH, &plan_request()).await;
    assert_eq!((scheduled.status, &scheduled.json()["code"]), (202, &json!(202)));
    let promised = scheduled.json()["result"]["imbalanceAfter"].clone();

    let mut counts = Vec::new();
    loop {
        let now = session.get(PATH).await.json()["result"].clone();
        let count = |key: &str| now[key].as_u64().unwrap();
        counts.push((count("pendingMoveShards"), count("todoMoveShards")));
        if counts.last() == Some(&(0, 0)) {
            assert_eq!((&now["leader"], &now["shards"]), (&promised["leader"], &promised["shards"]));
            break;
        }
        sleep(Duration::from_millis(100)).await;
    }
    assert!(counts[0].0 > 0 && counts[0].1 > 0, "{counts:?}");
    assert!(counts.windows(2).all(|pair| pair[0].0 + pair[0].1 >= pair[1].0 + pair[1].1), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn nothing_moves_during_supervision_maintenance() {
    let cluster = skewed().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.put("/_admin/cluster/maintenance", &json!("on")).await;
    session.put(PATH, &plan_request()).await;
    let first = session.get(PATH).await.json();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(session.get(PATH).await.json(), first);

    session.put("/_admin/cluster/maintenance", &json!("off")).await;
    sleep(Duration::from_secs(60)).await;
    let last = session.get(PATH).await.json()["result"].clone();
    assert_eq!((&last["pendingMoveShards"], &last["todoMoveShards"]), (&json!(0), &json!(0)));
}

#[tokio::test(start_paused = true)]
async fn a_plan_can_be_executed_by_sending_it_back() {
    let cluster = skewed().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let plan = session.post(PATH, &plan_request()).await.json()["result"].clone();
    let execute = format!("{PATH}/execute");
    assert_eq!(session.post(&execute, &json!({ "version": 1, "moves": [] })).await.status, 200);
    let accepted = session.post(&execute, &json!({ "version": 1, "moves": plan["moves"] })).await;
    assert_eq!((accepted.status, accepted.json()), (202, json!({ "error": false, "code": 202 })));
    sleep(Duration::from_secs(60)).await;

    assert_eq!(session.get(PATH).await.json()["result"]["leader"], plan["imbalanceAfter"]["leader"]);
}

#[tokio::test]
async fn plan_requests_are_parsed_strictly() {
    let cluster = skewed().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    for (body, status, error_num) in [
        (json!({}), 500, 4),
        (json!({ "version": "1" }), 500, 4),
        (json!({ "version": 1, "unknown": true }), 500, 4),
        (json!({ "version": 2 }), 400, 400),
        (json!({ "version": 1, "maximumNumberOfMoves": 5001 }), 400, 400),
    ] {
        let refused = session.post(PATH, &body).await;
        assert_eq!((refused.status, refused.error_num()), (status, error_num), "{body}");
    }
    let unread = session.request(http::Method::POST, PATH, "{").await.unwrap();
    assert_eq!((unread.status, unread.error_num()), (400, 600));
    let move_without_database = json!({ "version": 1, "moves": [{ "from": "a", "to": "b", "shard": "s1", "collection": "1", "isLeader": true }] });
    assert_eq!(session.post(&format!("{PATH}/execute"), &move_without_database).await.status, 500);
}

#[tokio::test]
async fn excluded_databases_and_system_collections_are_not_even_counted() {
    let cluster = skewed().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let mut body = plan_request();
    body["databasesExcluded"] = json!(["shop", "stock"]);
    body["excludeSystemCollections"] = json!(true);
    let result = session.post(PATH, &body).await.json()["result"].clone();

    assert_eq!(
        (&result["moves"], &result["imbalanceBefore"]["shards"]["totalShards"]),
        (&json!([]), &json!(0))
    );
}
