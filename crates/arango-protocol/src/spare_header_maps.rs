//! Header maps that were used, for later requests.

use std::sync::{Arc, Mutex};

use http::HeaderMap;

/// The largest number of maps that are kept.
const MAX_MAPS: usize = 8;
/// The largest map that is kept, in headers.
const MAX_HEADERS: usize = 64;

/// Empty header maps with allocated memory: taken from responses, used for requests. Clones share them.
///
/// A map with room for the headers of a response is larger than what allocators serve fast.
#[derive(Debug, Clone, Default)]
pub struct SpareHeaderMaps(Arc<Mutex<Vec<HeaderMap>>>);

impl SpareHeaderMaps {
    /// Returns an empty map: a spare one, otherwise one without memory.
    #[must_use]
    pub fn take(&self) -> HeaderMap {
        // Not worth waiting for: if another thread has the lock, the map is allocated.
        self.0.try_lock().ok().and_then(|mut maps| maps.pop()).unwrap_or_default()
    }

    /// Clears a map and keeps it, unless there are enough or it is too large.
    pub fn keep(&self, mut map: HeaderMap) {
        if map.capacity() > MAX_HEADERS {
            return;
        }
        // Cleared before the lock is taken. No header value, which may be secret, is kept.
        map.clear();
        if let Ok(mut maps) = self.0.try_lock()
            && maps.len() < MAX_MAPS
        {
            maps.push(map);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use http::header::AUTHORIZATION;

    fn map(capacity: usize) -> HeaderMap {
        let mut map = HeaderMap::with_capacity(capacity);
        map.insert(AUTHORIZATION, HeaderValue::from_static("bearer x"));
        map
    }

    #[test]
    fn a_map_that_was_kept_is_empty_and_has_its_memory() {
        let spare = SpareHeaderMaps::default();
        assert_eq!(spare.take().capacity(), 0, "there is none");
        spare.keep(map(11));
        let taken = spare.clone().take();
        assert!(taken.is_empty() && taken.capacity() >= 11);
        assert_eq!(spare.take().capacity(), 0, "it was taken");
    }

    #[test]
    fn neither_many_nor_large_maps_are_kept() {
        let spare = SpareHeaderMaps::default();
        spare.keep(map(1000));
        assert_eq!(spare.take().capacity(), 0);
        (0..100).for_each(|_| spare.keep(map(11)));
        assert_eq!((0..100).filter(|_| spare.take().capacity() > 0).count(), MAX_MAPS);
    }
}
