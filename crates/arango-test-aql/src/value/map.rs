//! A map by value, for groups and for distinct values.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};

use super::Value;
use super::key::{hash, is_same};

/// Something for each distinct value, in the order in which the values were first seen.
///
/// Values are distinct if they are [different keys](is_same).
#[derive(Debug, Clone)]
pub(crate) struct ValueMap<T> {
    entries: Vec<(Value, T)>,
    // Positions of the entries that have a hash.
    positions: HashMap<u64, Vec<usize>>,
    hasher: RandomState,
}

impl<T> ValueMap<T> {
    /// Creates an empty map.
    pub(crate) fn new() -> Self {
        Self { entries: Vec::new(), positions: HashMap::new(), hasher: RandomState::new() }
    }

    /// Returns what belongs to a value.
    pub(crate) fn get(&self, value: &Value) -> Option<&T> {
        self.position(value, self.hash(value)).map(|position| &self.entries[position].1)
    }

    /// Returns what belongs to a value, and stores it first if the value is new.
    pub(crate) fn entry(&mut self, value: Value, new: impl FnOnce() -> T) -> &mut T {
        let hash = self.hash(&value);
        let position = self.position(&value, hash).unwrap_or_else(|| {
            let position = self.entries.len();
            self.entries.push((value, new()));
            self.positions.entry(hash).or_default().push(position);
            position
        });
        &mut self.entries[position].1
    }

    /// Returns the number of distinct values.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no values.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the values and what belongs to them, in the order in which the values were first seen.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Value, &T)> {
        self.entries.iter().map(|(value, item)| (value, item))
    }

    /// Returns the values and what belongs to them, in the order in which the values were first seen.
    pub(crate) fn into_entries(self) -> Vec<(Value, T)> {
        self.entries
    }

    fn hash(&self, value: &Value) -> u64 {
        let mut state = self.hasher.build_hasher();
        hash(value, &mut state);
        state.finish()
    }

    fn position(&self, value: &Value, hash: u64) -> Option<usize> {
        let mut candidates = self.positions.get(&hash)?.iter().copied();
        candidates.find(|position| is_same(&self.entries[*position].0, value))
    }
}

impl<T> Default for ValueMap<T> {
    fn default() -> Self {
        Self::new()
    }
}
