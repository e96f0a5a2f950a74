//! Which sets of collections have one leader.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long it is known. A collection may be made again under its name, with more shards.
const KNOWN_FOR: Duration = Duration::from_secs(60);

/// Which sets of collections are known to have one leader, and since when. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct SingleLeaders(Arc<Mutex<HashMap<String, Instant>>>);

impl SingleLeaders {
    /// Returns whether it is known. `collections` names the database, too.
    #[inline]
    pub(crate) fn contains(&self, collections: &str) -> bool {
        self.contains_at(collections, Instant::now())
    }

    #[inline]
    fn contains_at(&self, collections: &str, now: Instant) -> bool {
        self.lock().get(collections).is_some_and(|since| is_known(*since, now))
    }

    /// Records it, and forgets what is known no more.
    #[inline]
    pub(crate) fn record(&self, collections: String) {
        self.record_at(collections, Instant::now());
    }

    #[inline]
    fn record_at(&self, collections: String, now: Instant) {
        let mut known = self.lock();
        known.retain(|_, since| is_known(*since, now));
        known.insert(collections, now);
    }

    #[inline]
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_known(since: Instant, now: Instant) -> bool {
    now.saturating_duration_since(since) < KNOWN_FOR
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_leader_is_known_for_a_minute() {
        let (known, now) = (SingleLeaders::default(), Instant::now());
        known.record_at("shop/orders".to_owned(), now);
        assert!(known.contains("shop/orders") && !known.contains("shop/items"));
        let later = now + KNOWN_FOR;
        assert!(!known.contains_at("shop/orders", later));
        known.record_at("shop/items".to_owned(), later);
        assert_eq!(known.lock().len(), 1, "what is known no more is forgotten");
    }
}
