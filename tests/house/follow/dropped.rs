//! Futures that are dropped at every point at which they wait.

use std::sync::Arc;

use arango::Cluster;
use arango::cluster::{JobId, JobStatus, Leaders, MoveShard, RebalanceOptions, ServerId};
use tokio::time::sleep;

use super::{SECOND, a_move, dropped_after, executions, pace, skewed, start_again};
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

#[tokio::test(start_paused = true)]
async fn whatever_is_followed_may_be_followed_in_a_task() {
    let cluster = Arc::new(skewed().await);
    let (client, there) = (client(&cluster), Arc::clone(&cluster));
    let step = a_move(&client).await;
    let server = step.from.clone();
    let task = tokio::spawn(async move {
        let admin = client.cluster();
        admin.follow_move(MoveShard::of(&step), pace()).await.unwrap().finished().await.unwrap();
        admin.follow_resignation(&server, Leaders::Stay, pace()).await.unwrap().finished().await.unwrap();
        admin
            .prepare_rebalance(&RebalanceOptions::new())
            .await
            .unwrap()
            .execute(pace())
            .finished()
            .await
            .unwrap();
        admin.follow_clean_out(&server, pace()).await.unwrap().finished().await.unwrap();
        admin.wait_until_healthy(pace()).await.unwrap();
        admin.wait_until_in_sync(pace()).await.unwrap();
        client.db("shop").wait_until_known(pace()).await.unwrap();
        client.db("shop").wait_for_collection("orders", pace()).await.unwrap();
        admin.hold_maintenance(SECOND * 60).await.unwrap().end().await.unwrap();
        let levels = client.on_each_coordinator(|one| async move { one.log_levels().await }).await;
        assert_eq!(levels.all().unwrap().len(), 3);
        let metrics = |cluster: Cluster, id| async move { cluster.server_metrics(&id).await };
        assert_eq!(admin.on_each_db_server(metrics).await.unwrap().all().unwrap().len(), 3);
        let restart = move |id: ServerId| {
            let cluster = Arc::clone(&there);
            async move {
                start_again(&cluster, &id).await;
                Ok(())
            }
        };
        admin.rolling_restart().run(pace(), restart).finished().await.unwrap();
        let cancelled = admin.drain_server(&server, pace()).cancel().await.unwrap_err();
        assert!(cancelled.done().cleaned_out && !cancelled.done().removed);
    });
    task.await.unwrap();
}
