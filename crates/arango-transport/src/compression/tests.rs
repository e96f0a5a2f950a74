use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use flate2::write::DeflateEncoder;
use http::Request;
use http_body::Frame;
use http_body_util::BodyExt;
use proptest::prelude::*;
use tokio::time::Instant;

use super::*;
use crate::outgoing::AttemptPlan;
use crate::{BoxError, ErrorKind};

const BOTH: [Encoding; 2] = [Encoding::Deflate, Encoding::Gzip];

/// A body that comes in these parts.
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
    inflate(encoding, Body::from_foreign(Parts(parts))).unwrap()
}

async fn read(mut body: Body, limit: usize) -> Result<Bytes, ErrorKind> {
    let soon = Instant::now() + Duration::from_secs(60);
    body.make_whole(limit, Duration::from_secs(60), soon).await.map_err(|cut| cut.kind)?;
    Ok(body.take_whole().unwrap())
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
    fn whatever_is_compressed_comes_out_as_it_was_in_whatever_parts_it_comes(
        plain in proptest::collection::vec(0_u8..4, 0..20_000),
        part in 1_usize..2_000,
    ) {
        for encoding in BOTH {
            let bytes = compressed(encoding, &plain);
            let read = block_on(read(inflated(encoding, &bytes, part), plain.len()));
            prop_assert_eq!(read.unwrap(), &plain);
            if let Some(smaller) = smaller(&plain, encoding) {
                prop_assert_eq!(&*smaller, &bytes);
                prop_assert!(smaller.len() < plain.len());
            }
        }
    }

    #[test]
    fn what_was_broken_on_its_way_is_never_taken_for_something_else(
        plain in proptest::collection::vec(any::<u8>(), 1..3_000),
        at in any::<proptest::sample::Index>(),
        by in 1_u8..,
        part in 1_usize..500,
    ) {
        let mut bytes = compressed(Encoding::Gzip, &plain);
        let at = at.index(bytes.len());
        bytes[at] ^= by;
        // What a head of gzip says beside the data (a time, a system) may be anything, and a part of it is skipped.
        if let Ok(read) = block_on(read(inflated(Encoding::Gzip, &bytes, part), plain.len())) {
            prop_assert_eq!(read, &plain);
        }
    }
}

#[tokio::test]
async fn a_body_that_ends_before_its_end_is_no_body() {
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
async fn what_follows_the_data_is_not_overlooked() {
    for encoding in BOTH {
        for part in [1, 10_000] {
            let mut bytes = compressed(encoding, b"{}");
            bytes.extend(b"more");
            assert_eq!(read(inflated(encoding, &bytes, part), 100).await, Err(ErrorKind::Decode));
        }
    }
}

#[tokio::test]
async fn members_of_gzip_follow_each_other() {
    let bytes = [compressed(Encoding::Gzip, b"one, "), compressed(Encoding::Gzip, b"two")].concat();
    for part in [1, 10_000] {
        assert_eq!(read(inflated(Encoding::Gzip, &bytes, part), 100).await.unwrap(), "one, two");
    }
}

#[tokio::test]
async fn deflate_is_the_format_of_zlib_and_the_bare_stream_is_not() {
    let mut encoder = DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"{\"error\":false}").unwrap();
    let bare = encoder.finish().unwrap();
    assert_eq!(read(inflated(Encoding::Deflate, &bare, 100), 100).await, Err(ErrorKind::Decode));
}

#[tokio::test]
async fn an_empty_body_is_one_however_it_is_encoded() {
    for encoding in BOTH {
        assert_eq!(read(inflated(encoding, b"", 1), 0).await.unwrap(), "");
        assert_eq!(read(inflated(encoding, &compressed(encoding, b""), 1), 0).await.unwrap(), "");
    }
}

#[tokio::test]
async fn a_little_that_holds_a_lot_is_undone_no_further_than_it_may_be() {
    let limit = 1 << 20;
    // A member of 4 MiB again and again: a GiB.
    let bytes = compressed(Encoding::Gzip, &vec![0; 4 << 20]).repeat(256);
    assert_eq!(
        read(inflated(Encoding::Gzip, &bytes, bytes.len()), limit).await,
        Err(ErrorKind::BodyTooLarge)
    );

    let mut body = inflated(Encoding::Gzip, &bytes, bytes.len());
    for _ in 0..100 {
        let part = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert!((1..=inflating::PART).contains(&part.len()));
    }
}

#[tokio::test]
async fn a_body_that_holds_a_lot_lets_others_have_their_turn() {
    let bytes = compressed(Encoding::Deflate, &vec![0; 8 << 20]);
    let whole = tokio::spawn(read(inflated(Encoding::Deflate, &bytes, bytes.len()), 8 << 20));
    yield_now().await;
    assert!(!whole.is_finished(), "it is still at it");
    assert_eq!(whole.await.unwrap().unwrap().len(), 8 << 20);
}

#[test]
fn a_body_is_compressed_once_for_each_call_and_another_in_its_place_is_not_taken_for_it() {
    let kept = Compressed::default();
    let plain = Bytes::from(vec![b'x'; 10_000]);
    let once = kept.of(&plain, Encoding::Deflate).unwrap();
    let again = kept.of(&plain.clone(), Encoding::Deflate).unwrap();
    assert_eq!(once.as_ptr(), again.as_ptr());

    let other = Bytes::from(vec![b'y'; 10_000]);
    assert_ne!(kept.of(&other, Encoding::Deflate).unwrap(), once);
    assert!(kept.of(&plain.slice(..9_999), Encoding::Deflate).unwrap() != once);
}

#[test]
fn what_would_not_be_smaller_stays_as_it_is() {
    for encoding in BOTH {
        assert!(smaller(b"{}", encoding).is_none());
        assert!(smaller(b"", encoding).is_none());
    }
}

#[tokio::test]
async fn a_large_body_is_compressed_ahead_and_lets_others_have_their_turn() {
    let plain = Bytes::from(vec![b'x'; 1 << 20]);
    let mut request = Request::new(Full::new(plain.clone()));
    let nobodys = AttemptPlan::unknown(&request).record;
    Compression::gzip().work_ahead(&nobodys, &nobodys.template).await;
    assert!(nobodys.compressed.0.get().is_none(), "it is not compressed in the end");
    request.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("Basic x"));
    let record = AttemptPlan::unknown(&request).record;
    assert!(Compression::gzip().is_long_work(&record.template));
    let work = {
        let record = Arc::clone(&record);
        tokio::spawn(async move { Compression::gzip().work_ahead(&record, &record.template).await })
    };
    for _ in 0..(1 << 20) / PIECE {
        assert!(!work.is_finished(), "it is still at it");
        yield_now().await;
    }
    work.await.unwrap();
    let ahead = record.compressed.0.get().unwrap().compressed.clone().unwrap();
    assert_eq!(
        record.compressed.of(&plain, Encoding::Gzip).unwrap().as_ptr(),
        ahead.as_ptr(),
        "not done again"
    );
    assert_eq!(read(inflated(Encoding::Gzip, &ahead, 1_000), plain.len()).await.unwrap(), plain);
}

#[test]
fn a_small_body_is_no_long_work_nor_one_that_is_not_to_be_compressed() {
    let template = |length, encoding: Option<HeaderValue>| {
        let mut request = Request::new(Full::new(Bytes::from(vec![b'x'; length])));
        request.headers_mut().extend(encoding.map(|encoding| (CONTENT_ENCODING, encoding)));
        Template::of(request)
    };
    let large = template(1 << 20, None);
    assert!(!Compression::never().is_long_work(&large));
    assert!(!Compression::deflate().answers_only().is_long_work(&large));
    assert!(!Compression::deflate().requests_from(2 << 20).is_long_work(&large));
    assert!(!Compression::deflate().is_long_work(&template(PIECE, None)));
    assert!(!Compression::deflate().is_long_work(&template(1 << 20, Some(HeaderValue::from_static("br")))));
}
