//! Maintenance of the supervision and of single servers.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use crate::client::{Session, in_memory};

const SUPERVISION: &str = "/_admin/cluster/maintenance";

#[tokio::test(start_paused = true)]
async fn the_call_returns_only_when_the_supervision_has_applied_it() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let start = Instant::now();
    let on = session.put(SUPERVISION, &json!("on")).await.json();
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert!(on["warning"].as_str().unwrap().starts_with("Cluster supervision deactivated."));
    assert_eq!(session.get(SUPERVISION).await.json()["result"], "Maintenance");

    assert_eq!(
        session.put(SUPERVISION, &json!("off")).await.json()["warning"],
        "Cluster supervision reactivated."
    );
    assert_eq!(session.get(SUPERVISION).await.json()["result"], "Normal");
}

#[tokio::test(start_paused = true)]
async fn supervision_maintenance_expires() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    assert_eq!(session.put(SUPERVISION, &json!(30)).await.status, 200);
    sleep(Duration::from_secs(25)).await;
    assert_eq!(session.get(SUPERVISION).await.json()["result"], "Maintenance");
    sleep(Duration::from_secs(10)).await;
    assert_eq!(session.get(SUPERVISION).await.json()["result"], "Normal");
}

#[tokio::test(start_paused = true)]
async fn a_zero_length_window_is_never_applied_and_times_out() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let start = Instant::now();
    let late = session.put(SUPERVISION, &json!(0)).await;

    assert_eq!((late.status, late.error_num()), (408, 504));
    assert_eq!(start.elapsed(), Duration::from_secs(120));
}

#[tokio::test(start_paused = true)]
async fn a_window_without_an_end_is_refused_by_name() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let server = format!("{SUPERVISION}/{}", cluster.db_server_ids()[0]);
    let text =
        "sim: the body `maintenance for more than a thousand years` of PUT /_admin/cluster is not modelled";
    for (path, body) in [
        (SUPERVISION, json!(u64::MAX)),
        (SUPERVISION, json!(1e300)),
        (SUPERVISION, json!("99999999999999999999")),
        (&server, json!({ "mode": "maintenance", "timeout": u64::MAX })),
    ] {
        let refused = session.put(path, &body).await;
        assert_eq!((refused.status, &refused.json()["errorMessage"]), (501, &json!(text)), "{path} {body}");
    }
    assert_eq!(session.get(SUPERVISION).await.json()["result"], "Normal");
}

#[tokio::test]
async fn other_bodies_are_refused() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let refused = session.put(SUPERVISION, &json!({})).await;
    assert_eq!((refused.status, refused.error_num()), (400, 10));
    let unquoted = session.request(http::Method::PUT, SUPERVISION, "on").await.unwrap();
    assert_eq!((unquoted.status, unquoted.error_num()), (400, 600));
}

#[tokio::test(start_paused = true)]
async fn a_server_enters_and_leaves_maintenance() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let path = format!("{SUPERVISION}/{}", cluster.db_server_ids()[0]);
    assert_eq!(session.get(&path).await.json(), json!({ "error": false, "code": 200 }));

    session.put(&path, &json!({ "mode": "maintenance", "timeout": 2 })).await;
    let on = session.get(&path).await.json();
    assert_eq!(on["result"]["Mode"], "maintenance");
    assert!(on["result"]["Until"].as_str().unwrap().ends_with('Z'));
    sleep(Duration::from_secs(5)).await;
    assert_eq!(session.get(&path).await.json().get("result"), None);

    session.put(&path, &json!({ "mode": "maintenance" })).await;
    session.put(&path, &json!({ "mode": "normal" })).await;
    assert_eq!(session.get(&path).await.json().get("result"), None);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_not_good_is_a_failed_precondition() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    cluster.stop_db_server(0);
    sleep(Duration::from_secs(7)).await;
    for id in [cluster.db_server_ids()[0].as_str(), "PRMR-unknown"] {
        let refused = session.put(&format!("{SUPERVISION}/{id}"), &json!({ "mode": "maintenance" })).await;
        assert_eq!((refused.status, refused.error_num()), (412, 412));
    }
}

#[tokio::test(start_paused = true)]
async fn server_maintenance_hangs_during_supervision_maintenance() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.put(SUPERVISION, &json!("on")).await;
    let path = format!("{SUPERVISION}/{}", cluster.db_server_ids()[0]);
    let body = json!({ "mode": "maintenance" });

    assert!(timeout(Duration::from_secs(600), session.put(&path, &body)).await.is_err());
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    other.put(SUPERVISION, &Value::from("off")).await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(
        other.get(&path).await.json()["result"]["Mode"],
        "maintenance",
        "the requested maintenance was recorded nevertheless"
    );
}

#[tokio::test(start_paused = true)]
async fn any_server_with_a_health_record_can_be_in_maintenance() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let path = format!("{SUPERVISION}/{}", cluster.coordinator(1).id());
    assert_eq!(session.put(&path, &json!({ "mode": "maintenance" })).await.status, 200);
    assert_eq!(session.get(&path).await.json()["result"]["Mode"], "maintenance");
}
