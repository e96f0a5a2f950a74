//! Responses that are not valid HTTP.

use bytes::Bytes;
use http::{HeaderValue, Response, header};

use crate::faults::response_script::{ResponseScript, Step};
use crate::http::response;

/// More than any client accepts. The limit of hyper is 400 KiB, of curl 300 KiB, of Node 16 KiB.
const HUGE_HEAD_LENGTH: usize = 1024 * 1024;

/// How the bytes of a response are invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Garbage {
    StatusLine,
    HugeHead,
    Chunks,
}

/// Turns a response into invalid bytes. The connection cannot be used afterwards.
pub(crate) fn response_script(garbage: Garbage, response: Response<Bytes>) -> ResponseScript {
    match garbage {
        Garbage::StatusLine => ResponseScript::whole(status_line()),
        Garbage::HugeHead => huge_head(),
        Garbage::Chunks => ResponseScript::whole(chunks(response)),
    }
}

/// Bytes that no HTTP parser accepts as a response.
fn status_line() -> Bytes {
    Bytes::from_static(b"\x16\x03\x01 this is not a status line\r\n\0\0\0\0\r\n\r\n")
}

/// A head that is valid except for its length.
fn huge_head() -> ResponseScript {
    let begin = Step::Send(Bytes::from_static(b"HTTP/1.1 200 OK\r\nServer: ArangoDB\r\nX-Padding: "));
    let end = Step::Send(Bytes::from_static(b"\r\nContent-Length: 2\r\n\r\n{}"));
    ResponseScript::new([begin]).then(ResponseScript::filler(b'x', HUGE_HEAD_LENGTH)).then([end])
}

/// A valid head, a valid chunk, and a chunk without a size.
fn chunks(mut response: Response<Bytes>) -> Bytes {
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    let (head, body) = response::serialize(response);
    // An empty chunk would end the body.
    let first_chunk = if body.is_empty() { b"{" } else { &body[..body.len().div_ceil(2)] };
    let size = format!("{:x}\r\n", first_chunk.len());
    [&head[..], size.as_bytes(), first_chunk, b"\r\nnot a size\r\n"].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_chunk_is_valid_and_the_second_has_no_size() {
        let response = response::proxy_response(200, "text/plain", Bytes::from_static(b"123456789"));
        let bytes = chunks(response);

        let wanted = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\nnot a size\r\n";
        assert_eq!(bytes, wanted);
    }
}
