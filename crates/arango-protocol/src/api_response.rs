//! A complete response, and the shapes of a successful body.

use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use memchr::memmem::Finder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use simdutf8::basic::from_utf8;

use crate::decode_error_path::{decode_error_path, syntax_error};
use crate::error::object::ErrorObject;
use crate::output_error::OutputError;
use crate::spare_header_maps::SpareHeaderMaps;

/// The largest body parsed as an error object, in bytes. The body of an error response is read up to this size.
const ERROR_OBJECT_BYTES: usize = 64 << 10;

/// A complete response: status, headers and body.
///
/// ArangoDB shapes a success in one of five ways, and each endpoint uses exactly one:
///
/// | the body is | read by |
/// |---|---|
/// | the payload itself, or the payload beside `error` and `code` | [`json`](Self::json) |
/// | the payload under the key `result`, beside `"error": false` | [`json_result`](Self::json_result) |
/// | text, such as metrics | [`text`](Self::text) |
/// | `"error": false` without a payload | [`acknowledged`](Self::acknowledged) |
/// | empty | [`empty`](Self::empty) |
///
/// Each method rejects every other body. A success status alone proves nothing: a proxy, an ingress or another
/// service at a reused address returns 200, too. So decode the body by the shape that the endpoint documents, and
/// require at least one field that no other service sends.
#[derive(Clone)]
pub struct ApiResponse {
    status: StatusCode,
    headers: Headers,
    body: Bytes,
}

impl ApiResponse {
    /// Creates a response from its parts.
    pub fn new(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self { status, headers: Headers { map: Some(headers), spare: None }, body }
    }

    /// Creates a response whose header map is kept for later requests when the response is dropped.
    #[doc(hidden)] // for the crate `arango-transport`
    pub fn with_spare_headers(
        status: StatusCode,
        headers: HeaderMap,
        body: Bytes,
        spare: SpareHeaderMaps,
    ) -> Self {
        Self { status, headers: Headers { map: Some(headers), spare: Some(spare) }, body }
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the headers.
    pub fn headers(&self) -> &HeaderMap {
        self.headers.map.as_ref().expect("the map is taken only when it is dropped")
    }

    /// Returns the body as received.
    ///
    /// It includes fields that no type of this crate names.
    pub fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// Decodes the whole body as JSON.
    ///
    /// `error` and `code` beside the payload are ignored. The value may borrow from the body.
    ///
    /// # Errors
    ///
    /// If the body is not JSON or lacks a field (the error names the field), if it is an array and `T` is not a list,
    /// and if it is an [error object](ErrorObject).
    pub fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, OutputError> {
        self.not_an_error()?;
        // serde also reads the fields of a struct from an array. A type that cannot be read from an empty array is
        // not a list.
        if self.body.trim_ascii_start().starts_with(b"[") && serde_json::from_str::<T>("[]").is_err() {
            return Err(self.invalid("an array where an object is expected"));
        }
        self.decode(&self.body, String::new)
    }

    /// Decodes a part of the body as JSON. The value may borrow from the body.
    ///
    /// For a payload of which not everything is decoded at once. `path` returns the path of the part, for an error.
    ///
    /// # Errors
    ///
    /// If the part is not JSON or lacks a field; the error names it.
    ///
    /// # Panics
    ///
    /// If the part is beyond the end of the body.
    pub fn json_part<'a, T: Deserialize<'a>>(
        &'a self,
        part: Range<usize>,
        path: impl FnOnce() -> String,
    ) -> Result<T, OutputError> {
        self.decode(&self.body[part], path)
    }

    /// Decodes the payload under the key `result`, beside `"error": false`.
    ///
    /// # Errors
    ///
    /// As [`json`](Self::json), and if `result` or `error` is missing. `result` may be missing if `T` is an `Option`.
    pub fn json_result<T: DeserializeOwned>(&self) -> Result<T, OutputError> {
        #[derive(Deserialize)]
        #[serde(bound(deserialize = "T: DeserializeOwned"))]
        struct Envelope<T> {
            #[serde(rename = "error")]
            _no_error: NoError,
            result: T,
        }
        self.json::<Envelope<T>>().map(|envelope| envelope.result)
    }

    /// Decodes the body as text.
    ///
    /// # Errors
    ///
    /// If the body is not UTF-8, is HTML, or is an [error object](ErrorObject): a coordinator may relay the error of
    /// another server with a success status.
    #[inline]
    pub fn text(&self) -> Result<String, OutputError> {
        self.not_an_error()?;
        if self.looks_like_html() {
            return Err(self.invalid("HTML where plain text is expected"));
        }
        std::str::from_utf8(&self.body).map(str::to_owned).map_err(|error| self.invalid(error))
    }

    /// Accepts a success without a payload: a JSON object with `"error": false`.
    ///
    /// # Errors
    ///
    /// If the body is anything else.
    pub fn acknowledged(&self) -> Result<(), OutputError> {
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
    pub fn empty(&self) -> Result<(), OutputError> {
        self.not_an_error()?;
        if self.body.is_empty() { Ok(()) } else { Err(self.invalid("a body where none is expected")) }
    }

    /// Returns a decode error that does not belong to one field.
    ///
    /// For an [`output`](crate::Operation::output) that checks more than the shape.
    pub fn invalid(&self, reason: impl fmt::Display) -> OutputError {
        OutputError::decode(self, ".".to_owned(), &serde::de::Error::custom(reason))
    }

    /// Fails if the body is an error object, regardless of the status.
    fn not_an_error(&self) -> Result<(), OutputError> {
        /// Built once: building it costs more than searching a small body.
        static NUMBER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"errorNum\""));
        // Every error object has this key, and hardly any other body does.
        if self.body.len() > ERROR_OBJECT_BYTES || NUMBER.find(&self.body).is_none() {
            return Ok(());
        }
        match ErrorObject::parse(&self.body) {
            Some(object) if object.is_error => Err(OutputError::server(self, object)),
            _ => Ok(()),
        }
    }

    pub(crate) fn looks_like_html(&self) -> bool {
        self.body.trim_ascii_start().starts_with(b"<")
    }

    fn decode<'a, T: Deserialize<'a>>(
        &self,
        part: &'a [u8],
        part_path: impl FnOnce() -> String,
    ) -> Result<T, OutputError> {
        // One UTF-8 check of the whole part is cheaper than one for each string in it.
        let Ok(text) = from_utf8(part) else { return Err(self.not_text(part, &part_path())) };
        // As `serde_json::from_str`, but without moving a large value through its result.
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let error = match T::deserialize(&mut deserializer) {
            Ok(value) => match deserializer.end() {
                Ok(()) => return Ok(value),
                Err(error) => error,
            },
            Err(error) => error,
        };
        let decode = |text| serde_json::from_str::<T>(text).map(drop);
        Err(self.mismatch(&part_path(), &decode_error_path(text, &error, decode), &error))
    }

    #[cold]
    fn not_text(&self, part: &[u8], part_path: &str) -> OutputError {
        match syntax_error(part) {
            Some((path, error)) => self.mismatch(part_path, &path, &error),
            None => self.invalid("text that is not UTF-8"),
        }
    }

    /// Returns the error for a value of a part of the body.
    fn mismatch(&self, part_path: &str, path: &str, error: &serde_json::Error) -> OutputError {
        let path = match (part_path.is_empty(), path) {
            (true, path) => path.to_owned(),
            (false, ".") => part_path.to_owned(),
            (false, path) => format!("{part_path}.{path}"),
        };
        OutputError::decode(self, path, error)
    }
}

/// The headers of a response.
#[derive(Clone)]
struct Headers {
    /// `None` only while it is dropped. Not an empty map, whose destructor costs 60 instructions.
    map: Option<HeaderMap>,
    /// Where the map is kept afterwards, if anywhere.
    spare: Option<SpareHeaderMaps>,
}

impl Drop for Headers {
    fn drop(&mut self) {
        if let Some(spare) = &self.spare
            && let Some(map) = self.map.take()
        {
            spare.keep(map);
        }
    }
}

/// The key `error` of a success: present and false.
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
    // The body is omitted, since it may be a token.
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
    fn the_header_map_of_a_response_is_kept_when_it_is_dropped() {
        let (spare, headers) = (SpareHeaderMaps::default(), HeaderMap::with_capacity(11));
        let response = ApiResponse::with_spare_headers(StatusCode::OK, headers, Bytes::new(), spare.clone());
        assert!(response.headers().is_empty());
        assert_eq!(spare.take().capacity(), 0, "the response has it");
        drop(response);
        assert!(spare.take().capacity() >= 11);
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
    fn a_success_status_alone_is_not_a_success() {
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
    fn an_error_object_is_rejected_with_any_status_and_by_every_reader() {
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
        // Only at the top level, and only if `error` is true.
        assert!(response(r#"{"error":false,"errors":[{"errorNum":1}]}"#).acknowledged().is_ok());
        assert!(response(r#"{"error":false,"errorNum":0}"#).acknowledged().is_ok());
    }

    #[test]
    fn text_is_read_unless_it_is_a_relayed_error_object() {
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
    fn a_part_of_the_body_is_decoded_without_copying_it() {
        #[derive(Debug, Deserialize)]
        struct Borrowed<'a> {
            mode: &'a str,
        }

        let response = response(r#"{"result":[{"mode":"a"},{"mode":7}]}"#);
        let first: Borrowed<'_> = response.json_part(11..23, || unreachable!("it can be decoded")).unwrap();
        assert_eq!(first.mode, "a");
        assert!(response.bytes().as_ptr_range().contains(&first.mode.as_ptr()));
        let error = response.json_part::<Borrowed<'_>>(24..34, || "result[1]".to_owned()).unwrap_err();
        assert_eq!(error.path(), "result[1].mode");
        let error = response.json_part::<Borrowed<'_>>(11..34, || "result".to_owned()).unwrap_err();
        assert_eq!(error.path(), "result");
    }

    #[test]
    fn trailing_garbage_and_bad_text_are_rejected() {
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
