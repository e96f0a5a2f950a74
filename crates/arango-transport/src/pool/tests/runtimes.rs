//! Pools that serve several runtimes.

use super::*;

#[test]
fn a_connection_is_never_used_on_another_runtime_than_its_own() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let run = || runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Kept alive, but not run while the other is: its connections would never answer.
    let (one, two) = (run(), run());
    let mut ends = Vec::new();
    for (runtime, path) in [(&one, "/1"), (&two, "/2"), (&one, "/3")] {
        runtime.block_on(async {
            let answer = tokio::spawn(pool.clone().oneshot(get(path)));
            settle().await;
            let mut peer = peers.try_recv().ok().or_else(|| ends.pop()).unwrap();
            assert_eq!(heard(&mut peer).await, path);
            say(&mut peer, HELLO).await;
            assert_eq!(whole(answer).await, "hello");
            ends.insert(0, peer);
        });
    }
    assert_eq!(pool.open(), 2);
    drop(one);
    assert_eq!(pool.open(), 1, "its connections end with it");
}

/// A runtime that runs only while it is told to.
fn runtime() -> runtime::Runtime {
    runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn who_waits_when_a_runtime_ends_has_a_connection_opened_on_the_next() {
    let (pool, mut knocks) = slow_pool(PoolLimits::default());
    let (one, two) = (runtime(), runtime());
    let mut call = Box::pin(pool.clone().oneshot(get("/1")));
    one.block_on(async {
        let asked = timeout(Duration::ZERO, &mut call).await;
        assert!(asked.is_err());
        settle().await;
    });
    let knock = knocks.try_recv().unwrap();
    drop(one);
    assert!(knock.is_given_up());
    assert_eq!(counts(&pool), Counts { in_use: 1, ..only_idle(0) });
    two.block_on(async {
        let call = tokio::spawn(call);
        greet(&mut knocks.recv().await.unwrap().open(), "/1", call).await;
        settle().await;
        assert_eq!(counts(&pool), only_idle(0));
    });
}

#[test]
fn a_runtime_that_ends_with_calls_under_way_leaves_nothing_behind() {
    let (pool, mut knocks) = slow_pool(PoolLimits::default().connections(2));
    let one = runtime();
    one.block_on(async {
        for path in ["/1", "/2", "/3"] {
            send(&pool, get(path)).await;
        }
    });
    assert_eq!(counts(&pool), Counts { waiting: 3, dialing: 2, in_use: 2, ..only_idle(0) });
    drop(one);
    assert_eq!(counts(&pool), only_idle(0));
    while let Ok(knock) = knocks.try_recv() {
        assert!(knock.is_given_up());
    }
    runtime().block_on(async {
        let call = send(&pool, get("/4")).await;
        greet(&mut knocks.recv().await.unwrap().open(), "/4", call).await;
    });
}

#[test]
fn connections_of_another_runtime_make_room_so_that_there_are_never_more_than_the_cap() {
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
