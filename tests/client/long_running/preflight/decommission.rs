//! Servers that fail or recover right before another server is cleaned out or removed.

use arango::cluster::ServerId;
use arango::long_running::{DecommissionStep, StopReason};
use arango_test_cluster::{Fault, JobOutcome, Match, TestCluster};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{SECOND, executions, no_dumps, poll_options, skewed_cluster, slow_health};
use crate::support::client;

fn first_db_server(cluster: &TestCluster) -> ServerId {
    ServerId::from(cluster.db_server_ids().remove(0))
}

fn job_counts(cluster: &TestCluster) -> [usize; 2] {
    ["resignLeadership", "cleanOutServer"].map(|command| executions(cluster, command))
}

#[tokio::test(start_paused = true)]
async fn no_job_starts_if_a_server_fails_while_the_agency_is_read() {
    // Once before the first job, and once before the second.
    for jobs in [0, 1] {
        let cluster = skewed_cluster().await;
        let client = client(&cluster);
        let server = first_db_server(&cluster);
        cluster.agency_jobs().set_move_time(SECOND * 10);
        let mut decommission = client.cluster().decommission_server(&server, poll_options());
        let failure = async {
            while job_counts(&cluster)[0] < jobs {
                sleep(SECOND / 10).await;
            }
            let dumps = no_dumps(&cluster);
            sleep(SECOND * 100).await;
            cluster.stop_db_server(2);
            sleep(SECOND * 30).await;
            drop(dumps);
            sleep(SECOND * 200).await;
            assert_eq!(job_counts(&cluster), [jobs, 0], "the decommission waits for the other server");
            cluster.start_db_server(2);
        };
        let clean_out = async {
            while let Some(step) = decommission.next().await {
                if step == DecommissionStep::CleanedOut {
                    cluster.stop_db_server(0);
                }
            }
        };
        tokio::join!(clean_out, failure);
        assert!(decommission.wait().await.unwrap().removed);
        assert_eq!(job_counts(&cluster), [1, 1]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_decommission_is_rejected_while_another_server_is_unhealthy() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let server = first_db_server(&cluster);
    cluster.stop_db_server(1);
    sleep(SECOND * 20).await;
    let start = Instant::now();
    let rejected = client.cluster().decommission_server(&server, poll_options()).wait().await.unwrap_err();
    assert!(
        matches!(rejected.reason(), StopReason::Unhealthy(unhealthy) if unhealthy.len() == 1),
        "{rejected}"
    );
    assert!(start.elapsed() < SECOND);
    assert_eq!(job_counts(&cluster), [0, 0]);

    cluster.start_db_server(1);
    sleep(SECOND * 5).await;
    cluster.agency_jobs().set_todo_time(SECOND * 60);
    let short = poll_options().timeout(SECOND * 300);
    let decommission = client.cluster().decommission_server(&server, short).wait();
    let failure = async {
        sleep(SECOND * 20).await;
        cluster.stop_db_server(1);
    };
    let (stopped, ()) = tokio::join!(decommission, failure);
    let stopped = stopped.unwrap_err();
    assert!(
        matches!(stopped.reason(), StopReason::Unhealthy(unhealthy) if unhealthy.len() == 1),
        "{stopped}"
    );
    assert_eq!(job_counts(&cluster), [1, 0]);
}

/// Cleans out the first server and stops it.
async fn cleaned_out(
    cluster: &TestCluster,
) -> arango::long_running::Poller<DecommissionStep, arango::long_running::DecommissionReport> {
    let mut decommission =
        client(cluster).cluster().decommission_server(&first_db_server(cluster), poll_options());
    while decommission.next().await.unwrap() != DecommissionStep::CleanedOut {}
    cluster.stop_db_server(0);
    decommission
}

#[tokio::test(start_paused = true)]
async fn shards_are_counted_right_before_a_removal() {
    let cluster = skewed_cluster().await;
    let decommission = cleaned_out(&cluster).await;
    sleep(SECOND * 20).await;
    let one = json!({ "databases": 1, "collections": 1, "shards": 1, "leaders": 0, "realLeaders": 0, "followers": 1 });
    let statistics = json!({ "error": false, "code": 200, "result": one }).to_string();
    let statistics = Fault::raw_response(200, "application/json", statistics);
    let guards = cluster.inject(&statistics.on(Match::get("/_admin/cluster/shardStatistics")));
    let stopped = decommission.wait().await.unwrap_err();
    assert!(matches!(stopped.reason(), StopReason::HoldsShards { shards: 1, .. }), "{stopped}");
    assert!(stopped.progress().cleaned_out && !stopped.progress().removed);
    assert!(guards.iter().any(|fault| fault.hits() > 0));
    assert_eq!(executions(&cluster, "removeServer"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_recovers_during_the_check_is_not_removed() {
    let cluster = skewed_cluster().await;
    let decommission = cleaned_out(&cluster).await;
    sleep(SECOND * 20).await;
    let slow = cluster.inject(&slow_health(SECOND * 6).times(1));
    let recovery = async {
        sleep(SECOND).await;
        cluster.start_db_server(0);
        drop(slow);
        sleep(SECOND * 300).await;
        assert_eq!(executions(&cluster, "removeServer"), 0, "the server is running");
        cluster.stop_db_server(0);
    };
    let (result, ()) = tokio::join!(decommission.wait(), recovery);
    assert!(result.unwrap().removed);
    assert_eq!(executions(&cluster, "removeServer"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_outdated_shard_count_is_repeated_before_a_removal() {
    let cluster = skewed_cluster().await;
    let decommission = cleaned_out(&cluster).await;
    sleep(SECOND * 20).await;
    let slow = Fault::latency(SECOND * 25).on(Match::get("/_admin/cluster/shardStatistics")).times(1);
    let slow = cluster.inject(&slow);
    let recovery = async {
        sleep(SECOND * 12).await;
        cluster.start_db_server(0);
        sleep(SECOND * 300).await;
        assert_eq!(executions(&cluster, "removeServer"), 0, "the server is running");
        cluster.stop_db_server(0);
    };
    let (result, ()) = tokio::join!(decommission.wait(), recovery);
    assert!(result.unwrap().removed);
    assert!(slow.iter().any(|fault| fault.hits() > 0));
    assert_eq!(executions(&cluster, "removeServer"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_existing_job_is_polled_although_another_server_failed() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let server = first_db_server(&cluster);
    cluster.agency_jobs().set_outcome(JobOutcome::Hang);
    let job = client.cluster().clean_out_server(&server).await.unwrap();
    let mut decommission = client.cluster().decommission_server(&server, poll_options());
    let dumps = no_dumps(&cluster);
    let failure = async {
        sleep(SECOND * 30).await;
        cluster.stop_db_server(2);
        sleep(SECOND * 30).await;
        drop(dumps);
    };
    let (step, ()) = tokio::join!(decommission.next(), failure);
    assert!(matches!(step, Some(DecommissionStep::JobUpdated(updated)) if updated.id == job));
    assert_eq!(job_counts(&cluster), [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_job_started_elsewhere_while_waiting_is_not_duplicated() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let server = first_db_server(&cluster);
    cluster.agency_jobs().set_move_time(SECOND * 300);
    cluster.agency_jobs().set_next_outcome(JobOutcome::Finish);
    let mut decommission = client.cluster().decommission_server(&server, poll_options());
    let slow = cluster.inject(&Fault::latency(SECOND * 15).on(Match::get("/_admin/cluster/health")));
    let another = async {
        // Health stays unknown until the agency dump read before it is outdated.
        sleep(SECOND * 75).await;
        drop(slow);
        client.cluster().resign_leadership(&server, arango::cluster::ResignedLeaders::Stay).await.unwrap()
    };
    let (step, job) = tokio::join!(decommission.next(), another);
    assert!(matches!(step, Some(DecommissionStep::JobUpdated(updated)) if updated.id == job));
    assert_eq!(job_counts(&cluster), [1, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_target_server_is_not_waited_for() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    cluster.stop_db_server(0);
    sleep(SECOND * 20).await;
    let server = first_db_server(&cluster);
    let start = Instant::now();
    let _ended =
        client.cluster().decommission_server(&server, poll_options().timeout(SECOND * 600)).wait().await;
    assert!(start.elapsed() < SECOND * 60 || executions(&cluster, "cleanOutServer") == 1);
    assert_eq!(job_counts(&cluster)[0], 1, "the supervision decides about the job");
}
