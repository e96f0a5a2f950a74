//! R10–R12, R15 and R16: tokens, fetched and renewed by as few logins as it takes.

use std::time::Duration;

use arango::protocol::RequestClass;
use arango::transport::Credentials;
use arango::{Client, ErrorKind, Outcome};
use arango_test_cluster::{Authentication, Fault, Match, TestCluster};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::ending;
use crate::support::{CLASSES, ask_at_once, builder, cluster, insert};

fn client(cluster: &TestCluster) -> Client {
    builder(cluster).jwt_auth("root", cluster.root_password()).build().unwrap()
}

fn logins(cluster: &TestCluster) -> usize {
    cluster.journal().executions_by(|entry| entry.path.ends_with("/_open/auth"))
}

#[tokio::test(start_paused = true)]
async fn however_many_calls_begin_at_once_one_login_serves_them_all() {
    let cluster = cluster().await;
    let client = client(&cluster);
    ask_at_once(&client, 50).await;
    assert_eq!(logins(&cluster), 1);
    assert!(!format!("{client:?}").contains(cluster.root_password()));
}

#[tokio::test(start_paused = true)]
async fn a_login_goes_on_to_the_next_coordinator_like_any_other_request() {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.coordinator(0).kill();
    client.db("_system").version().await.unwrap();
    assert_eq!(logins(&cluster), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_began_a_login_may_go_away_without_harm_to_those_who_wait_for_it() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let slow = Fault::latency(Duration::from_secs(1)).on(Match::post("/_open/auth"));
    let slow = cluster.coordinator(0).inject(slow);
    let call = || {
        let database = client.db("_system");
        tokio::spawn(async move { database.version().await })
    };
    let leader = call();
    while slow.hits() == 0 {
        tokio::task::yield_now().await;
    }
    let follower = call();
    leader.abort();
    follower.await.unwrap().unwrap();
    assert_eq!(logins(&cluster), 1);
}

#[tokio::test(start_paused = true)]
async fn r10_a_token_that_has_ended_is_renewed_before_it_is_sent() {
    let cluster = cluster().await;
    let client = client(&cluster);
    client.db("_system").version().await.unwrap();
    for class in CLASSES {
        sleep(Duration::from_secs(2 * 3600)).await;
        let before = logins(&cluster);
        let (ending, _) = ending(&cluster, &client, class).await;
        assert_eq!((ending.error, ending.executions), (None, 1), "{class:?}");
        assert_eq!(logins(&cluster), 1, "{before} before the journal was cleared");
        let refused = cluster.journal().executions_by(|entry| entry.status == Some(401));
        assert_eq!(refused, 0, "no request went out with a token that had ended");
    }
}

#[tokio::test(start_paused = true)]
async fn r10_a_token_that_is_about_to_end_is_renewed_while_calls_go_on_with_it() {
    let cluster = cluster().await;
    let client = client(&cluster);
    client.db("_system").version().await.unwrap();
    // An hour is a token's life; it is renewed six to nine minutes before its end.
    sleep(Duration::from_secs(3600 - 330)).await;
    let slow: Vec<_> = cluster
        .coordinators()
        .iter()
        .map(|coordinator| {
            coordinator.inject(Fault::latency(Duration::from_secs(5)).on(Match::post("/_open/auth")))
        })
        .collect();
    let began = Instant::now();
    for _ in 0..3 {
        client.db("_system").version().await.unwrap();
    }
    assert_eq!(began.elapsed(), Duration::ZERO, "nobody waits for it");
    sleep(Duration::from_secs(6)).await;
    assert_eq!(slow.iter().map(arango_test_cluster::FaultGuard::hits).sum::<usize>(), 1);
    assert_eq!(logins(&cluster), 2);
    // The new one serves when the old one has ended.
    sleep(Duration::from_secs(400)).await;
    client.db("_system").version().await.unwrap();
    assert_eq!(logins(&cluster), 2);
}

#[tokio::test(start_paused = true)]
async fn r15_a_password_that_is_refused_while_the_token_holds_is_not_tried_by_every_call() {
    let cluster = cluster().await;
    let client = client(&cluster);
    client.db("_system").version().await.unwrap();
    sleep(Duration::from_secs(3600 - 330)).await;
    let faults: Vec<_> = cluster
        .coordinators()
        .iter()
        .map(|one| one.inject(Fault::answer(401, 401, "wrong password").on(Match::post("/_open/auth"))))
        .collect();
    let hits = || faults.iter().map(arango_test_cluster::FaultGuard::hits).sum::<usize>();
    for _ in 0..10 {
        client.db("_system").version().await.unwrap();
        sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(hits(), 1);
    sleep(Duration::from_millis(600)).await;
    client.db("_system").version().await.unwrap();
    sleep(Duration::from_millis(50)).await;
    assert_eq!(hits(), 2, "after a second it is tried again");
}

#[tokio::test(start_paused = true)]
async fn r11_a_token_that_another_call_has_renewed_already_is_not_renewed_again() {
    let cluster = cluster().await;
    let client = client(&cluster);
    client.db("_system").version().await.unwrap();
    // What others took a minute ago proves nothing of the token now.
    sleep(Duration::from_secs(61)).await;
    cluster.journal().clear();
    let write = || Match::post("/_api/document/*");
    let refuse = || Fault::answer(401, 11, "not authorized").on(write()).times(1);
    let _refused: Vec<_> = cluster.coordinators().iter().map(|one| one.inject(refuse())).collect();
    // One hears of it long after the others have a new token.
    let _late = cluster.coordinator(1).inject(Fault::latency(Duration::from_secs(5)).on(write()).times(1));
    let mut calls = JoinSet::new();
    for marker in ["a", "b", "c"] {
        let database = client.db("_system");
        calls.spawn(
            async move { database.execute(insert(marker, RequestClass::NonIdempotent)).await.unwrap() },
        );
    }
    let began = Instant::now();
    calls.join_all().await;
    assert_eq!(began.elapsed(), Duration::from_secs(5));
    assert_eq!(["a", "b", "c"].map(|marker| cluster.journal().executions(marker)), [1; 3]);
    assert_eq!(logins(&cluster), 1);
}

#[tokio::test(start_paused = true)]
async fn r12_a_token_that_is_refused_is_renewed_once_and_the_request_sent_to_the_same_again() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let refuse = || Fault::answer(401, 11, "not authorized").on(Match::post("/_api/document/*"));
        let _faults: Vec<_> =
            cluster.coordinators().iter().map(|one| one.inject(refuse().times(1))).collect();
        let (ending, _) = ending(&cluster, &client, class).await;
        assert_eq!((ending.error, ending.executions), (None, 1), "{class:?}");
        assert_eq!(logins(&cluster), 2);
        let asked: Vec<usize> = (0..3)
            .map(|index| {
                cluster
                    .journal()
                    .executions_by(|entry| entry.coordinator == index && entry.marker.as_deref() == Some("m"))
            })
            .collect();
        assert_eq!(asked.iter().filter(|count| **count > 0).count(), 1, "{asked:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn r12_a_refusal_of_the_last_attempt_is_final() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        client.db("_system").version().await.unwrap();
        let _faults: Vec<_> = cluster
            .coordinators()
            .iter()
            .flat_map(|one| {
                let starting = Fault::answer(503, 503, "starting").times(1);
                let refused = Fault::answer(401, 11, "not authorized").times(1);
                [starting, refused].map(|fault| one.inject(fault.on(Match::post("/_api/document/*"))))
            })
            .collect();
        let (ending, error) = ending(&cluster, &client, class).await;
        assert_eq!(ending.error, Some((ErrorKind::NotAuthorized, Outcome::NotExecuted)), "{class:?}");
        assert_eq!((ending.executions, error.unwrap().attempts().len()), (0, 4));
        assert_eq!(logins(&cluster), 0, "{class:?}: for an attempt that may not be made");
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_that_fails_for_another_reason_fails_the_call_before_it_is_sent() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let _faults: Vec<_> = cluster
            .coordinators()
            .iter()
            .map(|one| one.inject(Fault::answer(503, 503, "starting").on(Match::post("/_open/auth"))))
            .collect();
        let (ending, error) = ending(&cluster, &client, class).await;
        assert_eq!(ending.error, Some((ErrorKind::Login, Outcome::NotExecuted)), "{class:?}");
        assert_eq!((ending.received, error.unwrap().attempts().len()), (0, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn r12_a_second_refusal_is_final() {
    for class in CLASSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let _faults: Vec<_> = cluster
            .coordinators()
            .iter()
            .map(|one| {
                one.inject(Fault::answer(401, 11, "not authorized").on(Match::post("/_api/document/*")))
            })
            .collect();
        let (ending, error) = ending(&cluster, &client, class).await;
        assert_eq!(ending.error, Some((ErrorKind::NotAuthorized, Outcome::NotExecuted)), "{class:?}");
        assert_eq!((ending.executions, error.unwrap().attempts().len()), (0, 2));
        assert_eq!(logins(&cluster), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn r15_a_wrong_password_is_told_to_all_and_not_tried_again_for_a_growing_while() {
    let cluster = cluster().await;
    let client = builder(&cluster).jwt_auth("root", "wr0ng").build().unwrap();
    let mut tried = Vec::new();
    for _ in 0..3 {
        for _ in 0..10 {
            let error = client.db("_system").version().await.unwrap_err();
            assert_eq!((error.kind(), error.outcome()), (ErrorKind::BadCredentials, Outcome::NotExecuted));
            assert!(!format!("{error} {error:?} {}", error.report()).contains("wr0ng"));
        }
        tried.push(logins(&cluster));
        sleep(Duration::from_millis(1100)).await;
    }
    assert_eq!(tried, [1, 2, 2], "after a second, and then not before two more");
}

#[tokio::test(start_paused = true)]
async fn r16_a_server_without_authentication_is_asked_without_a_token() {
    for version in ["3.11", "3.12.8"] {
        let cluster = TestCluster::builder()
            .authentication(Authentication::Off)
            .version(version)
            .seed(1)
            .in_memory()
            .start()
            .await
            .unwrap();
        let client = client(&cluster);
        for _ in 0..5 {
            client.db("_system").version().await.unwrap();
        }
        assert!(logins(&cluster) <= 1, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_handle_may_log_in_on_its_own_or_bring_a_token() {
    let cluster = cluster().await;
    let client = builder(&cluster).credentials(Credentials::none()).build().unwrap();
    let nobody = client.db("_system").execute(insert("nobody", RequestClass::Safe)).await.unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::NotAuthorized);

    let root = client.db("_system").jwt_auth("root", cluster.root_password());
    root.clone().execute(insert("root", RequestClass::Safe)).await.unwrap();
    root.execute(insert("root", RequestClass::Safe)).await.unwrap();
    assert_eq!(logins(&cluster), 1, "clones share their token");

    let token = Credentials::token(&cluster.superuser_token()).unwrap();
    client.db("_system").credentials(token).execute(insert("super", RequestClass::Safe)).await.unwrap();
}
