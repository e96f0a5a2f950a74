//! A rebalance that is planned first and executed later. The number of concurrent moves is limited.

use arango::cluster::{MoveShard, RebalanceOptions};
use arango::long_running::{Poller, RebalanceReport, RebalanceStep, StopReason};
use arango_test_cluster::{AgencyJob, Fault, JobOutcome, Match, Phase, TestCluster};
use tokio::time::sleep;

use super::{SECOND, drop_after_polls, executions, poll_options, skewed_cluster};
use crate::support::client;

fn options() -> RebalanceOptions {
    RebalanceOptions::new().pi_factor(256e6)
}

/// Returns the number of moves that have not ended.
fn unfinished_jobs(cluster: &TestCluster) -> usize {
    cluster.agency_jobs().list().iter().filter(|job| !is_over(job)).count()
}

fn is_over(job: &AgencyJob) -> bool {
    !matches!(job.status, "ToDo" | "Pending")
}

#[tokio::test(start_paused = true)]
async fn a_plan_moves_nothing_until_executed_and_respects_max_concurrent() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_move_time(SECOND * 10);
    let prepared = client.cluster().prepare_rebalance(&options()).await.unwrap();
    let plan = prepared.plan().clone();
    assert!(plan.moves.len() > 4);
    assert_eq!(executions(&cluster, "moveShard"), 0);

    let (mut rebalance, mut max_unfinished, mut last) =
        (prepared.max_concurrent(2).execute(poll_options()), 0, 0);
    while let Some(step) = rebalance.next().await {
        max_unfinished = max_unfinished.max(unfinished_jobs(&cluster));
        if let RebalanceStep::Completed { completed, total, .. } = step {
            assert_eq!((completed, total), (last + 1, plan.moves.len()));
            last = completed;
        }
    }
    let report = rebalance.wait().await.unwrap();
    assert_eq!(max_unfinished, 2);
    assert_eq!(
        (report.completed.len(), executions(&cluster, "moveShard")),
        (plan.moves.len(), plan.moves.len())
    );
    let after = client.cluster().imbalance().await.unwrap();
    assert!(report.not_started.is_empty() && report.not_completed.is_empty());
    assert_eq!(after.leader.imbalance.to_bits(), plan.after.leader.imbalance.to_bits(), "as planned");
    assert_eq!(after.shards.imbalance.to_bits(), plan.after.shards.imbalance.to_bits(), "as planned");
}

#[tokio::test(start_paused = true)]
async fn no_move_starts_after_the_first_failure() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_next_outcome(JobOutcome::Finish);
    cluster.agency_jobs().set_next_outcome(JobOutcome::fail("disk full"));
    let prepared = client.cluster().prepare_rebalance(&options()).await.unwrap();
    let planned = prepared.plan().moves.clone();
    let failed = prepared.max_concurrent(1).execute(poll_options()).wait().await.unwrap_err();
    assert!(
        matches!(failed.reason(), StopReason::JobFailed { reason, .. } if reason == "disk full"),
        "{failed}"
    );
    let report = failed.progress();
    assert_eq!((&report.completed[..], &report.not_completed[..]), (&planned[..1], &planned[1..2]));
    assert_eq!(report.not_started, planned[2..]);
    assert_eq!(executions(&cluster, "moveShard"), 2);
}

#[tokio::test(start_paused = true)]
async fn cancelling_cancels_running_moves_and_starts_none() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_outcome(JobOutcome::Hang);
    let prepared = client.cluster().prepare_rebalance(&options()).await.unwrap();
    let planned = prepared.plan().moves.len();
    let mut rebalance = prepared.max_concurrent(3).execute(poll_options());
    for _ in 0..3 {
        assert!(matches!(rebalance.next().await, Some(RebalanceStep::Started { .. })));
    }
    let cancelled = rebalance.cancel().await.unwrap_err();
    assert!(matches!(cancelled.reason(), StopReason::Cancelled), "{cancelled}");
    let report = cancelled.progress();
    assert_eq!(
        (report.completed.len(), report.not_completed.len(), report.not_started.len()),
        (0, 3, planned - 3)
    );
    assert_eq!((unfinished_jobs(&cluster), executions(&cluster, "moveShard")), (0, 3));
}

#[tokio::test(start_paused = true)]
async fn failing_coordinators_outages_and_lost_responses_duplicate_no_move() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_move_time(SECOND * 5);
    let prepared = client.cluster().prepare_rebalance(&options()).await.unwrap();
    let planned = prepared.plan().moves.len();
    let lost = Fault::close(Phase::AfterExecution).on(Match::post("/_admin/cluster/moveShard")).times(2);
    let _lost = cluster.inject(&lost);
    let outages = async {
        sleep(SECOND * 7).await;
        cluster.coordinator(1).kill();
        sleep(SECOND * 20).await;
        cluster.coordinator(1).restart().await.unwrap();
    };
    let (result, ()) = tokio::join!(prepared.max_concurrent(2).execute(poll_options()).wait(), outages);
    assert_eq!(result.unwrap().completed.len(), planned);
    assert_eq!(executions(&cluster, "moveShard"), planned);
}

#[tokio::test(start_paused = true)]
async fn the_result_matches_the_plan_for_all_options() {
    let leaders = || options().move_leaders();
    for (case, options) in [
        ("leaders", leaders()),
        ("followers", options().move_followers()),
        ("both", leaders().move_followers()),
    ] {
        for max_concurrent in [1, 4] {
            let cluster = skewed_cluster().await;
            let client = client(&cluster);
            let prepared = client.cluster().prepare_rebalance(&options).await.unwrap();
            let plan = prepared.plan().clone();
            assert!(plan.moves.iter().any(|step| step.is_leader), "{case}");
            prepared.max_concurrent(max_concurrent).execute(poll_options()).wait().await.unwrap();
            let after = client.cluster().imbalance().await.unwrap();
            assert_eq!(after.leader.number_shards, plan.after.leader.number_shards, "{case}");
            assert_eq!(after.shards.number_shards, plan.after.shards.number_shards, "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn moves_started_elsewhere_are_polled_and_not_duplicated() {
    let cluster = skewed_cluster().await;
    let (first_client, other) = (client(&cluster), client(&cluster));
    cluster.agency_jobs().set_move_time(SECOND * 30);
    let prepared = first_client.cluster().prepare_rebalance(&options()).await.unwrap();
    let planned = prepared.plan().moves.len();
    let same = other.cluster().prepare_rebalance(&options()).await.unwrap();
    let mut first = prepared.max_concurrent(3).execute(poll_options());
    let mut jobs = Vec::new();
    while jobs.len() < 3 {
        let Some(RebalanceStep::Started { job, .. }) = first.next().await else {
            panic!("no move is complete yet")
        };
        jobs.push(job);
    }
    drop(first);
    let mut second = same.max_concurrent(3).execute(poll_options());
    let mut polled_jobs = Vec::new();
    while polled_jobs.len() < 3 {
        let Some(RebalanceStep::Started { job, .. }) = second.next().await else {
            panic!("no move is complete yet")
        };
        polled_jobs.push(job);
    }
    for jobs in [&mut polled_jobs, &mut jobs] {
        jobs.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    }
    assert_eq!(polled_jobs, jobs);
    assert_eq!(second.wait().await.unwrap().completed.len(), planned);
    assert_eq!(executions(&cluster, "moveShard"), planned);
}

/// Executes a plan whose last move another client starts just before. Returns the poller after the start of the first
/// move, the id of the other client's job, and the number of planned moves.
async fn last_move_started_elsewhere(
    cluster: &TestCluster,
) -> (Poller<RebalanceStep, RebalanceReport>, String, usize) {
    let (client, other) = (client(cluster), client(cluster));
    cluster.agency_jobs().set_move_time(SECOND * 5);
    let prepared = client.cluster().prepare_rebalance(&options()).await.unwrap();
    let moves = &prepared.plan().moves;
    let (last, planned) = (moves.last().unwrap().clone(), moves.len());
    assert!(moves[..planned - 1].iter().all(|step| step.shard != last.shard));
    cluster.agency_jobs().set_next_outcome(JobOutcome::Hang);
    let job = other.cluster().move_shard(MoveShard::from_plan(&last).without_follower()).await.unwrap();
    let mut rebalance = prepared.max_concurrent(1).execute(poll_options());
    assert!(matches!(rebalance.next().await, Some(RebalanceStep::Started { .. })));
    (rebalance, job.as_str().to_owned(), planned)
}

#[tokio::test(start_paused = true)]
async fn a_failed_move_started_elsewhere_is_made_again() {
    for (outcome, not_repeated) in [(JobOutcome::fail("disk full"), 0), (JobOutcome::Finish, 1)] {
        for is_purged in [false, true] {
            let case = format!("{outcome:?}, purged: {is_purged}");
            let cluster = skewed_cluster().await;
            let (mut rebalance, job, planned) = last_move_started_elsewhere(&cluster).await;
            assert!(cluster.agency_jobs().set_job_outcome(&job, outcome.clone()));
            // When a move is reported as complete, the end of its job was polled, and the end of the next is far off.
            let is_over = || cluster.agency_jobs().list().iter().any(|one| one.id == job && is_over(one));
            loop {
                let step = rebalance.next().await;
                assert!(
                    !matches!(step, Some(RebalanceStep::Completed { completed, total, .. }) if completed + 1 >= total),
                    "{case}"
                );
                if matches!(step, Some(RebalanceStep::Completed { .. })) && is_over() {
                    break;
                }
            }
            if is_purged {
                cluster.agency_jobs().forget_ended();
            }
            let report = rebalance.wait().await.unwrap_or_else(|stopped| panic!("{case}: {stopped}"));
            assert_eq!(report.completed.len(), planned, "{case}");
            assert_eq!(executions(&cluster, "moveShard"), planned + 1 - not_repeated, "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn cancelling_keeps_moves_started_elsewhere() {
    let cluster = skewed_cluster().await;
    let (mut rebalance, job, planned) = last_move_started_elsewhere(&cluster).await;
    loop {
        if let Some(RebalanceStep::Started { job: started, .. }) = rebalance.next().await
            && started.as_str() == job
        {
            break;
        }
    }
    let cancelled = rebalance.cancel().await.unwrap_err();
    assert!(matches!(cancelled.reason(), StopReason::Cancelled), "{cancelled}");
    assert_eq!(
        (cancelled.progress().completed.len(), cancelled.progress().not_completed.len()),
        (planned - 1, 1)
    );
    assert_eq!(unfinished_jobs(&cluster), 1);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_rebalance_resumes_without_duplicate_moves() {
    let mut polls = 1;
    loop {
        let cluster = skewed_cluster().await;
        let client = client(&cluster);
        cluster.agency_jobs().set_move_time(SECOND * 5);
        let prepared = client.cluster().prepare_rebalance(&options()).await.unwrap();
        let planned = prepared.plan().moves.len();
        let finished = drop_after_polls(polls, prepared.max_concurrent(2).execute(poll_options()).wait())
            .await
            .is_some();
        assert!(client.cluster().wait_until_idle(poll_options()).await.unwrap().is_idle());
        let remaining = client.cluster().prepare_rebalance(&options()).await.unwrap();
        let moves_started = executions(&cluster, "moveShard");
        assert_eq!(moves_started + remaining.plan().moves.len(), planned, "{polls} polls");
        remaining.execute(poll_options()).wait().await.unwrap();
        assert_eq!(executions(&cluster, "moveShard"), planned, "{polls} polls");
        if finished {
            assert!(polls > 20, "{polls} polls");
            return;
        }
        polls += 9;
    }
}

#[tokio::test(start_paused = true)]
async fn unfinished_moves_are_reported_at_the_time_limit() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    cluster.agency_jobs().set_outcome(JobOutcome::Hang);
    client.cluster().rebalance_with(&options()).await.unwrap();
    let timed_out = client.cluster().wait_until_idle(poll_options().timeout(SECOND * 60)).await.unwrap_err();
    assert!(matches!(timed_out.reason(), StopReason::TimedOut { last_error: None, .. }), "{timed_out}");
    assert!(timed_out.progress().as_ref().is_some_and(|imbalance| !imbalance.is_idle()));
}
