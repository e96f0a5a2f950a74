//! A rebalance that is looked at first, and then made a few moves at a time.

use arango::cluster::RebalanceOptions;
use arango::follow::{MoveStep, Stopped};
use arango_test_cluster::{Fault, JobFate, Match, Phase, TestCluster};
use tokio::time::sleep;

use super::{SECOND, dropped_after, executions, pace, skewed};
use crate::support::client;

fn options() -> RebalanceOptions {
    RebalanceOptions::new().pi_factor(256e6)
}

/// How many moves are not over.
fn under_way(cluster: &TestCluster) -> usize {
    cluster.agency_jobs().list().iter().filter(|job| matches!(job.status, "ToDo" | "Pending")).count()
}

#[tokio::test(start_paused = true)]
async fn a_plan_moves_nothing_until_it_is_executed_and_then_no_more_at_once_than_it_may() {
    let cluster = skewed().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_move_time(SECOND * 10);
    let prepared = client.cluster().prepare_rebalance(&options()).await.unwrap();
    let plan = prepared.plan().clone();
    assert!(plan.moves.len() > 4);
    assert_eq!(executions(&cluster, "moveShard"), 0);

    let (mut rebalance, mut most, mut last) = (prepared.at_once(2).execute(pace()), 0, 0);
    while let Some(step) = rebalance.next().await {
        most = most.max(under_way(&cluster));
        if let MoveStep::Made { made, of, .. } = step {
            assert_eq!((made, of), (last + 1, plan.moves.len()));
            last = made;
        }
    }
    let report = rebalance.finished().await.unwrap();
    assert_eq!(most, 2);
    assert_eq!((report.made.len(), executions(&cluster, "moveShard")), (plan.moves.len(), plan.moves.len()));
    let after = client.cluster().imbalance().await.unwrap();
    assert!(report.not_begun.is_empty() && report.not_made.is_empty());
    assert_eq!(after.leader.imbalance.to_bits(), plan.after.leader.imbalance.to_bits(), "as planned");
    assert_eq!(after.shards.imbalance.to_bits(), plan.after.shards.imbalance.to_bits(), "as planned");
}

#[tokio::test(start_paused = true)]
async fn the_first_move_that_fails_is_the_last_that_is_begun() {
    let cluster = skewed().await;
    let client = client(&cluster);
    cluster.agency_jobs().next(JobFate::Finish);
    cluster.agency_jobs().next(JobFate::fail("disk full"));
    let prepared = client.cluster().prepare_rebalance(&options()).await.unwrap();
    let planned = prepared.plan().moves.clone();
    let failed = prepared.at_once(1).execute(pace()).finished().await.unwrap_err();
    assert!(matches!(failed.why(), Stopped::JobFailed { reason, .. } if reason == "disk full"), "{failed}");
    let report = failed.done();
    assert_eq!((&report.made[..], &report.not_made[..]), (&planned[..1], &planned[1..2]));
    assert_eq!(report.not_begun, planned[2..]);
    assert_eq!(executions(&cluster, "moveShard"), 2);
}

#[tokio::test(start_paused = true)]
async fn cancelled_it_cancels_what_is_under_way_and_begins_nothing() {
    let cluster = skewed().await;
    let client = client(&cluster);
    cluster.agency_jobs().every(JobFate::Hang);
    let prepared = client.cluster().prepare_rebalance(&options()).await.unwrap();
    let planned = prepared.plan().moves.len();
    let mut rebalance = prepared.at_once(3).execute(pace());
    for _ in 0..3 {
        assert!(matches!(rebalance.next().await, Some(MoveStep::Begun { .. })));
    }
    let cancelled = rebalance.cancel().await.unwrap_err();
    assert!(matches!(cancelled.why(), Stopped::Cancelled), "{cancelled}");
    let report = cancelled.done();
    assert_eq!((report.made.len(), report.not_made.len(), report.not_begun.len()), (0, 3, planned - 3));
    assert_eq!((under_way(&cluster), executions(&cluster, "moveShard")), (0, 3));
}

#[tokio::test(start_paused = true)]
async fn dying_coordinators_outages_and_lost_answers_double_no_move() {
    let cluster = skewed().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_move_time(SECOND * 5);
    let prepared = client.cluster().prepare_rebalance(&options()).await.unwrap();
    let planned = prepared.plan().moves.len();
    let lost = || Fault::close(Phase::AfterExecution).on(Match::post("/_admin/cluster/moveShard")).times(2);
    let _lost: Vec<_> = cluster.coordinators().iter().map(|one| one.inject(lost())).collect();
    let troubles = async {
        sleep(SECOND * 7).await;
        cluster.coordinator(1).kill();
        sleep(SECOND * 20).await;
        cluster.coordinator(1).restart().await.unwrap();
    };
    let (ended, ()) = tokio::join!(prepared.at_once(2).execute(pace()).finished(), troubles);
    assert_eq!(ended.unwrap().made.len(), planned);
    assert_eq!(executions(&cluster, "moveShard"), planned);
}

#[tokio::test(start_paused = true)]
async fn whatever_may_be_moved_it_comes_to_what_was_planned() {
    let leaders = || options().move_leaders();
    for (what, options) in [
        ("leaders", leaders()),
        ("followers", options().move_followers()),
        ("both", leaders().move_followers()),
    ] {
        for at_once in [1, 4] {
            let cluster = skewed().await;
            let client = client(&cluster);
            let prepared = client.cluster().prepare_rebalance(&options).await.unwrap();
            let plan = prepared.plan().clone();
            assert!(plan.moves.iter().any(|step| step.is_leader), "{what}");
            prepared.at_once(at_once).execute(pace()).finished().await.unwrap();
            let after = client.cluster().imbalance().await.unwrap();
            assert_eq!(after.leader.number_shards, plan.after.leader.number_shards, "{what}");
            assert_eq!(after.shards.number_shards, plan.after.shards.number_shards, "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn moves_that_somebody_has_begun_are_followed_and_not_begun_again() {
    let cluster = skewed().await;
    let (lost, other) = (client(&cluster), client(&cluster));
    cluster.agency_jobs().set_move_time(SECOND * 30);
    let prepared = lost.cluster().prepare_rebalance(&options()).await.unwrap();
    let planned = prepared.plan().moves.len();
    let same = other.cluster().prepare_rebalance(&options()).await.unwrap();
    let mut first = prepared.at_once(3).execute(pace());
    let mut jobs = Vec::new();
    while jobs.len() < 3 {
        let Some(MoveStep::Begun { job, .. }) = first.next().await else { panic!("nothing is made yet") };
        jobs.push(job);
    }
    drop(first);
    let mut second = same.at_once(3).execute(pace());
    let mut followed = Vec::new();
    while followed.len() < 3 {
        let Some(MoveStep::Begun { job, .. }) = second.next().await else { panic!("nothing is made yet") };
        followed.push(job);
    }
    for jobs in [&mut followed, &mut jobs] {
        jobs.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    }
    assert_eq!(followed, jobs);
    assert_eq!(second.finished().await.unwrap().made.len(), planned);
    assert_eq!(executions(&cluster, "moveShard"), planned);
}

#[tokio::test(start_paused = true)]
async fn what_was_lost_anywhere_is_taken_up_again_and_moves_nothing_twice() {
    let mut polls = 1;
    loop {
        let cluster = skewed().await;
        let client = client(&cluster);
        cluster.agency_jobs().set_move_time(SECOND * 5);
        let prepared = client.cluster().prepare_rebalance(&options()).await.unwrap();
        let planned = prepared.plan().moves.len();
        let ended = dropped_after(polls, prepared.at_once(2).execute(pace()).finished()).await.is_some();
        assert!(client.cluster().wait_until_idle(pace()).await.unwrap().is_idle());
        let rest = client.cluster().prepare_rebalance(&options()).await.unwrap();
        let begun = executions(&cluster, "moveShard");
        assert_eq!(begun + rest.plan().moves.len(), planned, "{polls} polls");
        rest.execute(pace()).finished().await.unwrap();
        assert_eq!(executions(&cluster, "moveShard"), planned, "{polls} polls");
        if ended {
            assert!(polls > 20, "{polls} polls");
            return;
        }
        polls += 9;
    }
}

#[tokio::test(start_paused = true)]
async fn moves_that_are_never_made_are_told_of_when_the_time_is_over() {
    let cluster = skewed().await;
    let client = client(&cluster);
    cluster.agency_jobs().every(JobFate::Hang);
    client.cluster().rebalance(&options()).await.unwrap();
    let busy = client.cluster().wait_until_idle(pace().limit(SECOND * 60)).await.unwrap_err();
    assert!(matches!(busy.why(), Stopped::OutOfTime { last: None, .. }), "{busy}");
    assert!(busy.done().as_ref().is_some_and(|seen| !seen.is_idle()));
}
