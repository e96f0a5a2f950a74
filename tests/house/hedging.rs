//! A read that takes unusually long is asked of a second coordinator, if that is wanted; nothing else ever is.

use std::time::Duration;

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::transport::StoppedBy;
use arango::{CallOptions, Client, ErrorKind, Hedging, Limits, Outcome};
use arango_test_cluster::{Fault, FaultGuard, Match, TestCluster};
use tokio::time::{Instant, sleep};

use crate::support::{builder, cluster, cluster_of, insert};

const SLOW: Duration = Duration::from_secs(5);

fn client(cluster: &TestCluster) -> Client {
    builder(cluster).hedging(Hedging::of_the_slowest()).build().unwrap()
}

async fn read(client: &Client) {
    client.db("_system").execute(insert("read", RequestClass::Safe)).await.unwrap();
}

/// Makes as many reads as it takes to know what is usual, each of which takes this long.
async fn accustom(cluster: &TestCluster, client: &Client, usual: Duration) {
    let slow: Vec<FaultGuard> =
        cluster.coordinators().iter().map(|one| one.inject(Fault::latency(usual))).collect();
    for _ in 0..30 {
        read(client).await;
    }
    drop(slow);
    // What was slower by a hair was asked of another, too.
    sleep(SLOW).await;
    cluster.journal().clear();
}

fn slow(cluster: &TestCluster, index: usize) -> FaultGuard {
    cluster.coordinator(index).inject(Fault::latency(SLOW).on(Match::post("/_api/document/*")))
}

/// How often each coordinator has read a request.
fn asked(cluster: &TestCluster) -> Vec<usize> {
    cluster.journal().requests_per_coordinator()
}

#[tokio::test(start_paused = true)]
async fn a_read_that_takes_unusually_long_is_asked_of_another_and_the_first_answer_ends_it() {
    // The usual, and for how long the first is waited for: 50 ms at least.
    for (usual, waits) in [(10, 50), (200, 200)] {
        let cluster = cluster().await;
        let client = client(&cluster);
        accustom(&cluster, &client, Duration::from_millis(usual)).await;
        let slow = slow(&cluster, 0);
        let began = Instant::now();
        read(&client).await;
        let waited = began.elapsed().as_millis();
        assert!((waits..=waits + 3).contains(&waited), "usually {usual} ms: {waited} ms");
        assert_eq!((slow.hits(), cluster.journal().executions("read")), (1, 1));
        // The one that was overtaken holds nothing, and is executed all the same.
        assert!(client.coordinators().iter().all(|state| state.in_flight == 0));
        assert!(client.coordinators().iter().all(|state| state.standing == MemberState::Healthy));
        sleep(2 * SLOW).await;
        assert_eq!(cluster.journal().executions("read"), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_hedged_unless_that_is_wanted_nor_what_has_an_effect_nor_what_is_meant_for_one() {
    let cluster = cluster().await;
    let hedging = client(&cluster);
    let plain = crate::support::client(&cluster);
    for client in [&hedging, &plain] {
        accustom(&cluster, client, Duration::from_millis(1)).await;
    }
    let _slow: Vec<_> = (0..3).map(|index| slow(&cluster, index)).collect();
    let first = hedging.coordinator(&hedging.coordinators()[0].address);
    let never = CallOptions::default().hedging(Hedging::never());
    cluster.journal().clear();
    let began = Instant::now();
    read(&plain).await;
    hedging.db("_system").execute(insert("read", RequestClass::Idempotent)).await.unwrap();
    hedging.db("_system").execute(insert("read", RequestClass::NonIdempotent)).await.unwrap();
    first.execute(insert("read", RequestClass::Safe)).await.unwrap();
    hedging.db("_system").options(never).execute(insert("read", RequestClass::Safe)).await.unwrap();
    assert_eq!((began.elapsed().as_secs(), cluster.journal().received("read")), (5 * SLOW.as_secs(), 5));
}

#[tokio::test(start_paused = true)]
async fn a_call_may_want_it_though_its_client_does_not() {
    let cluster = cluster().await;
    let client = crate::support::client(&cluster);
    let wants =
        CallOptions::default().hedging(Hedging::of_the_slowest().no_sooner_than(Duration::from_millis(7)));
    let database = client.db("_system").options(wants);
    for _ in 0..30 {
        database.execute(insert("read", RequestClass::Safe)).await.unwrap();
    }
    let _slow = slow(&cluster, 0);
    let began = Instant::now();
    for _ in 0..3 {
        database.execute(insert("read", RequestClass::Safe)).await.unwrap();
    }
    assert!((7..=9).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn as_long_as_nobody_knows_what_is_usual_nobody_else_is_asked() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let _slow = slow(&cluster, 0);
    read(&client).await;
    assert_eq!(asked(&cluster).iter().sum::<usize>(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failure_waits_for_the_other_and_ends_nothing_that_may_succeed() {
    let cluster = cluster().await;
    let client = client(&cluster);
    accustom(&cluster, &client, Duration::from_millis(1)).await;
    // The second coordinator fails at once, the first answers late.
    let _slow = slow(&cluster, 0);
    let failing = Fault::answer(404, 1203, "no such collection");
    let failing: Vec<_> = (1..3).map(|index| cluster.coordinator(index).inject(failing.clone())).collect();
    let began = Instant::now();
    read(&client).await;
    assert_eq!(began.elapsed().as_secs(), 5);
    assert_eq!(failing.iter().map(FaultGuard::hits).sum::<usize>(), 1);
    drop(failing);

    // The first fails late, the second answers later still.
    let cluster = self::cluster().await;
    let client = self::client(&cluster);
    accustom(&cluster, &client, Duration::from_millis(1)).await;
    let late = cluster.coordinator(0).inject(Fault::answer(404, 1203, "no such collection"));
    let _first = cluster.coordinator(0).inject(Fault::latency(Duration::from_secs(1)));
    let _others: Vec<_> = (1..3).map(|index| slow(&cluster, index)).collect();
    let began = Instant::now();
    read(&client).await;
    assert_eq!((began.elapsed().as_secs(), late.hits()), (5, 1));
}

#[tokio::test(start_paused = true)]
async fn when_both_fail_the_error_tells_of_both() {
    let cluster = cluster_of(2).await;
    let client = client(&cluster);
    accustom(&cluster, &client, Duration::from_millis(1)).await;
    let _failing: Vec<_> = cluster
        .coordinators()
        .iter()
        .map(|one| one.inject(Fault::answer(404, 1203, "no such collection").after_execution()))
        .collect();
    let _slow: Vec<_> =
        cluster.coordinators().iter().map(|one| one.inject(Fault::latency(Duration::from_secs(1)))).collect();
    let result = client.db("_system").execute(insert("read", RequestClass::Safe)).await;
    let error = result.unwrap_err();
    let attempts = error.attempts();
    assert_eq!(
        (error.kind(), error.stopped_by(), attempts.len()),
        (ErrorKind::NotFound, StoppedBy::NotRetryable, 2)
    );
    assert!(!attempts[0].hedge && attempts[1].hedge);
    assert_ne!(attempts[0].coordinator, attempts[1].coordinator);
    assert!(error.report().to_string().contains("hedged"), "{}", error.report());
}

/// An answer of success by ArangoDB.
fn arangos(body: &'static str) -> Fault {
    Fault::answer_raw(200, "application/json", body).header("server", "ArangoDB")
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_read_is_told_of_the_coordinator_that_gave_it() {
    let cluster = cluster_of(2).await;
    let client = client(&cluster);
    for _ in 0..30 {
        client.db("_system").version().await.unwrap();
    }
    let _slow = cluster.coordinator(0).inject(Fault::latency(SLOW));
    let _nonsense = cluster.coordinator(1).inject(arangos("[]"));
    let error = client.db("_system").version().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert_eq!(error.coordinator().unwrap().as_str(), cluster.coordinator(1).url());
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_both_and_the_error_tells_of_both() {
    let limits = Limits::default().total(Duration::from_secs(2));
    let plain =
        |cluster: &TestCluster| builder(cluster).hedging(Hedging::of_the_slowest()).limits(limits.clone());
    // With a layer of the user's the deadline is watched from outside.
    let layered = |cluster: &TestCluster| plain(cluster).layer(tower::layer::layer_fn(|inner| inner));
    for layers in [false, true] {
        let cluster = cluster().await;
        let client = if layers { layered(&cluster) } else { plain(&cluster) }.build().unwrap();
        accustom(&cluster, &client, Duration::from_millis(1)).await;
        let _hung: Vec<_> = cluster.coordinators().iter().map(|one| one.inject(Fault::hang())).collect();
        let began = Instant::now();
        let error = client.db("_system").execute(insert("read", RequestClass::Safe)).await.unwrap_err();
        assert!(began.elapsed() <= Duration::from_millis(2001), "{:?}", began.elapsed());
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::DeadlineExceeded, Outcome::Unknown));
        assert_eq!(error.attempts().iter().filter(|attempt| attempt.hedge).count(), 1, "{}", error.report());
    }
}

#[tokio::test(start_paused = true)]
async fn no_second_one_is_asked_when_time_is_short_or_coordinators_are_busy_or_none_is_well() {
    // Time for less than two usual answers is left.
    let cluster = cluster().await;
    let client = client(&cluster);
    accustom(&cluster, &client, Duration::from_millis(100)).await;
    let slow_everywhere: Vec<_> = (0..3).map(|index| slow(&cluster, index)).collect();
    let short = CallOptions::default().total(Duration::from_millis(250));
    client.db("_system").options(short).execute(insert("read", RequestClass::Safe)).await.unwrap_err();
    assert_eq!(cluster.journal().received("read"), 1);
    drop(slow_everywhere);

    // Requests wait in queues, by the word of the coordinators.
    let cluster = self::cluster().await;
    let client = self::client(&cluster);
    let queued = Duration::from_millis(500);
    let busy: Vec<_> = cluster.coordinators().iter().map(|one| one.queue_time(queued)).collect();
    for _ in 0..30 {
        read(&client).await;
    }
    drop(busy);
    cluster.journal().clear();
    let slow = slow(&cluster, 0);
    for _ in 0..3 {
        read(&client).await;
    }
    assert_eq!((slow.hits(), asked(&cluster).iter().sum::<usize>()), (1, 3));
    drop(slow);

    // There is nobody else.
    let cluster = cluster_of(1).await;
    let client = self::client(&cluster);
    accustom(&cluster, &client, Duration::from_millis(1)).await;
    let _slow = self::slow(&cluster, 0);
    read(&client).await;
    assert_eq!(asked(&cluster), [1]);
}

#[tokio::test(start_paused = true)]
async fn second_attempts_are_paid_for_by_calls() {
    let cluster = cluster().await;
    let client = client(&cluster);
    accustom(&cluster, &client, Duration::from_millis(1)).await;
    let _slow: Vec<_> = (0..3).map(|index| slow(&cluster, index)).collect();
    let calls: Vec<_> = (0..200)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { read(&client).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap();
    }
    let beside = asked(&cluster).iter().sum::<usize>() - 200;
    // Three a second for ten seconds, and one for each five calls.
    assert!((50..=30 + 230 / 5).contains(&beside), "{beside} beside 200");
}
