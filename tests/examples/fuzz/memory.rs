//! Counts the memory allocated while an input is processed.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, Stats, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Bytes that may remain allocated after all inputs, for caches that fill up.
const LEAK_TOLERANCE: usize = 1 << 20;

/// Counts the bytes allocated since its creation, freed or not. This is an upper bound of the peak.
pub(crate) struct AllocationTracker(Region<'static, System>);

impl AllocationTracker {
    pub(crate) fn start() -> Self {
        Self(Region::new(ALLOCATOR))
    }

    pub(crate) fn bytes_allocated(&self) -> usize {
        self.0.change().bytes_allocated
    }

    /// Returns whether the memory was freed, up to `LEAK_TOLERANCE`.
    pub(crate) fn is_freed(&self) -> bool {
        let Stats { bytes_allocated, bytes_deallocated, .. } = self.0.change();
        bytes_allocated.saturating_sub(bytes_deallocated) < LEAK_TOLERANCE
    }
}
