//! Undoes the compression of requests, and compresses answers.

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};

use super::reply::Refusal;

/// Decodes a body by its `Content-Encoding`; encodings that are not known pass through.
pub(crate) fn decode(encoding: Option<&str>, body: Bytes) -> Result<Bytes, Refusal> {
    let mut plain = Vec::new();
    let read = match encoding {
        Some("gzip") => GzDecoder::new(&body[..]).read_to_end(&mut plain),
        Some("deflate") => ZlibDecoder::new(&body[..]).read_to_end(&mut plain),
        _ => return Ok(body),
    };
    read.map_err(|_| Refusal::new(400, 400, "decoding error"))?;
    Ok(plain.into())
}

/// Compresses a body as a client asks for, if that makes it smaller; tells with which encoding.
///
/// A server compares the whole of what a client accepts with the name of one encoding: a list of them is none that it
/// knows.
pub(crate) fn encode(accepted: &str, body: &[u8]) -> Option<(&'static str, Bytes)> {
    let (name, written) = match accepted {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            ("gzip", encoder.write_all(body).and_then(|()| encoder.finish()))
        }
        "deflate" => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            ("deflate", encoder.write_all(body).and_then(|()| encoder.finish()))
        }
        _ => return None,
    };
    let encoded = written.expect("memory takes every byte");
    (encoded.len() < body.len()).then(|| (name, encoded.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_encodings_are_undone_and_others_pass() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(b"{}").unwrap();
        let mut deflate = ZlibEncoder::new(Vec::new(), Compression::fast());
        deflate.write_all(b"{}").unwrap();

        assert_eq!(decode(Some("gzip"), gzip.finish().unwrap().into()).unwrap(), "{}");
        assert_eq!(decode(Some("deflate"), deflate.finish().unwrap().into()).unwrap(), "{}");
        assert_eq!(decode(Some("br"), Bytes::from_static(b"{}")).unwrap(), "{}");
    }

    #[test]
    fn what_is_asked_for_by_its_one_name_is_done_and_only_if_it_helps() {
        let body = [b' '; 1000];
        for name in ["gzip", "deflate"] {
            let (said, encoded) = encode(name, &body).unwrap();
            assert_eq!((said, decode(Some(name), encoded).unwrap()), (name, Bytes::copy_from_slice(&body)));
        }
        assert!(encode("gzip, deflate", &body).is_none() && encode("br", &body).is_none());
        assert!(encode("gzip", b"{}").is_none());
    }

    #[test]
    fn a_broken_body_is_refused() {
        assert_eq!(decode(Some("gzip"), Bytes::from_static(b"nonsense")).unwrap_err().status, 400);
    }
}
