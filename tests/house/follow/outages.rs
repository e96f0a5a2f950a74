//! Outages during which a login is needed, or something is to be begun.

use std::sync::Arc;

use arango::cluster::{JobStatus, MoveShard, RebalanceOptions, ServerId, ServerRole};
use arango::follow::DrainStep;
use arango::transport::secrecy::SecretString;
use arango::transport::{BoxError, BoxFuture, TokenSource};
use arango::{Credentials, ErrorKind};
use arango_test_cluster::{Coordinator, Fault, Match, TestCluster};

use tokio::time::{Instant, sleep};

use super::{SECOND, a_move, everywhere, executions, pace, skewed, start_again};
use crate::support::{builder, client};

/// A source of tokens that has none.
#[derive(Debug)]
struct Without(fn() -> BoxError);

impl TokenSource for Without {
    fn token(&self) -> BoxFuture<'_, Result<SecretString, BoxError>> {
        let error = self.0();
        Box::pin(async move { Err(error) })
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_that_fails_because_of_an_outage_is_waited_for() {
    for outage in ["logins are refused", "coordinators are dead"] {
        let cluster = skewed().await;
        cluster.agency_jobs().set_move_time(SECOND * 60);
        let step = a_move(&client(&cluster)).await;
        let id = client(&cluster).cluster().move_shard(MoveShard::of(&step)).await.unwrap();
        let client = builder(&cluster).jwt_auth("root", cluster.root_password()).build().unwrap();
        let began = Instant::now();
        let over = async {
            if outage == "coordinators are dead" {
                cluster.coordinators().iter().for_each(Coordinator::kill);
                sleep(SECOND * 300).await;
                for coordinator in cluster.coordinators() {
                    coordinator.restart().await.unwrap();
                }
            } else {
                let login = Match::post("/_open/auth");
                let refused = everywhere(&cluster, &Fault::answer(503, 503, "starting").on(login));
                sleep(SECOND * 300).await;
                drop(refused);
            }
        };
        let follow = client.cluster().follow_job(&id, pace()).finished();
        let ((), ended) = tokio::join!(over, follow);
        assert_eq!(ended.unwrap().status, JobStatus::Finished, "{outage}");
        assert!(began.elapsed() >= SECOND * 300, "{outage}");
        assert_eq!(executions(&cluster, "moveShard"), 1, "{outage}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_that_cannot_succeed_ends_the_work_at_once() {
    let cluster = skewed().await;
    let step = a_move(&client(&cluster)).await;
    let id = client(&cluster).cluster().move_shard(MoveShard::of(&step)).await.unwrap();
    let without = |error| Credentials::made_by(Without(error));
    for (what, credentials, kind) in [
        ("a wrong password", Credentials::jwt("root", "wr0ng"), ErrorKind::BadCredentials),
        ("no token", without(|| "there is none".into()), ErrorKind::Login),
        ("no file", without(|| std::io::Error::from(std::io::ErrorKind::NotFound).into()), ErrorKind::Login),
    ] {
        let client = builder(&cluster).credentials(credentials).build().unwrap();
        let began = Instant::now();
        let ended = client.cluster().follow_job(&id, pace()).finished().await.unwrap_err();
        assert_eq!(ended.call().map(arango::Error::kind), Some(kind), "{what}: {ended}");
        assert!(began.elapsed() < SECOND * 10, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_source_of_tokens_that_cannot_be_reached_is_asked_again() {
    let cluster = skewed().await;
    let step = a_move(&client(&cluster)).await;
    let id = client(&cluster).cluster().move_shard(MoveShard::of(&step)).await.unwrap();
    let away = || std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into();
    let client = builder(&cluster).credentials(Credentials::made_by(Without(away))).build().unwrap();
    let began = Instant::now();
    let ended = client.cluster().follow_job(&id, pace().limit(SECOND * 60)).finished().await.unwrap_err();
    assert_eq!(ended.call().map(arango::Error::kind), Some(ErrorKind::Login), "{ended}");
    assert_eq!(began.elapsed(), SECOND * 60);
}

#[tokio::test(start_paused = true)]
async fn a_start_that_was_not_executed_because_of_an_outage_is_made_once_it_is_over() {
    let full = |path: &str| Fault::answer(503, 21003, "queue full").on(Match::path(path));
    let refuse = |cluster: &TestCluster| -> Vec<_> {
        let paths =
            ["moveShard", "cleanOutServer", "resignLeadership"].map(|one| format!("/_admin/cluster/{one}"));
        let maintenance = "/_admin/cluster/maintenance/*".to_owned();
        paths.into_iter().chain([maintenance]).flat_map(|path| everywhere(cluster, &full(&path))).collect()
    };
    for work in ["restart", "drain", "rebalance"] {
        let cluster = Arc::new(skewed().await);
        let admin = client(&cluster).cluster();
        let prepared = admin.prepare_rebalance(&RebalanceOptions::new()).await.unwrap();
        let planned = prepared.plan().moves.len();
        let server = ServerId::from(cluster.db_server_ids().remove(0));
        let refused = refuse(&cluster);
        let over = async {
            sleep(SECOND * 100).await;
            drop(refused);
            // Of a restart the maintenance comes later.
            while work == "restart" && executions(&cluster, "resignLeadership") == 0 {
                sleep(SECOND / 100).await;
            }
            let refused = (work == "restart").then(|| refuse(&cluster));
            sleep(SECOND * 100).await;
            drop(refused);
        };
        let done = async {
            match work {
                "restart" => {
                    let there = Arc::clone(&cluster);
                    let plan = admin.rolling_restart().roles([ServerRole::DbServer]);
                    let restart = plan.run(pace(), move |server| {
                        let cluster = Arc::clone(&there);
                        async move {
                            start_again(&cluster, &server).await;
                            Ok(())
                        }
                    });
                    assert_eq!(restart.finished().await.unwrap().len(), 3);
                }
                "drain" => {
                    let mut drain = admin.drain_server(&server, pace());
                    while drain.next().await.unwrap() != DrainStep::CleanedOut {}
                }
                _ => {
                    let report = prepared.at_once(2).execute(pace()).finished().await.unwrap();
                    assert_eq!(report.made.len(), planned);
                }
            }
        };
        tokio::join!(done, over);
        let begun = ["moveShard", "cleanOutServer", "resignLeadership"].map(|one| executions(&cluster, one));
        let once = match work {
            "restart" => [0, 0, 3],
            "drain" => [0, 1, 1],
            _ => [planned, 0, 0],
        };
        assert_eq!(begun, once, "{work}");
    }
}
