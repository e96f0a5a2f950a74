//! Moves of a rebalance whose turn comes late.

use arango::cluster::{MoveShard, RebalanceOptions, ServerId};
use arango::follow::{MoveStep, Stopped};
use arango_test_cluster::{Fault, JobFate};
use tokio::time::sleep;

use super::{SECOND, dumps, executions, no_dumps, pace, skewed, start};
use crate::support::client;

fn options() -> RebalanceOptions {
    RebalanceOptions::new().pi_factor(256e6)
}

#[tokio::test(start_paused = true)]
async fn no_move_is_begun_to_a_server_that_was_lost_while_the_agency_was_read() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let prepared = client.cluster().prepare_rebalance(&options()).await.unwrap();
    let planned = prepared.plan().moves.clone();
    let target = planned[0].to.clone();
    let index = cluster.db_server_ids().iter().position(|id| id == target.as_str()).unwrap();
    let dumps = no_dumps(&cluster);
    let lost = async {
        sleep(SECOND * 100).await;
        cluster.stop_db_server(index);
        sleep(SECOND * 20).await;
        drop(dumps);
    };
    let (stopped, ()) = tokio::join!(prepared.at_once(1).execute(pace()).finished(), lost);
    let stopped = stopped.unwrap_err();
    let is_lost = |(server, _): &(ServerId, _)| *server == target;
    assert!(matches!(stopped.why(), Stopped::Unhealthy(sick) if sick.iter().all(is_lost)), "{stopped}");
    assert_eq!(stopped.done().not_begun, planned, "in the order of the plan");
    assert!(stopped.done().made.is_empty() && stopped.done().not_made.is_empty());
    assert_eq!(executions(&cluster, "moveShard"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_for_less_than_a_minute_is_waited_for() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let prepared = client.cluster().prepare_rebalance(&options()).await.unwrap();
    let planned = prepared.plan().moves.len();
    let target = prepared.plan().moves[0].to.clone();
    let index = cluster.db_server_ids().iter().position(|id| id == target.as_str()).unwrap();
    cluster.stop_db_server(index);
    sleep(SECOND * 7).await;
    let back = async {
        sleep(SECOND * 30).await;
        assert_eq!(executions(&cluster, "moveShard"), 0);
        start(&cluster, &target).await;
    };
    let (ended, ()) = tokio::join!(prepared.at_once(1).execute(pace()).finished(), back);
    assert_eq!(ended.unwrap().made.len(), planned);
}

#[tokio::test(start_paused = true)]
async fn a_move_is_begun_as_the_copies_lie_when_its_turn_comes() {
    let cluster = skewed().await;
    let (client, other) = (client(&cluster), client(&cluster));
    let leaders = options().move_leaders().move_followers();
    let prepared = client.cluster().prepare_rebalance(&leaders).await.unwrap();
    let moves = prepared.plan().moves.clone();
    let dump = client.cluster().agency_dump().await.unwrap();
    // A leader that is to go where no copy is, and not as the first.
    let (place, step) = moves
        .iter()
        .enumerate()
        .skip(1)
        .find(|(_, step)| {
            let copies = dump.planned_copies(&step.database, &step.collection, &step.shard).unwrap();
            step.is_leader && !copies.contains(&step.to)
        })
        .expect("the plan has such a move");
    assert!(moves[..place].iter().all(|other| other.shard != step.shard));
    let copies = dump.planned_copies(&step.database, &step.collection, &step.shard).unwrap();

    cluster.agency_jobs().next(JobFate::Hang);
    let mut rebalance = prepared.at_once(1).execute(pace());
    let Some(MoveStep::Begun { job: first, .. }) = rebalance.next().await else { panic!() };
    // Meanwhile the follower of its shard goes there.
    let mut follower = step.clone();
    (follower.from, follower.to, follower.is_leader) = (copies[1].clone(), step.to.clone(), false);
    let job = other.cluster().follow_move(MoveShard::of(&follower), pace()).await.unwrap();
    job.finished().await.unwrap();
    assert!(cluster.agency_jobs().decide(first.as_str(), JobFate::Finish));
    let job = loop {
        if let MoveStep::Begun { step: begun, job } = rebalance.next().await.unwrap()
            && begun == *step
        {
            break job;
        }
    };
    let job = client.cluster().agency_job(&job).await.unwrap();
    assert_eq!(job.remains_follower, Some(true), "it changes places with the follower that is there by now");
}

#[tokio::test(start_paused = true)]
async fn a_move_that_is_not_begun_when_another_fails_is_not_begun_any_more() {
    let cluster = skewed().await;
    let client = client(&cluster);
    cluster.agency_jobs().every(JobFate::fail("disk full"));
    let prepared = client.cluster().prepare_rebalance(&options()).await.unwrap();
    let planned = prepared.plan().moves.len();
    // Three are to be begun at once, and of one the look takes longer than the others do until they fail.
    let slow = cluster.coordinator(0).inject(dumps(Fault::latency(SECOND * 20)).times(1));
    let failed = prepared.at_once(3).execute(pace()).finished().await.unwrap_err();
    assert!(matches!(failed.why(), Stopped::JobFailed { .. }), "{failed}");
    assert_eq!((slow.hits(), executions(&cluster, "moveShard")), (1, 2));
    let report = failed.done();
    assert_eq!((report.made.len(), report.not_made.len(), report.not_begun.len()), (0, 2, planned - 2));
}
