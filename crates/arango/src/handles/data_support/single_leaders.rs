//! Which sets of collections have one leader.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Which sets of collections are known to have one leader. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct SingleLeaders(Arc<Mutex<HashSet<String>>>);

impl SingleLeaders {
    /// Returns whether it is known. `collections` names the database, too.
    pub(crate) fn contains(&self, collections: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(collections)
    }

    /// Records it: the sharding of a collection is fixed.
    pub(crate) fn record(&self, collections: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(collections);
    }
}
