//! Starts whose responses are lost while the agency holds older equal jobs.

use arango::cluster::{JobStatus, MoveShard, RebalanceOptions, ResignedLeaders, ServerId, ShardMove};
use arango::long_running::{RestartStep, StopReason};
use arango::{Client, ErrorKind, Outcome};
use arango_test_cluster::{Fault, JobOutcome, Match, Phase, TestCluster};
use tokio::time::sleep;

use super::lost_responses::lose_first_response;
use super::{SECOND, executions, first_move, on_agency_dump, poll_options, skewed_cluster};
use crate::support::client;

/// Moves a shard to its target and back, and waits for both jobs.
async fn move_and_move_back(client: &Client, forward: &ShardMove) {
    let (admin, mut backward) = (client.cluster(), forward.clone());
    (backward.from, backward.to) = (forward.to.clone(), forward.from.clone());
    for step in [forward, &backward] {
        let job = admin
            .move_shard_and_watch(MoveShard::from_plan(step), poll_options())
            .await
            .unwrap()
            .wait()
            .await
            .unwrap();
        assert_eq!(job.status, JobStatus::Finished);
    }
}

fn newest_job(cluster: &TestCluster) -> String {
    cluster.agency_jobs().list().pop().unwrap().id
}

#[tokio::test(start_paused = true)]
async fn a_lost_start_is_not_mistaken_for_an_older_finished_job() {
    for age in [SECOND, SECOND * 90] {
        for phase in [Phase::AfterRead, Phase::AfterExecution] {
            let case = format!("{phase:?}, after {age:?}");
            let cluster = skewed_cluster().await;
            let client = client(&cluster);
            cluster.agency_jobs().set_move_time(SECOND);
            let step = first_move(&client).await;
            move_and_move_back(&client, &step).await;
            sleep(age).await;
            let _lost = lose_first_response(&cluster, "moveShard", phase);
            let third =
                client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), poll_options()).await;
            if phase == Phase::AfterRead {
                let error = third.unwrap_err();
                assert_eq!(error.outcome(), Outcome::Unknown, "{case}");
                assert_eq!(executions(&cluster, "moveShard"), 2, "{case}");
            } else {
                let third = third.unwrap();
                assert_eq!(third.id().as_str(), newest_job(&cluster), "{case}");
                assert_eq!(third.wait().await.unwrap().status, JobStatus::Finished, "{case}");
                assert_eq!(executions(&cluster, "moveShard"), 3, "{case}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_older_failed_job_is_not_returned_for_a_running_one() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let step = first_move(&client).await;
    cluster.agency_jobs().set_next_outcome(JobOutcome::fail("disk full"));
    let failed =
        client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), poll_options()).await.unwrap();
    failed.wait().await.unwrap_err();
    // The client gives up after 30 seconds, and the coordinator executes the start ten seconds later.
    let slow = Fault::latency(SECOND * 40).on(Match::post("/_admin/cluster/moveShard"));
    let _slow = cluster.inject(&slow);
    let job =
        client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), poll_options()).await.unwrap();
    assert_eq!(job.id().as_str(), newest_job(&cluster));
    assert_eq!(job.wait().await.unwrap().status, JobStatus::Finished);
    assert_eq!(executions(&cluster, "moveShard"), 2);
}

#[tokio::test(start_paused = true)]
async fn an_older_running_job_is_returned_only_without_a_new_one() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_move_time(SECOND * 5);
    let step = first_move(&client).await;
    let first = client.cluster().move_shard(MoveShard::from_plan(&step)).await.unwrap();
    let _lost = lose_first_response(&cluster, "moveShard", Phase::AfterRead);
    let hang = Fault::latency(SECOND * 10).on(Match::post("/_admin/cluster/moveShard"));
    let _late = cluster.inject(&hang);
    let job =
        client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), poll_options()).await.unwrap();
    assert_eq!(*job.id(), first, "it was running when the start was sent and has moved the shard since");
    assert_eq!(executions(&cluster, "moveShard"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_older_running_job_that_fails_is_not_returned() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_move_time(SECOND * 20);
    cluster.agency_jobs().set_next_outcome(JobOutcome::fail("disk full"));
    let step = first_move(&client).await;
    client.cluster().move_shard(MoveShard::from_plan(&step)).await.unwrap();
    // The client gives up after 30 seconds, and the coordinator executes the start ten seconds later.
    let slow = Fault::latency(SECOND * 40).on(Match::post("/_admin/cluster/moveShard"));
    let _slow = cluster.inject(&slow);
    let job =
        client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), poll_options()).await.unwrap();
    assert_eq!(job.id().as_str(), newest_job(&cluster));
    assert_eq!(job.wait().await.unwrap().status, JobStatus::Finished);
    assert_eq!(executions(&cluster, "moveShard"), 2);
}

#[tokio::test(start_paused = true)]
async fn of_two_equal_new_jobs_the_running_one_is_polled() {
    let cluster = skewed_cluster().await;
    let (client, other) = (client(&cluster), client(&cluster));
    let step = first_move(&client).await;
    let path = "/_admin/cluster/moveShard";
    let slow = cluster.inject(&Fault::latency(SECOND * 5).on(Match::post(path)));
    let _lost = lose_first_response(&cluster, "moveShard", Phase::AfterExecution);
    let own_start = async {
        client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), poll_options()).await.unwrap()
    };
    let other_start = async {
        sleep(SECOND).await;
        drop(slow);
        // Its response is lost too, so its id is unknown. The job fails immediately.
        cluster.agency_jobs().set_next_outcome(JobOutcome::fail("disk full"));
        cluster.agency_jobs().set_move_time(SECOND);
        let _other = other.cluster().move_shard(MoveShard::from_plan(&step)).await;
        sleep(SECOND * 2).await;
        cluster.agency_jobs().set_move_time(SECOND * 30);
    };
    let (job, ()) = tokio::join!(own_start, other_start);
    assert_eq!(job.id().as_str(), newest_job(&cluster));
    assert_eq!(job.wait().await.unwrap().status, JobStatus::Finished);
}

#[tokio::test(start_paused = true)]
async fn without_an_earlier_agency_dump_only_a_running_job_is_found() {
    for is_over in [false, true] {
        let cluster = skewed_cluster().await;
        let client = client(&cluster);
        cluster.agency_jobs().set_move_time(if is_over { SECOND / 1000 } else { SECOND * 60 });
        let step = first_move(&client).await;
        let unreadable = cluster.inject(&on_agency_dump(Fault::response(503, 503, "starting")));
        let _lost = lose_first_response(&cluster, "moveShard", Phase::AfterExecution);
        let admin = client.cluster();
        let readable_again = async {
            while executions(&cluster, "moveShard") == 0 {
                sleep(SECOND / 10).await;
            }
            sleep(SECOND).await;
            drop(unreadable);
        };
        let (started, ()) = tokio::join!(
            admin.move_shard_and_watch(MoveShard::from_plan(&step), poll_options()),
            readable_again
        );
        assert_eq!(executions(&cluster, "moveShard"), 1);
        if is_over {
            assert_eq!(started.unwrap_err().outcome(), Outcome::Unknown);
        } else {
            assert_eq!(started.unwrap().wait().await.unwrap().status, JobStatus::Finished);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_agency_access_a_lost_start_is_unknown() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let step = first_move(&client).await;
    let _forbidden = cluster.inject(&on_agency_dump(Fault::response(403, 11, "forbidden")));
    let lost = lose_first_response(&cluster, "moveShard", Phase::AfterExecution);
    let error =
        client.cluster().move_shard_and_watch(MoveShard::from_plan(&step), poll_options()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectionLost, Outcome::Unknown));
    drop(lost);
    let server = ServerId::from(cluster.db_server_ids().remove(1));
    let job = client
        .cluster()
        .resign_leadership_and_watch(&server, ResignedLeaders::Stay, poll_options())
        .await
        .unwrap();
    assert_eq!(job.wait().await.unwrap().status, JobStatus::Finished);
    assert_eq!((executions(&cluster, "moveShard"), executions(&cluster, "resignLeadership")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_older_resignation_does_not_count_as_prepared() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let admin = client.cluster();
    cluster.agency_jobs().set_move_time(SECOND / 10);
    let server = ServerId::from(cluster.db_server_ids().remove(0));
    let job =
        admin.resign_leadership_and_watch(&server, ResignedLeaders::Stay, poll_options()).await.unwrap();
    job.wait().await.unwrap();
    let options = RebalanceOptions::new().move_leaders();
    admin.prepare_rebalance(&options).await.unwrap().execute(poll_options()).wait().await.unwrap();
    assert!(
        admin.shard_statistics(Some(&server)).await.unwrap().leaders > 0,
        "the server leads shards again"
    );

    let _lost = lose_first_response(&cluster, "resignLeadership", Phase::AfterRead);
    let others: Vec<_> = cluster.db_server_ids().split_off(1).into_iter().map(ServerId::from).collect();
    let plan = admin.rolling_restart().skip(others);
    let mut work = plan.run(poll_options(), |_| async { panic!("nothing is restarted") });
    while let Some(step) = work.next().await {
        assert!(!matches!(step, RestartStep::Prepared(_)), "{step:?}");
    }
    let stopped = work.wait().await.unwrap_err();
    assert!(
        matches!(stopped.reason(), StopReason::Call(error) if error.outcome() == Outcome::Unknown),
        "{stopped}"
    );
    assert!(
        admin.shard_statistics(Some(&server)).await.unwrap().leaders > 0,
        "the server still leads shards"
    );
}
