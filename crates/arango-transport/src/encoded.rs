//! Answers whose bodies are encoded: undone where that can be done, and refused in words where it cannot.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body::{Body as HttpBody, Frame};

use crate::attempt_error::AttemptError;
use crate::failed_attempt::Phase;
use crate::outgoing::Incoming;
use crate::record::CallRecord;
use crate::{Body, BoxError, ErrorKind, Outcome, compression};

/// The most that is shown of a name that a server made up, in characters.
const SHOWN: usize = 64;

/// The encodings that ArangoDB knows.
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

    fn named(name: &str) -> Option<Self> {
        let is = |other| name.eq_ignore_ascii_case(other);
        match () {
            () if is("deflate") => Some(Self::Deflate),
            () if is("gzip") || is("x-gzip") => Some(Self::Gzip),
            () => None,
        }
    }
}

/// Why the encoding of a body cannot be undone.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Undecodable(pub(crate) String);

/// Undoes the encoding of an answer, if it has one: above this there is none.
///
/// It is looked at whatever was asked for: what stands before a coordinator may have an opinion of its own.
#[inline]
pub(crate) fn undone(answer: Incoming, record: &CallRecord) -> Result<Incoming, AttemptError> {
    if answer.headers().contains_key(CONTENT_ENCODING) { undo(answer, record) } else { Ok(answer) }
}

#[cold]
fn undo(mut answer: Incoming, record: &CallRecord) -> Result<Incoming, AttemptError> {
    // The answer to a HEAD speaks of a body that another request would get.
    if answer.body().is_end_stream() || record.undoes_encodings_itself() {
        return Ok(answer);
    }
    let name = encoding(answer.headers());
    if name.is_empty() || name.eq_ignore_ascii_case("identity") {
        return Ok(answer);
    }
    let body = std::mem::replace(answer.body_mut(), Body::whole(Bytes::new()));
    let undone = match Encoding::named(&name) {
        Some(encoding) => compression::inflate(encoding, body),
        None => Err(Undecodable(format!("the answer is encoded as `{name}`, which was not asked for"))),
    };
    match undone {
        Ok(body) => {
            *answer.body_mut() = body;
            answer.headers_mut().remove(CONTENT_ENCODING);
            answer.headers_mut().remove(CONTENT_LENGTH);
            Ok(answer)
        }
        Err(why) if answer.status().is_success() => {
            let mut error = AttemptError::new(ErrorKind::Decode, Outcome::Unknown, Phase::Body);
            error.attempt().status = Some(answer.status());
            Err(error.because(why))
        }
        // Its status still says what there is to say.
        Err(why) => {
            *answer.body_mut() = Body::from_foreign(Sealed(Some(why)));
            Ok(answer)
        }
    }
}

/// Every encoding that a head names, the one that was applied first before the others.
fn encoding(headers: &HeaderMap) -> String {
    let names = headers.get_all(CONTENT_ENCODING).iter();
    let names: Vec<_> = names.map(|name| String::from_utf8_lossy(name.as_bytes())).collect();
    names.join(", ").trim().chars().take(SHOWN).collect()
}

/// A body that nobody can read.
struct Sealed(Option<Undecodable>);

impl HttpBody for Sealed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(self.0.take().map(|why| Err(why.into())))
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed")
    }
}

#[cfg(test)]
mod tests {
    use http::header::ACCEPT_ENCODING;
    use http::{HeaderValue, Request, Response};
    use http_body_util::Full;

    use super::*;
    use crate::outgoing::AttemptPlan;

    fn answer(status: u16, encoding: &'static str) -> Incoming {
        let answer = Response::builder().status(status).header(CONTENT_ENCODING, encoding);
        Box::new(answer.header(CONTENT_LENGTH, 8).body(Body::whole(Bytes::from_static(b"nonsense"))).unwrap())
    }

    fn undone_for(accepted: Option<&'static str>, answer: Incoming) -> Result<Incoming, AttemptError> {
        let mut request = Request::new(Full::default());
        if let Some(accepted) = accepted {
            request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static(accepted));
        }
        undone(answer, &AttemptPlan::unknown(&request).record)
    }

    fn said(error: &AttemptError) -> String {
        std::error::Error::source(error).unwrap().to_string()
    }

    #[test]
    fn an_encoding_that_nobody_knows_is_refused_in_words_and_not_all_of_its_name_is_shown() {
        let error = undone_for(None, answer(200, "br")).unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::Decode, Outcome::Unknown));
        assert!(said(&error).contains("`br`"));
        let long = Box::leak("x".repeat(10_000).into_boxed_str());
        assert!(said(&undone_for(None, answer(200, long)).unwrap_err()).len() < 200);
    }

    #[test]
    fn no_encoding_is_none_and_whoever_asks_for_one_has_it() {
        for (accepted, encoding) in
            [(None, "identity"), (None, ""), (Some("br"), "br"), (Some("gzip"), "gzip")]
        {
            let answer = undone_for(accepted, answer(200, encoding)).unwrap();
            assert!(answer.headers().contains_key(CONTENT_LENGTH) && answer.body().is_whole());
        }
    }

    #[test]
    #[cfg(not(feature = "compression"))]
    fn without_the_feature_what_is_compressed_is_refused_by_the_name_of_the_feature() {
        for encoding in ["gzip", "deflate", "X-GZip"] {
            let error = undone_for(None, answer(200, encoding)).unwrap_err();
            assert!(said(&error).ends_with("the feature `compression` is off"));
        }
    }

    #[test]
    #[cfg(feature = "compression")]
    fn what_was_undone_says_nothing_of_what_it_was() {
        for encoding in ["gzip", "deflate", "X-GZip"] {
            let answer = undone_for(None, answer(200, encoding)).unwrap();
            assert!(answer.headers().is_empty());
        }
    }

    #[tokio::test]
    async fn a_refusal_is_handed_up_with_a_body_that_cannot_be_read() {
        let mut answer = undone_for(None, answer(409, "br")).unwrap();
        let soon = tokio::time::Instant::now() + std::time::Duration::from_secs(1);
        let idle = std::time::Duration::from_secs(1);
        let cut = answer.body_mut().make_whole(100, idle, soon).await.unwrap_err();
        assert_eq!(cut.kind, ErrorKind::Decode);
    }
}
