//! What reading an input allocates.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What may remain of all inputs together, in bytes: caches that fill, not something of each.
const REMAINS: usize = 1 << 20;

/// All that was allocated since, in bytes, whether or not it was freed again: no less than the peak.
pub(crate) struct Allocated(Region<'static, System>);

impl Allocated {
    pub(crate) fn since_now() -> Self {
        Self(Region::new(ALLOCATOR))
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.change().bytes_allocated
    }

    /// Whether next to nothing of it is still there.
    pub(crate) fn is_given_back(&self) -> bool {
        let Stats { bytes_allocated, bytes_deallocated, .. } = self.0.change();
        bytes_allocated.saturating_sub(bytes_deallocated) < REMAINS
    }
}
