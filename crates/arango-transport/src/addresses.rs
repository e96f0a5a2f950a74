//! What a name resolves to: asked by one for all, and remembered.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::attempt_error::AttemptError;
use crate::connect::Resolve;
use crate::failed_attempt::Phase;
use crate::{ErrorKind, Outcome};

/// For how long nobody asks again: after that the addresses of a name may be others.
const FRESH: Duration = Duration::from_secs(30);

/// For how long addresses are good enough if the resolver is out of order.
const REMEMBERED: Duration = Duration::from_secs(600);

/// The addresses of one name.
///
/// Whoever opens a connection asks for them. While they are fresh nothing is looked up; else one looks
/// them up, and those who come meanwhile share what it is told.
pub(crate) struct Addresses {
    name: String,
    port: u16,
    resolve: Arc<dyn Resolve>,
    known: Mutex<Known>,
    /// Held by who looks up. A lock rather than a task: if it is dropped, the next one looks up.
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Known {
    /// What the name resolved to when it last did, and when that was.
    resolved: Option<(Arc<[SocketAddr]>, Instant)>,
    /// None of these addresses took a connection, so they are no longer fresh.
    doubted: bool,
    /// How many look-ups have ended.
    ended: u64,
    /// What the last one came to, for those who waited for it.
    last: Option<Result<Arc<[SocketAddr]>, AttemptError>>,
}

impl Addresses {
    pub(crate) fn new(name: String, port: u16, resolve: Arc<dyn Resolve>) -> Self {
        let (known, turn) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { name, port, resolve, known, turn }
    }

    /// Tells the addresses, in no more time than the limit.
    pub(crate) async fn get(&self, limit: Duration) -> Result<Arc<[SocketAddr]>, AttemptError> {
        let asked = {
            let known = self.known();
            if let Some(fresh) = known.younger_than(FRESH).filter(|_| !known.doubted) {
                return Ok(fresh);
            }
            known.ended
        };
        let until = Instant::now() + limit;
        let Ok(_turn) = timeout_at(until, self.turn.lock()).await else {
            return self.fall_back("the resolver did not answer in time".into());
        };
        let shared =
            Some(self.known()).filter(|known| known.ended != asked).and_then(|known| known.last.clone());
        if let Some(shared) = shared {
            return shared;
        }
        let told = self.look_up(limit).await;
        let mut known = self.known();
        known.ended += 1;
        known.last = Some(told.clone());
        told
    }

    /// Notes that none of the addresses took a connection: the next one is for others, if there are.
    pub(crate) fn doubt(&self) {
        self.known().doubted = true;
    }

    async fn look_up(&self, limit: Duration) -> Result<Arc<[SocketAddr]>, AttemptError> {
        // With addresses to fall back on, half of the time is left to try them.
        let limit = if self.known().younger_than(REMEMBERED).is_some() { limit / 2 } else { limit };
        let now = Instant::now();
        match timeout_at(now + limit, self.resolve.resolve(&self.name, self.port)).await {
            Ok(Ok(addresses)) if !addresses.is_empty() => {
                let addresses: Arc<[SocketAddr]> = addresses.into();
                let mut known = self.known();
                known.resolved = Some((Arc::clone(&addresses), now));
                known.doubted = false;
                Ok(addresses)
            }
            Ok(Ok(_)) => self.fall_back("the name has no address".into()),
            Ok(Err(error)) => self.fall_back(error.into()),
            Err(_) => self.fall_back("the resolver did not answer in time".into()),
        }
    }

    /// Remembers what the name resolved to before the resolver failed.
    fn fall_back(&self, failure: crate::BoxError) -> Result<Arc<[SocketAddr]>, AttemptError> {
        match self.known().younger_than(REMEMBERED) {
            Some(addresses) => {
                tracing::debug!(name = %self.name, error = %failure, "the resolver fails; the last known addresses are used");
                Ok(addresses)
            }
            None => {
                Err(AttemptError::new(ErrorKind::Dns, Outcome::NotExecuted, Phase::Connect).because(failure))
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn younger_than(&self, age: Duration) -> Option<Arc<[SocketAddr]>> {
        let (addresses, since) = self.resolved.as_ref()?;
        (since.elapsed() < age).then(|| Arc::clone(addresses))
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::task::JoinSet;
    use tokio::time::{advance, sleep, timeout};

    use super::*;
    use crate::connect::BoxFuture;

    const LIMIT: Duration = Duration::from_secs(3);

    /// Counts who asks, and answers a second later: the first time with port 1, the second time with port 2.
    #[derive(Default)]
    struct Slow {
        asked: AtomicUsize,
        broken: Mutex<bool>,
    }

    impl Slow {
        fn asked(&self) -> usize {
            self.asked.load(Ordering::Relaxed)
        }

        fn breaks(&self) {
            *self.broken.lock().unwrap() = true;
        }
    }

    impl Resolve for Arc<Slow> {
        fn resolve<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
            let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
            Box::pin(async move {
                sleep(Duration::from_secs(1)).await;
                if *self.broken.lock().unwrap() {
                    return Err(io::Error::other("out of order"));
                }
                Ok(vec![SocketAddr::from(([127, 0, 0, 1], u16::try_from(number).unwrap()))])
            })
        }
    }

    fn of(resolver: &Arc<Slow>) -> Arc<Addresses> {
        Arc::new(Addresses::new("db".into(), 8529, Arc::new(Arc::clone(resolver))))
    }

    async fn port(addresses: &Addresses) -> u16 {
        addresses.get(LIMIT).await.unwrap()[0].port()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_asks_the_resolver_once_and_shares_what_it_is_told() {
        for broken in [false, true] {
            let resolver = Arc::<Slow>::default();
            *resolver.broken.lock().unwrap() = broken;
            let addresses = of(&resolver);
            let mut burst = JoinSet::new();
            for _ in 0..128 {
                let addresses = Arc::clone(&addresses);
                burst.spawn(async move { addresses.get(LIMIT).await.is_err() });
            }
            assert!(burst.join_all().await.into_iter().all(|failed| failed == broken));
            assert_eq!(resolver.asked(), 1, "broken: {broken}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_are_looked_up_again_when_they_are_old_or_take_no_connection() {
        let resolver = Arc::<Slow>::default();
        let addresses = of(&resolver);
        assert_eq!((port(&addresses).await, port(&addresses).await), (1, 1));
        advance(FRESH).await;
        assert_eq!((port(&addresses).await, port(&addresses).await), (2, 2));
        addresses.doubt();
        assert_eq!((port(&addresses).await, port(&addresses).await), (3, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_resolver_is_out_of_order_the_last_addresses_are_good_for_ten_minutes() {
        let resolver = Arc::<Slow>::default();
        let addresses = of(&resolver);
        assert_eq!(port(&addresses).await, 1);
        resolver.breaks();
        advance(Duration::from_secs(590)).await;
        assert_eq!(port(&addresses).await, 1);
        advance(Duration::from_secs(10)).await;
        let error = addresses.get(LIMIT).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Dns, Outcome::NotExecuted));
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_dropped_while_it_asks_leaves_that_to_the_next() {
        let resolver = Arc::<Slow>::default();
        let addresses = of(&resolver);
        let next = tokio::spawn({
            let addresses = Arc::clone(&addresses);
            async move {
                sleep(Duration::from_millis(10)).await;
                port(&addresses).await
            }
        });
        timeout(Duration::from_millis(20), addresses.get(LIMIT)).await.unwrap_err();
        assert_eq!((next.await.unwrap(), resolver.asked()), (2, 2));
    }
}
