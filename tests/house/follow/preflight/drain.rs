//! Servers that are lost, or come back, right before another is emptied or removed.

use arango::cluster::ServerId;
use arango::follow::{DrainStep, Stopped};
use arango_test_cluster::{Fault, JobFate, Match, TestCluster};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{SECOND, everywhere, executions, no_dumps, pace, skewed, slow_health};
use crate::support::client;

fn first(cluster: &TestCluster) -> ServerId {
    ServerId::from(cluster.db_server_ids().remove(0))
}

fn begun(cluster: &TestCluster) -> [usize; 2] {
    ["resignLeadership", "cleanOutServer"].map(|command| executions(cluster, command))
}

#[tokio::test(start_paused = true)]
async fn no_job_is_begun_after_another_server_was_lost_while_the_agency_was_read() {
    // Before the first job, and before the second.
    for jobs in [0, 1] {
        let cluster = skewed().await;
        let client = client(&cluster);
        let server = first(&cluster);
        cluster.agency_jobs().set_move_time(SECOND * 10);
        let mut drain = client.cluster().drain_server(&server, pace());
        let troubles = async {
            while begun(&cluster)[0] < jobs {
                sleep(SECOND / 10).await;
            }
            let dumps = no_dumps(&cluster);
            sleep(SECOND * 100).await;
            cluster.stop_db_server(2);
            sleep(SECOND * 30).await;
            drop(dumps);
            sleep(SECOND * 200).await;
            assert_eq!(begun(&cluster), [jobs, 0], "it waits for the other server");
            cluster.start_db_server(2);
        };
        let emptied = async {
            while let Some(step) = drain.next().await {
                if step == DrainStep::CleanedOut {
                    cluster.stop_db_server(0);
                }
            }
        };
        tokio::join!(emptied, troubles);
        assert!(drain.finished().await.unwrap().removed);
        assert_eq!(begun(&cluster), [1, 1]);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_begun_while_another_server_is_not_good_and_one_that_waits_in_vain_says_so() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let server = first(&cluster);
    cluster.stop_db_server(1);
    sleep(SECOND * 20).await;
    let began = Instant::now();
    let refused = client.cluster().drain_server(&server, pace()).finished().await.unwrap_err();
    assert!(matches!(refused.why(), Stopped::Unhealthy(sick) if sick.len() == 1), "{refused}");
    assert!(began.elapsed() < SECOND);
    assert_eq!(begun(&cluster), [0, 0]);

    cluster.start_db_server(1);
    sleep(SECOND * 5).await;
    cluster.agency_jobs().set_wait(SECOND * 60);
    let short = pace().limit(SECOND * 300);
    let drain = client.cluster().drain_server(&server, short).finished();
    let lost = async {
        sleep(SECOND * 20).await;
        cluster.stop_db_server(1);
    };
    let (stopped, ()) = tokio::join!(drain, lost);
    let stopped = stopped.unwrap_err();
    assert!(matches!(stopped.why(), Stopped::Unhealthy(sick) if sick.len() == 1), "{stopped}");
    assert_eq!(begun(&cluster), [1, 0]);
}

/// Empties the first server, and stops it.
async fn emptied(cluster: &TestCluster) -> arango::follow::Following<DrainStep, arango::follow::Drain> {
    let mut drain = client(cluster).cluster().drain_server(&first(cluster), pace());
    while drain.next().await.unwrap() != DrainStep::CleanedOut {}
    cluster.stop_db_server(0);
    drain
}

#[tokio::test(start_paused = true)]
async fn shards_are_counted_right_before_a_removal_whatever_health_says() {
    let cluster = skewed().await;
    let drain = emptied(&cluster).await;
    sleep(SECOND * 20).await;
    let one = json!({ "databases": 1, "collections": 1, "shards": 1, "leaders": 0, "realLeaders": 0, "followers": 1 });
    let held = json!({ "error": false, "code": 200, "result": one }).to_string();
    let statistics = Fault::answer_raw(200, "application/json", held);
    let counted = everywhere(&cluster, &statistics.on(Match::get("/_admin/cluster/shardStatistics")));
    let stopped = drain.finished().await.unwrap_err();
    assert!(matches!(stopped.why(), Stopped::HoldsShards { shards: 1, .. }), "{stopped}");
    assert!(stopped.done().cleaned_out && !stopped.done().removed);
    assert!(counted.iter().any(|fault| fault.hits() > 0));
    assert_eq!(executions(&cluster, "removeServer"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_back_before_its_failure_is_read_is_not_asked_to_be_removed() {
    let cluster = skewed().await;
    let drain = emptied(&cluster).await;
    sleep(SECOND * 20).await;
    let slow = everywhere(&cluster, &slow_health(SECOND * 6).times(1));
    let back = async {
        sleep(SECOND).await;
        cluster.start_db_server(0);
        drop(slow);
        sleep(SECOND * 300).await;
        assert_eq!(executions(&cluster, "removeServer"), 0, "it runs");
        cluster.stop_db_server(0);
    };
    let (ended, ()) = tokio::join!(drain.finished(), back);
    assert!(ended.unwrap().removed);
    assert_eq!(executions(&cluster, "removeServer"), 1);
}

#[tokio::test(start_paused = true)]
async fn shards_that_are_counted_late_are_counted_again_before_a_removal() {
    let cluster = skewed().await;
    let drain = emptied(&cluster).await;
    sleep(SECOND * 20).await;
    let late = Fault::latency(SECOND * 25).on(Match::get("/_admin/cluster/shardStatistics")).times(1);
    let late = everywhere(&cluster, &late);
    let back = async {
        sleep(SECOND * 12).await;
        cluster.start_db_server(0);
        sleep(SECOND * 300).await;
        assert_eq!(executions(&cluster, "removeServer"), 0, "it runs");
        cluster.stop_db_server(0);
    };
    let (ended, ()) = tokio::join!(drain.finished(), back);
    assert!(ended.unwrap().removed);
    assert!(late.iter().any(|fault| fault.hits() > 0));
    assert_eq!(executions(&cluster, "removeServer"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_does_it_already_is_followed_although_another_server_is_lost() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let server = first(&cluster);
    cluster.agency_jobs().every(JobFate::Hang);
    let job = client.cluster().clean_out_server(&server).await.unwrap();
    let mut drain = client.cluster().drain_server(&server, pace());
    let dumps = no_dumps(&cluster);
    let lost = async {
        sleep(SECOND * 30).await;
        cluster.stop_db_server(2);
        sleep(SECOND * 30).await;
        drop(dumps);
    };
    let (step, ()) = tokio::join!(drain.next(), lost);
    assert!(matches!(step, Some(DrainStep::Job(followed)) if followed.id == job));
    assert_eq!(begun(&cluster), [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_another_begins_while_a_server_is_waited_for_is_followed_and_not_begun_again() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let server = first(&cluster);
    cluster.agency_jobs().set_move_time(SECOND * 300);
    cluster.agency_jobs().next(JobFate::Finish);
    let mut drain = client.cluster().drain_server(&server, pace());
    let late = everywhere(&cluster, &Fault::latency(SECOND * 15).on(Match::get("/_admin/cluster/health")));
    let another = async {
        // Health is known too late for a first job, for longer than what was read of the agency holds.
        sleep(SECOND * 75).await;
        drop(late);
        client.cluster().resign_leadership(&server, arango::cluster::Leaders::Stay).await.unwrap()
    };
    let (step, job) = tokio::join!(drain.next(), another);
    assert!(matches!(step, Some(DrainStep::Job(followed)) if followed.id == job));
    assert_eq!(begun(&cluster), [1, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_has_failed_itself_is_not_waited_for() {
    let cluster = skewed().await;
    let client = client(&cluster);
    cluster.stop_db_server(0);
    sleep(SECOND * 20).await;
    let server = first(&cluster);
    let began = Instant::now();
    let _ended = client.cluster().drain_server(&server, pace().limit(SECOND * 600)).finished().await;
    assert!(began.elapsed() < SECOND * 60 || executions(&cluster, "cleanOutServer") == 1);
    assert_eq!(begun(&cluster)[0], 1, "the supervision decides");
}
