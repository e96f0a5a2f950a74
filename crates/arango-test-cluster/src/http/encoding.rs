//! Undoes the compression of request bodies.

use std::io::Read;

use bytes::Bytes;
use flate2::read::{GzDecoder, ZlibDecoder};

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

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{GzEncoder, ZlibEncoder};

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
    fn a_broken_body_is_refused() {
        assert_eq!(decode(Some("gzip"), Bytes::from_static(b"nonsense")).unwrap_err().status, 400);
    }
}
