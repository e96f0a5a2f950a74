//! Taking a DB-Server out of the cluster.

use arango::Client;
use arango::cluster::ServerId;
use arango::follow::{Drain, DrainStep, Stopped, Unfinished};
use arango_test_cluster::{Fault, JobFate, Match, Phase, TestCluster};
use tokio::time::sleep;

use super::{SECOND, dropped_after, executions, pace, skewed};
use crate::support::client;

fn first(cluster: &TestCluster) -> ServerId {
    ServerId::from(cluster.db_server_ids().remove(0))
}

/// Drains the first DB-Server, and stops it when it is time for that.
async fn drain(
    cluster: &TestCluster,
    client: &Client,
    server: &ServerId,
) -> Result<Drain, Unfinished<Drain>> {
    let mut drain = client.cluster().drain_server(server, pace());
    while let Some(step) = drain.next().await {
        if step == DrainStep::CleanedOut {
            cluster.stop_db_server(0);
        }
    }
    drain.finished().await
}

fn begun(cluster: &TestCluster) -> [usize; 2] {
    ["resignLeadership", "cleanOutServer"].map(|command| executions(cluster, command))
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_drained_holds_nothing_and_is_removed_once_it_was_stopped() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let server = first(&cluster);
    let done = drain(&cluster, &client, &server).await.unwrap();
    assert!(done.cleaned_out && done.removed && done.job.is_some());
    assert_eq!(client.cluster().health().await.unwrap().get(&server), None);
    assert_eq!((begun(&cluster), executions(&cluster, "removeServer")), ([1, 1], 1));

    let again = client.cluster().drain_server(&server, pace()).finished().await.unwrap();
    assert!(again.removed, "it may be repeated");
    assert_eq!((begun(&cluster), executions(&cluster, "removeServer")), ([1, 1], 1));
}

#[tokio::test(start_paused = true)]
async fn dying_coordinators_and_lost_answers_double_nothing() {
    let cluster = skewed().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_move_time(SECOND * 5);
    let server = first(&cluster);
    let mut guards = Vec::new();
    for command in ["resignLeadership", "cleanOutServer", "removeServer"] {
        let lost = || {
            let path = format!("/_admin/cluster/{command}");
            Fault::close(Phase::AfterExecution).on(Match::post(&path)).times(1)
        };
        guards.extend(cluster.coordinators().iter().map(|one| one.inject(lost())));
    }
    let troubles = async {
        sleep(SECOND * 7).await;
        cluster.coordinator(1).kill();
        sleep(SECOND * 30).await;
        cluster.coordinator(1).restart().await.unwrap();
    };
    let (done, ()) = tokio::join!(drain(&cluster, &client, &server), troubles);
    assert!(done.unwrap().removed);
    assert_eq!(begun(&cluster), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn whoever_repeats_it_goes_on_with_the_job_that_is_there() {
    let cluster = skewed().await;
    cluster.agency_jobs().set_move_time(SECOND * 5);
    let server = first(&cluster);
    let mut polls = 1;
    loop {
        // Each of them is lost a little later than the one before.
        let one = client(&cluster);
        let ended = dropped_after(polls, drain(&cluster, &one, &server)).await;
        sleep(SECOND * 2).await;
        if let Some(ended) = ended {
            assert!(ended.unwrap().removed);
            break;
        }
        polls += 3;
    }
    assert!(polls > 10);
    assert_eq!(begun(&cluster)[1], 1);
}

#[tokio::test(start_paused = true)]
async fn one_that_holds_shards_is_never_removed() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let server = first(&cluster);
    cluster.agency_jobs().next(JobFate::Finish);
    cluster.agency_jobs().next(JobFate::fail("no room"));
    let failed = drain(&cluster, &client, &server).await.unwrap_err();
    assert!(matches!(failed.why(), Stopped::JobFailed { reason, .. } if reason == "no room"), "{failed}");
    assert!(!failed.done().cleaned_out && failed.done().job.is_some());

    // Dead, too, it holds what nobody can move.
    cluster.stop_db_server(0);
    sleep(SECOND * 20).await;
    client.cluster().drain_server(&server, pace()).finished().await.unwrap_err();
    assert_eq!(executions(&cluster, "removeServer"), 0);
    assert!(client.cluster().health().await.unwrap().get(&server).is_some());
}

#[tokio::test(start_paused = true)]
async fn cancelled_it_leaves_the_server_with_what_it_has() {
    let cluster = skewed().await;
    let client = client(&cluster);
    cluster.agency_jobs().next(JobFate::Finish);
    cluster.agency_jobs().every(JobFate::Hang);
    let server = first(&cluster);
    let mut drain = client.cluster().drain_server(&server, pace());
    while executions(&cluster, "cleanOutServer") == 0 {
        drain.next().await.unwrap();
    }
    let cancelled = drain.cancel().await.unwrap_err();
    assert!(matches!(cancelled.why(), Stopped::Cancelled), "{cancelled}");
    assert!(!cancelled.done().cleaned_out);
    assert_eq!(executions(&cluster, "removeServer"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_is_no_db_server() {
    let cluster = skewed().await;
    let id = ServerId::from(cluster.coordinator(0).id());
    let refused = client(&cluster).cluster().drain_server(&id, pace()).finished().await.unwrap_err();
    assert!(matches!(refused.why(), Stopped::NotADbServer(_)), "{refused}");
    assert_eq!(cluster.journal().executed(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_runs_is_not_asked_to_be_removed() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let server = first(&cluster);
    let short = pace().limit(SECOND * 600);
    let waits = client.cluster().drain_server(&server, short).finished().await.unwrap_err();
    assert!(matches!(waits.why(), Stopped::OutOfTime { last: None, .. }), "{waits}");
    assert!(waits.done().cleaned_out && !waits.done().removed);
    assert_eq!(executions(&cluster, "removeServer"), 0);

    cluster.stop_db_server(0);
    assert!(
        client.cluster().drain_server(&server, short).finished().await.unwrap().removed,
        "it goes on from there"
    );
    assert_eq!((begun(&cluster), executions(&cluster, "removeServer")), ([1, 1], 1));
}
