//! Decodes response bodies, or reports that their encoding is not supported.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use arango_protocol::{ErrorKind, Outcome};
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body::{Body as HttpBody, Frame};

use crate::call::context::CallContext;
use crate::compression::compressor;
use crate::error::attempt::Phase;
use crate::error::attempt_error::AttemptError;
use crate::pool::body::{AttemptResponse, Body, UndecodableBody};
use crate::types::boxed::BoxError;

/// The maximum number of characters displayed of an unknown encoding name.
const SHOWN: usize = 64;

/// The content encodings that ArangoDB supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Deflate,
    Gzip,
}

impl Encoding {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Deflate => "deflate",
            Self::Gzip => "gzip",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        let is = |other| name.eq_ignore_ascii_case(other);
        match () {
            () if is("deflate") => Some(Self::Deflate),
            () if is("gzip") || is("x-gzip") => Some(Self::Gzip),
            () => None,
        }
    }
}

/// Decodes the body of a response, if it is encoded.
///
/// The response headers decide, not what was requested, because a proxy may add an encoding.
#[inline]
pub(crate) fn decode_response(
    response: AttemptResponse,
    context: &CallContext,
) -> Result<AttemptResponse, AttemptError> {
    if response.headers().contains_key(CONTENT_ENCODING) { decode(response, context) } else { Ok(response) }
}

#[cold]
fn decode(mut response: AttemptResponse, context: &CallContext) -> Result<AttemptResponse, AttemptError> {
    // The response to a HEAD describes the body of a GET but has none.
    if response.body().is_end_stream() || context.decodes_responses() {
        return Ok(response);
    }
    let name = encoding(response.headers());
    if name.is_empty() || name.eq_ignore_ascii_case("identity") {
        return Ok(response);
    }
    let body = std::mem::replace(response.body_mut(), Body::buffered(Bytes::new()));
    let decoded = match Encoding::from_name(&name) {
        Some(encoding) => compressor::decompress(encoding, body),
        None => Err(UndecodableBody(format!("the response is encoded as `{name}`, which was not requested"))),
    };
    match decoded {
        Ok(body) => {
            *response.body_mut() = body;
            response.headers_mut().remove(CONTENT_ENCODING);
            response.headers_mut().remove(CONTENT_LENGTH);
            Ok(response)
        }
        Err(error) if response.status().is_success() => {
            let mut failed = AttemptError::new(ErrorKind::Decode, Outcome::Unknown, Phase::Body);
            failed.attempt_mut().status = Some(response.status());
            Err(failed.with_source(error))
        }
        // The status of an error response is still useful.
        Err(error) => {
            *response.body_mut() = Body::from_foreign(EncodedBody(Some(error)));
            Ok(response)
        }
    }
}

/// Returns all encodings in the headers, in the order of their application.
fn encoding(headers: &HeaderMap) -> String {
    let names = headers.get_all(CONTENT_ENCODING).iter();
    let names: Vec<_> = names.map(|name| String::from_utf8_lossy(name.as_bytes())).collect();
    names.join(", ").trim().chars().take(SHOWN).collect()
}

/// A body that cannot be decoded; reading it returns the error.
struct EncodedBody(Option<UndecodableBody>);

impl HttpBody for EncodedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.take().map(|error| Err(error.into())))
    }
}

impl fmt::Debug for EncodedBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncodedBody")
    }
}

#[cfg(test)]
mod tests {
    use http::header::ACCEPT_ENCODING;
    use http::{HeaderValue, Request, Response};
    use http_body_util::Full;

    use super::*;
    use crate::call::attempt_request::AttemptPlan;

    fn response(status: u16, encoding: &'static str) -> AttemptResponse {
        let response = Response::builder().status(status).header(CONTENT_ENCODING, encoding);
        Box::new(
            response.header(CONTENT_LENGTH, 8).body(Body::buffered(Bytes::from_static(b"nonsense"))).unwrap(),
        )
    }

    fn decode_for(
        accepted: Option<&'static str>,
        response: AttemptResponse,
    ) -> Result<AttemptResponse, AttemptError> {
        let mut request = Request::new(Full::default());
        if let Some(accepted) = accepted {
            request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(accepted));
        }
        decode_response(response, &AttemptPlan::untracked(&request).context)
    }

    fn cause(error: &AttemptError) -> String {
        std::error::Error::source(error).unwrap().to_string()
    }

    #[test]
    fn an_unknown_encoding_is_an_error_with_its_name_cut_to_a_limit() {
        let error = decode_for(None, response(200, "br")).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, Outcome::Unknown));
        assert!(cause(&error).contains("`br`"));
        let long = Box::leak("x".repeat(10_000).into_boxed_str());
        assert!(cause(&decode_for(None, response(200, long)).unwrap_err()).len() < 200);
    }

    #[test]
    fn identity_and_explicitly_requested_encodings_are_not_decoded() {
        for (accepted, encoding) in
            [(None, "identity"), (None, ""), (Some("br"), "br"), (Some("gzip"), "gzip")]
        {
            let decoded = decode_for(accepted, response(200, encoding)).unwrap();
            assert!(decoded.headers().contains_key(CONTENT_LENGTH) && decoded.body().is_buffered());
        }
    }

    #[test]
    #[cfg(not(feature = "compression"))]
    fn without_the_feature_the_error_of_a_compressed_response_names_the_feature() {
        for encoding in ["gzip", "deflate", "X-GZip"] {
            let error = decode_for(None, response(200, encoding)).unwrap_err();
            assert!(cause(&error).ends_with("the feature `compression` is disabled"));
        }
    }

    #[test]
    #[cfg(feature = "compression")]
    fn a_decoded_response_has_no_headers_of_its_encoding() {
        for encoding in ["gzip", "deflate", "X-GZip"] {
            let decoded = decode_for(None, response(200, encoding)).unwrap();
            assert!(decoded.headers().is_empty());
        }
    }

    #[tokio::test]
    async fn an_error_response_is_returned_with_a_body_that_cannot_be_read() {
        let mut response = decode_for(None, response(409, "br")).unwrap();
        let soon = tokio::time::Instant::now() + std::time::Duration::from_secs(1);
        let idle = std::time::Duration::from_secs(1);
        let failed = response.body_mut().buffer(100, idle, soon).await.unwrap_err();
        assert_eq!(failed.kind, ErrorKind::Decode);
    }
}
