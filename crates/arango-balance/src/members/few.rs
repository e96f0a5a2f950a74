//! A list that needs no allocation as long as it is short.

use std::ops::{Deref, DerefMut};

/// The number of entries without an allocation.
const INLINE: usize = 4;

/// A list that allocates only for its fifth entry.
///
/// As long as few members are degraded, a request is picked without an allocation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Few<T> {
    /// The number of entries in `inline`; they are the list unless `heap` has some.
    len: usize,
    inline: [T; INLINE],
    heap: Vec<T>,
}

impl<T: Copy + Default> Few<T> {
    pub(crate) fn push(&mut self, value: T) {
        if !self.heap.is_empty() {
            self.heap.push(value);
        } else if self.len < INLINE {
            self.inline[self.len] = value;
            self.len += 1;
        } else {
            self.heap.reserve(2 * INLINE);
            self.heap.extend_from_slice(&self.inline);
            self.heap.push(value);
        }
    }

    /// Removes the entries for which `keep` returns `false`. The others keep their order.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&T) -> bool) {
        if !self.heap.is_empty() {
            self.heap.retain(keep);
            // An empty heap means that the entries are inline.
            self.len = 0;
            return;
        }
        let mut kept = 0;
        for index in 0..self.len {
            let value = self.inline[index];
            if keep(&value) {
                self.inline[kept] = value;
                kept += 1;
            }
        }
        self.len = kept;
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        if self.heap.is_empty() { &self.inline[..self.len] } else { &self.heap }
    }
}

impl<T> DerefMut for Few<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        if self.heap.is_empty() { &mut self.inline[..self.len] } else { &mut self.heap }
    }
}

impl<T: Copy + Default> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut few = Self::default();
        for value in values {
            few.push(value);
        }
        few
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_holds_what_a_vector_holds(before in prop::collection::vec(0..9_u8, 0..9), out in 0..9_u8, after: Vec<u8>) {
            let (mut few, mut vector) = (before.iter().copied().collect::<Few<u8>>(), before);
            prop_assert_eq!(&few[..], &vector[..]);
            few.retain(|value| *value != out);
            vector.retain(|value| *value != out);
            for value in after {
                few.push(value);
                vector.push(value);
            }
            few.sort_unstable();
            vector.sort_unstable();
            prop_assert_eq!(&few[..], &vector[..]);
        }
    }
}
