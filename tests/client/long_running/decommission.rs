//! Decommissioning and removing a DB-Server.

use arango::cluster::ServerId;
use arango::long_running::{DecommissionReport, DecommissionStep, Incomplete, StopReason};
use arango::{Client, ErrorKind};
use arango_test_cluster::{Fault, FaultGuard, JobOutcome, Match, Phase, TestCluster};
use tokio::time::sleep;

use super::{SECOND, drop_after_polls, executions, poll_options, skewed_cluster};
use crate::support::client;

fn first_db_server(cluster: &TestCluster) -> ServerId {
    ServerId::from(cluster.db_server_ids().remove(0))
}

/// Decommissions the first DB-Server and stops it as soon as it is cleaned out.
async fn decommission(
    cluster: &TestCluster,
    client: &Client,
    server: &ServerId,
) -> Result<DecommissionReport, Incomplete<DecommissionReport>> {
    let mut decommission = client.cluster().decommission_server(server, poll_options());
    while let Some(step) = decommission.next().await {
        if step == DecommissionStep::CleanedOut {
            cluster.stop_db_server(0);
        }
    }
    decommission.wait().await
}

fn job_counts(cluster: &TestCluster) -> [usize; 2] {
    ["resignLeadership", "cleanOutServer"].map(|command| executions(cluster, command))
}

#[tokio::test(start_paused = true)]
async fn a_decommissioned_server_is_removed_after_it_stops() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let server = first_db_server(&cluster);
    let report = decommission(&cluster, &client, &server).await.unwrap();
    assert!(report.cleaned_out && report.removed && report.job.is_some());
    assert_eq!(client.cluster().health().await.unwrap().get(&server), None);
    assert_eq!((job_counts(&cluster), executions(&cluster, "removeServer")), ([1, 1], 1));

    let again = client.cluster().decommission_server(&server, poll_options()).wait().await.unwrap();
    assert!(again.removed, "a removed server can be decommissioned again");
    assert_eq!((job_counts(&cluster), executions(&cluster, "removeServer")), ([1, 1], 1));
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_is_forbidden_ends_the_decommission_at_once() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let server = first_db_server(&cluster);
    let removal = Match::post("/_admin/cluster/removeServer");
    let forbidden = cluster.inject(&Fault::response(403, 11, "forbidden").on(removal));
    let incomplete = decommission(&cluster, &client, &server).await.unwrap_err();
    assert_eq!(incomplete.call_error().map(arango::Error::kind), Some(ErrorKind::Forbidden), "{incomplete}");
    assert!(incomplete.progress().cleaned_out && !incomplete.progress().removed);
    assert_eq!(forbidden.iter().map(FaultGuard::hits).sum::<usize>(), 1);
}

#[tokio::test(start_paused = true)]
async fn failing_coordinators_and_lost_responses_duplicate_no_job() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_move_time(SECOND * 5);
    let server = first_db_server(&cluster);
    let mut guards = Vec::new();
    for command in ["resignLeadership", "cleanOutServer", "removeServer"] {
        let lost = || {
            let path = format!("/_admin/cluster/{command}");
            Fault::close(Phase::AfterExecution).on(Match::post(&path)).times(1)
        };
        guards.extend(cluster.coordinators().iter().map(|one| one.inject(lost())));
    }
    let outages = async {
        sleep(SECOND * 7).await;
        cluster.coordinator(1).kill();
        sleep(SECOND * 30).await;
        cluster.coordinator(1).restart().await.unwrap();
    };
    let (report, ()) = tokio::join!(decommission(&cluster, &client, &server), outages);
    assert!(report.unwrap().removed);
    assert_eq!(job_counts(&cluster), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_repeated_decommission_resumes_the_existing_job() {
    let cluster = skewed_cluster().await;
    cluster.agency_jobs().set_move_time(SECOND * 5);
    let server = first_db_server(&cluster);
    let mut polls = 1;
    loop {
        // Each decommission is dropped a little later than the previous one.
        let dropped_client = client(&cluster);
        let finished = drop_after_polls(polls, decommission(&cluster, &dropped_client, &server)).await;
        sleep(SECOND * 2).await;
        if let Some(finished) = finished {
            assert!(finished.unwrap().removed);
            break;
        }
        polls += 3;
    }
    assert!(polls > 10);
    assert_eq!(job_counts(&cluster)[1], 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_with_shards_is_never_removed() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let server = first_db_server(&cluster);
    cluster.agency_jobs().set_next_outcome(JobOutcome::Finish);
    cluster.agency_jobs().set_next_outcome(JobOutcome::fail("no room"));
    let failed = decommission(&cluster, &client, &server).await.unwrap_err();
    assert!(
        matches!(failed.reason(), StopReason::JobFailed { reason, .. } if reason == "no room"),
        "{failed}"
    );
    assert!(!failed.progress().cleaned_out && failed.progress().job.is_some());

    // A stopped server still holds shards that cannot be moved.
    cluster.stop_db_server(0);
    sleep(SECOND * 20).await;
    client.cluster().decommission_server(&server, poll_options()).wait().await.unwrap_err();
    assert_eq!(executions(&cluster, "removeServer"), 0);
    assert!(client.cluster().health().await.unwrap().get(&server).is_some());
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_decommission_leaves_the_remaining_shards() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_next_outcome(JobOutcome::Finish);
    cluster.agency_jobs().set_outcome(JobOutcome::Hang);
    let server = first_db_server(&cluster);
    let mut decommission = client.cluster().decommission_server(&server, poll_options());
    while executions(&cluster, "cleanOutServer") == 0 {
        decommission.next().await.unwrap();
    }
    let cancelled = decommission.cancel().await.unwrap_err();
    assert!(matches!(cancelled.reason(), StopReason::Cancelled), "{cancelled}");
    assert!(!cancelled.progress().cleaned_out);
    assert_eq!(executions(&cluster, "removeServer"), 0);
}

#[tokio::test(start_paused = true)]
async fn decommissioning_a_coordinator_is_rejected() {
    let cluster = skewed_cluster().await;
    let id = ServerId::from(cluster.coordinator(0).id());
    let rejected =
        client(&cluster).cluster().decommission_server(&id, poll_options()).wait().await.unwrap_err();
    assert!(matches!(rejected.reason(), StopReason::NotADbServer(_)), "{rejected}");
    assert_eq!(cluster.journal().executed(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_running_server_is_not_removed() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let server = first_db_server(&cluster);
    let short = poll_options().timeout(SECOND * 600);
    let timed_out = client.cluster().decommission_server(&server, short).wait().await.unwrap_err();
    assert!(matches!(timed_out.reason(), StopReason::TimedOut { last_error: None, .. }), "{timed_out}");
    assert!(timed_out.progress().cleaned_out && !timed_out.progress().removed);
    assert_eq!(executions(&cluster, "removeServer"), 0);

    cluster.stop_db_server(0);
    assert!(
        client.cluster().decommission_server(&server, short).wait().await.unwrap().removed,
        "the decommission resumes there"
    );
    assert_eq!((job_counts(&cluster), executions(&cluster, "removeServer")), ([1, 1], 1));
}
