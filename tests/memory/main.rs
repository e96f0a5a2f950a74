//! Limits the memory that responses can make a client allocate. The tests need their own process, because all
//! allocations count.
#![allow(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod bodies;
mod connections;
mod cursor;
mod decompression;
mod import;
mod in_memory;
mod stub_cursor;
mod stub_documents;

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::sync::Mutex;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Held by each test, so that it counts no allocations of another one.
static ALONE: Mutex<()> = Mutex::const_new(());

const MIB: usize = 1 << 20;

/// Returns the bytes that are on the heap.
fn live_bytes() -> usize {
    let stats = ALLOCATOR.stats();
    stats.bytes_allocated - stats.bytes_deallocated
}
