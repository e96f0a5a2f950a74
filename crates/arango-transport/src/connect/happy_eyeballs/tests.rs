use std::collections::HashMap;
use std::sync::Mutex;

use tokio::io::duplex;
use tokio::time::sleep;

use super::*;

/// The behavior of an address.
#[derive(Debug, Clone, Copy)]
enum Behavior {
    ConnectsAfter(u64),
    FailsAfter(u64, io::ErrorKind),
    NeverResponds,
}
use Behavior::{ConnectsAfter, FailsAfter, NeverResponds};

/// A network of addresses that records when each was tried.
struct TestNetwork {
    began: Instant,
    behaviors: HashMap<SocketAddr, Behavior>,
    tried: Mutex<Vec<(SocketAddr, u128)>>,
}

impl TestNetwork {
    fn new(behaviors: &[(SocketAddr, Behavior)]) -> Self {
        Self {
            began: Instant::now(),
            behaviors: behaviors.iter().copied().collect(),
            tried: Mutex::default(),
        }
    }

    /// Tries all addresses, for three seconds.
    async fn try_all(&self, addresses: &[SocketAddr]) -> Result<SocketAddr, AttemptError> {
        let until = self.began + Duration::from_secs(3);
        open(self, addresses, until).await.map(|(_, address)| address)
    }

    /// Returns the tried addresses, and the milliseconds after which each was tried.
    fn tried(&self) -> Vec<(SocketAddr, u128)> {
        self.tried.lock().unwrap().clone()
    }
}

impl Connect for TestNetwork {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        self.tried.lock().unwrap().push((address, self.began.elapsed().as_millis()));
        let behavior = self.behaviors[&address];
        Box::pin(async move {
            match behavior {
                ConnectsAfter(ms) => {
                    sleep(Duration::from_millis(ms)).await;
                    Ok(Box::new(duplex(1).0) as Box<dyn Io>)
                }
                FailsAfter(ms, kind) => {
                    sleep(Duration::from_millis(ms)).await;
                    Err(kind.into())
                }
                NeverResponds => std::future::pending().await,
            }
        })
    }
}

fn six(n: u16) -> SocketAddr {
    SocketAddr::from(([0xfd00, 0, 0, 0, 0, 0, 0, n], 8529))
}

fn four(n: u8) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, n], 8529))
}

#[test]
fn families_alternate_ipv6_first_each_in_the_given_order() {
    assert_eq!(
        interleave(&[four(1), four(2), six(1), four(3), six(2)], 0),
        [six(1), four(1), six(2), four(2), four(3)]
    );
    assert_eq!(interleave(&[four(1), four(2)], 0), [four(1), four(2)]);
    assert!(interleave(&[], 7).is_empty());
}

#[test]
fn each_turn_rotates_each_family_by_one_address() {
    let all = [six(1), six(2), four(1), four(2), four(3)];
    assert_eq!(interleave(&all, 1), [six(2), four(2), six(1), four(3), four(1)]);
    assert_eq!(interleave(&all, 2), [six(1), four(3), six(2), four(1), four(2)]);
    let firsts: Vec<_> = (0..6).map(|turn| interleave(&all[2..], turn)[0]).collect();
    assert_eq!(firsts, [four(1), four(2), four(3), four(1), four(2), four(3)]);
}

#[tokio::test(start_paused = true)]
async fn an_unresponsive_family_delays_connecting_by_only_250_ms() {
    let network = TestNetwork::new(&[(six(1), NeverResponds), (four(1), ConnectsAfter(10))]);
    assert_eq!(network.try_all(&[six(1), four(1)]).await.unwrap(), four(1));
    assert_eq!(network.tried(), [(six(1), 0), (four(1), 250)]);
    assert_eq!(network.began.elapsed().as_millis(), 260);
}

#[tokio::test(start_paused = true)]
async fn the_first_address_that_connects_wins_even_if_it_was_slow() {
    let network = TestNetwork::new(&[(six(1), ConnectsAfter(300)), (four(1), ConnectsAfter(100))]);
    assert_eq!(network.try_all(&[six(1), four(1)]).await.unwrap(), six(1));
    assert_eq!(network.began.elapsed().as_millis(), 300);
}

#[tokio::test(start_paused = true)]
async fn a_failure_starts_the_next_address_immediately() {
    let refused = FailsAfter(20, io::ErrorKind::ConnectionRefused);
    let network = TestNetwork::new(&[(six(1), refused), (four(1), refused), (four(2), ConnectsAfter(0))]);
    assert_eq!(network.try_all(&[six(1), four(1), four(2)]).await.unwrap(), four(2));
    assert_eq!(network.tried(), [(six(1), 0), (four(1), 20), (four(2), 40)]);
}

#[tokio::test(start_paused = true)]
async fn all_addresses_are_tried_before_the_deadline() {
    let unresponsive: Vec<_> = (0..30).map(four).collect();
    let behaviors: Vec<_> = unresponsive.iter().map(|address| (*address, NeverResponds)).collect();
    let network = TestNetwork::new(&behaviors);
    let error = network.try_all(&unresponsive).await.unwrap_err();
    assert_eq!(network.began.elapsed(), Duration::from_secs(3));
    assert_eq!(network.tried().len(), 30);
    assert_eq!(network.tried()[29].1, 2900);
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectTimeout, Outcome::NotExecuted));
    assert_eq!(error.attempt().address, Some(four(29)));
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_a_refusal_takes_precedence_over_a_timeout_and_a_timeout_over_no_route() {
    let no_route = FailsAfter(0, io::ErrorKind::NetworkUnreachable);
    let refused = FailsAfter(5, io::ErrorKind::ConnectionRefused);
    for (first, second, kind, address) in [
        (refused, NeverResponds, ErrorKind::ConnectRefused, six(1)),
        (NeverResponds, refused, ErrorKind::ConnectRefused, four(1)),
        (no_route, NeverResponds, ErrorKind::ConnectTimeout, four(1)),
        (no_route, refused, ErrorKind::ConnectRefused, four(1)),
        (refused, no_route, ErrorKind::ConnectRefused, six(1)),
        (refused, refused, ErrorKind::ConnectRefused, four(1)),
        (no_route, no_route, ErrorKind::ConnectRefused, four(1)),
    ] {
        let network = TestNetwork::new(&[(six(1), first), (four(1), second)]);
        let error = network.try_all(&[six(1), four(1)]).await.unwrap_err();
        assert_eq!((error.kind(), error.attempt().address), (kind, Some(address)), "{first:?} {second:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn pending_connects_are_dropped_when_one_has_succeeded() {
    /// The reference count is one when no connect is pending.
    struct CountingNetwork(TestNetwork, std::sync::Arc<()>);
    impl Connect for CountingNetwork {
        fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
            let (opening, pending) = (self.0.connect(address), std::sync::Arc::clone(&self.1));
            Box::pin(async move {
                let result = opening.await;
                drop(pending);
                result
            })
        }
    }
    let network = TestNetwork::new(&[(six(1), NeverResponds), (four(1), ConnectsAfter(0))]);
    let until = network.began + Duration::from_secs(3);
    let counting = CountingNetwork(network, std::sync::Arc::default());
    open(&counting, &[six(1), four(1)], until).await.unwrap();
    assert_eq!(std::sync::Arc::strong_count(&counting.1), 1);
}
