//! Long-running operations while servers fail at random times, for many seeds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arango::balance::{RandomSource, SeededRandom};
use arango::cluster::{ServerId, ServerRole};
use arango::long_running::DecommissionStep;
use arango_test_cluster::TestCluster;
use tokio::time::{Instant, sleep};

use super::{
    SECOND, VALID_FOR, executions, no_dumps, poll_options, restart_server, skewed_cluster, slow_health, start,
};
use crate::long_running::stop;
use crate::support::client;

/// Time until a failed server is no longer good, plus the time of the requests.
const FAILURE_DETECTION_TIME: Duration = Duration::from_millis(5_200);

/// Servers that have failed, with the time of the failure.
type DownServers = Arc<Mutex<BTreeMap<ServerId, Instant>>>;

/// Returns the servers that are known to be down. A valid check must have reported them by now.
fn known_down(down: &DownServers) -> Vec<ServerId> {
    let down = down.lock().unwrap();
    let is_known = |since: &&Instant| since.elapsed() > FAILURE_DETECTION_TIME + VALID_FOR;
    down.iter().filter(|(_, since)| is_known(since)).map(|(server, _)| server.clone()).collect()
}

/// Repeatedly makes agency dumps fail, makes health slow, and stops and restarts servers.
async fn inject_failures(
    cluster: &TestCluster,
    random: &SeededRandom,
    down: &DownServers,
    failing_servers: &[ServerId],
) {
    let random_delay = |span: Duration| span.mul_f64(random.next_f64());
    loop {
        sleep(random_delay(SECOND * 40)).await;
        let dumps = (random.next_f64() < 0.7).then(|| no_dumps(cluster));
        let slow = (random.next_f64() < 0.4).then(|| cluster.inject(&slow_health(SECOND * 5).times(2)));
        sleep(random_delay(SECOND * 60)).await;
        let failing_server =
            if random.next_f64() < 0.5 { failing_servers.first() } else { failing_servers.last() }.unwrap();
        stop(cluster, failing_server);
        down.lock().unwrap().insert(failing_server.clone(), Instant::now());
        sleep(random_delay(SECOND * 40)).await;
        drop(dumps);
        sleep(random_delay(SECOND * 40)).await;
        down.lock().unwrap().remove(failing_server);
        start(cluster, failing_server).await;
        drop(slow);
    }
}

#[tokio::test(start_paused = true)]
async fn no_server_is_restarted_while_another_is_down() {
    let (mut restarts, mut stopped) = (0, 0);
    for seed in 0..30 {
        let cluster = Arc::new(skewed_cluster().await);
        let (random, down) = (SeededRandom::new(seed), DownServers::default());
        let count = Arc::new(Mutex::new(0));
        // One server of each role is excluded from the restart, and fails.
        let failing_servers: Vec<_> =
            [cluster.db_server_ids().remove(2), cluster.coordinator(2).id().to_owned()]
                .map(ServerId::from)
                .into();
        let plan = client(&cluster).cluster().rolling_restart().skip(failing_servers.clone());
        let plan = plan.restart_timeout(SECOND * 300).roles([ServerRole::DbServer, ServerRole::Coordinator]);
        let (restart_cluster, restart_down, restart_count) =
            (Arc::clone(&cluster), Arc::clone(&down), Arc::clone(&count));
        let poller = plan.run(poll_options().timeout(SECOND * 1800), move |server| {
            assert_eq!(known_down(&restart_down), [], "seed {seed}: {server} is restarted");
            *restart_count.lock().unwrap() += 1;
            let cluster = Arc::clone(&restart_cluster);
            async move {
                restart_server(&cluster, &server).await;
                Ok(())
            }
        });
        let result = tokio::select! {
            biased;
            result = poller.wait() => result,
            () = inject_failures(&cluster, &random, &down, &failing_servers) => unreachable!("failures never end"),
        };
        restarts += *count.lock().unwrap();
        stopped += usize::from(result.is_err());
    }
    assert!(restarts > 30 && stopped < 30, "{restarts} restarts, {stopped} stopped");
}

#[tokio::test(start_paused = true)]
async fn no_server_is_cleaned_out_while_another_is_down() {
    let mut removed = 0;
    for seed in 0..16 {
        let cluster = skewed_cluster().await;
        cluster.agency_jobs().set_move_time(SECOND * 15);
        let (random, down) = (SeededRandom::new(seed), DownServers::default());
        let ids = cluster.db_server_ids();
        let failing_servers = [ServerId::from(ids[2].as_str())];
        let (admin, server) = (client(&cluster).cluster(), ServerId::from(ids[0].as_str()));
        let clean_out = async {
            // A job fails if the only possible target is down. Then the decommission is repeated.
            for _ in 0..10 {
                let mut decommission = admin.decommission_server(&server, poll_options());
                while let Some(step) = decommission.next().await {
                    if step == DecommissionStep::CleanedOut {
                        cluster.stop_db_server(0);
                    }
                }
                if decommission.wait().await.is_ok() {
                    return true;
                }
                sleep(SECOND * 30).await;
            }
            false
        };
        let jobs_started =
            || executions(&cluster, "resignLeadership") + executions(&cluster, "cleanOutServer");
        let assert_no_start = async {
            let mut before = jobs_started();
            loop {
                let was_down = !known_down(&down).is_empty();
                sleep(SECOND / 2).await;
                let now = jobs_started();
                let known = known_down(&down);
                assert!(now == before || !was_down || known.is_empty(), "seed {seed}: {known:?} are down");
                before = now;
            }
        };
        let is_removed = tokio::select! {
            biased;
            is_removed = clean_out => is_removed,
            () = assert_no_start => unreachable!("the assertion loop never ends"),
            () = inject_failures(&cluster, &random, &down, &failing_servers) => unreachable!("failures never end"),
        };
        removed += usize::from(is_removed);
    }
    assert!(removed > 8, "{removed} of 16");
}
