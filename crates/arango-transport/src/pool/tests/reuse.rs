//! One connection after the other: which is used, for how long, and what its end means.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_connection_used_last_is_used_next_and_only_then_a_new_one_opened() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let first = tokio::spawn(pool.clone().oneshot(get("/1")));
    let mut one = peers.recv().await.unwrap();
    let second = tokio::spawn(pool.clone().oneshot(get("/2")));
    let mut two = peers.recv().await.unwrap();
    for (peer, answer) in [(&mut one, first), (&mut two, second)] {
        heard(peer).await;
        say(peer, HELLO).await;
        assert_eq!(whole(answer).await, "hello");
    }
    settle().await;
    for path in ["/3", "/4"] {
        exchange(&pool, &mut two, path).await;
    }
    assert!(peers.try_recv().is_err());
    assert_eq!(pool.open(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_cap_holds_to_the_end_of_the_body_and_those_who_wait_come_in_turn() {
    let (pool, mut peers) = pool(PoolLimits::default().connections(1));
    let first = tokio::spawn(pool.clone().oneshot(get("/1")));
    let mut peer = peers.recv().await.unwrap();
    heard(&mut peer).await;
    let mut waiting = Vec::new();
    for path in ["/2", "/3", "/4"] {
        waiting.push(tokio::spawn(pool.clone().oneshot(get(path))));
        settle().await;
    }
    say(&mut peer, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel").await;
    let body = first.await.unwrap().unwrap().into_body();
    settle().await;
    assert!(waiting.iter().all(|answer| !answer.is_finished()));
    assert!(peers.try_recv().is_err(), "a head alone frees nothing");

    say(&mut peer, "lo").await;
    assert_eq!(body.collect().await.unwrap().to_bytes(), "hello");
    for path in ["/2", "/3", "/4"] {
        assert_eq!(heard(&mut peer).await, path);
        say(&mut peer, HELLO).await;
        assert_eq!(whole(waiting.remove(0)).await, "hello");
    }
    assert_eq!(pool.open(), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_too_long_for_a_connection_is_told_that_nothing_was_sent() {
    let (pool, mut peers) = pool(PoolLimits::default().connections(1));
    let _first = tokio::spawn(pool.clone().oneshot(get("/1")));
    let _peer = peers.recv().await.unwrap();
    let began = Instant::now();
    let error = pool.clone().oneshot(get("/2")).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::PoolExhausted, Outcome::NotExecuted));
    assert_eq!(began.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_closed_when_nobody_has_used_it_for_the_idle_time() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let mut peer = exchange_on_new(&pool, &mut peers, "/1").await;
    sleep(Duration::from_secs(24)).await;
    assert_eq!(pool.open(), 1);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(pool.open(), 0);
    assert_eq!(peer.read(&mut [0]).await.unwrap(), 0, "the other end sees it closed");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_always_in_use_is_replaced_when_it_has_come_of_age() {
    let (pool, mut peers) = pool(PoolLimits::default().age(Duration::from_secs(100)));
    let mut peer = exchange_on_new(&pool, &mut peers, "/1").await;
    for _ in 0..7 {
        sleep(Duration::from_secs(10)).await;
        exchange(&pool, &mut peer, "/again").await;
    }
    sleep(Duration::from_secs(30)).await;
    let _newer = exchange_on_new(&pool, &mut peers, "/new").await;
    sleep(Duration::from_secs(24)).await;
    settle().await;
    assert_eq!(pool.open(), 1, "the old one is gone");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_a_dead_connection_gives_back_goes_out_on_the_next() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let peer = exchange_on_new(&pool, &mut peers, "/1").await;
    // Closed while idle: the pool may or may not have noticed when the next request comes.
    drop(peer);
    let answer = tokio::spawn(pool.clone().oneshot(get("/2")));
    let mut next = peers.recv().await.unwrap();
    assert_eq!(heard(&mut next).await, "/2");
    say(&mut next, HELLO).await;
    assert!(answer.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_after_the_request_leaves_its_fate_unknown_and_says_if_it_was_reused() {
    for reused in [false, true] {
        let (pool, mut peers) = pool(PoolLimits::default());
        let mut peer = None;
        if reused {
            peer = Some(exchange_on_new(&pool, &mut peers, "/1").await);
        }
        let answer = tokio::spawn(pool.clone().oneshot(get("/2")));
        let mut peer = match peer {
            Some(peer) => peer,
            None => peers.recv().await.unwrap(),
        };
        assert_eq!(heard(&mut peer).await, "/2");
        drop(peer);
        let mut error = answer.await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectionLost, Outcome::Unknown));
        assert_eq!(error.attempt().reused, reused);
        settle().await;
        assert_eq!(pool.open(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_http_is_told_apart_from_a_broken_connection() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let answer = tokio::spawn(pool.clone().oneshot(get("/")));
    let mut peer = peers.recv().await.unwrap();
    heard(&mut peer).await;
    say(&mut peer, "220 smtp.example.com ESMTP\r\n\r\n").await;
    let error = answer.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::ProtocolViolation, Outcome::Unknown));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_handed_over_as_it_comes_fails_when_it_stands_still_and_its_connection_is_closed() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let answer = tokio::spawn(pool.clone().oneshot(get("/")));
    let mut peer = peers.recv().await.unwrap();
    heard(&mut peer).await;
    say(&mut peer, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhel").await;
    let mut body = answer.await.unwrap().unwrap().into_body().watched(Duration::from_secs(30));
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "hel");
    sleep(Duration::from_secs(29)).await;
    say(&mut peer, "lo ").await;
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "lo ");
    let began = Instant::now();
    assert!(body.frame().await.unwrap().unwrap_err().to_string().contains("stood still for 30s"));
    assert_eq!(began.elapsed(), Duration::from_secs(30));
    settle().await;
    assert_eq!((pool.open(), pool.0.permits.available_permits()), (0, 128));
    assert!(body.frame().await.is_none());
}
