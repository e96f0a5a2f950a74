//! Automatic recovery: expired tokens, dead and hanging coordinators.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{Client, ErrorKind, Limits, Outcome};
use arango_test_cluster::TestCluster;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::{WRITES, readers};
use crate::support::{CLASSES, builder, client, cluster, insert};

/// Returns a client that has logged in.
async fn logged_in(cluster: &TestCluster) -> Client {
    let client = builder(cluster).jwt_auth("root", cluster.root_password()).build().unwrap();
    client.db("_system").version().await.unwrap();
    cluster.journal().clear();
    client
}

fn logins(cluster: &TestCluster) -> usize {
    cluster.journal().executions_matching(|entry| entry.path == "/_open/auth")
}

/// python-arango never renews a token. After the end of the session every call fails with 401.
#[tokio::test(start_paused = true)]
async fn an_expired_token_is_renewed_transparently() {
    for write in WRITES {
        let cluster = cluster().await;
        cluster.tokens().set_lifetime(Duration::from_secs(1));
        let client = logged_in(&cluster).await;
        sleep(Duration::from_secs(3)).await;
        let start = Instant::now();
        write.execute_with(&client).await.unwrap();
        assert_eq!((start.elapsed(), logins(&cluster)), (Duration::ZERO, 1));
        assert_eq!((readers(&cluster, "m").len(), cluster.journal().executions("m")), (1, 1));
    }
}

/// The Go driver renews a token by its expiry time only, never after a 401.
#[tokio::test(start_paused = true)]
async fn a_token_revoked_early_is_renewed_transparently() {
    for write in WRITES {
        let cluster = cluster().await;
        let client = logged_in(&cluster).await;
        cluster.tokens().expire_all();
        let start = Instant::now();
        write.execute_with(&client).await.unwrap();
        assert_eq!((start.elapsed(), logins(&cluster)), (Duration::ZERO, 1));
        assert_eq!(cluster.journal().executions("m"), 1);
    }
}

/// python-arango-async logs in once for each call.
#[tokio::test(start_paused = true)]
async fn a_hundred_calls_with_an_expired_token_share_one_login() {
    let cluster = cluster().await;
    let client = logged_in(&cluster).await;
    cluster.tokens().expire_all();
    let mut calls = JoinSet::new();
    for call in 0..100 {
        let database = client.db("_system");
        let write = insert(&format!("m{call}"), RequestClass::NonIdempotent);
        calls.spawn(async move { database.execute(write).await.unwrap() });
    }
    calls.join_all().await;
    assert_eq!(logins(&cluster), 1);
    assert!((0..100).all(|call| cluster.journal().executions(&format!("m{call}")) == 1));
}

/// python-arango waits six seconds on each contact with a dead host.
#[tokio::test(start_paused = true)]
async fn a_dead_coordinator_adds_no_latency() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        cluster.coordinator(0).kill();
        let start = Instant::now();
        for call in 0..30 {
            let marker = format!("m{call}");
            client.db("_system").execute(insert(&marker, class)).await.unwrap();
            assert_eq!((readers(&cluster, &marker).len(), cluster.journal().executions(&marker)), (1, 1));
        }
        assert_eq!(start.elapsed(), Duration::ZERO, "{class:?}");
    }
}

const LIMIT: Duration = Duration::from_secs(2);

/// The Java driver has no default timeout. Others wait for the full timeout of each call.
#[tokio::test(start_paused = true)]
async fn a_hung_coordinator_delays_a_call_by_one_attempt_timeout() {
    for class in CLASSES {
        let is_retried = matches!(class, RequestClass::Safe | RequestClass::Fenced);
        let cluster = cluster().await;
        let client = builder(&cluster).limits(Limits::default().attempt(LIMIT)).build().unwrap();
        cluster.coordinator(0).pause();
        let mut limits = 0;
        for call in 0..30 {
            let start = Instant::now();
            let result = client.db("_system").execute(insert(&format!("m{call}"), class)).await;
            let waited = start.elapsed().as_millis();
            assert!(waited == 0 || (2000..=2001).contains(&waited), "{class:?} {call}: {waited}");
            limits += usize::from(waited > 0);
            match result {
                // A write may still be executed later.
                Err(error) => {
                    assert_eq!(
                        (error.kind(), error.outcome()),
                        (ErrorKind::AttemptTimeout, Outcome::Unknown)
                    );
                    assert!(!is_retried && waited > 0);
                }
                Ok(()) => assert!(is_retried || waited == 0),
            }
        }
        assert_eq!(limits, 3, "{class:?}");
        assert_eq!(client.coordinators()[0].state, MemberState::Ejected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_resumed_coordinator_executes_nothing_twice() {
    let cluster = cluster().await;
    let client = builder(&cluster).limits(Limits::default().attempt(LIMIT)).build().unwrap();
    cluster.coordinator(0).pause();
    let error = client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    cluster.coordinator(0).resume();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(cluster.journal().executions("m"), 1, "only the first copy is executed");
}
