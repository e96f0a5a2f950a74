//! What one connection that breaks says of those that are idle.

use super::*;

/// Opens as many connections at once, whose requests are answered in turn; the last is used next.
async fn warm(pool: &Pool, peers: &mut Peers, connections: usize) -> Vec<DuplexStream> {
    let mut calls = Vec::new();
    for _ in 0..connections {
        calls.push(send(pool, get("/warm")).await);
    }
    let mut ends = Vec::new();
    for call in calls {
        let mut peer = peers.recv().await.unwrap();
        greet(&mut peer, "/warm", call).await;
        // So that each has rested for another time.
        sleep(Duration::from_millis(10)).await;
        ends.push(peer);
    }
    ends
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_that_breaks_closes_what_is_idle() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let mut ends = warm(&pool, &mut peers, 2).await;
    let call = send(&pool, get_fresh("/fresh")).await;
    let mut fresh = peers.recv().await.unwrap();
    heard(&mut fresh).await;
    drop(fresh);
    assert_eq!(call.await.unwrap().unwrap_err().kind(), ErrorKind::ConnectionLost);
    settle().await;
    assert_eq!(counts(&pool), only_idle(0));
    assert!(is_closed(&mut ends[0]).await && is_closed(&mut ends[1]).await);
}

#[tokio::test(start_paused = true)]
async fn a_refused_connection_closes_what_is_idle_and_leaves_what_is_in_use() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let mut ends = warm(&pool, &mut peers, 2).await;
    let in_use = send(&pool, get("/long")).await;
    heard(&mut ends[1]).await;
    drop(peers);
    let error = pool.clone().oneshot(get_fresh("/fresh")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectRefused);
    settle().await;
    assert!(is_closed(&mut ends[0]).await);
    say(&mut ends[1], HELLO).await;
    assert_eq!(whole(in_use).await, "hello");
    settle().await;
    assert_eq!(counts(&pool), only_idle(1));
}

#[tokio::test(start_paused = true)]
async fn a_rested_connection_that_breaks_closes_those_that_have_rested_longer_and_no_others() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let mut ends = warm(&pool, &mut peers, 3).await;
    let breaks = send(&pool, get("/breaks")).await;
    heard(&mut ends[2]).await;
    let works = send(&pool, get("/works")).await;
    greet(&mut ends[1], "/works", works).await;
    drop(ends.pop());
    let mut error = breaks.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.attempt().reused), (ErrorKind::ConnectionLost, true));
    settle().await;
    assert!(is_closed(&mut ends[0]).await);
    assert_eq!(counts(&pool), only_idle(1));
    exchange(&pool, &mut ends[1], "/still").await;
}

#[tokio::test(start_paused = true)]
async fn what_breaks_at_one_address_says_nothing_of_another() {
    /// Two addresses, which take turns.
    struct Two;
    impl crate::Resolve for Two {
        fn resolve<'a>(&'a self, _: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
            Box::pin(async move { Ok([[10, 0, 0, 1], [10, 0, 0, 2]].map(|ip| (ip, port).into()).to_vec()) })
        }
    }
    let (sender, mut peers) = mpsc::unbounded_channel();
    let network = Network {
        resolve: Arc::new(Two),
        connect: Arc::new(Script(sender)),
        settings: Live::default(),
        http2: Choice::default(),
    };
    let dialer = Dialer::new("http://two.example".parse().unwrap(), network, None);
    let pool = Pool::new(dialer, PoolLimits::default(), Arc::new(SeededRandom::new(1)));
    let mut ends = warm(&pool, &mut peers, 2).await;
    // The turn of the first address again.
    let call = send(&pool, get_fresh("/fresh")).await;
    drop(peers.recv().await.unwrap());
    assert!(call.await.unwrap().is_err());
    settle().await;
    assert!(is_closed(&mut ends[0]).await);
    exchange(&pool, &mut ends[1], "/still").await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_rests_no_longer_than_four_fifths_of_what_its_server_says() {
    const KEPT: &str = "HTTP/1.1 200 OK\r\nkeep-alive: timeout=5, max=9\r\ncontent-length: 5\r\n\r\nhello";
    let (pool, mut peers) = pool(PoolLimits::default());
    let _long = exchange_on_new(&pool, &mut peers, "/nothing-said").await;
    let fresh = send(&pool, get_fresh("/1")).await;
    let mut peer = peers.recv().await.unwrap();
    assert_eq!(heard(&mut peer).await, "/1");
    say(&mut peer, KEPT).await;
    assert_eq!(whole(fresh).await, "hello");
    sleep(Duration::from_millis(3900)).await;
    // What it said once holds for all of its answers.
    exchange(&pool, &mut peer, "/2").await;
    sleep(Duration::from_millis(3990)).await;
    assert_eq!(counts(&pool), only_idle(2));
    sleep(Duration::from_millis(20)).await;
    assert_eq!(counts(&pool), only_idle(1), "on time, though the other may rest for longer");
}

#[tokio::test(start_paused = true)]
async fn what_the_server_said_holds_also_for_a_connection_on_which_it_has_said_nothing() {
    const KEPT: &str = "HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\ncontent-length: 5\r\n\r\nhello";
    let (pool, mut knocks) = slow_pool(PoolLimits::default());
    let first = send(&pool, get("/1")).await;
    let mut peer = knocks.recv().await.unwrap().open();
    assert_eq!(heard(&mut peer).await, "/1");
    say(&mut peer, KEPT).await;
    assert_eq!(whole(first).await, "hello");
    pool.close_idle();
    abandon(send(&pool, get("/gone")).await).await;
    let _silent = knocks.recv().await.unwrap().open();
    settle().await;
    sleep(Duration::from_millis(3990)).await;
    assert_eq!(counts(&pool), only_idle(1));
    sleep(Duration::from_millis(20)).await;
    assert_eq!(counts(&pool), only_idle(0));
}
