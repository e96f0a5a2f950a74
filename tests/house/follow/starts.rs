//! Starts whose answers are lost: nothing is started twice.

use arango::cluster::{AgencyJob, JobStatus, Leaders, MoveShard, ServerId};
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Fault, FaultGuard, JobFate, Match, Phase, TestCluster};
use tokio::time::{Instant, sleep};

use super::{SECOND, a_move, executions, pace, skewed};
use crate::support::client;

/// Loses the answer to the first start at each coordinator: one that is sent again is executed again.
pub(super) fn lose(cluster: &TestCluster, command: &str, phase: Phase) -> Vec<FaultGuard> {
    let path = format!("/_admin/cluster/{command}");
    let fault = || Fault::close(phase).on(Match::post(&path)).times(1);
    cluster.coordinators().iter().map(|coordinator| coordinator.inject(fault())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_move_whose_answer_was_lost_is_found_and_followed() {
    for phase in [Phase::AfterExecution, Phase::InHead, Phase::InBody] {
        let cluster = skewed().await;
        let client = client(&cluster);
        let step = a_move(&client).await;
        let _lost = lose(&cluster, "moveShard", phase);
        let job = client.cluster().follow_move(MoveShard::of(&step), pace()).await.unwrap();
        let id = job.id().clone();
        assert_eq!(job.finished().await.unwrap().status, JobStatus::Finished, "{phase:?}");
        assert_eq!(executions(&cluster, "moveShard"), 1, "{phase:?}");
        assert_eq!(cluster.agency_jobs().list()[0].id, id.as_str(), "{phase:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_leaves_is_asked_to_once_also_by_its_short_name() {
    let cluster = skewed().await;
    let admin = client(&cluster).cluster();
    let server = ServerId::from("DBServer0001");
    let _lost = lose(&cluster, "resignLeadership", Phase::AfterExecution);
    let job = admin.follow_resignation(&server, Leaders::Stay, pace()).await.unwrap();
    assert_eq!(job.finished().await.unwrap().status, JobStatus::Finished);
    let _lost = lose(&cluster, "cleanOutServer", Phase::AfterExecution);
    let job = admin.follow_clean_out(&server, pace()).await.unwrap();
    assert_eq!(job.finished().await.unwrap().status, JobStatus::Finished);
    assert_eq!((executions(&cluster, "resignLeadership"), executions(&cluster, "cleanOutServer")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_job_that_failed_before_it_was_found_is_found_failed() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let step = a_move(&client).await;
    cluster.agency_jobs().set_move_time(SECOND / 1000);
    cluster.agency_jobs().next(JobFate::fail("disk full"));
    let _lost = lose(&cluster, "moveShard", Phase::AfterExecution);
    let job = client.cluster().follow_move(MoveShard::of(&step), pace()).await.unwrap();
    assert!(job.finished().await.unwrap_err().to_string().ends_with("disk full"));
    assert_eq!(executions(&cluster, "moveShard"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_start_of_which_nothing_is_found_stays_unknown_and_is_not_sent_again() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let step = a_move(&client).await;
    let began = Instant::now();
    let _lost = lose(&cluster, "moveShard", Phase::AfterRead);
    let error = client.cluster().follow_move(MoveShard::of(&step), pace()).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert!(began.elapsed() >= SECOND * 25, "the agency has had its time");
    let read = cluster.journal().entries().iter().filter(|entry| entry.path.ends_with("moveShard")).count();
    assert_eq!((read, executions(&cluster, "moveShard")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_start_that_is_refused_is_refused_at_once() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let mut step = a_move(&client).await;
    step.shard = "s1".to_owned();
    let began = Instant::now();
    let error = client.cluster().follow_move(MoveShard::of(&step), pace()).await.unwrap_err();
    assert_eq!(error.status().unwrap().as_u16(), 404);
    assert!(began.elapsed() < SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_start_during_an_outage_of_the_agency_is_sent_once_and_told_of() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let step = a_move(&client).await;
    let outage = cluster.agency_down();
    let error = client.cluster().follow_move(MoveShard::of(&step), pace()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::AgencyUnavailable, Outcome::Unknown));
    drop(outage);
    let read = cluster.journal().entries().iter().filter(|entry| entry.path.ends_with("moveShard")).count();
    assert_eq!((read, cluster.agency_jobs().list().len()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_start_that_was_lost_with_its_client_is_found_by_another_while_others_work() {
    let cluster = skewed().await;
    let (lost, other) = (client(&cluster), client(&cluster));
    cluster.agency_jobs().set_move_time(SECOND * 20);
    let step = a_move(&lost).await;
    let leaving = ServerId::from(cluster.db_server_ids().remove(1));
    let (shop, admin) = (other.db("shop"), other.cluster());
    let load = async {
        for _ in 0..200 {
            let (version, health) = tokio::join!(shop.version(), admin.health());
            version.unwrap();
            health.unwrap();
            admin.follow_resignation(&leaving, Leaders::Stay, pace()).await.map(drop).unwrap();
            sleep(SECOND / 10).await;
        }
    };
    let found = async {
        // The connection breaks after the execution, and then the client is gone, before it has looked for anything.
        let _lost = lose(&cluster, "moveShard", Phase::AfterExecution);
        let admin = lost.cluster();
        tokio::select! {
            biased;
            start = admin.follow_move(MoveShard::of(&step), pace()) => unreachable!("{start:?}"),
            () = async {
                while executions(&cluster, "moveShard") == 0 {
                    tokio::task::yield_now().await;
                }
            } => {}
        }
        drop((admin, lost));
        let jobs = other.cluster().agency_jobs().await.unwrap();
        let same = |job: &&AgencyJob| {
            job.shard.as_ref() == Some(&step.shard) && job.to_server.as_ref() == Some(&step.to)
        };
        let [job] = jobs.iter().filter(same).collect::<Vec<_>>()[..] else { panic!("{jobs:?}") };
        assert!(!job.is_over());
        other.cluster().follow_job(&job.id, pace()).finished().await.unwrap()
    };
    let (job, ()) = tokio::join!(found, load);
    assert_eq!(job.status, JobStatus::Finished);
    assert_eq!((executions(&cluster, "moveShard"), executions(&cluster, "resignLeadership")), (1, 200));
}
