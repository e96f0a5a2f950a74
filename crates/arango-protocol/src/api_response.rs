//! A whole answer, and the shapes that a success of ArangoDB has.

use std::fmt;
use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use memchr::memmem::Finder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::{DecodeError, ErrorObject, names_arangodb};

/// The largest body that is looked at as an error object, in bytes: as much as is read of a refusal.
const ERROR_OBJECT_BYTES: usize = 64 << 10;

/// A complete answer of a server: status, headers and body.
///
/// ArangoDB shapes a success in one of five ways, and each endpoint uses exactly one:
///
/// | the body is | read by |
/// |---|---|
/// | the payload itself, or the payload beside `error` and `code` | [`json`](Self::json) |
/// | the payload under the key `result`, beside `"error": false` | [`result`](Self::result) |
/// | text, such as metrics | [`text`](Self::text) |
/// | `"error": false` without a payload | [`acknowledged`](Self::acknowledged) |
/// | empty | [`empty`](Self::empty) |
///
/// Each of them refuses every other body. A status of success alone proves nothing: a proxy, an ingress or another
/// service at a reused address answers 200, too. So read the body by the shape that the endpoint documents, and require
/// at least one field that no other service sends.
#[derive(Clone)]
pub struct ApiResponse {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl ApiResponse {
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
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// Reads the body itself; the keys `error` and `code` beside the payload do no harm.
    ///
    /// # Errors
    ///
    /// If the body is not JSON or lacks a field (the error names the field), if it is an array and `T` is not a list, and
    /// if it is the [error object](ErrorObject) of a refusal.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        self.not_an_error()?;
        // serde reads the fields of a struct from an array, too; what cannot be read from an empty one is not a list.
        if self.body.trim_ascii_start().starts_with(b"[") && serde_json::from_str::<T>("[]").is_err() {
            return Err(self.invalid("an array where an object is expected"));
        }
        // One check of the whole for UTF-8 is cheaper than one for each string within.
        std::str::from_utf8(&self.body)
            .ok()
            .and_then(|text| serde_json::from_str(text).ok())
            .map_or_else(|| self.locate_error(), Ok)
    }

    /// Reads the payload under the key `result`, beside `"error": false`.
    ///
    /// # Errors
    ///
    /// As [`json`](Self::json), and if `result` or `error` is missing; `Option<T>` allows for the former.
    pub fn json_result<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        #[derive(Deserialize)]
        #[serde(bound(deserialize = "T: DeserializeOwned"))]
        struct Envelope<T> {
            #[serde(rename = "error")]
            _no_error: NoError,
            result: T,
        }
        self.json::<Envelope<T>>().map(|envelope| envelope.result)
    }

    /// Reads the body as text.
    ///
    /// # Errors
    ///
    /// If the body is not UTF-8, is HTML, or is the [error object](ErrorObject) of a refusal: what another server
    /// refused may be passed on with a status of success.
    pub fn text(&self) -> Result<String, DecodeError> {
        self.not_an_error()?;
        if self.looks_like_html() {
            return Err(self.invalid("HTML where plain text is expected"));
        }
        std::str::from_utf8(&self.body).map(str::to_owned).map_err(|error| self.invalid(error))
    }

    /// Accepts the body of a success without a payload: a JSON object with `"error": false`.
    ///
    /// # Errors
    ///
    /// If the body is anything else.
    pub fn acknowledged(&self) -> Result<(), DecodeError> {
        #[derive(Deserialize)]
        struct Envelope {
            #[serde(rename = "error")]
            _no_error: NoError,
        }
        self.json::<Envelope>().map(drop)
    }

    /// Accepts an empty body.
    ///
    /// # Errors
    ///
    /// If there is a body.
    pub fn empty(&self) -> Result<(), DecodeError> {
        self.not_an_error()?;
        if self.body.is_empty() { Ok(()) } else { Err(self.invalid("a body where none is expected")) }
    }

    /// Whether the headers say that ArangoDB wrote the answer; see [`names_arangodb`].
    pub fn names_arangodb(&self) -> bool {
        names_arangodb(&self.headers)
    }

    /// An answer that does not fit, for a reason that is not one field's.
    ///
    /// For an [`output`](crate::Operation::output) that checks more than the shape.
    pub fn invalid(&self, reason: impl fmt::Display) -> DecodeError {
        DecodeError::new(self, ".".to_owned(), serde::de::Error::custom(reason))
    }

    /// Fails if the body is the error object of a refusal, whatever the status says.
    fn not_an_error(&self) -> Result<(), DecodeError> {
        /// Made once: making it costs more than to search a small body.
        static NUMBER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"errorNum\""));
        // The key stands in every error object, and in hardly anything else.
        if self.body.len() > ERROR_OBJECT_BYTES || NUMBER.find(&self.body).is_none() {
            return Ok(());
        }
        match ErrorObject::parse(&self.body) {
            Some(object) if object.is_error => Err(DecodeError::refused(self, object)),
            _ => Ok(()),
        }
    }

    pub(crate) fn looks_like_html(&self) -> bool {
        self.body.trim_ascii_start().starts_with(b"<")
    }

    // Reads once more, slowly, keeping track of where it is: only bodies that do not fit pay for it.
    #[cold]
    fn locate_error<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        let mut deserializer = serde_json::Deserializer::from_slice(&self.body);
        let value = serde_path_to_error::deserialize(&mut deserializer)
            .map_err(|error| DecodeError::new(self, error.path().to_string(), error.into_inner()))?;
        match deserializer.end() {
            Ok(()) => Ok(value),
            Err(error) => Err(DecodeError::new(self, ".".to_owned(), error)),
        }
    }
}

/// The key `error` of a success: there, and false.
struct NoError;

impl<'de> Deserialize<'de> for NoError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if bool::deserialize(deserializer)? {
            return Err(serde::de::Error::custom("`error` is true"));
        }
        Ok(Self)
    }
}

impl fmt::Debug for ApiResponse {
    // The body stays out: it may be a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiResponse")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(body: &'static str) -> ApiResponse {
        ApiResponse::new(StatusCode::OK, HeaderMap::new(), Bytes::from_static(body.as_bytes()))
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Mode {
        mode: String,
    }

    #[test]
    fn the_three_envelopes_are_read() {
        let flat = response(r#"{"error":false,"code":200,"mode":"default","new":1}"#);
        assert_eq!(flat.json::<Mode>().unwrap().mode, "default");
        let wrapped = response(r#"{"error":false,"code":200,"result":{"mode":"x"}}"#);
        assert_eq!(wrapped.json_result::<Mode>().unwrap().mode, "x");
        assert_eq!(response(r#"{"error":false,"code":200}"#).json_result::<Option<Mode>>().unwrap(), None);
        assert!(response(r#"{"error":false,"code":200}"#).acknowledged().is_ok());
        assert!(response("").empty().is_ok());
    }

    #[test]
    fn a_status_of_success_is_not_taken_for_a_success() {
        let foreign = ["<html>", " \n<!doctype html>", "ok", "[]", "7", "null", r#"{"status":"ok"}"#, "{}"];
        for body in foreign.iter().copied().chain([r#"{"error":true,"code":500,"errorNum":1}"#]) {
            let response = response(body);
            assert!(response.acknowledged().is_err(), "{body}");
            assert!(response.empty().is_err(), "{body}");
            assert!(response.json_result::<Option<Mode>>().is_err(), "{body}");
            assert!(response.json::<Mode>().is_err(), "{body}");
        }
        assert!(response("").acknowledged().is_err() && response("").json_result::<Option<Mode>>().is_err());
        assert!(response("<html>").text().is_err());
    }

    #[test]
    fn an_array_is_not_read_as_the_fields_of_an_object() {
        assert!(response(r#"["default"]"#).json::<Mode>().is_err());
        assert_eq!(response(r#"["a","b"]"#).json::<Vec<String>>().unwrap(), ["a", "b"]);
    }

    #[test]
    fn an_error_object_is_one_whatever_the_status_and_whatever_is_read() {
        #[derive(Debug, Deserialize)]
        struct Lenient {}
        let refused = response(r#"{"error":true,"code":404,"errorNum":1203,"errorMessage":"no such thing"}"#);
        let errors = [
            refused.json::<Lenient>().map(drop).unwrap_err(),
            refused.json_result::<Option<Lenient>>().map(drop).unwrap_err(),
            refused.text().map(drop).unwrap_err(),
            refused.acknowledged().unwrap_err(),
            refused.empty().unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.error_object().map(|object| object.number.0), Some(1203), "{error}");
        }
        // Only at the top, and only where it says that it is one.
        assert!(response(r#"{"error":false,"errors":[{"errorNum":1}]}"#).acknowledged().is_ok());
        assert!(response(r#"{"error":false,"errorNum":0}"#).acknowledged().is_ok());
    }

    #[test]
    fn text_is_read_unless_it_is_a_refusal_that_was_passed_on() {
        assert_eq!(response("a 1\n").text().unwrap(), "a 1\n");
        let refused =
            response(r#"{"error":true,"code":403,"errorNum":11,"errorMessage":"no"}"#).text().unwrap_err();
        assert!(refused.to_string().contains("error 11"), "{refused:?}");
        let bad = ApiResponse::new(StatusCode::OK, HeaderMap::new(), Bytes::from_static(b"\xff"));
        assert!(bad.text().is_err());
    }

    #[test]
    fn a_body_that_does_not_fit_names_the_field() {
        let error = response(r#"{"result":{"mode":7}}"#).json_result::<Mode>().unwrap_err();
        assert_eq!(error.path(), "result.mode");
        assert_eq!(error.status(), StatusCode::OK);
        assert!(error.to_string().contains("result.mode"), "{error}");
    }

    #[test]
    fn trailing_garbage_and_bad_text_are_refused() {
        assert!(response("{\"mode\":\"a\"} x").json::<Mode>().is_err());
        let bad =
            ApiResponse::new(StatusCode::OK, HeaderMap::new(), Bytes::from_static(b"{\"mode\":\"\xff\"}"));
        assert!(bad.json::<Mode>().is_err());
    }

    #[test]
    fn a_body_is_not_printed() {
        assert!(!format!("{:?}", response(r#"{"jwt":"s3cret"}"#)).contains("s3cret"));
    }
}
