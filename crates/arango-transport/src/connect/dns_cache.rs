//! A cache of resolved addresses, with one shared lookup per name.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arango_protocol::{ErrorKind, Outcome};
use tokio::time::{Instant, timeout_at};

use crate::connect::Resolve;
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;

/// The time for which addresses are used without another lookup.
const FRESH: Duration = Duration::from_secs(30);

/// The time for which addresses are used if the resolver fails.
const USABLE_ON_FAILURE: Duration = Duration::from_secs(600);

/// The cached addresses of one name.
///
/// While the addresses are fresh, no lookup is made. Otherwise one caller resolves the name, and concurrent
/// callers share its result.
pub(crate) struct DnsCache {
    name: String,
    port: u16,
    resolve: Arc<dyn Resolve>,
    resolved: Mutex<Resolved>,
    /// Held during a lookup. A lock rather than a task: if the lookup is dropped, the next caller starts one.
    lookup_lock: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Resolved {
    /// The addresses of the last successful lookup, and its time.
    addresses: Option<(Arc<[SocketAddr]>, Instant)>,
    /// Whether none of these addresses accepted a connection, so that they are no longer fresh.
    is_suspect: bool,
    /// The number of finished lookups.
    ended: u64,
    /// The result of the last lookup, for the callers that waited for it.
    last: Option<Result<Arc<[SocketAddr]>, AttemptError>>,
}

impl DnsCache {
    pub(crate) fn new(name: String, port: u16, resolve: Arc<dyn Resolve>) -> Self {
        let (resolved, turn) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { name, port, resolve, resolved, lookup_lock: turn }
    }

    /// Returns the addresses, within the time limit.
    pub(crate) async fn get(&self, limit: Duration) -> Result<Arc<[SocketAddr]>, AttemptError> {
        let ended_before = {
            let known = self.lock();
            if let Some(fresh) = known.younger_than(FRESH).filter(|_| !known.is_suspect) {
                return Ok(fresh);
            }
            known.ended
        };
        let until = Instant::now() + limit;
        let Ok(_turn) = timeout_at(until, self.lookup_lock.lock()).await else {
            return self.fallback("the resolver did not respond in time".into());
        };
        let shared = Some(self.lock())
            .filter(|known| known.ended != ended_before)
            .and_then(|known| known.last.clone());
        if let Some(shared) = shared {
            return shared;
        }
        let result = self.look_up(limit).await;
        let mut known = self.lock();
        known.ended += 1;
        known.last = Some(result.clone());
        result
    }

    /// Records that no address accepted a connection, so that the next call resolves again.
    pub(crate) fn mark_suspect(&self) {
        self.lock().is_suspect = true;
    }

    async fn look_up(&self, limit: Duration) -> Result<Arc<[SocketAddr]>, AttemptError> {
        // If there are addresses to fall back on, half of the time is reserved for trying them.
        let limit = if self.lock().younger_than(USABLE_ON_FAILURE).is_some() { limit / 2 } else { limit };
        let now = Instant::now();
        match timeout_at(now + limit, self.resolve.resolve(&self.name, self.port)).await {
            Ok(Ok(addresses)) if !addresses.is_empty() => {
                let addresses: Arc<[SocketAddr]> = addresses.into();
                let mut known = self.lock();
                known.addresses = Some((Arc::clone(&addresses), now));
                known.is_suspect = false;
                Ok(addresses)
            }
            Ok(Ok(_)) => self.fallback("the name has no address".into()),
            Ok(Err(error)) => self.fallback(error.into()),
            Err(_) => self.fallback("the resolver did not respond in time".into()),
        }
    }

    /// Returns the last known addresses after a failed lookup, or its error.
    fn fallback(&self, failure: crate::types::boxed::BoxError) -> Result<Arc<[SocketAddr]>, AttemptError> {
        match self.lock().younger_than(USABLE_ON_FAILURE) {
            Some(addresses) => {
                tracing::debug!(
                    name = %self.name,
                    error = %failure,
                    "resolving failed; using the last known addresses"
                );
                Ok(addresses)
            }
            None => {
                Err(AttemptError::new(ErrorKind::Dns, Outcome::NotExecuted, Phase::Connect)
                    .with_source(failure))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Resolved> {
        self.resolved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolved {
    fn younger_than(&self, age: Duration) -> Option<Arc<[SocketAddr]>> {
        let (addresses, since) = self.addresses.as_ref()?;
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
    use crate::types::boxed::BoxFuture;

    const LIMIT: Duration = Duration::from_secs(3);

    /// Counts lookups and returns after a second; lookup number `n` returns port `n`.
    #[derive(Default)]
    struct TestResolver {
        lookups: AtomicUsize,
        broken: Mutex<bool>,
    }

    impl TestResolver {
        fn lookup_count(&self) -> usize {
            self.lookups.load(Ordering::Relaxed)
        }

        fn start_failing(&self) {
            *self.broken.lock().unwrap() = true;
        }
    }

    impl Resolve for Arc<TestResolver> {
        fn resolve<'a>(&'a self, _: &'a str, _: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
            let number = self.lookups.fetch_add(1, Ordering::Relaxed) + 1;
            Box::pin(async move {
                sleep(Duration::from_secs(1)).await;
                if *self.broken.lock().unwrap() {
                    return Err(io::Error::other("resolver failure"));
                }
                Ok(vec![SocketAddr::from(([127, 0, 0, 1], u16::try_from(number).unwrap()))])
            })
        }
    }

    fn cache(resolver: &Arc<TestResolver>) -> Arc<DnsCache> {
        Arc::new(DnsCache::new("db".into(), 8529, Arc::new(Arc::clone(resolver))))
    }

    async fn port(addresses: &DnsCache) -> u16 {
        addresses.get(LIMIT).await.unwrap()[0].port()
    }

    #[tokio::test(start_paused = true)]
    async fn concurrent_callers_share_one_lookup_and_its_result() {
        for broken in [false, true] {
            let resolver = Arc::<TestResolver>::default();
            *resolver.broken.lock().unwrap() = broken;
            let addresses = cache(&resolver);
            let mut burst = JoinSet::new();
            for _ in 0..128 {
                let addresses = Arc::clone(&addresses);
                burst.spawn(async move { addresses.get(LIMIT).await.is_err() });
            }
            assert!(burst.join_all().await.into_iter().all(|failed| failed == broken));
            assert_eq!(resolver.lookup_count(), 1, "broken: {broken}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_are_resolved_again_when_they_are_old_or_suspect() {
        let resolver = Arc::<TestResolver>::default();
        let addresses = cache(&resolver);
        assert_eq!((port(&addresses).await, port(&addresses).await), (1, 1));
        advance(FRESH).await;
        assert_eq!((port(&addresses).await, port(&addresses).await), (2, 2));
        addresses.mark_suspect();
        assert_eq!((port(&addresses).await, port(&addresses).await), (3, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn while_the_resolver_fails_the_last_addresses_are_used_for_ten_minutes() {
        let resolver = Arc::<TestResolver>::default();
        let addresses = cache(&resolver);
        assert_eq!(port(&addresses).await, 1);
        resolver.start_failing();
        advance(Duration::from_secs(590)).await;
        assert_eq!(port(&addresses).await, 1);
        advance(Duration::from_secs(10)).await;
        let error = addresses.get(LIMIT).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Dns, Outcome::NotExecuted));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lookup_that_is_dropped_is_started_again_by_the_next_caller() {
        let resolver = Arc::<TestResolver>::default();
        let addresses = cache(&resolver);
        let next = tokio::spawn({
            let addresses = Arc::clone(&addresses);
            async move {
                sleep(Duration::from_millis(10)).await;
                port(&addresses).await
            }
        });
        timeout(Duration::from_millis(20), addresses.get(LIMIT)).await.unwrap_err();
        assert_eq!((next.await.unwrap(), resolver.lookup_count()), (2, 2));
    }
}
