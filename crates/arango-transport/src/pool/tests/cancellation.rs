//! Calls dropped at every point at which they may wait.

use super::*;

#[tokio::test(start_paused = true)]
async fn dropping_a_call_anywhere_closes_its_connection_and_leaks_nothing() {
    let (pool, mut peers) = pool(PoolLimits::default().connections(1));

    // While the call waits for the head.
    let call = tokio::spawn(pool.clone().oneshot(get("/1")));
    let mut peer = peers.recv().await.unwrap();
    read_path(&mut peer).await;
    // While another call waits for a permit.
    let queued = tokio::spawn(pool.clone().oneshot(get("/2")));
    settle().await;
    queued.abort();
    settle().await;
    call.abort();
    settle().await;
    assert_eq!(peer.read(&mut [0]).await.unwrap(), 0, "closed, not pooled");
    assert_eq!((pool.open(), pool.0.permits.available_permits()), (0, 1));

    // With half of the body read.
    let call = tokio::spawn(pool.clone().oneshot(get("/3")));
    let mut peer = peers.recv().await.unwrap();
    read_path(&mut peer).await;
    write(&mut peer, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel").await;
    drop(call.await.unwrap().unwrap());
    settle().await;
    assert_eq!((pool.open(), pool.0.permits.available_permits()), (0, 1));

    // The next request gets its own response.
    let call = tokio::spawn(pool.clone().oneshot(get("/4")));
    let mut peer = peers.recv().await.unwrap();
    assert_eq!(read_path(&mut peer).await, "/4");
    write(&mut peer, HELLO).await;
    assert_eq!(whole(call).await, "hello");
}

/// A call that is polled only by the test, so that it can be dropped while it owns a connection.
type Suspended = std::pin::Pin<Box<dyn Future<Output = Result<AttemptResponse, AttemptError>>>>;

/// Sends a request and polls it once.
async fn suspended(pool: &Pool, path: &str) -> Suspended {
    let mut call: Suspended = Box::pin(pool.clone().oneshot(get(path)));
    assert!(timeout(Duration::ZERO, &mut call).await.is_err());
    settle().await;
    call
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_leaves_the_queue() {
    let (pool, mut connects) = slow_pool(PoolLimits::default().connections(1));
    let first = send(&pool, get("/first")).await;
    let mut peer = connects.recv().await.unwrap().accept();
    let (gone, next) = (send(&pool, get("/gone")).await, send(&pool, get("/next")).await);
    assert_eq!(pool.waiting(), 2);
    abandon(gone).await;
    assert_eq!(pool.waiting(), 1);
    greet(&mut peer, "/first", first).await;
    greet(&mut peer, "/next", next).await;
    assert_eq!(counts(&pool), only_idle(1));
}

#[tokio::test(start_paused = true)]
async fn a_connect_outlives_its_dropped_call_and_serves_the_next() {
    let (pool, mut connects) = slow_pool(PoolLimits::default());
    let gone = send(&pool, get("/gone")).await;
    abandon(gone).await;
    assert_eq!(counts(&pool), Counts { connecting: 1, ..only_idle(0) });
    let mut peer = connects.recv().await.unwrap().accept();
    settle().await;
    assert_eq!(counts(&pool), only_idle(1));
    exchange(&pool, &mut peer, "/next").await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_passes_a_new_connection_to_the_next() {
    let (pool, mut connects) = slow_pool(PoolLimits::default());
    let gone = suspended(&pool, "/gone").await;
    let next = send(&pool, get("/next")).await;
    let mut peer = connects.recv().await.unwrap().accept();
    settle().await;
    drop(gone);
    greet(&mut peer, "/next", next).await;
    assert_eq!(counts(&pool), Counts { connecting: 1, ..only_idle(1) });
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_passes_a_returned_connection_to_the_next() {
    let (pool, mut connects) = slow_pool(PoolLimits::default());
    let first = send(&pool, get("/first")).await;
    let mut peer = connects.recv().await.unwrap().accept();
    let gone = suspended(&pool, "/gone").await;
    greet(&mut peer, "/first", first).await;
    assert_eq!((pool.waiting(), pool.idle()), (0, 0), "the call owns the connection");
    drop(gone);
    assert_eq!(counts(&pool), Counts { connecting: 1, ..only_idle(1) });
    exchange(&pool, &mut peer, "/next").await;
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_while_its_connection_becomes_ready_closes_it() {
    let (pool, mut peers) = pool(PoolLimits::default());
    // The response arrives before the request is written completely, so the connection is still writing.
    let request = Request::post("/large").body(Full::from(vec![0; 1 << 20])).unwrap();
    let plan = AttemptPlan { bypass_limit: false, ..AttemptPlan::untracked(&request) };
    let large = send(&pool, AttemptRequest::new(plan, request)).await;
    let mut peer = peers.recv().await.unwrap();
    greet(&mut peer, "/large", large).await;
    assert_eq!(pool.idle(), 1);

    let gone = send(&pool, get("/gone")).await;
    assert_eq!(
        (pool.idle(), pool.waiting(), pool.open()),
        (0, 0, 1),
        "the call waits until the connection is ready"
    );
    abandon(gone).await;
    assert_eq!(
        counts(&pool),
        only_idle(0),
        "closed although the server has not read the rest of the request"
    );
    drop(peer);
    let _next = exchange_on_new(&pool, &mut peers, "/next").await;
    assert_eq!(counts(&pool), only_idle(1));
}
