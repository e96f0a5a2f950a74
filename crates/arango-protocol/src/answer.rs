//! A whole answer, and the envelopes that ArangoDB puts answers into.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{DecodeError, ErrorObject};

/// A complete answer of a server: status, headers and body.
///
/// ArangoDB wraps answers in one of three ways, and each endpoint uses exactly one; a few are no JSON:
///
/// | the body is | read by |
/// |---|---|
/// | the payload itself, or the payload beside `error` and `code` | [`json`](Self::json) |
/// | the payload under the key `result` | [`result`](Self::result) |
/// | text, such as metrics | [`text`](Self::text) |
/// | nothing, or nothing of interest | [`ignore`](Self::ignore) |
#[derive(Clone)]
pub struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// Puts an answer together from its parts.
    pub fn new(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self { status, headers, body }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The body as it came, with every field that no type of ours names.
    pub fn raw(&self) -> &Bytes {
        &self.body
    }

    /// Reads the body itself; the keys `error` and `code` beside the payload do no harm.
    ///
    /// # Errors
    ///
    /// If the body is no JSON or lacks a field; the error names the field.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        // One check of the whole for UTF-8 is cheaper than one for each string within.
        std::str::from_utf8(&self.body)
            .ok()
            .and_then(|text| serde_json::from_str(text).ok())
            .map_or_else(|| self.find_fault(), Ok)
    }

    /// Reads the payload under the key `result`.
    ///
    /// # Errors
    ///
    /// As [`json`](Self::json), and if there is no `result`; `Option<T>` allows for that.
    pub fn result<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        #[derive(Deserialize)]
        #[serde(bound(deserialize = "T: DeserializeOwned"))]
        struct Envelope<T> {
            result: T,
        }
        self.json::<Envelope<T>>().map(|envelope| envelope.result)
    }

    /// Reads the body as text.
    ///
    /// # Errors
    ///
    /// If the body is not UTF-8, or is the [error object](crate::ErrorObject) of a refusal: what another server refused
    /// may be passed on with a status that says it went well.
    pub fn text(&self) -> Result<String, DecodeError> {
        let fault =
            |what: &dyn fmt::Display| DecodeError::new(self, ".".to_owned(), serde::de::Error::custom(what));
        if let Some(refusal) = ErrorObject::parse(&self.body) {
            return Err(fault(&format_args!(
                "error {} of another server: {}",
                refusal.number, refusal.message
            )));
        }
        std::str::from_utf8(&self.body).map(str::to_owned).map_err(|error| fault(&error))
    }

    /// Takes the status for the whole answer.
    ///
    /// # Errors
    ///
    /// None; it returns a `Result` so that it can end [`Operation::output`](crate::Operation::output).
    pub fn ignore(self) -> Result<(), DecodeError> {
        Ok(())
    }

    // Reads once more, slowly, keeping track of where it is: only bodies that do not fit pay for it.
    #[cold]
    fn find_fault<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        let mut deserializer = serde_json::Deserializer::from_slice(&self.body);
        let value = serde_path_to_error::deserialize(&mut deserializer)
            .map_err(|error| DecodeError::new(self, error.path().to_string(), error.into_inner()))?;
        match deserializer.end() {
            Ok(()) => Ok(value),
            Err(error) => Err(DecodeError::new(self, ".".to_owned(), error)),
        }
    }
}

impl fmt::Debug for Answer {
    // The body stays out: it may be a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &'static str) -> Answer {
        Answer::new(StatusCode::OK, HeaderMap::new(), Bytes::from_static(body.as_bytes()))
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Mode {
        mode: String,
    }

    #[test]
    fn the_three_envelopes_are_read() {
        let flat = answer(r#"{"error":false,"code":200,"mode":"default","new":1}"#);
        assert_eq!(flat.json::<Mode>().unwrap().mode, "default");
        let wrapped = answer(r#"{"error":false,"code":200,"result":{"mode":"x"}}"#);
        assert_eq!(wrapped.result::<Mode>().unwrap().mode, "x");
        assert_eq!(answer(r#"{"error":false,"code":200}"#).result::<Option<Mode>>().unwrap(), None);
        assert!(answer("").ignore().is_ok());
    }

    #[test]
    fn text_is_read_unless_it_is_a_refusal_that_was_passed_on() {
        assert_eq!(answer("a 1\n").text().unwrap(), "a 1\n");
        let refused =
            answer(r#"{"error":true,"code":403,"errorNum":11,"errorMessage":"no"}"#).text().unwrap_err();
        assert!(std::error::Error::source(&refused).unwrap().to_string().contains("error 11"), "{refused:?}");
        let bad = Answer::new(StatusCode::OK, HeaderMap::new(), Bytes::from_static(b"\xff"));
        assert!(bad.text().is_err());
    }

    #[test]
    fn a_body_that_does_not_fit_names_the_field() {
        let error = answer(r#"{"result":{"mode":7}}"#).result::<Mode>().unwrap_err();
        assert_eq!(error.at(), "result.mode");
        assert_eq!(error.status(), StatusCode::OK);
        assert!(error.to_string().contains("result.mode"), "{error}");
    }

    #[test]
    fn trailing_garbage_and_bad_text_are_refused() {
        assert!(answer("{\"mode\":\"a\"} x").json::<Mode>().is_err());
        let bad = Answer::new(StatusCode::OK, HeaderMap::new(), Bytes::from_static(b"{\"mode\":\"\xff\"}"));
        assert!(bad.json::<Mode>().is_err());
    }

    #[test]
    fn a_body_is_not_printed() {
        assert!(!format!("{:?}", answer(r#"{"jwt":"s3cret"}"#)).contains("s3cret"));
    }
}
