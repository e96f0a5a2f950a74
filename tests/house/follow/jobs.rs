//! Jobs of the agency, followed to their ends.

use arango::cluster::{JobId, JobStatus, Leaders, MoveShard, ServerId};
use arango::follow::Stopped;
use arango_test_cluster::JobFate;
use tokio::time::{Instant, sleep};

use super::{SECOND, a_move, executions, pace, skewed};
use crate::support::client;

#[tokio::test(start_paused = true)]
async fn a_move_is_told_of_as_it_comes_further_and_ends_with_the_job() {
    let cluster = skewed().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_wait(SECOND * 20);
    cluster.agency_jobs().set_move_time(SECOND * 60);
    let step = a_move(&client).await;
    let mut job = client.cluster().follow_move(MoveShard::of(&step), pace()).await.unwrap();

    let id = job.id().clone();
    let mut seen = Vec::new();
    while let Some(job) = job.next().await {
        assert_eq!(job.id, id);
        seen.push(job.status);
    }
    assert_eq!(seen, [JobStatus::ToDo, JobStatus::Pending, JobStatus::Finished]);
    assert_eq!(job.finished().await.unwrap().shard, Some(step.shard));
    assert_eq!(executions(&cluster, "moveShard"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_outlives_the_coordinator_that_was_asked_for_it() {
    let cluster = skewed().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_move_time(SECOND * 60);
    let step = a_move(&client).await;
    let mut job = client.cluster().follow_move(MoveShard::of(&step), pace()).await.unwrap();
    let creator = job.next().await.unwrap().creator.unwrap();
    let asked = cluster.coordinators().iter().find(|one| one.id() == creator.as_str()).unwrap();
    asked.kill();

    assert_eq!(job.finished().await.unwrap().status, JobStatus::Finished);
    assert_eq!(executions(&cluster, "moveShard"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_the_agency_and_of_all_coordinators_is_passed_over() {
    let cluster = skewed().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_move_time(SECOND * 30);
    let step = a_move(&client).await;
    let job = client.cluster().follow_move(MoveShard::of(&step), pace()).await.unwrap();
    let troubles = async {
        let outage = cluster.agency_down();
        sleep(SECOND * 300).await;
        assert!(outage.hits() > 0, "it was looked for meanwhile");
        drop(outage);
        cluster.coordinators().iter().for_each(arango_test_cluster::Coordinator::kill);
        sleep(SECOND * 300).await;
        for coordinator in cluster.coordinators() {
            coordinator.restart().await.unwrap();
        }
    };
    let (ended, ()) = tokio::join!(job.finished(), troubles);
    assert_eq!(ended.unwrap().status, JobStatus::Finished);
    assert_eq!(executions(&cluster, "moveShard"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_says_why_and_was_seen() {
    let cluster = skewed().await;
    let client = client(&cluster);
    cluster.agency_jobs().every(JobFate::fail("disk full"));
    let step = a_move(&client).await;
    let job = client.cluster().follow_move(MoveShard::of(&step), pace()).await.unwrap();
    let id = job.id().clone();

    let failed = job.finished().await.unwrap_err();
    assert!(
        matches!(failed.why(), Stopped::JobFailed { id: failed, reason } if *failed == id && reason == "disk full")
    );
    assert_eq!(failed.to_string(), format!("job {id} failed: disk full"));
    assert_eq!(failed.done().as_ref().unwrap().status, JobStatus::Failed);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_job_is_followed_until_it_has_ended() {
    let cluster = skewed().await;
    let client = client(&cluster);
    cluster.agency_jobs().every(JobFate::Hang);
    let step = a_move(&client).await;
    let mut job = client.cluster().follow_move(MoveShard::of(&step), pace()).await.unwrap();
    job.next().await.unwrap();

    let cancelled = job.cancel().await.unwrap_err();
    assert!(matches!(cancelled.why(), Stopped::Cancelled), "{cancelled}");
    assert_eq!(cancelled.done().as_ref().unwrap().status, JobStatus::Failed);
    assert_eq!(cluster.agency_jobs().list()[0].reason, "Killed via API");
    assert_eq!(executions(&cluster, "cancelAgencyJob"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_has_finished_before_it_could_be_cancelled_has_finished() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let step = a_move(&client).await;
    let job = client.cluster().follow_move(MoveShard::of(&step), pace()).await.unwrap();
    sleep(SECOND * 60).await;
    assert_eq!(job.cancel().await.unwrap().status, JobStatus::Finished);
}

#[tokio::test(start_paused = true)]
async fn a_resignation_cannot_be_cancelled_and_the_server_says_so() {
    let cluster = skewed().await;
    let client = client(&cluster);
    cluster.agency_jobs().every(JobFate::Hang);
    let server = ServerId::from(cluster.db_server_ids().remove(0));
    let job = client.cluster().follow_resignation(&server, Leaders::Stay, pace()).await.unwrap();

    let refused = job.cancel().await.unwrap_err();
    assert_eq!(refused.call().unwrap().status().unwrap().as_u16(), 400);
    assert_eq!(executions(&cluster, "cancelAgencyJob"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_is_found_again_by_its_id_by_another_client() {
    let cluster = skewed().await;
    cluster.agency_jobs().set_move_time(SECOND * 60);
    let server = ServerId::from(cluster.db_server_ids().remove(0));
    let id = {
        let first = client(&cluster);
        let job = first.cluster().follow_clean_out(&server, pace()).await.unwrap();
        job.id().clone()
    };
    let second = client(&cluster);
    let job = second.cluster().follow_job(&id, pace()).finished().await.unwrap();
    assert_eq!((job.status, job.server), (JobStatus::Finished, Some(server)));
    assert_eq!(executions(&cluster, "cleanOutServer"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_nobody_knows_is_told_from_one_that_was_forgotten() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let nobody = client.cluster().follow_job(&JobId::from("1"), pace()).finished().await.unwrap_err();
    assert!(matches!(nobody.why(), Stopped::NoSuchJob(_)), "{nobody}");

    cluster.agency_jobs().set_move_time(SECOND);
    let step = a_move(&client).await;
    let mut job = client.cluster().follow_move(MoveShard::of(&step), pace()).await.unwrap();
    assert_eq!(job.next().await.unwrap().status, JobStatus::Pending);
    sleep(SECOND * 2).await;
    cluster.agency_jobs().forget_ended();
    let forgotten = job.finished().await.unwrap_err();
    assert!(matches!(forgotten.why(), Stopped::Forgotten(_)), "{forgotten}");
    assert_eq!(forgotten.done().as_ref().unwrap().status, JobStatus::Pending);
}

#[tokio::test(start_paused = true)]
async fn the_limit_ends_the_looking_and_not_the_job() {
    let cluster = skewed().await;
    let client = client(&cluster);
    cluster.agency_jobs().next(JobFate::Hang);
    let (step, began) = (a_move(&client).await, Instant::now());
    let short = pace().limit(SECOND * 60);
    let job = client.cluster().follow_move(MoveShard::of(&step), short).await.unwrap();
    let id = job.id().clone();
    let late = job.finished().await.unwrap_err();
    assert!(matches!(late.why(), Stopped::OutOfTime { last: None, .. }), "{late}");
    assert_eq!(began.elapsed().as_secs(), 60);

    assert!(cluster.agency_jobs().decide(id.as_str(), JobFate::Finish), "it is there still");
    assert_eq!(client.cluster().follow_job(&id, short).finished().await.unwrap().status, JobStatus::Finished);
}
