//! Outages during which a login is needed.

use arango::cluster::{JobStatus, MoveShard};
use arango::transport::secrecy::SecretString;
use arango::transport::{BoxError, BoxFuture, TokenSource};
use arango::{Credentials, ErrorKind};
use arango_test_cluster::{Coordinator, Fault, Match};

use tokio::time::{Instant, sleep};

use super::{SECOND, a_move, everywhere, executions, pace, skewed};
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
