//! A response that becomes large when it is decompressed.

use std::io::Write;

use arango::protocol::{Metadata, RequestClass, RequestProperties};
use arango::transport::Call;
use arango::{Client, ErrorKind, Limits};
use arango_test_cluster::{Authentication, Fault, TestCluster};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::Request;
use http_body_util::Full;
use stats_alloc::Region;

use crate::{ALLOCATOR, MIB, alone};

/// Returns a gzip stream of 1 GiB of spaces, as 256 members of 4 MiB.
fn decompression_bomb() -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&vec![b' '; 4 * MIB]).unwrap();
    encoder.finish().unwrap().repeat(256).into()
}

#[test]
fn decompression_bomb_does_not_exceed_the_response_limit() {
    alone(async {
        let cluster =
            TestCluster::builder().coordinators(1).authentication(Authentication::Off).start().await.unwrap();
        let bomb = decompression_bomb();
        let length = bomb.len();
        let _fault = cluster
            .coordinator(0)
            .inject(Fault::raw_response(200, "application/json", bomb).header("content-encoding", "gzip"));
        let client = Client::builder()
            .hosts(cluster.urls())
            .limits(Limits::default().body_bytes(4 * MIB))
            .build()
            .unwrap();
        let request = Request::get("/_api/version").body(Full::<Bytes>::default()).unwrap();
        let call = Call::new(&Metadata::get("bomb", "/"), RequestProperties::with_class(RequestClass::Safe));

        let region = Region::new(ALLOCATOR);
        let error = client
            .transport()
            .send_and_decode(request, call, |response| Ok(response.bytes().len()))
            .await
            .unwrap_err();
        let allocated = region.change().bytes_allocated;

        assert_eq!(error.kind(), ErrorKind::BodyTooLarge);
        // All allocations on both ends: growing the buffer step by step allocates twice the limit, and the bytes in transit
        // are kept for a while. The peak is lower.
        let max = 8 * MIB + 2 * length + 2 * MIB;
        assert!(allocated < max, "{allocated} bytes, {length} of them compressed");
    });
}
