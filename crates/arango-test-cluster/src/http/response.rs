//! HTTP responses: the headers that every response of a coordinator has, and parts of a response.

use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Version, header};

use crate::http::encoding;
use crate::http::reply::Reply;
use crate::http::request::Request;

const QUEUE_TIME: HeaderName = HeaderName::from_static("x-arango-queue-time-seconds");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const SERVER: HeaderValue = HeaderValue::from_static("ArangoDB");
const KEEP_ALIVE: HeaderValue = HeaderValue::from_static("Keep-Alive");
const TRUE: HeaderValue = HeaderValue::from_static("true");
const METHODS: HeaderValue = HeaderValue::from_static("DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "etag, content-encoding, content-length, location, server, x-arango-errors, x-arango-async-id",
);
const CLOSE: HeaderValue = HeaderValue::from_static("Close");
const BASIC: HeaderValue = HeaderValue::from_static("Basic, realm=\"ArangoDB\"");
const BEARER: HeaderValue = HeaderValue::from_static("Bearer, token_type=\"JWT\", realm=\"ArangoDB\"");

/// Turns a reply into a response with a coordinator's headers. They have their order on the wire. `queue_time` is
/// reported in a header.
pub(crate) fn from_reply(request: &Request, reply: Reply, queue_time: Duration) -> Response<Bytes> {
    let length = reply.body.len();
    let body = if request.method == Method::HEAD { Bytes::new() } else { reply.body };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.reserve(16);
    let queue_time = format!("{:.6}", queue_time.as_secs_f64());
    headers.insert(
        QUEUE_TIME,
        HeaderValue::try_from(queue_time).expect("digits and a dot are valid in a header"),
    );
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    let mut own = reply.headers;
    let closes = own.remove(header::CONNECTION).is_some() || wants_close(request);
    headers.extend(own);
    add_cors(request, headers);
    headers.insert(header::SERVER, SERVER);
    if reply.status == StatusCode::UNAUTHORIZED && !request.headers.contains_key("x-omit-www-authenticate") {
        headers.append(header::WWW_AUTHENTICATE, BASIC);
        headers.append(header::WWW_AUTHENTICATE, BEARER);
    }
    headers.insert(header::CONNECTION, if closes { CLOSE } else { KEEP_ALIVE });
    headers.insert(header::CONTENT_TYPE, reply.content_type);
    headers.insert(header::CONTENT_LENGTH, length.into());
    response
}

/// Compresses a response if the request accepts it.
///
/// It must have at least `from` bytes and get smaller. The result of a background request is never compressed.
pub(crate) fn compressed(
    request: &Request,
    mut response: Response<Bytes>,
    from: Option<usize>,
) -> Response<Bytes> {
    let is_result = request.path.starts_with("/_api/job/");
    let large = from.is_some_and(|from| response.body().len() >= from.max(1));
    let accepted = request.header("accept-encoding").filter(|_| large && !is_result);
    if let Some((name, body)) = accepted.and_then(|accepted| encoding::encode(accepted, response.body())) {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        response.headers_mut().insert(header::CONTENT_LENGTH, body.len().into());
        *response.body_mut() = body;
    }
    response
}

/// Removes the headers by which ArangoDB identifies itself, if `hides` is set.
pub(crate) fn without_product_headers(mut response: Response<Bytes>, hides: bool) -> Response<Bytes> {
    if hides {
        response.headers_mut().remove(header::SERVER);
        response.headers_mut().remove(QUEUE_TIME);
    }
    response
}

/// Builds a response without ArangoDB's headers.
pub(crate) fn proxy_response(status: u16, content_type: &str, body: Bytes) -> Response<Bytes> {
    let length = body.len();
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    if let Ok(content_type) = HeaderValue::from_str(content_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    response
}

/// Adds headers of a fault. A header of the same name is replaced.
pub(crate) fn with_headers(mut response: Response<Bytes>, headers: &[(String, String)]) -> Response<Bytes> {
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Returns whether the connection ends with this response. One of HTTP/1.0 does, unless it asks to be kept.
fn wants_close(request: &Request) -> bool {
    let is_asked =
        |wanted: &str| request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case(wanted));
    is_asked("close") || (request.version == Version::HTTP_10 && !is_asked("keep-alive"))
}

/// Allows scripts of other origins to read the response, if the request names its origin.
fn add_cors(request: &Request, headers: &mut HeaderMap) {
    let Some(origin) = request.headers.get(header::ORIGIN) else { return };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
    if request.method == Method::OPTIONS {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        if let Some(asked) = request.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
        }
    }
}

/// Returns the first half of a response's head.
pub(crate) fn half_of_head(response: Response<Bytes>) -> Bytes {
    let (mut head, _) = serialize(response);
    head.truncate(head.len() / 2);
    head
}

/// Returns the head and the first half of the body. Without a body, it returns the head without its end.
pub(crate) fn head_and_half_of_body(response: Response<Bytes>) -> Bytes {
    let half = response.body().len() / 2;
    head_and_part_of_body(response, half)
}

/// Returns the head and at most `length` bytes of the body. The last byte is never included. Without a body, it returns
/// the head without its end.
pub(crate) fn head_and_part_of_body(response: Response<Bytes>, length: usize) -> Bytes {
    let (head, body) = serialize(response);
    let Some(most) = body.len().checked_sub(1) else {
        return head.slice(..head.len() - 2);
    };
    [&head[..], &body[..length.min(most)]].concat().into()
}

/// Serializes a response as on the wire: head and body.
pub(crate) fn serialize(response: Response<Bytes>) -> (Bytes, Bytes) {
    let (parts, body) = response.into_parts();
    (head(&parts).freeze(), body)
}

/// Writes a head as hyper does, with capitalized header names.
fn head(parts: &http::response::Parts) -> BytesMut {
    let mut head = BytesMut::with_capacity(512);
    let reason = parts.status.canonical_reason().unwrap_or_default();
    head.put_slice(format!("HTTP/1.1 {} {reason}\r\n", parts.status.as_str()).as_bytes());
    for (name, value) in &parts.headers {
        let mut starts_word = true;
        for byte in name.as_str().bytes() {
            head.put_u8(if starts_word { byte.to_ascii_uppercase() } else { byte });
            starts_word = byte == b'-';
        }
        head.put_slice(b": ");
        head.put_slice(value.as_bytes());
        head.put_slice(b"\r\n");
    }
    head.put_slice(b"\r\n");
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_cut_in_its_body_has_a_whole_head_and_half_the_body() {
        let bytes = head_and_half_of_body(proxy_response(200, "text/plain", Bytes::from_static(b"12345678")));

        assert_eq!(bytes, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n\r\n1234");
    }

    #[test]
    fn a_response_without_a_body_is_cut_in_its_head() {
        let bytes = head_and_half_of_body(proxy_response(200, "text/plain", Bytes::new()));

        assert!(bytes.ends_with(b"Content-Length: 0\r\n"));
    }
}
