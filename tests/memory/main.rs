//! Limits the memory that responses can make a client allocate. The tests need their own process, because all
//! allocations count.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod bodies;
mod connections;
mod cursor;
mod decompression;
mod import;
mod in_memory;
mod streaming;
mod stub_cursor;
mod stub_documents;

use std::alloc::System;
use std::sync::{Mutex, PoisonError};

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Runs a test in a runtime that ends before another test begins, so that it counts no allocations of another one.
fn alone<T>(test: impl Future<Output = T>) -> T {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

const MIB: usize = 1 << 20;

/// Returns the bytes that are on the heap.
fn live_bytes() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}
