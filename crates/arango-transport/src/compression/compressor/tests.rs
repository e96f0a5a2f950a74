use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use arango_protocol::ErrorKind;
use flate2::write::DeflateEncoder;
use http::Request;
use http_body::Frame;
use http_body_util::BodyExt;
use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::call::attempt_request::AttemptPlan;
use crate::call::compressed::CompressedBody;
use crate::types::boxed::BoxError;

const BOTH: [Encoding; 2] = [Encoding::Deflate, Encoding::Gzip];

/// A body that arrives in these parts.
struct Parts(VecDeque<Bytes>);

impl HttpBody for Parts {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.pop_front().map(|part| Ok(Frame::data(part))))
    }
}

fn inflated(encoding: Encoding, bytes: &[u8], part: usize) -> Body {
    let parts = bytes.chunks(part).map(Bytes::copy_from_slice).collect();
    decompress(encoding, Body::from_foreign(Parts(parts))).unwrap()
}

async fn read(mut body: Body, limit: usize) -> Result<Bytes, ErrorKind> {
    let soon = Instant::now() + Duration::from_secs(60);
    body.buffer(limit, Duration::from_secs(60), soon).await.map_err(|failed| failed.kind)?;
    Ok(body.take_buffered().unwrap())
}

fn compressed(encoding: Encoding, plain: &[u8]) -> Vec<u8> {
    let (into, level) = (Vec::new(), flate2::Compression::fast());
    match encoding {
        Encoding::Deflate => {
            let mut encoder = ZlibEncoder::new(into, level);
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
        Encoding::Gzip => {
            let mut encoder = GzEncoder::new(into, level);
            encoder.write_all(plain).unwrap();
            encoder.finish().unwrap()
        }
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_compressed_body_is_restored_from_parts_of_any_size(
        plain in proptest::collection::vec(0_u8..4, 0..20_000),
        part in 1_usize..2_000,
    ) {
        for encoding in BOTH {
            let bytes = compressed(encoding, &plain);
            let read = block_on(read(inflated(encoding, &bytes, part), plain.len()));
            prop_assert_eq!(read.unwrap(), &plain);
            if let Some(smaller) = compress_if_smaller(&plain, encoding) {
                prop_assert_eq!(&*smaller, &bytes);
                prop_assert!(smaller.len() < plain.len());
            }
        }
    }

    #[test]
    fn a_corrupted_body_is_never_decoded_to_different_data(
        plain in proptest::collection::vec(any::<u8>(), 1..3_000),
        at in any::<proptest::sample::Index>(),
        by in 1_u8..,
        part in 1_usize..500,
    ) {
        let mut bytes = compressed(Encoding::Gzip, &plain);
        let at = at.index(bytes.len());
        bytes[at] ^= by;
        // Some fields of the gzip header, such as the time, are arbitrary or skipped, so decoding may succeed.
        if let Ok(read) = block_on(read(inflated(Encoding::Gzip, &bytes, part), plain.len())) {
            prop_assert_eq!(read, &plain);
        }
    }
}

#[tokio::test]
async fn a_truncated_body_is_an_error() {
    let plain = [b'x'; 10_000];
    for encoding in BOTH {
        let bytes = compressed(encoding, &plain);
        for length in 1..bytes.len() {
            let read = read(inflated(encoding, &bytes[..length], 7), plain.len()).await;
            assert_eq!(read, Err(ErrorKind::Decode), "{encoding:?}: {length} of {}", bytes.len());
        }
    }
}

#[tokio::test]
async fn bytes_after_the_compressed_data_are_an_error() {
    for encoding in BOTH {
        for part in [1, 10_000] {
            let mut bytes = compressed(encoding, b"{}");
            bytes.extend(b"more");
            assert_eq!(read(inflated(encoding, &bytes, part), 100).await, Err(ErrorKind::Decode));
        }
    }
}

#[tokio::test]
async fn concatenated_gzip_members_are_decoded() {
    let bytes = [compressed(Encoding::Gzip, b"one, "), compressed(Encoding::Gzip, b"two")].concat();
    for part in [1, 10_000] {
        assert_eq!(read(inflated(Encoding::Gzip, &bytes, part), 100).await.unwrap(), "one, two");
    }
}

#[tokio::test]
async fn deflate_is_the_zlib_format_and_a_raw_stream_is_an_error() {
    let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"{\"error\":false}").unwrap();
    let bare = encoder.finish().unwrap();
    assert_eq!(read(inflated(Encoding::Deflate, &bare, 100), 100).await, Err(ErrorKind::Decode));
}

#[tokio::test]
async fn an_empty_body_is_valid_in_every_encoding() {
    for encoding in BOTH {
        assert_eq!(read(inflated(encoding, b"", 1), 0).await.unwrap(), "");
        assert_eq!(read(inflated(encoding, &compressed(encoding, b""), 1), 0).await.unwrap(), "");
    }
}

#[tokio::test]
async fn a_highly_compressed_body_is_decoded_only_up_to_the_limit() {
    let limit = 1 << 20;
    // A member of 4 MiB, repeated to 1 GiB.
    let bytes = compressed(Encoding::Gzip, &vec![0; 4 << 20]).repeat(256);
    assert_eq!(
        read(inflated(Encoding::Gzip, &bytes, bytes.len()), limit).await,
        Err(ErrorKind::BodyTooLarge)
    );

    let mut body = inflated(Encoding::Gzip, &bytes, bytes.len());
    for _ in 0..100 {
        let part = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert!((1..=decoder::PART).contains(&part.len()));
    }
}

#[tokio::test]
async fn decoding_a_large_body_yields_to_other_tasks() {
    let bytes = compressed(Encoding::Deflate, &vec![0; 8 << 20]);
    let whole = tokio::spawn(read(inflated(Encoding::Deflate, &bytes, bytes.len()), 8 << 20));
    yield_now().await;
    assert!(!whole.is_finished(), "decoding is still running");
    assert_eq!(whole.await.unwrap().unwrap().len(), 8 << 20);
}

#[test]
fn a_body_is_compressed_once_per_call_and_a_replaced_body_is_not_served_from_the_cache() {
    let kept = CompressedBody::default();
    let deflate = |plain: &[u8]| compress_if_smaller(plain, Encoding::Deflate);
    let plain = Bytes::from(vec![b'x'; 10_000]);
    let once = kept.get_or_compress(&plain, deflate).unwrap();
    let again = kept.get_or_compress(&plain.clone(), deflate).unwrap();
    assert_eq!(once.as_ptr(), again.as_ptr());

    let other = Bytes::from(vec![b'y'; 10_000]);
    assert_ne!(kept.get_or_compress(&other, deflate).unwrap(), once);
    assert!(kept.get_or_compress(&plain.slice(..9_999), deflate).unwrap() != once);
}

#[test]
fn a_body_that_would_not_become_smaller_is_not_compressed() {
    for encoding in BOTH {
        assert!(compress_if_smaller(b"{}", encoding).is_none());
        assert!(compress_if_smaller(b"", encoding).is_none());
    }
}

#[tokio::test]
async fn compressing_a_large_body_ahead_yields_to_other_tasks() {
    let plain = Bytes::from(vec![b'x'; 1 << 20]);
    let mut request = Request::new(Full::new(plain.clone()));
    let unauthenticated = AttemptPlan::untracked(&request).context;
    Compression::gzip().compress_ahead(&unauthenticated, &unauthenticated.request).await;
    assert!(!unauthenticated.compressed.is_set(), "a request without credentials is not compressed");
    request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("Basic x"));
    let context = AttemptPlan::untracked(&request).context;
    assert!(Compression::gzip().must_yield(&context.request));
    let work = {
        let context = Arc::clone(&context);
        tokio::spawn(async move { Compression::gzip().compress_ahead(&context, &context.request).await })
    };
    for _ in 0..(1 << 20) / PIECE {
        assert!(!work.is_finished(), "compression is still running");
        yield_now().await;
    }
    work.await.unwrap();
    // As for a hedged or resumed call. Without a yield, because nothing is compressed.
    let cx = &mut Context::from_waker(Waker::noop());
    let again = pin!(Compression::gzip().compress_ahead(&context, &context.request)).poll(cx);
    assert!(again.is_ready(), "the body is compressed again");
    let ahead =
        context.compressed.get_or_compress(&plain, |_| panic!("the body is compressed again")).unwrap();
    assert_eq!(read(inflated(Encoding::Gzip, &ahead, 1_000), plain.len()).await.unwrap(), plain);
}

#[test]
fn small_bodies_and_bodies_not_to_be_compressed_are_no_long_work() {
    let request = |length, encoding: Option<HeaderValue>| {
        let mut request = Request::new(Full::new(Bytes::from(vec![b'x'; length])));
        request.headers_mut().extend(encoding.map(|encoding| (CONTENT_ENCODING, encoding)));
        ReplayableRequest::from(request)
    };
    let large = request(1 << 20, None);
    assert!(!Compression::disabled().must_yield(&large));
    assert!(!Compression::deflate().responses_only().must_yield(&large));
    assert!(!Compression::deflate().requests_from(2 << 20).must_yield(&large));
    assert!(!Compression::deflate().must_yield(&request(PIECE, None)));
    assert!(!Compression::deflate().must_yield(&request(1 << 20, Some(HeaderValue::from_static("br")))));
}
