//! Futures that are dropped at every point at which they wait.

use arango::cluster::{JobId, JobStatus, MoveShard, RebalanceOptions};
use tokio::time::sleep;

use super::{SECOND, a_move, dropped_after, executions, pace, skewed};
use crate::support::client;

#[tokio::test(start_paused = true)]
async fn a_followed_move_that_is_dropped_anywhere_is_started_at_most_once_and_found_again() {
    let mut began = 0;
    for polls in 1.. {
        let cluster = skewed().await;
        let client = client(&cluster);
        let step = a_move(&client).await;
        let work = async {
            let job = client.cluster().follow_move(MoveShard::of(&step), pace()).await.unwrap();
            job.finished().await.unwrap()
        };
        let ended = dropped_after(polls, work).await.is_some();
        sleep(SECOND).await;
        let started = executions(&cluster, "moveShard");
        assert!(started <= 1, "{polls} polls: {started}");
        assert!(
            client.coordinators().iter().all(|one| one.in_flight == 0 && one.waiting == 0),
            "{polls} polls"
        );
        for job in cluster.agency_jobs().list() {
            began += 1;
            let again = client.cluster().follow_job(&JobId::from(job.id), pace()).finished().await;
            assert_eq!(again.unwrap().status, JobStatus::Finished, "{polls} polls");
        }
        if ended {
            assert!(polls > 3 && began > 1, "{polls} polls, {began} were begun");
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_that_is_dropped_anywhere_loses_nothing() {
    let cluster = skewed().await;
    let client = client(&cluster);
    let prepared = client.cluster().prepare_rebalance(&RebalanceOptions::new()).await.unwrap();
    let planned = prepared.plan().moves.len();
    let mut rebalance = prepared.at_once(2).execute(pace());
    let mut steps = 0;
    for turn in 0.. {
        match dropped_after(1 + turn % 3, rebalance.next()).await {
            Some(None) => break,
            Some(Some(_)) => steps += 1,
            None => sleep(SECOND / 100).await,
        }
    }
    assert_eq!(steps, 2 * planned, "each is begun and made");
    assert_eq!(rebalance.finished().await.unwrap().made.len(), planned);
    assert_eq!(executions(&cluster, "moveShard"), planned);
}

#[tokio::test(start_paused = true)]
async fn a_rebalance_that_is_dropped_begins_no_other_move() {
    for polls in [1, 5, 10, 20, 40, 80] {
        let cluster = skewed().await;
        let client = client(&cluster);
        let prepared = client.cluster().prepare_rebalance(&RebalanceOptions::new()).await.unwrap();
        let work = prepared.at_once(2).execute(pace()).finished();
        let _ = dropped_after(polls, work).await;
        sleep(SECOND).await;
        let begun = executions(&cluster, "moveShard");
        sleep(SECOND * 600).await;
        assert_eq!(executions(&cluster, "moveShard"), begun, "{polls} polls");
        assert!(client.coordinators().iter().all(|one| one.in_flight == 0), "{polls} polls");
        assert!(client.cluster().imbalance().await.unwrap().is_idle());
    }
}
