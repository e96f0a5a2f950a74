use std::collections::HashMap;
use std::sync::Mutex;

use tokio::io::duplex;
use tokio::time::sleep;

use super::*;

/// What happens to those who knock at an address.
#[derive(Debug, Clone, Copy)]
enum Fate {
    OpensAfter(u64),
    FailsAfter(u64, io::ErrorKind),
    Swallowed,
}
use Fate::{FailsAfter, OpensAfter, Swallowed};

/// Addresses with their fates, and who knocked when.
struct Street {
    began: Instant,
    fates: HashMap<SocketAddr, Fate>,
    knocks: Mutex<Vec<(SocketAddr, u128)>>,
}

impl Street {
    fn new(fates: &[(SocketAddr, Fate)]) -> Self {
        Self { began: Instant::now(), fates: fates.iter().copied().collect(), knocks: Mutex::default() }
    }

    /// Tries all addresses, for three seconds.
    async fn try_all(&self, addresses: &[SocketAddr]) -> Result<SocketAddr, AttemptError> {
        let until = self.began + Duration::from_secs(3);
        open(self, addresses, until).await.map(|(_, address)| address)
    }

    /// Milliseconds after which each was tried, in their order.
    fn knocks(&self) -> Vec<(SocketAddr, u128)> {
        self.knocks.lock().unwrap().clone()
    }
}

impl Connect for Street {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
        self.knocks.lock().unwrap().push((address, self.began.elapsed().as_millis()));
        let fate = self.fates[&address];
        Box::pin(async move {
            match fate {
                OpensAfter(ms) => {
                    sleep(Duration::from_millis(ms)).await;
                    Ok(Box::new(duplex(1).0) as Box<dyn Io>)
                }
                FailsAfter(ms, kind) => {
                    sleep(Duration::from_millis(ms)).await;
                    Err(kind.into())
                }
                Swallowed => std::future::pending().await,
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
fn families_take_turns_ipv6_first_each_in_the_order_given() {
    assert_eq!(
        in_turn(&[four(1), four(2), six(1), four(3), six(2)], 0),
        [six(1), four(1), six(2), four(2), four(3)]
    );
    assert_eq!(in_turn(&[four(1), four(2)], 0), [four(1), four(2)]);
    assert!(in_turn(&[], 7).is_empty());
}

#[test]
fn each_turn_begins_one_address_further_in_each_family() {
    let all = [six(1), six(2), four(1), four(2), four(3)];
    assert_eq!(in_turn(&all, 1), [six(2), four(2), six(1), four(3), four(1)]);
    assert_eq!(in_turn(&all, 2), [six(1), four(3), six(2), four(1), four(2)]);
    let firsts: Vec<_> = (0..6).map(|turn| in_turn(&all[2..], turn)[0]).collect();
    assert_eq!(firsts, [four(1), four(2), four(3), four(1), four(2), four(3)]);
}

#[tokio::test(start_paused = true)]
async fn a_family_that_is_swallowed_costs_a_quarter_of_a_second_and_no_more() {
    let street = Street::new(&[(six(1), Swallowed), (four(1), OpensAfter(10))]);
    assert_eq!(street.try_all(&[six(1), four(1)]).await.unwrap(), four(1));
    assert_eq!(street.knocks(), [(six(1), 0), (four(1), 250)]);
    assert_eq!(street.began.elapsed().as_millis(), 260);
}

#[tokio::test(start_paused = true)]
async fn the_first_that_opens_wins_even_if_it_began_first_and_was_slow() {
    let street = Street::new(&[(six(1), OpensAfter(300)), (four(1), OpensAfter(100))]);
    assert_eq!(street.try_all(&[six(1), four(1)]).await.unwrap(), six(1));
    assert_eq!(street.began.elapsed().as_millis(), 300);
}

#[tokio::test(start_paused = true)]
async fn one_that_fails_lets_the_next_begin_at_once() {
    let refused = FailsAfter(20, io::ErrorKind::ConnectionRefused);
    let street = Street::new(&[(six(1), refused), (four(1), refused), (four(2), OpensAfter(0))]);
    assert_eq!(street.try_all(&[six(1), four(1), four(2)]).await.unwrap(), four(2));
    assert_eq!(street.knocks(), [(six(1), 0), (four(1), 20), (four(2), 40)]);
}

#[tokio::test(start_paused = true)]
async fn however_many_there_are_each_has_begun_before_time_is_over() {
    let swallowed: Vec<_> = (0..30).map(four).collect();
    let fates: Vec<_> = swallowed.iter().map(|address| (*address, Swallowed)).collect();
    let street = Street::new(&fates);
    let mut error = street.try_all(&swallowed).await.unwrap_err();
    assert_eq!(street.began.elapsed(), Duration::from_secs(3));
    assert_eq!(street.knocks().len(), 30);
    assert_eq!(street.knocks()[29].1, 2900);
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::ConnectTimeout, Outcome::NotExecuted));
    assert_eq!(error.attempt().address, Some(four(29)));
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_a_refusal_explains_more_than_silence_and_silence_more_than_no_way() {
    let no_way = FailsAfter(0, io::ErrorKind::NetworkUnreachable);
    let refused = FailsAfter(5, io::ErrorKind::ConnectionRefused);
    for (first, second, kind, address) in [
        (refused, Swallowed, ErrorKind::ConnectRefused, six(1)),
        (Swallowed, refused, ErrorKind::ConnectRefused, four(1)),
        (no_way, Swallowed, ErrorKind::ConnectTimeout, four(1)),
        (no_way, refused, ErrorKind::ConnectRefused, four(1)),
        (refused, no_way, ErrorKind::ConnectRefused, six(1)),
        (refused, refused, ErrorKind::ConnectRefused, four(1)),
        (no_way, no_way, ErrorKind::ConnectRefused, four(1)),
    ] {
        let street = Street::new(&[(six(1), first), (four(1), second)]);
        let mut error = street.try_all(&[six(1), four(1)]).await.unwrap_err();
        assert_eq!((error.kind(), error.attempt().address), (kind, Some(address)), "{first:?} {second:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_begun_with_others_is_dropped_when_one_has_won() {
    /// Tells by its count that nobody opens a stream any more.
    struct Watched(Street, std::sync::Arc<()>);
    impl Connect for Watched {
        fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Io>>> {
            let (opening, watch) = (self.0.connect(address), std::sync::Arc::clone(&self.1));
            Box::pin(async move {
                let result = opening.await;
                drop(watch);
                result
            })
        }
    }
    let street = Street::new(&[(six(1), Swallowed), (four(1), OpensAfter(0))]);
    let until = street.began + Duration::from_secs(3);
    let watched = Watched(street, std::sync::Arc::default());
    open(&watched, &[six(1), four(1)], until).await.unwrap();
    assert_eq!(std::sync::Arc::strong_count(&watched.1), 1);
}
