//! Cached metric keys.

use std::sync::Arc;

use arc_swap::ArcSwap;
use metrics::Key;

/// The keys of all series of one metric.
///
/// A key owns its labels and their hash, so creating one for each value would cost more than recording the value. Keys
/// are cached rather than the handles of a recorder, because the recorder may be replaced.
#[derive(Debug)]
// A vector rather than a hash map: there are few series, and hashing costs more than a linear search.
pub(super) struct Keys<T>(ArcSwap<Vec<(T, Arc<Key>)>>);

impl<T> Default for Keys<T> {
    fn default() -> Self {
        Self(ArcSwap::default())
    }
}

impl<T: Eq + Copy> Keys<T> {
    /// Passes the key of a series to `record`; `create` creates it on first use.
    pub(super) fn with(&self, series: T, create: impl FnOnce() -> Key, record: impl FnOnce(&Key)) {
        if let Some((_, key)) = self.0.load().iter().find(|(cached, _)| *cached == series) {
            return record(key);
        }
        let key = Arc::new(create());
        record(&key);
        self.0.rcu(|keys| {
            let mut keys = Vec::clone(keys);
            // Only one of several concurrent callers adds the key.
            if keys.iter().all(|(cached, _)| *cached != series) {
                keys.push((series, Arc::clone(&key)));
            }
            keys
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_created_once_per_series() {
        let keys = Keys::<(&str, u16)>::default();
        let mut created = Vec::new();
        for series in [("a", 200), ("b", 200), ("a", 404), ("b", 200), ("a", 200)] {
            let name = format!("{series:?}");
            let create = || {
                created.push(series);
                Key::from_name(name.clone())
            };
            keys.with(series, create, |key| assert_eq!(key.name(), name));
        }
        assert_eq!(created, [("a", 200), ("b", 200), ("a", 404)]);
    }
}
