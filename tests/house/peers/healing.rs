//! What a client gets over by itself: tokens that have ended, and coordinators that are dead or silent.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{Client, ErrorKind, Limits, Outcome};
use arango_test_cluster::TestCluster;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::{WRITES, readers};
use crate::support::{CLASSES, builder, client, cluster, insert};

/// A client that has logged in.
async fn logged_in(cluster: &TestCluster) -> Client {
    let client = builder(cluster).jwt_auth("root", cluster.root_password()).build().unwrap();
    client.db("_system").version().await.unwrap();
    cluster.journal().clear();
    client
}

fn logins(cluster: &TestCluster) -> usize {
    cluster.journal().executions_by(|entry| entry.path == "/_open/auth")
}

/// python-arango never renews a token: whoever runs for longer than a session gets a 401 for ever.
#[tokio::test(start_paused = true)]
async fn a_token_that_has_ended_is_renewed_without_a_word_to_the_caller() {
    for write in WRITES {
        let cluster = cluster().await;
        cluster.tokens().set_lifetime(Duration::from_secs(1));
        let client = logged_in(&cluster).await;
        sleep(Duration::from_secs(3)).await;
        let began = Instant::now();
        write.by(&client).await.unwrap();
        assert_eq!((began.elapsed(), logins(&cluster)), (Duration::ZERO, 1));
        assert_eq!((readers(&cluster, "m").len(), cluster.journal().executions("m")), (1, 1));
    }
}

/// The go driver renews when the clock says so, and never because the server does.
#[tokio::test(start_paused = true)]
async fn a_token_that_ended_before_its_time_is_renewed_without_a_word_to_the_caller() {
    for write in WRITES {
        let cluster = cluster().await;
        let client = logged_in(&cluster).await;
        cluster.tokens().expire_all();
        let began = Instant::now();
        write.by(&client).await.unwrap();
        assert_eq!((began.elapsed(), logins(&cluster)), (Duration::ZERO, 1));
        assert_eq!(cluster.journal().executions("m"), 1);
    }
}

/// python-arango-async logs in for each of them.
#[tokio::test(start_paused = true)]
async fn a_hundred_calls_with_a_token_that_has_ended_share_one_login() {
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

/// python-arango waits six seconds for each touch of a dead host.
#[tokio::test(start_paused = true)]
async fn a_dead_coordinator_costs_no_time() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        cluster.coordinator(0).kill();
        let began = Instant::now();
        for call in 0..30 {
            let marker = format!("m{call}");
            client.db("_system").execute(insert(&marker, class)).await.unwrap();
            assert_eq!((readers(&cluster, &marker).len(), cluster.journal().executions(&marker)), (1, 1));
        }
        assert_eq!(began.elapsed(), Duration::ZERO, "{class:?}");
    }
}

const LIMIT: Duration = Duration::from_secs(2);

/// The java driver has no limit unless it is given one, and others wait for as long as each call may take.
#[tokio::test(start_paused = true)]
async fn a_hung_coordinator_costs_a_call_one_limit_of_an_attempt_at_most_and_soon_nothing() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = builder(&cluster).limits(Limits::default().attempt(LIMIT)).build().unwrap();
        cluster.coordinator(0).pause();
        let mut limits = 0;
        for call in 0..30 {
            let began = Instant::now();
            let result = client.db("_system").execute(insert(&format!("m{call}"), class)).await;
            let waited = began.elapsed().as_millis();
            assert!(waited == 0 || (2000..=2001).contains(&waited), "{class:?} {call}: {waited}");
            limits += usize::from(waited > 0);
            match result {
                // Whatever has an effect may have it yet.
                Err(error) => {
                    assert_eq!(
                        (error.kind(), error.outcome()),
                        (ErrorKind::AttemptTimeout, Outcome::Unknown)
                    );
                    assert!(class != RequestClass::Safe && waited > 0);
                }
                Ok(()) => assert!(class == RequestClass::Safe || waited == 0),
            }
        }
        assert_eq!(limits, 3, "{class:?}");
        assert_eq!(client.coordinators()[0].standing, MemberState::Ejected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_coordinator_that_wakes_up_executes_nothing_twice() {
    let cluster = cluster().await;
    let client = builder(&cluster).limits(Limits::default().attempt(LIMIT)).build().unwrap();
    cluster.coordinator(0).pause();
    let error = client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown);
    cluster.coordinator(0).resume();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(cluster.journal().executions("m"), 1, "the first copy, after all");
}
