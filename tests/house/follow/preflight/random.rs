//! Procedures during which servers die at random times, from many seeds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arango::balance::{RandomSource, SeededRandom};
use arango::cluster::{ServerId, ServerRole};
use arango::follow::DrainStep;
use arango_test_cluster::TestCluster;
use tokio::time::{Instant, sleep};

use super::{
    SECOND, VALID_FOR, everywhere, executions, no_dumps, pace, skewed, slow_health, start, start_again,
};
use crate::follow::stop;
use crate::support::client;

/// After so long without a heartbeat a server is no longer good, and a moment for the requests themselves.
const NOTICED_AFTER: Duration = Duration::from_millis(5_200);

/// Since when servers are away that nobody restarts on purpose.
type Away = Arc<Mutex<BTreeMap<ServerId, Instant>>>;

/// Those that have been away for so long that a look that is still valid must have shown it.
fn lost(away: &Away) -> Vec<ServerId> {
    let away = away.lock().unwrap();
    let is_lost = |since: &&Instant| since.elapsed() > NOTICED_AFTER + VALID_FOR;
    away.iter().filter(|(_, since)| is_lost(since)).map(|(server, _)| server.clone()).collect()
}

/// Ends servers, takes the agency away and makes health slow, one after the other, for ever.
async fn troubles(cluster: &TestCluster, jitter: &SeededRandom, away: &Away, victims: &[ServerId]) {
    let within = |span: Duration| span.mul_f64(jitter.next_f64());
    loop {
        sleep(within(SECOND * 40)).await;
        let dumps = (jitter.next_f64() < 0.7).then(|| no_dumps(cluster));
        let slow = (jitter.next_f64() < 0.4).then(|| everywhere(cluster, &slow_health(SECOND * 5).times(2)));
        sleep(within(SECOND * 60)).await;
        let victim = if jitter.next_f64() < 0.5 { victims.first() } else { victims.last() }.unwrap();
        stop(cluster, victim);
        away.lock().unwrap().insert(victim.clone(), Instant::now());
        sleep(within(SECOND * 40)).await;
        drop(dumps);
        sleep(within(SECOND * 40)).await;
        away.lock().unwrap().remove(victim);
        start(cluster, victim).await;
        drop(slow);
    }
}

#[tokio::test(start_paused = true)]
async fn no_server_is_restarted_while_another_is_known_to_be_away() {
    let (mut restarts, mut stopped) = (0, 0);
    for seed in 0..30 {
        let cluster = Arc::new(skewed().await);
        let (jitter, away) = (SeededRandom::new(seed), Away::default());
        let count = Arc::new(Mutex::new(0));
        // One of each is not restarted here, and dies.
        let victims: Vec<_> = [cluster.db_server_ids().remove(2), cluster.coordinator(2).id().to_owned()]
            .map(ServerId::from)
            .into();
        let plan = client(&cluster).cluster().rolling_restart().skipping(victims.clone());
        let plan = plan.back_within(SECOND * 300).roles([ServerRole::DbServer, ServerRole::Coordinator]);
        let (there, seen, counted) = (Arc::clone(&cluster), Arc::clone(&away), Arc::clone(&count));
        let work = plan.run(pace().limit(SECOND * 1800), move |server| {
            assert_eq!(lost(&seen), [], "seed {seed}: {server} is restarted");
            *counted.lock().unwrap() += 1;
            let cluster = Arc::clone(&there);
            async move {
                start_again(&cluster, &server).await;
                Ok(())
            }
        });
        let ended = tokio::select! {
            biased;
            ended = work.finished() => ended,
            () = troubles(&cluster, &jitter, &away, &victims) => unreachable!("they never end"),
        };
        restarts += *count.lock().unwrap();
        stopped += usize::from(ended.is_err());
    }
    assert!(restarts > 30 && stopped < 30, "{restarts} restarts, {stopped} stopped");
}

#[tokio::test(start_paused = true)]
async fn no_server_is_emptied_while_another_is_known_to_be_away() {
    let mut removed = 0;
    for seed in 0..16 {
        let cluster = skewed().await;
        cluster.agency_jobs().set_move_time(SECOND * 15);
        let (jitter, away) = (SeededRandom::new(seed), Away::default());
        let ids = cluster.db_server_ids();
        let victims = [ServerId::from(ids[2].as_str())];
        let (admin, server) = (client(&cluster).cluster(), ServerId::from(ids[0].as_str()));
        let emptied = async {
            // A job fails if the only server that could take a shard is away; then it is repeated.
            for _ in 0..10 {
                let mut drain = admin.drain_server(&server, pace());
                while let Some(step) = drain.next().await {
                    if step == DrainStep::CleanedOut {
                        cluster.stop_db_server(0);
                    }
                }
                if drain.finished().await.is_ok() {
                    return true;
                }
                sleep(SECOND * 30).await;
            }
            false
        };
        let begun = || executions(&cluster, "resignLeadership") + executions(&cluster, "cleanOutServer");
        let watched = async {
            let mut before = begun();
            loop {
                let was_lost = !lost(&away).is_empty();
                sleep(SECOND / 2).await;
                let now = begun();
                let lost = lost(&away);
                assert!(now == before || !was_lost || lost.is_empty(), "seed {seed}: {lost:?} are away");
                before = now;
            }
        };
        let is_removed = tokio::select! {
            biased;
            is_removed = emptied => is_removed,
            () = watched => unreachable!("it never ends"),
            () = troubles(&cluster, &jitter, &away, &victims) => unreachable!("they never end"),
        };
        removed += usize::from(is_removed);
    }
    assert!(removed > 8, "{removed} of 16");
}
