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
    pub(crate) fn contains(&self, collections: &str) -> bool {
        self.lock().get(collections).is_some_and(|since| since.elapsed() < KNOWN_FOR)
    }

    /// Records it, and forgets what is known no more.
    pub(crate) fn record(&self, collections: String) {
        let mut known = self.lock();
        known.retain(|_, since| since.elapsed() < KNOWN_FOR);
        known.insert(collections, Instant::now());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_leader_is_known_for_a_minute() {
        let known = SingleLeaders::default();
        known.record("shop/orders".to_owned());
        assert!(known.contains("shop/orders") && !known.contains("shop/items"));
        tokio::time::sleep(KNOWN_FOR).await;
        assert!(!known.contains("shop/orders"));
        known.record("shop/items".to_owned());
        assert_eq!(known.lock().len(), 1, "what is known no more is forgotten");
    }
}
