//! Pools used from several runtimes.

use super::*;

#[test]
fn a_connection_is_used_only_on_the_runtime_that_opened_it() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let build = || runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Both exist, but only one runs at a time: connections of the other would never respond.
    let (one, two) = (build(), build());
    let mut ends = Vec::new();
    for (runtime, path) in [(&one, "/1"), (&two, "/2"), (&one, "/3")] {
        runtime.block_on(async {
            let call = tokio::spawn(pool.clone().oneshot(get(path)));
            settle().await;
            let mut peer = peers.try_recv().ok().or_else(|| ends.pop()).unwrap();
            assert_eq!(read_path(&mut peer).await, path);
            write(&mut peer, HELLO).await;
            assert_eq!(whole(call).await, "hello");
            ends.insert(0, peer);
        });
    }
    assert_eq!(pool.open(), 2);
    drop(one);
    assert_eq!(pool.open(), 1, "its connections are closed");
}

/// Creates a runtime that runs only inside `block_on`.
fn runtime() -> runtime::Runtime {
    runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn a_waiter_connects_again_after_the_runtime_of_its_connect_has_shut_down() {
    let (pool, mut connects) = slow_pool(PoolLimits::default());
    let (one, two) = (runtime(), runtime());
    let mut call = Box::pin(pool.clone().oneshot(get("/1")));
    one.block_on(async {
        let result = timeout(Duration::ZERO, &mut call).await;
        assert!(result.is_err());
        settle().await;
    });
    let connect = connects.try_recv().unwrap();
    drop(one);
    assert!(connect.is_cancelled());
    assert_eq!(counts(&pool), Counts { in_use: 1, ..only_idle(0) });
    two.block_on(async {
        let call = tokio::spawn(call);
        greet(&mut connects.recv().await.unwrap().accept(), "/1", call).await;
        settle().await;
        assert_eq!(counts(&pool), only_idle(0));
    });
}

#[test]
fn shutting_down_a_runtime_with_running_calls_leaks_nothing() {
    let (pool, mut connects) = slow_pool(PoolLimits::default().connections(2));
    let one = runtime();
    one.block_on(async {
        for path in ["/1", "/2", "/3"] {
            send(&pool, get(path)).await;
        }
    });
    assert_eq!(counts(&pool), Counts { waiting: 3, connecting: 2, in_use: 2, ..only_idle(0) });
    drop(one);
    assert_eq!(counts(&pool), only_idle(0));
    while let Ok(connect) = connects.try_recv() {
        assert!(connect.is_cancelled());
    }
    runtime().block_on(async {
        let call = send(&pool, get("/4")).await;
        greet(&mut connects.recv().await.unwrap().accept(), "/4", call).await;
    });
}

#[test]
fn idle_connections_of_another_runtime_are_closed_to_respect_the_limit() {
    let (pool, mut peers) = pool(PoolLimits::default().connections(1));
    let (one, two) = (runtime(), runtime());
    let mut peer = one.block_on(exchange_on_new(&pool, &mut peers, "/1"));
    let _call = two.block_on(send(&pool, get("/2")));
    one.block_on(async {
        settle().await;
        assert!(is_closed(&mut peer).await);
    });
    assert_eq!(counts(&pool), Counts { open: 1, in_use: 1, ..only_idle(0) });
}
