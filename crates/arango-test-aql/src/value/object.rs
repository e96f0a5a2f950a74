//! Objects: values by name, in the order in which they were set.

use std::collections::HashMap;
use std::sync::Arc;

use super::Value;

/// Up to this many attributes a search through all names is faster than an index of them.
const SEARCHED: usize = 16;

/// Values by name. Keeps the order in which the names were first set.
#[derive(Debug, Clone, Default)]
pub struct Object {
    attributes: Vec<(Arc<str>, Value)>,
    // Empty up to `SEARCHED` attributes, complete above.
    index: HashMap<Arc<str>, usize>,
}

impl Object {
    /// Creates an empty object.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an empty object with room for some attributes.
    pub fn with_capacity(capacity: usize) -> Self {
        Self { attributes: Vec::with_capacity(capacity), index: HashMap::new() }
    }

    /// Returns an attribute.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.position(name).map(|position| &self.attributes[position].1)
    }

    /// Whether it has an attribute of this name, even if its value is `null`.
    pub fn contains(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// Sets an attribute. One that exists keeps its place.
    pub fn set(&mut self, name: impl Into<Arc<str>> + AsRef<str>, value: Value) {
        if let Some(position) = self.position(name.as_ref()) {
            self.attributes[position].1 = value;
            return;
        }
        self.attributes.push((name.into(), value));
        let length = self.attributes.len();
        if length > SEARCHED {
            let first = if self.index.is_empty() { 0 } else { length - 1 };
            for position in first..length {
                self.index.insert(self.attributes[position].0.clone(), position);
            }
        }
    }

    /// Removes an attribute and returns its value.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let position = self.position(name)?;
        let (_, value) = self.attributes.remove(position);
        let kept = std::mem::take(&mut self.attributes);
        *self = kept.into_iter().collect();
        Some(value)
    }

    /// Returns names and values, in the order in which the names were first set.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&Arc<str>, &Value)> + ExactSizeIterator {
        self.attributes.iter().map(|(name, value)| (name, value))
    }

    /// Returns the number of attributes.
    pub fn len(&self) -> usize {
        self.attributes.len()
    }

    /// Whether it has no attributes.
    pub fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }

    fn position(&self, name: &str) -> Option<usize> {
        if self.index.is_empty() {
            self.attributes.iter().position(|(known, _)| **known == *name)
        } else {
            self.index.get(name).copied()
        }
    }
}

impl FromIterator<(Arc<str>, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Value)>>(attributes: I) -> Self {
        let attributes = attributes.into_iter();
        let mut object = Self::with_capacity(attributes.size_hint().0);
        for (name, value) in attributes {
            object.set(name, value);
        }
        object
    }
}
