//! Pending connects, and the requests that they serve.

use arango_test_cluster::{Authentication, Fault, TestCluster};
use tokio::task::JoinSet;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_waiter_takes_a_returned_connection_before_its_own_connect_completes() {
    let (pool, mut connects) = slow_pool(PoolLimits::default());
    let first = send(&pool, get("/1")).await;
    let mut one = connects.recv().await.unwrap().accept();
    let second = send(&pool, get("/2")).await;
    let connect = connects.recv().await.unwrap();
    assert_eq!((pool.waiting(), pool.connecting()), (1, 1));
    greet(&mut one, "/1", first).await;
    greet(&mut one, "/2", second).await;

    // The pending connect is still of use.
    let mut two = connect.accept();
    settle().await;
    assert_eq!(counts(&pool), only_idle(2));
    exchange(&pool, &mut two, "/3").await;
    assert!(connects.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_pending_connect_of_a_dropped_call_serves_the_next_request() {
    let (pool, mut connects) = slow_pool(PoolLimits::default());
    let first = send(&pool, get("/1")).await;
    let connect = connects.recv().await.unwrap();
    abandon(first).await;
    assert_eq!(counts(&pool), Counts { connecting: 1, ..only_idle(0) });
    let second = send(&pool, get("/2")).await;
    assert!(connects.try_recv().is_err(), "the pending connect is reused");
    let third = send(&pool, get("/3")).await;
    let _another = connects.try_recv().expect("a second connect");
    let mut peer = connect.accept();
    greet(&mut peer, "/2", second).await;
    greet(&mut peer, "/3", third).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_waiter_is_kept_until_its_idle_time_is_over() {
    let (pool, mut connects) = slow_pool(PoolLimits::default());
    let call = send(&pool, get("/1")).await;
    let connect = connects.recv().await.unwrap();
    abandon(call).await;
    let mut peer = connect.accept();
    settle().await;
    assert_eq!(counts(&pool), only_idle(1));
    sleep(Duration::from_secs(26)).await;
    assert_eq!(counts(&pool), only_idle(0));
    assert_eq!(peer.read(&mut [0]).await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_connect_without_a_waiter_ends_at_the_connect_limit() {
    let (pool, mut connects) = slow_pool(PoolLimits::default());
    let call = send(&pool, get("/1")).await;
    let connect = connects.recv().await.unwrap();
    abandon(call).await;
    sleep(Duration::from_millis(2999)).await;
    assert!(!connect.is_cancelled());
    sleep(Duration::from_millis(2)).await;
    assert!(connect.is_cancelled());
    assert_eq!(counts(&pool), only_idle(0));
}

#[tokio::test(start_paused = true)]
async fn waiters_are_served_in_order() {
    let (pool, mut connects) = slow_pool(PoolLimits::default());
    let mut calls = Vec::new();
    for path in ["/1", "/2", "/3"] {
        calls.push(send(&pool, get(path)).await);
    }
    let mut pending = Vec::new();
    while let Ok(connect) = connects.try_recv() {
        pending.push(connect);
    }
    // The first connection serves the first waiter, whichever connect it comes from.
    let mut peers = Vec::new();
    for path in ["/1", "/2", "/3"] {
        let mut peer = pending.pop().unwrap().accept();
        assert_eq!(read_path(&mut peer).await, path);
        peers.push(peer);
    }
    for (peer, call) in peers.iter_mut().zip(calls) {
        write(peer, HELLO).await;
        assert_eq!(whole(call).await, "hello");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_connect_fails_one_waiter_and_the_others_wait_for_pending_connects() {
    let (pool, mut connects) = slow_pool(PoolLimits::default());
    let mut calls = Vec::new();
    for path in ["/1", "/2", "/3"] {
        calls.push(send(&pool, get(path)).await);
    }
    let gone = calls.pop().unwrap();
    abandon(gone).await;
    let [one, two, three] = [(); 3].map(|()| connects.try_recv().unwrap());
    one.refuse();
    settle().await;
    assert!(calls.iter().all(|call| !call.is_finished()), "two connects are left for two waiters");
    two.refuse();
    settle().await;
    let error = calls.remove(0).await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectRefused, Outcome::NotExecuted));
    assert_eq!(error.attempt().address, Some("127.0.0.1:8529".parse().unwrap()));
    let mut peer = three.accept();
    greet(&mut peer, "/2", calls.remove(0)).await;
    assert_eq!(counts(&pool), only_idle(1));
}

#[tokio::test(start_paused = true)]
async fn a_request_for_a_new_connection_does_not_get_a_returned_one() {
    let (pool, mut connects) = slow_pool(PoolLimits::default());
    let first = send(&pool, get("/1")).await;
    let mut one = connects.recv().await.unwrap().accept();
    let new = send(&pool, get_on_new("/new")).await;
    let any = send(&pool, get("/any")).await;
    greet(&mut one, "/1", first).await;
    // A later request overtakes it.
    greet(&mut one, "/any", any).await;
    greet(&mut connects.recv().await.unwrap().accept(), "/new", new).await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_was_idle_counts_as_reused_even_without_an_earlier_request() {
    let (pool, mut connects) = slow_pool(PoolLimits::default());
    let call = send(&pool, get("/1")).await;
    let connect = connects.recv().await.unwrap();
    abandon(call).await;
    let mut peer = connect.accept();
    settle().await;
    let call = send(&pool, get("/2")).await;
    read_path(&mut peer).await;
    drop(peer);
    assert!(call.await.unwrap().unwrap_err().attempt().reused);
}

#[tokio::test(start_paused = true)]
async fn a_connector_that_panics_fails_one_request_and_leaks_nothing() {
    let (pool, mut connects) = slow_pool(PoolLimits::default());
    let first = send(&pool, get("/1")).await;
    let second = send(&pool, get("/2")).await;
    drop(connects.recv().await.unwrap());
    let error = first.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Middleware, Outcome::NotExecuted));
    let mut peer = connects.recv().await.unwrap().accept();
    greet(&mut peer, "/2", second).await;
    assert_eq!(counts(&pool), only_idle(1));
}

/// Panics once, for the second number.
#[derive(Debug, Default)]
struct PanicsOnce(AtomicUsize);

impl RandomSource for PanicsOnce {
    fn next_f64(&self) -> f64 {
        assert_ne!(self.0.fetch_add(1, Ordering::Relaxed), 1, "the second number");
        0.5
    }
}

#[tokio::test(start_paused = true)]
async fn a_random_source_that_panics_leaves_no_connect_behind() {
    let (sender, mut connects) = mpsc::unbounded_channel();
    let pool = pool_with(Gate(sender), PoolLimits::default(), Arc::new(PanicsOnce::default()));
    let first = send(&pool, get("/1")).await;
    let mut one = connects.recv().await.unwrap().accept();
    let error = send(&pool, get("/2")).await.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Middleware, Outcome::NotExecuted));
    assert_eq!((pool.waiting(), pool.connecting()), (0, 0));
    greet(&mut one, "/1", first).await;
    drop(one);
    settle().await;
    // The next request gets a connect.
    let third = send(&pool, get("/3")).await;
    greet(&mut connects.try_recv().expect("a connect").accept(), "/3", third).await;
}

/// A connector to the first coordinator of a cluster, with a delay.
struct Delayed(arango_test_cluster::Coordinator, Duration);

impl Connect for Delayed {
    fn connect(&self, _: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        Box::pin(async move {
            sleep(self.1).await;
            Ok(Box::new(self.0.connect()?) as Box<dyn Io>)
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

/// Makes `calls` requests from each of `tasks` concurrent tasks. All must succeed.
async fn run_calls(pool: &Pool, tasks: usize, calls: usize) {
    let mut all = JoinSet::new();
    for _ in 0..tasks {
        let pool = pool.clone();
        all.spawn(async move {
            for _ in 0..calls {
                let response = pool.clone().oneshot(get("/_api/version")).await.unwrap();
                assert_eq!(response.status(), 200);
                response.into_body().collect().await.unwrap();
            }
        });
    }
    all.join_all().await;
    // Waits until pending connects have completed.
    sleep(Duration::from_millis(100)).await;
}

#[tokio::test(start_paused = true)]
async fn a_thousand_calls_at_a_cold_start_do_not_exceed_the_connection_limit() {
    for (connect_millis, latency_millis) in [(0, 0), (5, 0), (5, 1), (1, 5)] {
        let cluster = cluster().await;
        let _slow = cluster.coordinator(0).inject(Fault::latency(Duration::from_millis(latency_millis)));
        let connector = Delayed(cluster.coordinator(0).clone(), Duration::from_millis(connect_millis));
        let pool = pool_over(connector, PoolLimits::default());
        run_calls(&pool, 1000, 1).await;
        let accepted = cluster.coordinator(0).connections_accepted();
        assert!(accepted <= 128, "{accepted} connections: {connect_millis} {latency_millis}");
        assert_eq!(counts(&pool), only_idle(accepted));
    }
}

#[tokio::test(start_paused = true)]
async fn sixty_four_tasks_open_at_most_sixty_four_connections() {
    for latency_millis in [0, 1] {
        let cluster = cluster().await;
        let _slow = cluster.coordinator(0).inject(Fault::latency(Duration::from_millis(latency_millis)));
        let connector = Delayed(cluster.coordinator(0).clone(), Duration::from_millis(5));
        let pool = pool_over(connector, PoolLimits::default());
        // Some connections are open already and are returned while others are being opened.
        run_calls(&pool, 8, 3).await;
        run_calls(&pool, 64, 20).await;
        let accepted = cluster.coordinator(0).connections_accepted();
        assert!(accepted <= 64, "{accepted} connections");
        assert_eq!(counts(&pool), only_idle(accepted));
    }
}
