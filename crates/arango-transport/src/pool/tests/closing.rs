//! Pools that are closed or dropped.

use super::*;

#[tokio::test(start_paused = true)]
async fn dropping_the_pool_closes_idle_connections_and_ends_every_task() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let mut peer = exchange_on_new(&pool, &mut peers, "/1").await;
    drop(pool);
    settle().await;
    assert_eq!(peer.read(&mut [0]).await.unwrap(), 0);
    assert_eq!(runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_pool_cancels_pending_connects() {
    let (pool, mut connects) = slow_pool(PoolLimits::default());
    let call = send(&pool, get("/1")).await;
    abandon(call).await;
    let connect = connects.recv().await.unwrap();
    assert!(!connect.is_cancelled());
    drop(pool);
    settle().await;
    assert!(connect.is_cancelled());
    assert_eq!(runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn closing_idle_connections_keeps_those_in_use() {
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
async fn a_closed_pool_finishes_running_requests_and_rejects_all_others() {
    let (pool, mut connects) = slow_pool(PoolLimits::default().connections(2));
    let served = send(&pool, get("/served")).await;
    let mut peer = connects.recv().await.unwrap().accept();
    let waits = send(&pool, get("/waits")).await;
    let connect = connects.recv().await.unwrap();
    let queued = send(&pool, get("/queued")).await;
    assert_eq!(pool.waiting(), 2);

    pool.close();
    let probe = AttemptRequest::new(AttemptPlan::untracked(&Request::default()), Request::default());
    for call in [waits, queued, send(&pool, get("/late")).await, send(&pool, probe).await] {
        let error = call.await.unwrap().unwrap_err();
        assert_eq!(error.outcome(), Outcome::NotExecuted);
        assert_eq!(error.kind(), ErrorKind::ClientClosed);
    }
    settle().await;
    assert!(connect.is_cancelled());

    greet(&mut peer, "/served", served).await;
    assert!(is_closed(&mut peer).await, "closed when it is returned");
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
