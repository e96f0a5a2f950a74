//! Moves of a rebalance that start long after the plan was made.

use arango::cluster::{MoveShard, RebalanceOptions, ServerId};
use arango::long_running::{RebalanceStep, StopReason};
use arango_test_cluster::{Fault, JobOutcome};
use tokio::time::sleep;

use super::{SECOND, executions, no_dumps, on_agency_dump, poll_options, skewed_cluster, start};
use crate::support::client;

fn options() -> RebalanceOptions {
    RebalanceOptions::new().pi_factor(256e6)
}

#[tokio::test(start_paused = true)]
async fn no_move_starts_to_a_server_that_fails_while_the_agency_is_read() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let prepared = client.cluster().prepare_rebalance(&options()).await.unwrap();
    let planned = prepared.plan().moves.clone();
    let target = planned[0].to.clone();
    let index = cluster.db_server_ids().iter().position(|id| id == target.as_str()).unwrap();
    let dumps = no_dumps(&cluster);
    let failure = async {
        sleep(SECOND * 100).await;
        cluster.stop_db_server(index);
        sleep(SECOND * 20).await;
        drop(dumps);
    };
    let (stopped, ()) = tokio::join!(prepared.max_concurrent(1).execute(poll_options()).wait(), failure);
    let stopped = stopped.unwrap_err();
    let is_target = |(server, _): &(ServerId, _)| *server == target;
    assert!(
        matches!(stopped.reason(), StopReason::Unhealthy(unhealthy) if unhealthy.iter().all(is_target)),
        "{stopped}"
    );
    assert_eq!(stopped.progress().not_started, planned, "in the order of the plan");
    assert!(stopped.progress().completed.is_empty() && stopped.progress().not_completed.is_empty());
    assert_eq!(executions(&cluster, "moveShard"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_down_for_less_than_a_minute_is_waited_for() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let prepared = client.cluster().prepare_rebalance(&options()).await.unwrap();
    let planned = prepared.plan().moves.len();
    let target = prepared.plan().moves[0].to.clone();
    let index = cluster.db_server_ids().iter().position(|id| id == target.as_str()).unwrap();
    cluster.stop_db_server(index);
    sleep(SECOND * 7).await;
    let recovery = async {
        sleep(SECOND * 30).await;
        assert_eq!(executions(&cluster, "moveShard"), 0);
        start(&cluster, &target).await;
    };
    let (result, ()) = tokio::join!(prepared.max_concurrent(1).execute(poll_options()).wait(), recovery);
    assert_eq!(result.unwrap().completed.len(), planned);
}

#[tokio::test(start_paused = true)]
async fn a_move_uses_the_shard_placement_at_its_start() {
    let cluster = skewed_cluster().await;
    let (client, other) = (client(&cluster), client(&cluster));
    let leaders = options().move_leaders().move_followers();
    let prepared = client.cluster().prepare_rebalance(&leaders).await.unwrap();
    let moves = prepared.plan().moves.clone();
    let dump = client.cluster().agency_dump().await.unwrap();
    // A move of a leader to a server without a copy, which is not the first move of the plan.
    let (position, step) = moves
        .iter()
        .enumerate()
        .skip(1)
        .find(|(_, step)| {
            let copies = dump.planned_copies(&step.database, &step.collection, &step.shard).unwrap();
            step.is_leader && !copies.contains(&step.to)
        })
        .expect("the plan has such a move");
    assert!(moves[..position].iter().all(|other| other.shard != step.shard));
    let copies = dump.planned_copies(&step.database, &step.collection, &step.shard).unwrap();

    cluster.agency_jobs().set_next_outcome(JobOutcome::Hang);
    let mut rebalance = prepared.max_concurrent(1).execute(poll_options());
    let Some(RebalanceStep::Started { job: first, .. }) = rebalance.next().await else { panic!() };
    // Meanwhile the follower of the shard moves to the same server.
    let mut follower = step.clone();
    (follower.from, follower.to, follower.is_leader) = (copies[1].clone(), step.to.clone(), false);
    let job =
        other.cluster().move_shard_and_watch(MoveShard::from_plan(&follower), poll_options()).await.unwrap();
    job.wait().await.unwrap();
    assert!(cluster.agency_jobs().set_job_outcome(first.as_str(), JobOutcome::Finish));
    let job = loop {
        if let RebalanceStep::Started { shard_move: started, job } = rebalance.next().await.unwrap()
            && started == *step
        {
            break job;
        }
    };
    let job = client.cluster().agency_job(&job).await.unwrap();
    assert_eq!(
        job.remains_follower,
        Some(true),
        "it swaps roles with the follower that is on the target by now"
    );
}

#[tokio::test(start_paused = true)]
async fn a_move_not_started_when_another_fails_is_skipped() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_outcome(JobOutcome::fail("disk full"));
    let prepared = client.cluster().prepare_rebalance(&options()).await.unwrap();
    let planned = prepared.plan().moves.len();
    // Three moves start concurrently. The check of one takes longer than the others take to fail.
    let slow = cluster.coordinator(0).inject(on_agency_dump(Fault::latency(SECOND * 20)).times(1));
    let failed = prepared.max_concurrent(3).execute(poll_options()).wait().await.unwrap_err();
    assert!(matches!(failed.reason(), StopReason::JobFailed { .. }), "{failed}");
    assert_eq!((slow.hits(), executions(&cluster, "moveShard")), (1, 2));
    let report = failed.progress();
    assert_eq!(
        (report.completed.len(), report.not_completed.len(), report.not_started.len()),
        (0, 2, planned - 2)
    );
}
