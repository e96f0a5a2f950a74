//! Answers that are not HTTP, or not for long.

use bytes::Bytes;
use http::{HeaderValue, Response, header};

use crate::response;
use crate::script::{Script, Step};

/// More than any client takes: hyper stops at 400 KiB, curl at 300, Node at 16.
const HUGE: usize = 1024 * 1024;

/// What is wrong with the bytes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Garbage {
    StatusLine,
    HugeHead,
    Chunks,
}

/// The answer, as garbage; afterwards there is nothing that a connection could still be used for.
pub(crate) fn of(garbage: Garbage, response: Response<Bytes>) -> Script {
    match garbage {
        Garbage::StatusLine => Script::whole(status_line()),
        Garbage::HugeHead => huge_head(),
        Garbage::Chunks => Script::whole(chunks(response)),
    }
}

/// Bytes that no HTTP parser takes for an answer.
fn status_line() -> Bytes {
    Bytes::from_static(b"\x16\x03\x01 this is not a status line\r\n\0\0\0\0\r\n\r\n")
}

/// A good head but for its length.
fn huge_head() -> Script {
    let begin = Step::Send(Bytes::from_static(b"HTTP/1.1 200 OK\r\nServer: ArangoDB\r\nX-Padding: "));
    let end = Step::Send(Bytes::from_static(b"\r\nContent-Length: 2\r\n\r\n{}"));
    Script::new([begin]).then(Script::filler(b'x', HUGE)).then([end])
}

/// A good head and a good chunk, and then one whose size is none.
fn chunks(mut response: Response<Bytes>) -> Bytes {
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().insert(header::TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
    let (head, body) = response::written(response);
    // An empty chunk would be the end of a good body.
    let good = if body.is_empty() { b"{" } else { &body[..body.len().div_ceil(2)] };
    let size = format!("{:x}\r\n", good.len());
    [&head[..], size.as_bytes(), good, b"\r\nnot a size\r\n"].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_chunk_is_good_and_the_second_has_no_size() {
        let answer = response::foreign(200, "text/plain", Bytes::from_static(b"123456789"));
        let bytes = chunks(answer);

        let wanted = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\nnot a size\r\n";
        assert_eq!(bytes, wanted);
    }
}
