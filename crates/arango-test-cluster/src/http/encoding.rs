//! Decompresses requests and compresses responses.

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::{GzEncoder, ZlibEncoder};

use super::reply::ApiError;

/// Decodes a body by its `Content-Encoding`. Unknown encodings pass unchanged.
pub(crate) fn decode(encoding: Option<&str>, body: Bytes) -> Result<Bytes, ApiError> {
    let mut plain = Vec::new();
    let read = match encoding {
        Some("gzip") => GzDecoder::new(&body[..]).read_to_end(&mut plain),
        Some("deflate") => ZlibDecoder::new(&body[..]).read_to_end(&mut plain),
        _ => return Ok(body),
    };
    read.map_err(|_| ApiError::new(400, 400, "decoding error"))?;
    Ok(plain.into())
}

/// Compresses a body if that makes it smaller.
///
/// Returns the encoding's name and the body. A server compares the whole of `Accept-Encoding` with the name of one
/// encoding, so it knows no list of encodings.
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
    let encoded = written.expect("writing to memory cannot fail");
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
    fn a_body_is_compressed_for_a_single_encoding_name_and_only_if_smaller() {
        let body = [b' '; 1000];
        for accepted in ["gzip", "deflate"] {
            let (name, encoded) = encode(accepted, &body).unwrap();
            assert_eq!(
                (name, decode(Some(accepted), encoded).unwrap()),
                (accepted, Bytes::copy_from_slice(&body))
            );
        }
        assert!(encode("gzip, deflate", &body).is_none() && encode("br", &body).is_none());
        assert!(encode("gzip", b"{}").is_none());
    }

    #[test]
    fn a_broken_body_is_refused() {
        assert_eq!(decode(Some("gzip"), Bytes::from_static(b"nonsense")).unwrap_err().status, 400);
    }
}
