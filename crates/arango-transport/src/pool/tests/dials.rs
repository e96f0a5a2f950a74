//! Connections that are being opened, and who gets them.

use arango_test_cluster::{Authentication, Fault, TestCluster};
use tokio::task::JoinSet;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_request_takes_what_another_gives_back_rather_than_wait_for_what_is_being_opened() {
    let (pool, mut knocks) = slow_pool(PoolLimits::default());
    let first = send(&pool, get("/1")).await;
    let mut one = knocks.recv().await.unwrap().open();
    let second = send(&pool, get("/2")).await;
    let knock = knocks.recv().await.unwrap();
    assert_eq!((pool.waiting(), pool.dialing()), (1, 1));
    greet(&mut one, "/1", first).await;
    greet(&mut one, "/2", second).await;

    // What was begun for it is not in vain.
    let mut two = knock.open();
    settle().await;
    assert_eq!(counts(&pool), only_idle(2));
    exchange(&pool, &mut two, "/3").await;
    assert!(knocks.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn what_is_being_opened_for_somebody_who_has_gone_is_for_the_next_who_comes() {
    let (pool, mut knocks) = slow_pool(PoolLimits::default());
    let first = send(&pool, get("/1")).await;
    let knock = knocks.recv().await.unwrap();
    abandon(first).await;
    assert_eq!(counts(&pool), Counts { dialing: 1, ..only_idle(0) });
    let second = send(&pool, get("/2")).await;
    assert!(knocks.try_recv().is_err(), "one is being opened already");
    let third = send(&pool, get("/3")).await;
    let _another = knocks.try_recv().expect("but only one");
    let mut peer = knock.open();
    greet(&mut peer, "/2", second).await;
    greet(&mut peer, "/3", third).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_opened_for_nobody_is_kept_and_dies_of_idleness_like_any_other() {
    let (pool, mut knocks) = slow_pool(PoolLimits::default());
    let call = send(&pool, get("/1")).await;
    let knock = knocks.recv().await.unwrap();
    abandon(call).await;
    let mut peer = knock.open();
    settle().await;
    assert_eq!(counts(&pool), only_idle(1));
    sleep(Duration::from_secs(26)).await;
    assert_eq!(counts(&pool), only_idle(0));
    assert_eq!(peer.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_opened_for_nobody_takes_no_longer_than_the_limit() {
    let (pool, mut knocks) = slow_pool(PoolLimits::default());
    let call = send(&pool, get("/1")).await;
    let knock = knocks.recv().await.unwrap();
    abandon(call).await;
    sleep(Duration::from_millis(2999)).await;
    assert!(!knock.is_given_up());
    sleep(Duration::from_millis(2)).await;
    assert!(knock.is_given_up());
    assert_eq!(counts(&pool), only_idle(0));
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_are_served_in_the_order_in_which_they_came() {
    let (pool, mut knocks) = slow_pool(PoolLimits::default());
    let mut calls = Vec::new();
    for path in ["/1", "/2", "/3"] {
        calls.push(send(&pool, get(path)).await);
    }
    let mut doors = Vec::new();
    while let Ok(knock) = knocks.try_recv() {
        doors.push(knock);
    }
    // Whichever is opened first, it is for who came first.
    let mut peers = Vec::new();
    for path in ["/1", "/2", "/3"] {
        let mut peer = doors.pop().unwrap().open();
        assert_eq!(heard(&mut peer).await, path);
        peers.push(peer);
    }
    for (peer, call) in peers.iter_mut().zip(calls) {
        say(peer, HELLO).await;
        assert_eq!(whole(call).await, "hello");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_to_one_and_the_others_wait_for_what_is_still_being_opened() {
    let (pool, mut knocks) = slow_pool(PoolLimits::default());
    let mut calls = Vec::new();
    for path in ["/1", "/2", "/3"] {
        calls.push(send(&pool, get(path)).await);
    }
    let gone = calls.pop().unwrap();
    abandon(gone).await;
    let [one, two, three] = [(); 3].map(|()| knocks.try_recv().unwrap());
    one.refuse();
    settle().await;
    assert!(calls.iter().all(|call| !call.is_finished()), "there are two yet for two");
    two.refuse();
    settle().await;
    let mut error = calls.remove(0).await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectRefused, Outcome::NotExecuted));
    assert_eq!(error.attempt().address, Some("127.0.0.1:8529".parse().unwrap()));
    let mut peer = three.open();
    greet(&mut peer, "/2", calls.remove(0)).await;
    assert_eq!(counts(&pool), only_idle(1));
}

#[tokio::test(start_paused = true)]
async fn who_wants_a_connection_that_nobody_has_used_is_not_given_one_that_somebody_gives_back() {
    let (pool, mut knocks) = slow_pool(PoolLimits::default());
    let first = send(&pool, get("/1")).await;
    let mut one = knocks.recv().await.unwrap().open();
    let fresh = send(&pool, get_fresh("/fresh")).await;
    let any = send(&pool, get("/any")).await;
    greet(&mut one, "/1", first).await;
    // Who came later overtakes him.
    greet(&mut one, "/any", any).await;
    greet(&mut knocks.recv().await.unwrap().open(), "/fresh", fresh).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_has_rested_counts_as_reused_even_if_it_has_carried_nothing() {
    let (pool, mut knocks) = slow_pool(PoolLimits::default());
    let call = send(&pool, get("/1")).await;
    let knock = knocks.recv().await.unwrap();
    abandon(call).await;
    let mut peer = knock.open();
    settle().await;
    let call = send(&pool, get("/2")).await;
    heard(&mut peer).await;
    drop(peer);
    assert!(call.await.unwrap().unwrap_err().attempt().reused);
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_panics_fails_one_request_and_leaks_nothing() {
    let (pool, mut knocks) = slow_pool(PoolLimits::default());
    let first = send(&pool, get("/1")).await;
    let second = send(&pool, get("/2")).await;
    drop(knocks.recv().await.unwrap());
    let error = first.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectRefused, Outcome::NotExecuted));
    let mut peer = knocks.recv().await.unwrap().open();
    greet(&mut peer, "/2", second).await;
    assert_eq!(counts(&pool), only_idle(1));
}

/// Connects to the first coordinator of a cluster, which takes a while.
struct Near(arango_test_cluster::Coordinator, Duration);

impl Connect for Near {
    fn connect(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        Box::pin(async move {
            sleep(self.1).await;
            Ok(Box::new(self.0.dial()?) as Box<dyn Io>)
        })
    }
}

async fn cluster() -> TestCluster {
    TestCluster::builder()
        .coordinators(1)
        .in_memory()
        .authentication(Authentication::Off)
        .start()
        .await
        .unwrap()
}

/// Makes calls from as many tasks at once, so many each; all must be answered.
async fn ask(pool: &Pool, tasks: usize, calls: usize) {
    let mut all = JoinSet::new();
    for _ in 0..tasks {
        let pool = pool.clone();
        all.spawn(async move {
            for _ in 0..calls {
                let answer = pool.clone().oneshot(get("/_api/version")).await.unwrap();
                assert_eq!(answer.status(), 200);
                answer.into_body().collect().await.unwrap();
            }
        });
    }
    all.join_all().await;
    // Until what was begun has come to its end.
    sleep(Duration::from_millis(100)).await;
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_at_a_cold_start_open_no_more_connections_than_the_cap() {
    for (opening, answering) in [(0, 0), (5, 0), (5, 1), (1, 5)] {
        let cluster = cluster().await;
        let _slow = cluster.coordinator(0).inject(Fault::latency(Duration::from_millis(answering)));
        let near = Near(cluster.coordinator(0).clone(), Duration::from_millis(opening));
        let pool = pool_over(near, PoolLimits::default());
        ask(&pool, 1000, 1).await;
        let accepted = cluster.coordinator(0).connections_accepted();
        assert!(accepted <= 128, "{accepted} connections: {opening} {answering}");
        assert_eq!(counts(&pool), only_idle(accepted));
    }
}

#[tokio::test(start_paused = true)]
async fn sixty_four_tasks_open_no_more_than_sixty_four_connections_however_quick_the_server() {
    for answering in [0, 1] {
        let cluster = cluster().await;
        let _slow = cluster.coordinator(0).inject(Fault::latency(Duration::from_millis(answering)));
        let near = Near(cluster.coordinator(0).clone(), Duration::from_millis(5));
        let pool = pool_over(near, PoolLimits::default());
        // Some are open already, and are given back while others are being opened.
        ask(&pool, 8, 3).await;
        ask(&pool, 64, 20).await;
        let accepted = cluster.coordinator(0).connections_accepted();
        assert!(accepted <= 64, "{accepted} connections");
        assert_eq!(counts(&pool), only_idle(accepted));
    }
}
