//! The keys of series that something was told of before.

use std::sync::Arc;

use arc_swap::ArcSwap;
use metrics::Key;

/// The keys of the series of one metric, by what tells these apart.
///
/// A key owns its labels and knows their hash, so to make one for each value would cost more than to tell the value.
/// Keys are kept rather than what a recorder hands out for them: which recorder is meant is asked anew each time.
#[derive(Debug)]
// Not by hash: there are few, and to hash what tells them apart costs more than to look through them.
pub(super) struct Keys<T>(ArcSwap<Vec<(T, Arc<Key>)>>);

impl<T> Default for Keys<T> {
    fn default() -> Self {
        Self(ArcSwap::default())
    }
}

impl<T: Eq + Copy> Keys<T> {
    /// Hands the key of a series to `tell`; `make` makes it where that is the first time.
    pub(super) fn with(&self, series: T, make: impl FnOnce() -> Key, tell: impl FnOnce(&Key)) {
        if let Some((_, key)) = self.0.load().iter().find(|(known, _)| *known == series) {
            return tell(key);
        }
        let key = Arc::new(make());
        tell(&key);
        self.0.rcu(|known| {
            let mut known = Vec::clone(known);
            // Of those who come at once, one keeps it.
            if known.iter().all(|(known, _)| *known != series) {
                known.push((series, Arc::clone(&key)));
            }
            known
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_for_each_series() {
        let keys = Keys::<(&str, u16)>::default();
        let mut first_seen = Vec::new();
        for series in [("a", 200), ("b", 200), ("a", 404), ("b", 200), ("a", 200)] {
            let name = format!("{series:?}");
            let make = || {
                first_seen.push(series);
                Key::from_name(name.clone())
            };
            keys.with(series, make, |key| assert_eq!(key.name(), name));
        }
        assert_eq!(first_seen, [("a", 200), ("b", 200), ("a", 404)]);
    }
}
