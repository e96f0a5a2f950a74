//! Reuse of connections: order, lifetime, and failures.

use super::*;

#[tokio::test(start_paused = true)]
async fn the_most_recently_used_connection_is_reused_before_a_new_one_is_opened() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let first = tokio::spawn(pool.clone().oneshot(get("/1")));
    let mut one = peers.recv().await.unwrap();
    let second = tokio::spawn(pool.clone().oneshot(get("/2")));
    let mut two = peers.recv().await.unwrap();
    for (peer, call) in [(&mut one, first), (&mut two, second)] {
        read_path(peer).await;
        write(peer, HELLO).await;
        assert_eq!(whole(call).await, "hello");
    }
    settle().await;
    for path in ["/3", "/4"] {
        exchange(&pool, &mut two, path).await;
    }
    assert!(peers.try_recv().is_err());
    assert_eq!(pool.open(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_limit_holds_until_the_end_of_the_body_and_waiters_are_served_in_order() {
    let (pool, mut peers) = pool(PoolLimits::default().connections(1));
    let first = tokio::spawn(pool.clone().oneshot(get("/1")));
    let mut peer = peers.recv().await.unwrap();
    read_path(&mut peer).await;
    let mut waiting = Vec::new();
    for path in ["/2", "/3", "/4"] {
        waiting.push(tokio::spawn(pool.clone().oneshot(get(path))));
        settle().await;
    }
    write(&mut peer, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel").await;
    let body = first.await.unwrap().unwrap().into_body();
    settle().await;
    assert!(waiting.iter().all(|call| !call.is_finished()));
    assert!(peers.try_recv().is_err(), "a response head alone releases no permit");

    write(&mut peer, "lo").await;
    assert_eq!(body.collect().await.unwrap().to_bytes(), "hello");
    for path in ["/2", "/3", "/4"] {
        assert_eq!(read_path(&mut peer).await, path);
        write(&mut peer, HELLO).await;
        assert_eq!(whole(waiting.remove(0)).await, "hello");
    }
    assert_eq!(pool.open(), 1);
}

#[tokio::test(start_paused = true)]
async fn waiting_too_long_for_a_connection_fails_as_not_executed() {
    let (pool, mut peers) = pool(PoolLimits::default().connections(1));
    let _first = tokio::spawn(pool.clone().oneshot(get("/1")));
    let _peer = peers.recv().await.unwrap();
    let began = Instant::now();
    let error = pool.clone().oneshot(get("/2")).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::PoolExhausted, Outcome::NotExecuted));
    assert_eq!(began.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_connection_is_closed_after_its_idle_time() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let mut peer = exchange_on_new(&pool, &mut peers, "/1").await;
    sleep(Duration::from_secs(24)).await;
    assert_eq!(pool.open(), 1);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(pool.open(), 0);
    assert_eq!(peer.read(&mut [0]).await.unwrap(), 0, "closed");
}

#[tokio::test(start_paused = true)]
async fn a_connection_in_constant_use_is_replaced_at_its_maximum_age() {
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
    assert_eq!(pool.open(), 1, "the old one is closed");
}

#[tokio::test(start_paused = true)]
async fn a_request_returned_by_a_closed_connection_is_sent_on_the_next() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let peer = exchange_on_new(&pool, &mut peers, "/1").await;
    // Closed while idle. The pool may or may not have noticed when the next request arrives.
    drop(peer);
    let call = tokio::spawn(pool.clone().oneshot(get("/2")));
    let mut next = peers.recv().await.unwrap();
    assert_eq!(read_path(&mut next).await, "/2");
    write(&mut next, HELLO).await;
    assert!(call.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_after_the_request_has_an_unknown_outcome_and_reports_reuse() {
    for reused in [false, true] {
        let (pool, mut peers) = pool(PoolLimits::default());
        let mut peer = None;
        if reused {
            peer = Some(exchange_on_new(&pool, &mut peers, "/1").await);
        }
        let call = tokio::spawn(pool.clone().oneshot(get("/2")));
        let mut peer = match peer {
            Some(peer) => peer,
            None => peers.recv().await.unwrap(),
        };
        assert_eq!(read_path(&mut peer).await, "/2");
        drop(peer);
        let error = call.await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectionLost, Outcome::Unknown));
        assert_eq!(error.attempt().reused, reused);
        settle().await;
        assert_eq!(pool.open(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_response_that_is_not_http_is_a_protocol_violation() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let call = tokio::spawn(pool.clone().oneshot(get("/")));
    let mut peer = peers.recv().await.unwrap();
    read_path(&mut peer).await;
    write(&mut peer, "220 smtp.example.com ESMTP\r\n\r\n").await;
    let error = call.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::ProtocolViolation, Outcome::Unknown));
}

#[tokio::test(start_paused = true)]
async fn a_streamed_body_fails_after_its_idle_time_and_its_connection_is_closed() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let call = tokio::spawn(pool.clone().oneshot(get("/")));
    let mut peer = peers.recv().await.unwrap();
    read_path(&mut peer).await;
    write(&mut peer, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhel").await;
    let mut body = call.await.unwrap().unwrap().into_body().with_idle_timeout(Duration::from_secs(30));
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "hel");
    sleep(Duration::from_secs(29)).await;
    write(&mut peer, "lo ").await;
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "lo ");
    let began = Instant::now();
    assert!(
        body.frame().await.unwrap().unwrap_err().to_string().contains("no part of the body arrived for 30s")
    );
    assert_eq!(began.elapsed(), Duration::from_secs(30));
    settle().await;
    assert_eq!((pool.open(), pool.0.permits.available_permits()), (0, 128));
    assert!(body.frame().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn each_connection_names_the_client_once_and_the_coordinator_in_each_request() {
    let (pool, mut peers) = pool(PoolLimits::default());
    for path in ["/1", "/2"] {
        let call = send(&pool, get_on_new(path)).await;
        let mut peer = peers.recv().await.unwrap();
        let mut heads = vec![read_head(&mut peer).await];
        write(&mut peer, HELLO).await;
        assert_eq!(whole(call).await, "hello");
        settle().await;
        for path in ["/3", "/4"] {
            let call = send(&pool, get(path)).await;
            heads.push(read_head(&mut peer).await);
            write(&mut peer, HELLO).await;
            assert_eq!(whole(call).await, "hello");
            settle().await;
        }
        let named: Vec<_> = heads.iter().map(|head| head.contains("x-arango-driver: arango-rs/")).collect();
        assert_eq!(named, [true, false, false]);
        assert!(heads.iter().all(|head| head.contains("host: 127.0.0.1:8529\r\n")), "{heads:?}");
    }
}
