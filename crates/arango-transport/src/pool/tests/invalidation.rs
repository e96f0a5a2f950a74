//! Effects of a broken connection on idle ones.

use super::*;

/// Opens several connections at once and responds on each in order. The last one is reused next.
async fn warm(pool: &Pool, peers: &mut Peers, connections: usize) -> Vec<DuplexStream> {
    let mut calls = Vec::new();
    for _ in 0..connections {
        calls.push(send(pool, get("/warm")).await);
    }
    let mut ends = Vec::new();
    for call in calls {
        let mut peer = peers.recv().await.unwrap();
        greet(&mut peer, "/warm", call).await;
        // Each connection gets a different idle time.
        sleep(Duration::from_millis(10)).await;
        ends.push(peer);
    }
    ends
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_that_breaks_closes_idle_ones() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let mut ends = warm(&pool, &mut peers, 2).await;
    let call = send(&pool, get_on_new("/new")).await;
    let mut new = peers.recv().await.unwrap();
    read_path(&mut new).await;
    drop(new);
    assert_eq!(call.await.unwrap().unwrap_err().kind(), ErrorKind::ConnectionLost);
    settle().await;
    assert_eq!(counts(&pool), only_idle(0));
    assert!(is_closed(&mut ends[0]).await && is_closed(&mut ends[1]).await);
}

#[tokio::test(start_paused = true)]
async fn a_refused_connect_closes_idle_connections_and_keeps_those_in_use() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let mut ends = warm(&pool, &mut peers, 2).await;
    let in_use = send(&pool, get("/long")).await;
    read_path(&mut ends[1]).await;
    drop(peers);
    let error = pool.clone().oneshot(get_on_new("/new")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectRefused);
    settle().await;
    assert!(is_closed(&mut ends[0]).await);
    write(&mut ends[1], HELLO).await;
    assert_eq!(whole(in_use).await, "hello");
    settle().await;
    assert_eq!(counts(&pool), only_idle(1));
}

#[tokio::test(start_paused = true)]
async fn a_reused_connection_that_breaks_closes_only_those_idle_for_longer() {
    let (pool, mut peers) = pool(PoolLimits::default());
    let mut ends = warm(&pool, &mut peers, 3).await;
    let breaks = send(&pool, get("/breaks")).await;
    read_path(&mut ends[2]).await;
    let works = send(&pool, get("/works")).await;
    greet(&mut ends[1], "/works", works).await;
    drop(ends.pop());
    let error = breaks.await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.attempt().reused), (ErrorKind::ConnectionLost, true));
    settle().await;
    assert!(is_closed(&mut ends[0]).await);
    assert_eq!(counts(&pool), only_idle(1));
    exchange(&pool, &mut ends[1], "/still").await;
}

#[tokio::test(start_paused = true)]
async fn a_broken_connection_does_not_affect_other_addresses() {
    /// Resolves to two addresses, which are used alternately.
    struct Two;
    impl crate::connect::Resolve for Two {
        fn resolve<'a>(&'a self, _: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
            Box::pin(async move { Ok([[10, 0, 0, 1], [10, 0, 0, 2]].map(|ip| (ip, port).into()).to_vec()) })
        }
    }
    let (sender, mut peers) = mpsc::unbounded_channel();
    let network = Network {
        resolve: Arc::new(Two),
        connect: Arc::new(Script(sender)),
        limits: Arc::new(Limits::default),
        http2: Http2Setting::default(),
    };
    let connector = Connector::new("http://two.example".parse().unwrap(), network, None);
    let pool = Pool::new(connector, PoolLimits::default(), Arc::new(SeededRandom::new(1)));
    let mut ends = warm(&pool, &mut peers, 2).await;
    // The first address is used again.
    let call = send(&pool, get_on_new("/new")).await;
    drop(peers.recv().await.unwrap());
    assert!(call.await.unwrap().is_err());
    settle().await;
    assert!(is_closed(&mut ends[0]).await);
    exchange(&pool, &mut ends[1], "/still").await;
}

#[tokio::test(start_paused = true)]
async fn the_idle_time_is_four_fifths_of_the_servers_keep_alive_timeout() {
    const KEEP_ALIVE: &str =
        "HTTP/1.1 200 OK\r\nkeep-alive: timeout=5, max=9\r\ncontent-length: 5\r\n\r\nhello";
    let (pool, mut peers) = pool(PoolLimits::default());
    let _long = exchange_on_new(&pool, &mut peers, "/no-header").await;
    let new = send(&pool, get_on_new("/1")).await;
    let mut peer = peers.recv().await.unwrap();
    assert_eq!(read_path(&mut peer).await, "/1");
    write(&mut peer, KEEP_ALIVE).await;
    assert_eq!(whole(new).await, "hello");
    sleep(Duration::from_millis(3900)).await;
    // The value of the first response applies to all later ones.
    exchange(&pool, &mut peer, "/2").await;
    sleep(Duration::from_millis(3990)).await;
    assert_eq!(counts(&pool), only_idle(2));
    sleep(Duration::from_millis(20)).await;
    assert_eq!(counts(&pool), only_idle(1), "only the connection with a shorter idle time is closed");
}

#[tokio::test(start_paused = true)]
async fn the_keep_alive_timeout_applies_also_to_connections_without_a_response() {
    const KEEP_ALIVE: &str = "HTTP/1.1 200 OK\r\nkeep-alive: timeout=5\r\ncontent-length: 5\r\n\r\nhello";
    let (pool, mut connects) = slow_pool(PoolLimits::default());
    let first = send(&pool, get("/1")).await;
    let mut peer = connects.recv().await.unwrap().accept();
    assert_eq!(read_path(&mut peer).await, "/1");
    write(&mut peer, KEEP_ALIVE).await;
    assert_eq!(whole(first).await, "hello");
    pool.close_idle();
    abandon(send(&pool, get("/gone")).await).await;
    let _unused = connects.recv().await.unwrap().accept();
    settle().await;
    sleep(Duration::from_millis(3990)).await;
    assert_eq!(counts(&pool), only_idle(1));
    sleep(Duration::from_millis(20)).await;
    assert_eq!(counts(&pool), only_idle(0));
}
