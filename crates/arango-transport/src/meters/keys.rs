//! The keys of series that something was told of before.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use arc_swap::ArcSwap;
use metrics::Key;

/// The keys of the series of one metric, by what tells these apart.
///
/// A key owns its labels and knows their hash, so to make one for each value would cost more than to tell the value.
/// Keys are kept rather than what a recorder hands out for them: which recorder is meant is asked anew each time.
#[derive(Debug)]
pub(super) struct Keys<T>(ArcSwap<HashMap<T, Arc<Key>>>);

impl<T> Default for Keys<T> {
    fn default() -> Self {
        Self(ArcSwap::default())
    }
}

impl<T: Eq + Hash + Copy> Keys<T> {
    /// Hands the key of a series to `tell`; `make` makes it where that is the first time.
    pub(super) fn with(&self, series: T, make: impl FnOnce() -> Key, tell: impl FnOnce(&Key)) {
        if let Some(key) = self.0.load().get(&series) {
            return tell(key);
        }
        let key = Arc::new(make());
        tell(&key);
        self.0.rcu(|known| {
            let mut known = HashMap::clone(known);
            known.insert(series, Arc::clone(&key));
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
        let mut made = Vec::new();
        for series in [("a", 200), ("b", 200), ("a", 404), ("b", 200), ("a", 200)] {
            let name = format!("{series:?}");
            let make_key = || {
                made.push(series);
                Key::from_name(name.clone())
            };
            keys.with(series, make_key, |key| assert_eq!(key.name(), name));
        }
        assert_eq!(made, [("a", 200), ("b", 200), ("a", 404)]);
    }
}
