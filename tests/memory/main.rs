//! How much memory an answer can make a client take. Alone in its process, because what others allocate would count.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::alloc::System;
use std::io::Write;

use arango::protocol::{Metadata, RequestClass};
use arango::transport::Call;
use arango::{Client, ErrorKind, Limits};
use arango_test_cluster::{Authentication, Fault, TestCluster};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::Request;
use http_body_util::Full;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const MIB: usize = 1 << 20;

/// What holds a GiB of spaces: a member of 4 MiB again and again.
fn bomb() -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&vec![b' '; 4 * MIB]).unwrap();
    encoder.finish().unwrap().repeat(256).into()
}

#[tokio::test]
async fn an_answer_that_holds_a_gib_takes_no_more_memory_than_answers_may() {
    let cluster =
        TestCluster::builder().coordinators(1).authentication(Authentication::Off).start().await.unwrap();
    let bomb = bomb();
    let length = bomb.len();
    let _fault = cluster
        .coordinator(0)
        .inject(Fault::answer_raw(200, "application/json", bomb).header("content-encoding", "gzip"));
    let client = Client::builder()
        .hosts(cluster.urls())
        .limits(Limits::default().body_bytes(4 * MIB))
        .build()
        .unwrap();
    let request = Request::get("/_api/version").body(Full::<Bytes>::default()).unwrap();
    let call = Call::of(&Metadata::get("bomb", "/"), RequestClass::Safe);

    let region = Region::new(ALLOCATOR);
    let error = client.transport().ask(request, call, |answer| Ok(answer.bytes().len())).await.unwrap_err();
    let allocated = region.change().bytes_allocated;

    assert_eq!(error.kind(), ErrorKind::BodyTooLarge);
    // All that was allocated ever, on both ends: growing step by step is twice the limit, and the bytes on their way
    // are kept for a while. What is held at one time is less.
    let most = 8 * MIB + 2 * length + 2 * MIB;
    assert!(allocated < most, "{allocated} bytes, {length} of them compressed");
}
