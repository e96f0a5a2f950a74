//! Outages that affect logins and the start of operations.

use std::sync::Arc;

use arango::TokenSource;
use arango::cluster::{JobStatus, MoveShard, RebalanceOptions, ServerId, ServerRole};
use arango::long_running::DecommissionStep;
use arango::transport::secrecy::SecretString;
use arango::transport::{BoxError, BoxFuture};
use arango::{Credentials, ErrorKind};
use arango_test_cluster::{Coordinator, Fault, Match, TestCluster};

use tokio::time::{Instant, sleep};

use super::{SECOND, executions, first_move, poll_options, restart_server, skewed_cluster};
use crate::support::{builder, client};

/// A token source that always fails.
#[derive(Debug)]
struct FailingTokenSource(fn() -> BoxError);

impl TokenSource for FailingTokenSource {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
        let error = self.0();
        Box::pin(async move { Err(error) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_failing_during_an_outage_is_retried() {
    for outage in ["logins are refused", "coordinators are dead"] {
        let cluster = skewed_cluster().await;
        cluster.agency_jobs().set_move_time(SECOND * 60);
        let step = first_move(&client(&cluster)).await;
        let id = client(&cluster).cluster().move_shard(MoveShard::from_plan(&step)).await.unwrap();
        let client = builder(&cluster).jwt_auth("root", cluster.root_password()).build().unwrap();
        let start_time = Instant::now();
        let outage_end = async {
            if outage == "coordinators are dead" {
                cluster.coordinators().iter().for_each(Coordinator::kill);
                sleep(SECOND * 300).await;
                for coordinator in cluster.coordinators() {
                    coordinator.restart().await.unwrap();
                }
            } else {
                let login = Match::post("/_open/auth");
                let rejections = cluster.inject(&Fault::response(503, 503, "starting").on(login));
                sleep(SECOND * 300).await;
                drop(rejections);
            }
        };
        let poller = client.cluster().watch_job(&id, poll_options()).wait();
        let ((), result) = tokio::join!(outage_end, poller);
        assert_eq!(result.unwrap().status, JobStatus::Finished, "{outage}");
        assert!(start_time.elapsed() >= SECOND * 300, "{outage}");
        assert_eq!(executions(&cluster, "moveShard"), 1, "{outage}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_permanently_failing_login_stops_at_once() {
    let cluster = skewed_cluster().await;
    let step = first_move(&client(&cluster)).await;
    let id = client(&cluster).cluster().move_shard(MoveShard::from_plan(&step)).await.unwrap();
    let failing_source = |error| Credentials::from_source(FailingTokenSource(error));
    for (case, credentials, kind) in [
        ("a wrong password", Credentials::jwt("root", "wr0ng"), ErrorKind::BadCredentials),
        ("no token", failing_source(|| "there is none".into()), ErrorKind::Login),
        (
            "no file",
            failing_source(|| std::io::Error::from(std::io::ErrorKind::NotFound).into()),
            ErrorKind::Login,
        ),
    ] {
        let client = builder(&cluster).credentials(credentials).build().unwrap();
        let start_time = Instant::now();
        let result = client.cluster().watch_job(&id, poll_options()).wait().await.unwrap_err();
        assert_eq!(result.call_error().map(arango::Error::kind), Some(kind), "{case}: {result}");
        assert!(start_time.elapsed() < SECOND * 10, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_token_source_is_retried() {
    let cluster = skewed_cluster().await;
    let step = first_move(&client(&cluster)).await;
    let id = client(&cluster).cluster().move_shard(MoveShard::from_plan(&step)).await.unwrap();
    let unreachable = || std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into();
    let client = builder(&cluster)
        .credentials(Credentials::from_source(FailingTokenSource(unreachable)))
        .build()
        .unwrap();
    let start_time = Instant::now();
    let result =
        client.cluster().watch_job(&id, poll_options().timeout(SECOND * 60)).wait().await.unwrap_err();
    assert_eq!(result.call_error().map(arango::Error::kind), Some(ErrorKind::Login), "{result}");
    assert_eq!(start_time.elapsed(), SECOND * 60);
}

#[tokio::test(start_paused = true)]
async fn a_start_rejected_during_an_outage_is_sent_afterwards() {
    let full = |path: &str| Fault::response(503, 21003, "queue full").on(Match::path(path));
    let reject = |cluster: &TestCluster| -> Vec<_> {
        let paths =
            ["moveShard", "cleanOutServer", "resignLeadership"].map(|one| format!("/_admin/cluster/{one}"));
        let maintenance = "/_admin/cluster/maintenance/*".to_owned();
        paths.into_iter().chain([maintenance]).flat_map(|path| cluster.inject(&full(&path))).collect()
    };
    for operation in ["restart", "decommission", "rebalance"] {
        let cluster = Arc::new(skewed_cluster().await);
        let admin = client(&cluster).cluster();
        let prepared = admin.prepare_rebalance(&RebalanceOptions::new()).await.unwrap();
        let planned = prepared.plan().moves.len();
        let server = ServerId::from(cluster.db_server_ids().remove(0));
        let rejections = reject(&cluster);
        let outage_end = async {
            sleep(SECOND * 100).await;
            drop(rejections);
            // A restart requests maintenance after the resignation.
            while operation == "restart" && executions(&cluster, "resignLeadership") == 0 {
                sleep(SECOND / 100).await;
            }
            let rejections = (operation == "restart").then(|| reject(&cluster));
            sleep(SECOND * 100).await;
            drop(rejections);
        };
        let finished = async {
            match operation {
                "restart" => {
                    let restart_cluster = Arc::clone(&cluster);
                    let plan = admin.rolling_restart().roles([ServerRole::DbServer]);
                    let restart = plan.run(poll_options(), move |server| {
                        let cluster = Arc::clone(&restart_cluster);
                        async move {
                            restart_server(&cluster, &server).await;
                            Ok(())
                        }
                    });
                    assert_eq!(restart.wait().await.unwrap().len(), 3);
                }
                "decommission" => {
                    let mut decommission = admin.decommission_server(&server, poll_options());
                    while decommission.next().await.unwrap() != DecommissionStep::CleanedOut {}
                }
                _ => {
                    let report = prepared.max_concurrent(2).execute(poll_options()).wait().await.unwrap();
                    assert_eq!(report.completed.len(), planned);
                }
            }
        };
        tokio::join!(finished, outage_end);
        let jobs_started =
            ["moveShard", "cleanOutServer", "resignLeadership"].map(|one| executions(&cluster, one));
        let expected = match operation {
            "restart" => [0, 0, 3],
            "decommission" => [0, 1, 1],
            _ => [planned, 0, 0],
        };
        assert_eq!(jobs_started, expected, "{operation}");
    }
}
