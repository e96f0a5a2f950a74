//! Replies of handlers, in the three envelopes of the server, and error objects.

use std::io;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::error_number;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// The reply of a handler: status, its own headers, body.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) content_type: HeaderValue,
    pub(crate) body: Bytes,
}

impl Reply {
    /// Builds the flat envelope: `error` and `code` beside the payload's keys.
    pub(crate) fn flat(status: u16, payload: Value) -> Self {
        let mut object = match payload {
            Value::Object(object) => object,
            _ => Map::new(),
        };
        object.insert("error".into(), false.into());
        object.insert("code".into(), status.into());
        Self::raw(status, &Value::Object(object))
    }

    /// Builds the result envelope: the payload under `result`.
    pub(crate) fn result(status: u16, payload: impl Into<Value>) -> Self {
        Self::raw(status, &json!({ "error": false, "code": status, "result": payload.into() }))
    }

    /// Builds the result envelope without a result.
    pub(crate) fn without_result(status: u16) -> Self {
        Self::raw(status, &json!({ "error": false, "code": status }))
    }

    /// Builds a reply without an envelope.
    pub(crate) fn raw(status: u16, payload: &Value) -> Self {
        Self::new(status, JSON, render(payload))
    }

    /// Builds a reply of JSON that is already in the server's form.
    pub(crate) fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self::new(status, JSON, body.into())
    }

    pub(crate) fn text(status: u16, body: impl Into<Bytes>) -> Self {
        Self::new(status, TEXT, body.into())
    }

    /// Builds a reply without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self::new(status, TEXT, Bytes::new())
    }

    pub(crate) fn new(status: u16, content_type: HeaderValue, body: Bytes) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, headers: HeaderMap::new(), content_type, body }
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.append(name, value);
        }
        self
    }

    pub(crate) fn with_etag(self, revision: &str) -> Self {
        self.with_header(header::ETAG, &format!("\"{revision}\""))
    }
}

/// An error reply: status, error number, message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) error_num: u32,
    pub(crate) message: String,
}

impl ApiError {
    pub(crate) fn new(status: u16, error_num: u32, message: impl Into<String>) -> Self {
        Self { status, error_num, message: message.into() }
    }

    /// Builds an error with the status that a server gives to this number.
    pub(crate) fn of_number(error_num: u32, message: impl Into<String>) -> Self {
        Self::new(error_number::status(error_num), error_num, message)
    }

    /// The caller is unknown, or has no access to this database.
    pub(crate) fn unauthorized() -> Self {
        Self::new(401, 11, "not authorized to execute this request")
    }

    /// The caller is known but has no permission.
    pub(crate) fn forbidden(message: &str) -> Self {
        Self::new(403, 11, message)
    }

    pub(crate) fn bad_parameter(message: impl Into<String>) -> Self {
        Self::new(400, 10, message)
    }

    pub(crate) fn wrong_method() -> Self {
        Self::new(405, 405, "method not supported")
    }

    pub(crate) fn database_not_found() -> Self {
        Self::new(404, 1228, "database not found")
    }

    pub(crate) fn collection_not_found(name: &str) -> Self {
        Self::new(404, 1203, format!("collection or view not found: {name}"))
    }

    pub(crate) fn unknown_path(path: &str) -> Self {
        Self::new(404, 404, format!("unknown path '{path}'"))
    }

    /// The reply of the availability call while the server is unavailable.
    pub(crate) fn unavailable() -> Self {
        Self::new(503, 503, "service unavailable")
    }

    /// A DB-Server does not respond.
    pub(crate) fn no_backend() -> Self {
        let text = "A cluster backend which was required for the operation could not be reached";
        Self::new(503, 1478, text)
    }

    pub(crate) fn stopping() -> Self {
        Self::new(503, 30, "shutdown in progress")
    }
}

impl From<ApiError> for Reply {
    fn from(refusal: ApiError) -> Self {
        let ApiError { status, error_num, message } = refusal;
        Self::raw(
            status,
            &json!({ "error": true, "code": status, "errorNum": error_num, "errorMessage": message }),
        )
    }
}

/// Converts a double as the server prints it: integral values without a fraction.
pub(crate) fn number(value: f64) -> Value {
    // Within this range every integral double is an exact integer.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "integral and within the exact range")]
        let integer = value as i64;
        Value::from(integer)
    } else {
        Value::from(value)
    }
}

/// Renders JSON as the server does: everything beyond ASCII is escaped.
pub(crate) fn render(value: &Value) -> Bytes {
    let mut out = Vec::with_capacity(256);
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, Ascii);
    value
        .serialize(&mut serializer)
        .expect("a JSON value has string keys, and writing to memory cannot fail");
    Bytes::from(out)
}

struct Ascii;

impl serde_json::ser::Formatter for Ascii {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if fragment.is_ascii() {
            return writer.write_all(fragment.as_bytes());
        }
        for character in fragment.chars() {
            let mut units = [0; 2];
            if character.is_ascii() {
                write!(writer, "{character}")?;
            } else {
                for unit in character.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04X}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &Value) -> String {
        String::from_utf8(render(value).to_vec()).unwrap()
    }

    #[test]
    fn integral_doubles_are_printed_without_a_fraction() {
        assert_eq!(text(&json!([number(3.0), number(0.0), number(1.5), number(-2.0)])), "[3,0,1.5,-2]");
    }

    #[test]
    fn non_ascii_is_escaped_with_surrogate_pairs() {
        assert_eq!(text(&json!("aé𝄞\n")), "\"a\\u00E9\\uD834\\uDD1E\\n\"");
    }

    #[test]
    fn the_result_envelope_omits_a_missing_result() {
        assert_eq!(Reply::without_result(200).body, r#"{"code":200,"error":false}"#);
        assert_eq!(Reply::result(200, Value::Null).body, r#"{"code":200,"error":false,"result":null}"#);
    }
}
