//! Polling jobs of the agency until they end.

use arango::cluster::{JobId, JobStatus, MoveShard, ResignedLeaders, ServerId};
use arango::long_running::StopReason;
use arango_test_cluster::JobOutcome;
use tokio::time::{Instant, sleep, timeout};

use super::{SECOND, executions, first_move, poll_options, skewed_cluster};
use crate::support::client;

#[tokio::test(start_paused = true)]
async fn a_move_reports_progress_until_its_job_ends() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_todo_time(SECOND * 20);
    cluster.agency_jobs().set_move_time(SECOND * 60);
    let step = first_move(&client).await;
    let mut job =
        client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), poll_options()).await.unwrap();

    let id = job.id().clone();
    let mut statuses = Vec::new();
    while let Some(job) = job.next().await {
        assert_eq!(job.id, id);
        statuses.push(job.status);
    }
    assert_eq!(statuses, [JobStatus::ToDo, JobStatus::Pending, JobStatus::Finished]);
    assert_eq!(job.wait().await.unwrap().shard, Some(step.shard));
    assert_eq!(executions(&cluster, "moveShard"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_survives_the_coordinator_that_started_it() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_move_time(SECOND * 60);
    let step = first_move(&client).await;
    let mut job =
        client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), poll_options()).await.unwrap();
    let creator = job.next().await.unwrap().creator.unwrap();
    let creator_coordinator = cluster.coordinators().iter().find(|one| one.id() == creator.as_str()).unwrap();
    creator_coordinator.kill();

    assert_eq!(job.wait().await.unwrap().status, JobStatus::Finished);
    assert_eq!(executions(&cluster, "moveShard"), 1);
}

#[tokio::test(start_paused = true)]
async fn polling_survives_an_outage_of_the_agency_and_all_coordinators() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_move_time(SECOND * 30);
    let step = first_move(&client).await;
    let job =
        client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), poll_options()).await.unwrap();
    let outages = async {
        let outage = cluster.agency_down();
        sleep(SECOND * 300).await;
        assert!(outage.hits() > 0, "the job was polled during the outage");
        drop(outage);
        cluster.coordinators().iter().for_each(arango_test_cluster::Coordinator::kill);
        sleep(SECOND * 300).await;
        for coordinator in cluster.coordinators() {
            coordinator.restart().await.unwrap();
        }
    };
    let (ended, ()) = tokio::join!(job.wait(), outages);
    assert_eq!(ended.unwrap().status, JobStatus::Finished);
    assert_eq!(executions(&cluster, "moveShard"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_job_reports_its_reason() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_outcome(JobOutcome::fail("disk full"));
    let step = first_move(&client).await;
    let job =
        client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), poll_options()).await.unwrap();
    let id = job.id().clone();

    let failed = job.wait().await.unwrap_err();
    assert!(
        matches!(failed.reason(), StopReason::JobFailed { id: failed, reason } if *failed == id && reason == "disk full")
    );
    assert_eq!(failed.to_string(), format!("job {id} failed: disk full"));
    assert_eq!(failed.progress().as_ref().unwrap().status, JobStatus::Failed);
}

#[tokio::test(start_paused = true)]
async fn cancelling_a_job_waits_for_its_end() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_outcome(JobOutcome::Hang);
    let step = first_move(&client).await;
    let mut job =
        client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), poll_options()).await.unwrap();
    job.next().await.unwrap();

    let cancelled = job.cancel().await.unwrap_err();
    assert!(matches!(cancelled.reason(), StopReason::Cancelled), "{cancelled}");
    assert_eq!(cancelled.progress().as_ref().unwrap().status, JobStatus::Failed);
    assert_eq!(cluster.agency_jobs().list()[0].reason, "Killed via API");
    assert_eq!(executions(&cluster, "cancelAgencyJob"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_during_the_last_interval_is_sent() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_outcome(JobOutcome::Hang);
    let step = first_move(&client).await;
    // The second poll would come after the limit.
    let options = poll_options().intervals(SECOND * 600, SECOND * 600).timeout(SECOND * 10);
    let mut job = client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), options).await.unwrap();
    job.next().await.unwrap();
    assert!(timeout(SECOND, job.next()).await.is_err(), "it waits for the next poll");

    let start = Instant::now();
    let cancelled = job.cancel().await.unwrap_err();
    assert!(matches!(cancelled.reason(), StopReason::TimedOut { .. }), "{cancelled}");
    assert_eq!((executions(&cluster, "cancelAgencyJob"), start.elapsed().as_secs()), (1, 9));
}

#[tokio::test(start_paused = true)]
async fn cancelling_a_finished_job_returns_its_result() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let step = first_move(&client).await;
    let job =
        client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), poll_options()).await.unwrap();
    sleep(SECOND * 60).await;
    assert_eq!(job.cancel().await.unwrap().status, JobStatus::Finished);
}

#[tokio::test(start_paused = true)]
async fn cancelling_a_resignation_is_refused_by_the_server() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_outcome(JobOutcome::Hang);
    let server = ServerId::from(cluster.db_server_ids().remove(0));
    let job = client
        .cluster()
        .resign_leadership_and_watch(&server, ResignedLeaders::Stay, poll_options())
        .await
        .unwrap();

    let rejected = job.cancel().await.unwrap_err();
    assert_eq!(rejected.call_error().unwrap().status().unwrap().as_u16(), 400);
    assert_eq!(executions(&cluster, "cancelAgencyJob"), 1);
}

#[tokio::test(start_paused = true)]
async fn another_client_can_resume_a_job_by_id() {
    let cluster = skewed_cluster().await;
    cluster.agency_jobs().set_move_time(SECOND * 60);
    let server = ServerId::from(cluster.db_server_ids().remove(0));
    let id = {
        let first = client(&cluster);
        let job = first.cluster().clean_out_server_and_watch(&server, poll_options()).await.unwrap();
        job.id().clone()
    };
    let second = client(&cluster);
    let job = second.cluster().watch_job(&id, poll_options()).wait().await.unwrap();
    assert_eq!((job.status, job.server), (JobStatus::Finished, Some(server)));
    assert_eq!(executions(&cluster, "cleanOutServer"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_job_is_distinguished_from_a_purged_one() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let unknown = client.cluster().watch_job(&JobId::from("1"), poll_options()).wait().await.unwrap_err();
    assert!(matches!(unknown.reason(), StopReason::NoSuchJob(_)), "{unknown}");

    cluster.agency_jobs().set_move_time(SECOND);
    let step = first_move(&client).await;
    let mut job =
        client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), poll_options()).await.unwrap();
    assert_eq!(job.next().await.unwrap().status, JobStatus::Pending);
    sleep(SECOND * 2).await;
    cluster.agency_jobs().forget_ended();
    let purged = job.wait().await.unwrap_err();
    assert!(matches!(purged.reason(), StopReason::JobOutcomeUnknown(_)), "{purged}");
    assert_eq!(purged.progress().as_ref().unwrap().status, JobStatus::Pending);
}

#[tokio::test(start_paused = true)]
async fn the_time_limit_stops_polling_but_not_the_job() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_next_outcome(JobOutcome::Hang);
    let (step, start) = (first_move(&client).await, Instant::now());
    let short = poll_options().timeout(SECOND * 60);
    let job = client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), short).await.unwrap();
    let id = job.id().clone();
    let timed_out = job.wait().await.unwrap_err();
    assert!(matches!(timed_out.reason(), StopReason::TimedOut { last_error: None, .. }), "{timed_out}");
    assert_eq!(start.elapsed().as_secs(), 60);

    assert!(cluster.agency_jobs().set_job_outcome(id.as_str(), JobOutcome::Finish), "the job still exists");
    assert_eq!(client.cluster().watch_job(&id, short).wait().await.unwrap().status, JobStatus::Finished);
}
