//! Long-running operations whose futures are dropped at any await point.

use std::sync::Arc;

use arango::Cluster;
use arango::cluster::{JobId, JobStatus, MoveShard, RebalanceOptions, ResignedLeaders, ServerId};
use tokio::time::sleep;

use super::{SECOND, drop_after_polls, executions, first_move, poll_options, restart_server, skewed_cluster};
use crate::support::client;

#[tokio::test(start_paused = true)]
async fn a_dropped_move_is_started_at_most_once_and_can_be_resumed() {
    let mut jobs_started = 0;
    for polls in 1.. {
        let cluster = skewed_cluster().await;
        let client = client(&cluster);
        let step = first_move(&client).await;
        let work = async {
            let job = client
                .cluster()
                .move_shard_and_watch(MoveShard::from_plan(&step), poll_options())
                .await
                .unwrap();
            job.wait().await.unwrap()
        };
        let finished = drop_after_polls(polls, work).await.is_some();
        sleep(SECOND).await;
        let started = executions(&cluster, "moveShard");
        assert!(started <= 1, "{polls} polls: {started}");
        assert!(
            client.coordinators().iter().all(|one| one.in_flight == 0 && one.waiting == 0),
            "{polls} polls"
        );
        for job in cluster.agency_jobs().list() {
            jobs_started += 1;
            let resumed = client.cluster().watch_job(&JobId::from(job.id), poll_options()).wait().await;
            assert_eq!(resumed.unwrap().status, JobStatus::Finished, "{polls} polls");
        }
        if finished {
            assert!(polls > 3 && jobs_started > 1, "{polls} polls, {jobs_started} jobs");
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_next_loses_no_step() {
    let cluster = skewed_cluster().await;
    let client = client(&cluster);
    let prepared = client.cluster().prepare_rebalance(&RebalanceOptions::new()).await.unwrap();
    let planned = prepared.plan().moves.len();
    let mut rebalance = prepared.max_concurrent(2).execute(poll_options());
    let mut steps = 0;
    for turn in 0.. {
        match drop_after_polls(1 + turn % 3, rebalance.next()).await {
            Some(None) => break,
            Some(Some(_)) => steps += 1,
            None => sleep(SECOND / 100).await,
        }
    }
    assert_eq!(steps, 2 * planned, "each move is started and completed");
    assert_eq!(rebalance.wait().await.unwrap().completed.len(), planned);
    assert_eq!(executions(&cluster, "moveShard"), planned);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_rebalance_starts_no_further_move() {
    for polls in [1, 5, 10, 20, 40, 80] {
        let cluster = skewed_cluster().await;
        let client = client(&cluster);
        let prepared = client.cluster().prepare_rebalance(&RebalanceOptions::new()).await.unwrap();
        let work = prepared.max_concurrent(2).execute(poll_options()).wait();
        let _ = drop_after_polls(polls, work).await;
        sleep(SECOND).await;
        let moves_started = executions(&cluster, "moveShard");
        sleep(SECOND * 600).await;
        assert_eq!(executions(&cluster, "moveShard"), moves_started, "{polls} polls");
        assert!(client.coordinators().iter().all(|one| one.in_flight == 0), "{polls} polls");
        assert!(client.cluster().imbalance().await.unwrap().is_idle());
    }
}

#[tokio::test(start_paused = true)]
async fn long_running_operations_can_run_in_a_spawned_task() {
    let cluster = Arc::new(skewed_cluster().await);
    let (client, restart_cluster) = (client(&cluster), Arc::clone(&cluster));
    let step = first_move(&client).await;
    let server = step.from.clone();
    let task = tokio::spawn(async move {
        let admin = client.cluster();
        admin
            .move_shard_and_watch(MoveShard::from_plan(&step), poll_options())
            .await
            .unwrap()
            .wait()
            .await
            .unwrap();
        admin
            .resign_leadership_and_watch(&server, ResignedLeaders::Stay, poll_options())
            .await
            .unwrap()
            .wait()
            .await
            .unwrap();
        admin
            .prepare_rebalance(&RebalanceOptions::new())
            .await
            .unwrap()
            .execute(poll_options())
            .wait()
            .await
            .unwrap();
        admin.clean_out_server_and_watch(&server, poll_options()).await.unwrap().wait().await.unwrap();
        admin.wait_until_healthy(poll_options()).await.unwrap();
        admin.wait_until_in_sync(poll_options()).await.unwrap();
        client.db("shop").wait_until_propagated(poll_options()).await.unwrap();
        client.db("shop").wait_for_collection("orders", poll_options()).await.unwrap();
        admin.hold_maintenance(SECOND * 60).await.unwrap().end().await.unwrap();
        let levels = client.on_each_coordinator(|one| async move { one.log_levels().await }).await;
        assert_eq!(levels.all().unwrap().len(), 3);
        let metrics = |cluster: Cluster, id| async move { cluster.server_metrics(&id).await };
        assert_eq!(admin.on_each_db_server(metrics).await.unwrap().all().unwrap().len(), 3);
        let restart = move |id: ServerId| {
            let cluster = Arc::clone(&restart_cluster);
            async move {
                restart_server(&cluster, &id).await;
                Ok(())
            }
        };
        admin.rolling_restart().run(poll_options(), restart).wait().await.unwrap();
        let cancelled = admin.decommission_server(&server, poll_options()).cancel().await.unwrap_err();
        assert!(cancelled.progress().cleaned_out && !cancelled.progress().removed);
    });
    task.await.unwrap();
}
