//! Calls that are dropped, at every point at which one may wait.

use super::*;

#[tokio::test(start_paused = true)]
async fn dropping_a_call_anywhere_closes_its_connection_and_leaks_nothing() {
    let (pool, mut peers) = pool(PoolLimits::default().connections(1));

    // While it waits for the head.
    let call = tokio::spawn(pool.clone().oneshot(get("/1")));
    let mut peer = peers.recv().await.unwrap();
    heard(&mut peer).await;
    // While another waits for a permit.
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
    heard(&mut peer).await;
    say(&mut peer, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel").await;
    drop(call.await.unwrap().unwrap());
    settle().await;
    assert_eq!((pool.open(), pool.0.permits.available_permits()), (0, 1));

    // The next request gets its own answer.
    let call = tokio::spawn(pool.clone().oneshot(get("/4")));
    let mut peer = peers.recv().await.unwrap();
    assert_eq!(heard(&mut peer).await, "/4");
    say(&mut peer, HELLO).await;
    assert_eq!(whole(call).await, "hello");
}

/// A call that goes on only when it is told to, so that it can be dropped with something in its hands.
type Held = std::pin::Pin<Box<dyn Future<Output = Result<Incoming, AttemptError>>>>;

/// Sends a request, which waits.
async fn held(pool: &Pool, path: &str) -> Held {
    let mut call: Held = Box::pin(pool.clone().oneshot(get(path)));
    assert!(timeout(Duration::ZERO, &mut call).await.is_err());
    settle().await;
    call
}

#[tokio::test(start_paused = true)]
async fn dropped_in_the_queue_a_call_leaves_it() {
    let (pool, mut knocks) = slow_pool(PoolLimits::default().connections(1));
    let first = send(&pool, get("/first")).await;
    let mut peer = knocks.recv().await.unwrap().open();
    let (gone, next) = (send(&pool, get("/gone")).await, send(&pool, get("/next")).await);
    assert_eq!(pool.waiting(), 2);
    abandon(gone).await;
    assert_eq!(pool.waiting(), 1);
    greet(&mut peer, "/first", first).await;
    greet(&mut peer, "/next", next).await;
    assert_eq!(counts(&pool), only_idle(1));
}

#[tokio::test(start_paused = true)]
async fn dropped_while_connecting_a_call_leaves_its_connection_to_the_next() {
    let (pool, mut knocks) = slow_pool(PoolLimits::default());
    let gone = send(&pool, get("/gone")).await;
    abandon(gone).await;
    assert_eq!(counts(&pool), Counts { dialing: 1, ..only_idle(0) });
    let mut peer = knocks.recv().await.unwrap().open();
    settle().await;
    assert_eq!(counts(&pool), only_idle(1));
    exchange(&pool, &mut peer, "/next").await;
}

#[tokio::test(start_paused = true)]
async fn dropped_with_a_new_connection_in_its_hands_a_call_passes_it_on() {
    let (pool, mut knocks) = slow_pool(PoolLimits::default());
    let gone = held(&pool, "/gone").await;
    let next = send(&pool, get("/next")).await;
    let mut peer = knocks.recv().await.unwrap().open();
    settle().await;
    drop(gone);
    greet(&mut peer, "/next", next).await;
    assert_eq!(counts(&pool), Counts { dialing: 1, ..only_idle(1) });
}

#[tokio::test(start_paused = true)]
async fn dropped_with_a_connection_that_was_given_back_in_its_hands_a_call_passes_it_on() {
    let (pool, mut knocks) = slow_pool(PoolLimits::default());
    let first = send(&pool, get("/first")).await;
    let mut peer = knocks.recv().await.unwrap().open();
    let gone = held(&pool, "/gone").await;
    greet(&mut peer, "/first", first).await;
    assert_eq!((pool.waiting(), pool.idle()), (0, 0), "it has it");
    drop(gone);
    assert_eq!(counts(&pool), Counts { dialing: 1, ..only_idle(1) });
    exchange(&pool, &mut peer, "/next").await;
}

#[tokio::test(start_paused = true)]
async fn dropped_while_a_connection_settles_a_call_closes_it() {
    let (pool, mut peers) = pool(PoolLimits::default());
    // Answered before it was read to its end, so that the connection is writing still.
    let request = Request::post("/large").body(Full::from(vec![0; 1 << 20])).unwrap();
    let plan = AttemptPlan { unqueued: false, ..AttemptPlan::unknown(&request) };
    let large = send(&pool, Outgoing::new(plan, request)).await;
    let mut peer = peers.recv().await.unwrap();
    greet(&mut peer, "/large", large).await;
    assert_eq!(pool.idle(), 1);

    let gone = send(&pool, get("/gone")).await;
    assert_eq!((pool.idle(), pool.waiting(), pool.open()), (0, 0, 1), "it waits for that one");
    abandon(gone).await;
    assert_eq!(counts(&pool), only_idle(0), "though the other end has not read what it was writing");
    drop(peer);
    let _next = exchange_on_new(&pool, &mut peers, "/next").await;
    assert_eq!(counts(&pool), only_idle(1));
}
