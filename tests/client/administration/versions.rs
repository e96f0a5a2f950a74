//! Operations that not every server version supports.

use std::time::Duration;

use arango::{Client, Coordinator, ErrorKind, Outcome};
use arango_test_cluster::{Entry, Fault, Match, Phase, TestCluster};
use tokio::time::{Instant, sleep};

use crate::support::client;

async fn start(version: &str) -> (TestCluster, Client) {
    let cluster = TestCluster::builder().version(version).seed(9).in_memory().start().await.unwrap();
    let client = client(&cluster);
    (cluster, client)
}

/// Returns how many requests each coordinator has read, except version requests.
fn requests_per_coordinator(cluster: &TestCluster) -> [usize; 3] {
    let mut requests = [0; 3];
    for entry in cluster.journal().entries() {
        requests[entry.coordinator] += usize::from(entry.path != "/_api/version");
    }
    requests
}

fn version_requests(cluster: &TestCluster) -> usize {
    cluster.journal().entries().iter().filter(|entry| entry.path == "/_api/version").count()
}

fn address(cluster: &TestCluster, index: usize) -> Coordinator {
    cluster.coordinator(index).url().parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_unsupported_call_reports_required_and_actual_version() {
    let (cluster, client) = start("3.11").await;
    let target = address(&cluster, 0);
    let error = client.coordinator(&target).api_calls().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotSupported, Outcome::NotExecuted));
    assert_eq!(error.status().unwrap(), 404, "it was sent and rejected");
    let unsupported = error.unsupported().unwrap();
    assert_eq!((unsupported.since, unsupported.coordinator.clone()), (Some("3.12.5"), target.clone()));
    let text = error.to_string();
    let version = unsupported.version.unwrap();
    assert!(text.contains(&format!("needs ArangoDB 3.12.5, but {target} runs {version}")), "{text}");
    assert!(text.starts_with("server.api_calls: "), "{text}");
}

#[tokio::test(start_paused = true)]
async fn an_unsupported_call_is_not_sent_once_the_version_is_known() {
    let (cluster, client) = start("3.11").await;
    let handle = client.coordinator(&address(&cluster, 0));
    handle.api_calls().await.unwrap_err();
    assert_eq!((requests_per_coordinator(&cluster), version_requests(&cluster)), ([1, 0, 0], 1));

    // The same operation, another one, and one through `execute_with_response`.
    let error = handle.api_calls().await.unwrap_err();
    assert!(error.attempts().is_empty() && error.unsupported().is_some());
    handle.aql_queries().await.unwrap_err();
    handle.execute_with_response(arango::cluster::ListCrashes).await.unwrap_err();
    assert_eq!((requests_per_coordinator(&cluster), version_requests(&cluster)), ([1, 0, 0], 1));
}

#[tokio::test(start_paused = true)]
async fn the_version_is_cached_from_a_version_call() {
    let (cluster, client) = start("3.11").await;
    let handle = client.coordinator(&address(&cluster, 0));
    handle.version().await.unwrap();
    let error = handle.crashes().await.unwrap_err();
    assert!(error.attempts().is_empty() && error.unsupported().is_some());
    assert_eq!((requests_per_coordinator(&cluster), version_requests(&cluster)), ([0, 0, 0], 1));
}

#[tokio::test(start_paused = true)]
async fn a_successful_call_does_not_query_the_version() {
    let (cluster, client) = start("3.12.10").await;
    client.cluster().access_tokens("root").await.unwrap();
    client.cluster().reserve_unique_ids(1).await.unwrap();
    assert_eq!(version_requests(&cluster), 0);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_supporting_server_is_unchanged() {
    let (cluster, client) = start("3.12.10").await;
    for _ in 0..2 {
        let error = client.cluster().access_tokens("unknown").await.unwrap_err();
        assert_eq!((error.kind(), error.error_number().unwrap().0), (ErrorKind::NotFound, 1703));
        assert!(error.unsupported().is_none());
    }
    assert_eq!(
        requests_per_coordinator(&cluster).iter().sum::<usize>(),
        2,
        "the operation is never considered unsupported"
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_without_a_version_is_never_assumed_unsupported() {
    let (cluster, client) = start("3.11").await;
    let no_version = r#"{"server":"arango","license":"enterprise"}"#;
    let no_version = Fault::raw_response(200, "application/json", no_version).on(Match::get("/_api/version"));
    let _silent = cluster.coordinator(0).inject(no_version);
    let handle = client.coordinator(&address(&cluster, 0));
    for _ in 0..2 {
        let error = handle.api_calls().await.unwrap_err();
        assert!(error.unsupported().is_none(), "{error}");
        assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::NotFound, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_no_coordinator_supports_is_tried_on_each_once() {
    let (cluster, client) = start("3.11").await;
    let error = client.cluster().reserve_unique_ids(1).await.unwrap_err();
    assert!(error.unsupported().is_some(), "{error}");
    assert_eq!((requests_per_coordinator(&cluster), version_requests(&cluster)), ([1, 1, 1], 3));
    let error = client.cluster().deployment_id().await.unwrap_err();
    assert!(error.unsupported().is_some() && error.attempts().is_empty(), "{error}");
    assert_eq!((requests_per_coordinator(&cluster), version_requests(&cluster)), ([1, 1, 1], 3));
}

#[tokio::test(start_paused = true)]
async fn during_a_rolling_upgrade_calls_go_to_supporting_coordinators() {
    let (cluster, client) = start("3.11").await;
    let path = "/_admin/cluster/uniqId";
    cluster.coordinator(2).restart_as("3.12.10").await.unwrap();
    sleep(Duration::from_secs(5)).await;
    cluster.journal().clear();
    for _ in 0..6 {
        client.cluster().reserve_unique_ids(1).await.unwrap();
    }
    let [first, second, third] = requests_per_coordinator(&cluster);
    assert!(first <= 1 && second <= 1, "old coordinators get at most one request: {first} {second}");
    assert_eq!(third, 6, "each is executed once");
    let executed = |entry: &Entry| entry.path == path && entry.coordinator == 2;
    assert_eq!(cluster.journal().executions_matching(executed), 6);

    // The old coordinators are known not to support it, and the new one is killed.
    cluster.coordinator(2).kill();
    let error = client.cluster().reserve_unique_ids(1).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotExecuted, "{}", error.report());
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_survives_an_unsupported_coordinator() {
    let (cluster, client) = start("3.12.10").await;
    cluster.coordinator(1).restart_as("3.11").await.unwrap();
    sleep(Duration::from_secs(5)).await;
    cluster.journal().clear();
    let on = Match::put("/_admin/cluster/uniqId");
    let _lost = cluster.coordinator(0).inject(Fault::close(Phase::AfterExecution).on(on.clone()).times(1));
    let full = || Fault::response(503, 21003, "queue full").on(on.clone());
    let _full = [cluster.coordinator(2).inject(full()), cluster.coordinator(0).inject(full())];
    let error = client.cluster().raise_unique_ids(7).await.unwrap_err();
    let [first, second, third] = requests_per_coordinator(&cluster);
    assert!(first >= 1 && second == 1 && third >= 1, "{first} {second} {third}");
    assert_eq!(cluster.journal().executions_matching(|entry| entry.coordinator == 0), 1);
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::QueueFull, Outcome::Unknown),
        "{}",
        error.report()
    );
}

#[tokio::test(start_paused = true)]
async fn the_cached_version_is_invalidated_by_an_upgrade() {
    let (cluster, client) = start("3.11").await;
    let handle = client.coordinator(&address(&cluster, 0));
    assert!(handle.api_calls().await.unwrap_err().unsupported().is_some());
    assert!(handle.api_calls().await.unwrap_err().attempts().is_empty(), "the version is cached");
    cluster.coordinator(0).restart_as("3.12.10").await.unwrap();
    sleep(Duration::from_secs(5)).await;
    // The new connection invalidates the cached version.
    handle.server_id().await.unwrap();
    handle.api_calls().await.unwrap();

    // An operation may also be removed by an upgrade.
    assert!(handle.statistics().await.is_ok());
    cluster.coordinator(0).restart_as("4.0").await.unwrap();
    sleep(Duration::from_secs(5)).await;
    let error = handle.statistics().await.unwrap_err();
    assert!(error.to_string().contains("was removed in ArangoDB 4.0.0, but "), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_cached_version_expires_while_the_client_is_idle() {
    let (cluster, client) = start("3.11").await;
    let handle = client.coordinator(&address(&cluster, 0));
    handle.api_calls().await.unwrap_err();
    // No connection is left whose closing would reveal a restart.
    sleep(Duration::from_secs(60)).await;
    let error = handle.api_calls().await.unwrap_err();
    assert_eq!(error.attempts().len(), 1, "{}", error.report());
    assert!(error.unsupported().is_some());
}

#[tokio::test(start_paused = true)]
async fn the_version_lookup_respects_the_call_deadline() {
    let (cluster, client) = start("3.11").await;
    for coordinator in cluster.coordinators() {
        let slow = Fault::latency(Duration::from_secs(4)).on(Match::path("/_admin/cluster/uniqId"));
        std::mem::forget(coordinator.inject(slow));
        std::mem::forget(coordinator.inject(Fault::hang().on(Match::get("/_api/version"))));
    }
    let start_time = Instant::now();
    let database = client.db("_system").timeout(Duration::from_secs(10));
    let error = database.execute(arango::cluster::ReserveUniqueIds { count: 1 }).await.unwrap_err();
    assert!(error.unsupported().is_none(), "the version is unknown: {error}");
    assert_eq!(start_time.elapsed().as_secs(), 7, "4 s for the rejection and 3 s for the version request");
}

#[tokio::test(start_paused = true)]
async fn an_ignored_parameter_is_detected_from_the_response() {
    let (cluster, client) = start("3.12.10").await;
    let old_version = r#"{"server":"arango","license":"enterprise","version":"3.12.1"}"#;
    let old_version =
        Fault::raw_response(200, "application/json", old_version).on(Match::get("/_api/version"));
    let flat =
        Fault::raw_response(200, "application/json", r#"{"agency":"INFO"}"#).header("server", "ArangoDB");
    let _old = [old_version, flat.on(Match::get("/_admin/log/level"))]
        .map(|fault| cluster.coordinator(0).inject(fault));
    let error = client.coordinator(&address(&cluster, 0)).appender_log_levels().await.unwrap_err();
    assert!(error.to_string().contains("needs ArangoDB 3.12.2, but "), "{error}");
    assert_eq!(error.outcome(), Outcome::Unknown, "the server executed the request");
}
