//! Starts whose responses are lost: no job is started twice.

use arango::cluster::{AgencyJob, JobStatus, MoveShard, ResignedLeaders, ServerId};
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Fault, FaultGuard, JobOutcome, Match, Phase, TestCluster};
use tokio::time::{Instant, sleep};

use super::{SECOND, executions, first_move, poll_options, skewed_cluster};
use crate::support::client;

/// Loses the response to the first start at each coordinator. A second copy would be executed again.
pub(super) fn lose_first_response(cluster: &TestCluster, command: &str, phase: Phase) -> Vec<FaultGuard> {
    let path = format!("/_admin/cluster/{command}");
    let fault = Fault::close(phase).on(Match::post(&path)).times(1);
    cluster.inject(&fault)
}

#[tokio::test(start_paused = true)]
async fn a_move_whose_response_was_lost_is_found() {
    for phase in [Phase::AfterExecution, Phase::InHead, Phase::InBody] {
        let cluster = skewed_cluster().await;
        let client = client(&cluster);
        let step = first_move(&client).await;
        let _lost = lose_first_response(&cluster, "moveShard", phase);
        let job =
            client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), poll_options()).await.unwrap();
        let id = job.id().clone();
        assert_eq!(job.wait().await.unwrap().status, JobStatus::Finished, "{phase:?}");
        assert_eq!(executions(&cluster, "moveShard"), 1, "{phase:?}");
        assert_eq!(cluster.agency_jobs().list()[0].id, id.as_str(), "{phase:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn lost_resignation_and_clean_out_are_sent_once_by_short_name() {
    let cluster = skewed_cluster().await;
    let admin = client(&cluster).cluster();
    let server = ServerId::from("DBServer0001");
    let _lost = lose_first_response(&cluster, "resignLeadership", Phase::AfterExecution);
    let job =
        admin.resign_leadership_and_watch(&server, ResignedLeaders::Stay, poll_options()).await.unwrap();
    assert_eq!(job.wait().await.unwrap().status, JobStatus::Finished);
    let _lost = lose_first_response(&cluster, "cleanOutServer", Phase::AfterExecution);
    let job = admin.clean_out_server_and_watch(&server, poll_options()).await.unwrap();
    assert_eq!(job.wait().await.unwrap().status, JobStatus::Finished);
    assert_eq!((executions(&cluster, "resignLeadership"), executions(&cluster, "cleanOutServer")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_failed_before_it_was_found_is_reported_failed() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let step = first_move(&client).await;
    cluster.agency_jobs().set_move_time(SECOND / 1000);
    cluster.agency_jobs().set_next_outcome(JobOutcome::fail("disk full"));
    let _lost = lose_first_response(&cluster, "moveShard", Phase::AfterExecution);
    let job =
        client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), poll_options()).await.unwrap();
    assert!(job.wait().await.unwrap_err().to_string().ends_with("disk full"));
    assert_eq!(executions(&cluster, "moveShard"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_start_without_a_job_is_unknown_and_not_resent() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let step = first_move(&client).await;
    let start = Instant::now();
    let _lost = lose_first_response(&cluster, "moveShard", Phase::AfterRead);
    let error =
        client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), poll_options()).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(start.elapsed() >= SECOND * 25, "the agency had time to show the job");
    let read = cluster.journal().entries().iter().filter(|entry| entry.path.ends_with("moveShard")).count();
    assert_eq!((read, executions(&cluster, "moveShard")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_refused_start_fails_at_once() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let mut step = first_move(&client).await;
    step.shard = "s1".to_owned();
    let start = Instant::now();
    let error =
        client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), poll_options()).await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 404);
    assert!(start.elapsed() < SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_start_during_an_agency_outage_is_sent_once_and_unknown() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let step = first_move(&client).await;
    let outage = cluster.agency_down();
    let error =
        client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), poll_options()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::AgencyUnavailable, Outcome::Unknown));
    drop(outage);
    let read = cluster.journal().entries().iter().filter(|entry| entry.path.ends_with("moveShard")).count();
    assert_eq!((read, cluster.agency_jobs().list().len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn another_client_finds_a_lost_start_under_load() {
    let cluster = skewed_cluster().await;
    let (first, other) = (client(&cluster), client(&cluster));
    cluster.agency_jobs().set_move_time(SECOND * 20);
    let step = first_move(&first).await;
    let leaving = ServerId::from(cluster.db_server_ids().remove(1));
    let (shop, admin) = (other.db("shop"), other.cluster());
    let load = async {
        for _ in 0..200 {
            let (version, health) = tokio::join!(shop.version(), admin.health());
            version.unwrap();
            health.unwrap();
            admin
                .resign_leadership_and_watch(&leaving, ResignedLeaders::Stay, poll_options())
                .await
                .map(drop)
                .unwrap();
            sleep(SECOND / 10).await;
        }
    };
    let resumed_job = async {
        // The connection breaks after the execution, and the client is dropped before it has looked for the job.
        let _lost = lose_first_response(&cluster, "moveShard", Phase::AfterExecution);
        let admin = first.cluster();
        tokio::select! {
            biased;
            start = admin.move_shard_and_watch(MoveShard::from_plan(&step), poll_options()) => unreachable!("{start:?}"),
            () = async {
                while executions(&cluster, "moveShard") == 0 {
                    tokio::task::yield_now().await;
                }
            } => {}
        }
        drop((admin, first));
        let jobs = other.cluster().agency_jobs().await.unwrap();
        let same = |job: &&AgencyJob| {
            job.shard.as_ref() == Some(&step.shard) && job.to_server.as_ref() == Some(&step.to)
        };
        let [job] = jobs.iter().filter(same).collect::<Vec<_>>()[..] else { panic!("{jobs:?}") };
        assert!(!job.is_over());
        other.cluster().watch_job(&job.id, poll_options()).wait().await.unwrap()
    };
    let (job, ()) = tokio::join!(resumed_job, load);
    assert_eq!(job.status, JobStatus::Finished);
    assert_eq!((executions(&cluster, "moveShard"), executions(&cluster, "resignLeadership")), (1, 200));
}
