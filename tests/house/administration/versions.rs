//! Operations that not every server has.

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

/// How many requests each coordinator has read, versions that were asked for left out.
fn requests(cluster: &TestCluster) -> [usize; 3] {
    let mut requests = [0; 3];
    for entry in cluster.journal().entries() {
        requests[entry.coordinator] += usize::from(entry.path != "/_api/version");
    }
    requests
}

fn versions_asked(cluster: &TestCluster) -> usize {
    cluster.journal().entries().iter().filter(|entry| entry.path == "/_api/version").count()
}

fn address(cluster: &TestCluster, index: usize) -> Coordinator {
    cluster.coordinator(index).url().parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_a_server_lacks_is_told_with_what_is_needed_and_what_there_is() {
    let (cluster, client) = start("3.11").await;
    let one = address(&cluster, 0);
    let error = client.coordinator(&one).api_calls().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotSupported, Outcome::NotExecuted));
    assert_eq!(error.status().unwrap(), 404, "it was asked, and refused");
    let lacking = error.unsupported().unwrap();
    assert_eq!((lacking.since, lacking.coordinator.clone()), (Some("3.12.5"), one.clone()));
    let text = error.to_string();
    let version = &lacking.version;
    assert!(text.contains(&format!("needs ArangoDB 3.12.5, but {one} runs {version}")), "{text}");
    assert!(text.starts_with("server.api_calls: "), "{text}");
}

#[tokio::test(start_paused = true)]
async fn once_the_version_is_known_nothing_is_sent() {
    let (cluster, client) = start("3.11").await;
    let handle = client.coordinator(&address(&cluster, 0));
    handle.api_calls().await.unwrap_err();
    assert_eq!((requests(&cluster), versions_asked(&cluster)), ([1, 0, 0], 1));

    // The same operation, another one, and the same by way of `execute_keeping`.
    let error = handle.api_calls().await.unwrap_err();
    assert!(error.attempts().is_empty() && error.unsupported().is_some());
    handle.aql_queries().await.unwrap_err();
    handle.execute_keeping(arango::cluster::ListCrashes).await.unwrap_err();
    assert_eq!((requests(&cluster), versions_asked(&cluster)), ([1, 0, 0], 1));
}

#[tokio::test(start_paused = true)]
async fn a_version_that_was_asked_for_anyway_is_kept_in_mind() {
    let (cluster, client) = start("3.11").await;
    let handle = client.coordinator(&address(&cluster, 0));
    handle.version().await.unwrap();
    let error = handle.crashes().await.unwrap_err();
    assert!(error.attempts().is_empty() && error.unsupported().is_some());
    assert_eq!((requests(&cluster), versions_asked(&cluster)), ([0, 0, 0], 1));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_for_a_version_where_all_goes_well() {
    let (cluster, client) = start("3.12.10").await;
    client.cluster().access_tokens("root").await.unwrap();
    client.cluster().reserve_unique_ids(1).await.unwrap();
    assert_eq!(versions_asked(&cluster), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_a_server_that_has_the_operation_stands_as_it_is() {
    let (cluster, client) = start("3.12.10").await;
    for _ in 0..2 {
        let error = client.cluster().access_tokens("nobody").await.unwrap_err();
        assert_eq!((error.kind(), error.error_number().unwrap().0), (ErrorKind::NotFound, 1703));
        assert!(error.unsupported().is_none());
    }
    assert_eq!(requests(&cluster).iter().sum::<usize>(), 2, "it is never taken for lacking");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_keeps_its_version_to_itself_is_never_refused_by_a_guess() {
    let (cluster, client) = start("3.11").await;
    let silent = r#"{"server":"arango","license":"enterprise"}"#;
    let silent = Fault::answer_raw(200, "application/json", silent).on(Match::get("/_api/version"));
    let _silent = cluster.coordinator(0).inject(silent);
    let handle = client.coordinator(&address(&cluster, 0));
    for _ in 0..2 {
        let error = handle.api_calls().await.unwrap_err();
        assert!(error.unsupported().is_none(), "{error}");
        assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::NotFound, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn what_all_coordinators_lack_is_asked_of_each_once() {
    let (cluster, client) = start("3.11").await;
    let error = client.cluster().reserve_unique_ids(1).await.unwrap_err();
    assert!(error.unsupported().is_some(), "{error}");
    assert_eq!((requests(&cluster), versions_asked(&cluster)), ([1, 1, 1], 3));
    let error = client.cluster().deployment_id().await.unwrap_err();
    assert!(error.unsupported().is_some() && error.attempts().is_empty(), "{error}");
    assert_eq!((requests(&cluster), versions_asked(&cluster)), ([1, 1, 1], 3));
}

#[tokio::test(start_paused = true)]
async fn during_a_rolling_upgrade_a_call_goes_to_those_who_have_it() {
    let (cluster, client) = start("3.11").await;
    let path = "/_admin/cluster/uniqId";
    cluster.coordinator(2).restart_as("3.12.10").await.unwrap();
    sleep(Duration::from_secs(5)).await;
    cluster.journal().clear();
    for _ in 0..6 {
        client.cluster().reserve_unique_ids(1).await.unwrap();
    }
    let [first, second, third] = requests(&cluster);
    assert!(first <= 1 && second <= 1, "the old ones are asked once at most: {first} {second}");
    assert_eq!(third, 6, "each is executed once");
    let executed = |entry: &Entry| entry.path == path && entry.coordinator == 2;
    assert_eq!(cluster.journal().executions_by(executed), 6);

    // Of the old ones it is known; the new one goes away, so nobody is left who may have it.
    cluster.coordinator(2).kill();
    let error = client.cluster().reserve_unique_ids(1).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::NotExecuted, "{}", error.report());
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_executed_is_not_forgotten_because_another_lacks_it() {
    let (cluster, client) = start("3.12.10").await;
    cluster.coordinator(1).restart_as("3.11").await.unwrap();
    sleep(Duration::from_secs(5)).await;
    cluster.journal().clear();
    let on = Match::put("/_admin/cluster/uniqId");
    let _lost = cluster.coordinator(0).inject(Fault::close(Phase::AfterExecution).on(on.clone()).times(1));
    let full = || Fault::answer(503, 21003, "queue full").on(on.clone());
    let _full = [cluster.coordinator(2).inject(full()), cluster.coordinator(0).inject(full())];
    let error = client.cluster().raise_unique_ids(7).await.unwrap_err();
    let [first, second, third] = requests(&cluster);
    assert!(first >= 1 && second == 1 && third >= 1, "{first} {second} {third}");
    assert_eq!(cluster.journal().executions_by(|entry| entry.coordinator == 0), 1);
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::QueueFull, Outcome::Unknown),
        "{}",
        error.report()
    );
}

#[tokio::test(start_paused = true)]
async fn a_version_is_forgotten_when_the_coordinator_is_upgraded() {
    let (cluster, client) = start("3.11").await;
    let handle = client.coordinator(&address(&cluster, 0));
    assert!(handle.api_calls().await.unwrap_err().unsupported().is_some());
    assert!(handle.api_calls().await.unwrap_err().attempts().is_empty(), "known");
    cluster.coordinator(0).restart_as("3.12.10").await.unwrap();
    sleep(Duration::from_secs(5)).await;
    // There is a connection again, and it is not one of those that were there.
    handle.server_id().await.unwrap();
    handle.api_calls().await.unwrap();

    // And what was there may be gone.
    assert!(handle.statistics().await.is_ok());
    cluster.coordinator(0).restart_as("4.0").await.unwrap();
    sleep(Duration::from_secs(5)).await;
    let error = handle.statistics().await.unwrap_err();
    assert!(error.to_string().contains("was removed in ArangoDB 4.0.0, but "), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_an_idle_client_knew_is_asked_for_again() {
    let (cluster, client) = start("3.11").await;
    let handle = client.coordinator(&address(&cluster, 0));
    handle.api_calls().await.unwrap_err();
    // No connection is left that would tell of a restart.
    sleep(Duration::from_secs(60)).await;
    let error = handle.api_calls().await.unwrap_err();
    assert_eq!(error.attempts().len(), 1, "{}", error.report());
    assert!(error.unsupported().is_some());
}

#[tokio::test(start_paused = true)]
async fn asking_on_takes_no_longer_than_one_call_may() {
    let (cluster, client) = start("3.11").await;
    for coordinator in cluster.coordinators() {
        let slow = Fault::latency(Duration::from_secs(4)).on(Match::path("/_admin/cluster/uniqId"));
        std::mem::forget(coordinator.inject(slow));
        std::mem::forget(coordinator.inject(Fault::hang().on(Match::get("/_api/version"))));
    }
    let began = Instant::now();
    let database = client.db("_system").timeout(Duration::from_secs(10));
    let error = database.execute(arango::cluster::ReserveUniqueIds { count: 1 }).await.unwrap_err();
    assert!(error.unsupported().is_none(), "its version is not known: {error}");
    assert_eq!(began.elapsed().as_secs(), 7, "four to be refused, and three in vain");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_passes_over_a_parameter_is_found_out_by_what_it_answers() {
    let (cluster, client) = start("3.12.10").await;
    let old = r#"{"server":"arango","license":"enterprise","version":"3.12.1"}"#;
    let old = Fault::answer_raw(200, "application/json", old).on(Match::get("/_api/version"));
    let flat =
        Fault::answer_raw(200, "application/json", r#"{"agency":"INFO"}"#).header("server", "ArangoDB");
    let _old =
        [old, flat.on(Match::get("/_admin/log/level"))].map(|fault| cluster.coordinator(0).inject(fault));
    let error = client.coordinator(&address(&cluster, 0)).appender_log_levels().await.unwrap_err();
    assert!(error.to_string().contains("needs ArangoDB 3.12.2, but "), "{error}");
    assert_eq!(error.outcome(), Outcome::Unknown, "it did answer something");
}
