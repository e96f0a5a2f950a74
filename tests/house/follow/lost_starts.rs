//! Starts whose answers are lost while the agency holds older jobs that do the same.

use arango::cluster::{JobStatus, Leaders, MoveShard, RebalanceOptions, ServerId, ShardMove};
use arango::follow::{RestartStep, Stopped};
use arango::{Client, ErrorKind, Outcome};
use arango_test_cluster::{Fault, JobFate, Match, Phase, TestCluster};
use tokio::time::sleep;

use super::starts::lose;
use super::{SECOND, a_move, dumps, everywhere, executions, pace, skewed};
use crate::support::client;

/// Moves a shard to its target and back, each time to the end.
async fn there_and_back(client: &Client, there: &ShardMove) {
    let (admin, mut back) = (client.cluster(), there.clone());
    (back.from, back.to) = (there.to.clone(), there.from.clone());
    for step in [there, &back] {
        let job = admin.follow_move(MoveShard::of(step), pace()).await.unwrap().finished().await.unwrap();
        assert_eq!(job.status, JobStatus::Finished);
    }
}

fn newest(cluster: &TestCluster) -> String {
    cluster.agency_jobs().list().pop().unwrap().id
}

#[tokio::test(start_paused = true)]
async fn a_third_start_that_is_lost_is_not_taken_for_the_first_which_is_over() {
    for age in [SECOND, SECOND * 90] {
        for phase in [Phase::AfterRead, Phase::AfterExecution] {
            let what = format!("{phase:?}, after {age:?}");
            let cluster = skewed().await;
            let client = client(&cluster);
            cluster.agency_jobs().set_move_time(SECOND);
            let step = a_move(&client).await;
            there_and_back(&client, &step).await;
            sleep(age).await;
            let _lost = lose(&cluster, "moveShard", phase);
            let third = client.cluster().follow_move(MoveShard::of(&step), pace()).await;
            if phase == Phase::AfterRead {
                let error = third.unwrap_err();
                assert_eq!(error.outcome(), Outcome::Unknown, "{what}");
                assert_eq!(executions(&cluster, "moveShard"), 2, "{what}");
            } else {
                let third = third.unwrap();
                assert_eq!(third.id().as_str(), newest(&cluster), "{what}");
                assert_eq!(third.finished().await.unwrap().status, JobStatus::Finished, "{what}");
                assert_eq!(executions(&cluster, "moveShard"), 3, "{what}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_failed_before_a_start_is_not_returned_while_the_job_of_the_start_runs() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let step = a_move(&client).await;
    cluster.agency_jobs().next(JobFate::fail("disk full"));
    let failed = client.cluster().follow_move(MoveShard::of(&step), pace()).await.unwrap();
    failed.finished().await.unwrap_err();
    // The client gives up after 30 seconds, and the coordinator executes the start ten seconds later.
    let slow = Fault::latency(SECOND * 40).on(Match::post("/_admin/cluster/moveShard"));
    let _slow = everywhere(&cluster, &slow);
    let job = client.cluster().follow_move(MoveShard::of(&step), pace()).await.unwrap();
    assert_eq!(job.id().as_str(), newest(&cluster));
    assert_eq!(job.finished().await.unwrap().status, JobStatus::Finished);
    assert_eq!(executions(&cluster, "moveShard"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_ran_before_a_start_is_returned_only_if_no_new_one_appears() {
    let cluster = skewed().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_move_time(SECOND * 5);
    let step = a_move(&client).await;
    let first = client.cluster().move_shard(MoveShard::of(&step)).await.unwrap();
    let _lost = lose(&cluster, "moveShard", Phase::AfterRead);
    let hang = Fault::latency(SECOND * 10).on(Match::post("/_admin/cluster/moveShard"));
    let _late = everywhere(&cluster, &hang);
    let job = client.cluster().follow_move(MoveShard::of(&step), pace()).await.unwrap();
    assert_eq!(*job.id(), first, "it ran when the start was sent, and has moved the shard since");
    assert_eq!(executions(&cluster, "moveShard"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_ran_before_a_start_and_failed_is_not_returned_before_that_of_the_start_appears() {
    let cluster = skewed().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_move_time(SECOND * 20);
    cluster.agency_jobs().next(JobFate::fail("disk full"));
    let step = a_move(&client).await;
    client.cluster().move_shard(MoveShard::of(&step)).await.unwrap();
    // The client gives up after 30 seconds, and the coordinator executes the start ten seconds later.
    let slow = Fault::latency(SECOND * 40).on(Match::post("/_admin/cluster/moveShard"));
    let _slow = everywhere(&cluster, &slow);
    let job = client.cluster().follow_move(MoveShard::of(&step), pace()).await.unwrap();
    assert_eq!(job.id().as_str(), newest(&cluster));
    assert_eq!(job.finished().await.unwrap().status, JobStatus::Finished);
    assert_eq!(executions(&cluster, "moveShard"), 2);
}

#[tokio::test(start_paused = true)]
async fn of_two_new_jobs_that_do_the_same_the_one_that_is_not_over_is_followed() {
    let cluster = skewed().await;
    let (client, other) = (client(&cluster), client(&cluster));
    let step = a_move(&client).await;
    let path = "/_admin/cluster/moveShard";
    let slow = everywhere(&cluster, &Fault::latency(SECOND * 5).on(Match::post(path)));
    let _lost = lose(&cluster, "moveShard", Phase::AfterExecution);
    let mine = async { client.cluster().follow_move(MoveShard::of(&step), pace()).await.unwrap() };
    let theirs = async {
        sleep(SECOND).await;
        drop(slow);
        // Lost too, so that its id is not told; it fails at once.
        cluster.agency_jobs().next(JobFate::fail("disk full"));
        cluster.agency_jobs().set_move_time(SECOND);
        let _theirs = other.cluster().move_shard(MoveShard::of(&step)).await;
        sleep(SECOND * 2).await;
        cluster.agency_jobs().set_move_time(SECOND * 30);
    };
    let (job, ()) = tokio::join!(mine, theirs);
    assert_eq!(job.id().as_str(), newest(&cluster));
    assert_eq!(job.finished().await.unwrap().status, JobStatus::Finished);
}

#[tokio::test(start_paused = true)]
async fn a_start_whose_agency_could_not_be_read_before_is_found_only_while_its_job_runs() {
    for is_over in [false, true] {
        let cluster = skewed().await;
        let client = client(&cluster);
        cluster.agency_jobs().set_move_time(if is_over { SECOND / 1000 } else { SECOND * 60 });
        let step = a_move(&client).await;
        let unread = everywhere(&cluster, &dumps(Fault::answer(503, 503, "starting")));
        let _lost = lose(&cluster, "moveShard", Phase::AfterExecution);
        let admin = client.cluster();
        let readable_again = async {
            while executions(&cluster, "moveShard") == 0 {
                sleep(SECOND / 10).await;
            }
            sleep(SECOND).await;
            drop(unread);
        };
        let (started, ()) = tokio::join!(admin.follow_move(MoveShard::of(&step), pace()), readable_again);
        assert_eq!(executions(&cluster, "moveShard"), 1);
        if is_over {
            assert_eq!(started.unwrap_err().outcome(), Outcome::Unknown);
        } else {
            assert_eq!(started.unwrap().finished().await.unwrap().status, JobStatus::Finished);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_is_sent_without_the_right_to_read_the_agency_and_a_lost_one_is_unknown() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let step = a_move(&client).await;
    let _refused = everywhere(&cluster, &dumps(Fault::answer(403, 11, "forbidden")));
    let lost = lose(&cluster, "moveShard", Phase::AfterExecution);
    let error = client.cluster().follow_move(MoveShard::of(&step), pace()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectionLost, Outcome::Unknown));
    drop(lost);
    let server = ServerId::from(cluster.db_server_ids().remove(1));
    let job = client.cluster().follow_resignation(&server, Leaders::Stay, pace()).await.unwrap();
    assert_eq!(job.finished().await.unwrap().status, JobStatus::Finished);
    assert_eq!((executions(&cluster, "moveShard"), executions(&cluster, "resignLeadership")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_restart_does_not_call_a_server_prepared_because_of_an_older_resignation() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let admin = client.cluster();
    cluster.agency_jobs().set_move_time(SECOND / 10);
    let server = ServerId::from(cluster.db_server_ids().remove(0));
    let job = admin.follow_resignation(&server, Leaders::Stay, pace()).await.unwrap();
    job.finished().await.unwrap();
    let evenly = RebalanceOptions::new().move_leaders();
    admin.prepare_rebalance(&evenly).await.unwrap().execute(pace()).finished().await.unwrap();
    assert!(admin.shard_statistics(Some(&server)).await.unwrap().leaders > 0, "it leads again");

    let _lost = lose(&cluster, "resignLeadership", Phase::AfterRead);
    let others: Vec<_> = cluster.db_server_ids().split_off(1).into_iter().map(ServerId::from).collect();
    let plan = admin.rolling_restart().skipping(others);
    let mut work = plan.run(pace(), |_| async { panic!("nothing is restarted") });
    while let Some(step) = work.next().await {
        assert!(!matches!(step, RestartStep::Prepared(_)), "{step:?}");
    }
    let stopped = work.finished().await.unwrap_err();
    assert!(
        matches!(stopped.why(), Stopped::Call(error) if error.outcome() == Outcome::Unknown),
        "{stopped}"
    );
    assert!(admin.shard_statistics(Some(&server)).await.unwrap().leaders > 0, "it leads still");
}
