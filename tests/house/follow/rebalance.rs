//! A rebalance that is looked at first, and then made a few moves at a time.

use arango::cluster::{MoveShard, RebalanceOptions};
use arango::follow::{Following, MoveStep, RebalanceReport, Stopped};
use arango_test_cluster::{AgencyJob, Fault, JobFate, Match, Phase, TestCluster};
use tokio::time::sleep;

use super::{SECOND, dropped_after, executions, pace, skewed};
use crate::support::client;

fn options() -> RebalanceOptions {
    RebalanceOptions::new().pi_factor(256e6)
}

/// How many moves are not over.
fn under_way(cluster: &TestCluster) -> usize {
    cluster.agency_jobs().list().iter().filter(|job| !is_over(job)).count()
}

fn is_over(job: &AgencyJob) -> bool {
    !matches!(job.status, "ToDo" | "Pending")
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

/// A plan of which somebody else begins the last move just before it is executed; ends with the job's id, once the first
/// move is begun.
async fn last_begun_by_another(
    cluster: &TestCluster,
) -> (Following<MoveStep, RebalanceReport>, String, usize) {
    let (mine, other) = (client(cluster), client(cluster));
    cluster.agency_jobs().set_move_time(SECOND * 5);
    let prepared = mine.cluster().prepare_rebalance(&options()).await.unwrap();
    let moves = &prepared.plan().moves;
    let (last, planned) = (moves.last().unwrap().clone(), moves.len());
    assert!(moves[..planned - 1].iter().all(|step| step.shard != last.shard));
    cluster.agency_jobs().next(JobFate::Hang);
    let job = other.cluster().move_shard(MoveShard::of(&last).leaving_no_follower()).await.unwrap();
    let mut rebalance = prepared.at_once(1).execute(pace());
    assert!(matches!(rebalance.next().await, Some(MoveStep::Begun { .. })));
    (rebalance, job.as_str().to_owned(), planned)
}

#[tokio::test(start_paused = true)]
async fn a_move_of_somebody_else_that_was_over_before_its_turn_is_made_if_it_was_not() {
    for (fate, of_ours) in [(JobFate::fail("disk full"), 0), (JobFate::Finish, 1)] {
        for is_forgotten in [false, true] {
            let what = format!("{fate:?}, forgotten: {is_forgotten}");
            let cluster = skewed().await;
            let (mut rebalance, job, planned) = last_begun_by_another(&cluster).await;
            assert!(cluster.agency_jobs().decide(&job, fate.clone()));
            // When a move is told of as made, the end of its own job was seen, and that of the next is far off.
            let is_over = || cluster.agency_jobs().list().iter().any(|one| one.id == job && is_over(one));
            loop {
                let step = rebalance.next().await;
                assert!(!matches!(step, Some(MoveStep::Made { made, of, .. }) if made + 1 >= of), "{what}");
                if matches!(step, Some(MoveStep::Made { .. })) && is_over() {
                    break;
                }
            }
            if is_forgotten {
                cluster.agency_jobs().forget_ended();
            }
            let report = rebalance.finished().await.unwrap_or_else(|stopped| panic!("{what}: {stopped}"));
            assert_eq!(report.made.len(), planned, "{what}");
            assert_eq!(executions(&cluster, "moveShard"), planned + 1 - of_ours, "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn cancelled_it_leaves_the_move_of_somebody_else_to_them() {
    let cluster = skewed().await;
    let (mut rebalance, job, planned) = last_begun_by_another(&cluster).await;
    loop {
        if let Some(MoveStep::Begun { job: begun, .. }) = rebalance.next().await
            && begun.as_str() == job
        {
            break;
        }
    }
    let cancelled = rebalance.cancel().await.unwrap_err();
    assert!(matches!(cancelled.why(), Stopped::Cancelled), "{cancelled}");
    assert_eq!((cancelled.done().made.len(), cancelled.done().not_made.len()), (planned - 1, 1));
    assert_eq!(under_way(&cluster), 1);
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
