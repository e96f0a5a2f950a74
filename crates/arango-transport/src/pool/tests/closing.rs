//! Pools that are closed or dropped.

use super::*;

#[tokio::test(start_paused = true)]
async fn dropping_the_pool_closes_what_is_idle_and_ends_every_task() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let mut peer = exchange_on_new(&pool, &mut peers, "/1").await;
    drop(pool);
    settle().await;
    assert_eq!(peer.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_pool_ends_what_is_being_opened() {
    let (pool, mut knocks) = slow_pool(PoolLimits::default());
    let call = send(&pool, get("/1")).await;
    abandon(call).await;
    let knock = knocks.recv().await.unwrap();
    assert!(!knock.is_given_up());
    drop(pool);
    settle().await;
    assert!(knock.is_given_up());
    assert_eq!(runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn closing_what_is_idle_leaves_what_is_in_use() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let first = send(&pool, get("/1")).await;
    let mut one = peers.recv().await.unwrap();
    let mut two = exchange_on_new(&pool, &mut peers, "/2").await;
    pool.close_idle();
    assert!(is_closed(&mut two).await);
    greet(&mut one, "/1", first).await;
    assert_eq!(counts(&pool), only_idle(1));
}

#[tokio::test(start_paused = true)]
async fn a_closed_pool_serves_whom_it_has_begun_to_serve_and_nobody_else() {
    let (pool, mut knocks) = slow_pool(PoolLimits::default().connections(2));
    let served = send(&pool, get("/served")).await;
    let mut peer = knocks.recv().await.unwrap().open();
    let waits = send(&pool, get("/waits")).await;
    let knock = knocks.recv().await.unwrap();
    let queued = send(&pool, get("/queued")).await;
    assert_eq!(pool.waiting(), 2);

    pool.close();
    let probe = Outgoing::new(AttemptPlan::unknown(&Request::default()), Request::default());
    for call in [waits, queued, send(&pool, get("/late")).await, send(&pool, probe).await] {
        let error = call.await.unwrap().unwrap_err();
        assert_eq!(error.outcome(), Outcome::NotExecuted);
        assert_eq!(error.kind(), ErrorKind::ClientClosed);
    }
    settle().await;
    assert!(knock.is_given_up());

    greet(&mut peer, "/served", served).await;
    assert!(is_closed(&mut peer).await, "as soon as it is given back");
    assert_eq!(counts(&pool), only_idle(0));
    pool.close();
}

#[test]
fn a_pool_is_closed_without_a_runtime() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut peer = runtime.block_on(exchange_on_new(&pool, &mut peers, "/1"));
    pool.close();
    runtime.block_on(async {
        settle().await;
        assert!(is_closed(&mut peer).await);
    });
}
