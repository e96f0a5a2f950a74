//! The error for a response that is not the expected success.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::api_response::ApiResponse;
use crate::error::object::ErrorObject;

/// How much of an undecodable body is kept, in bytes.
const MAX_KEPT_BYTES: usize = 1024;

/// A response whose body is not the success that the operation expects.
///
/// The status reports success, the body does not. Either it [cannot be decoded](Self::path): it may come from another
/// service, or ArangoDB responded in an unknown form. Or it is an [error object](Self::error_object) of the server, and
/// is classified as an error response with its status and number. In both cases it is unknown whether the request was
/// executed, unless the body [proves](Self::proves_execution) it.
pub struct OutputError(Box<Repr>);

struct Repr {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    is_html: bool,
    proves_execution: bool,
    fault: Fault,
}

/// What is wrong with the body.
enum Fault {
    /// It cannot be decoded at this path.
    Decode { path: String, source: Mismatch },
    /// The server reports an error in it.
    Server(ErrorObject),
}

/// What the parser reports, without the values that it quotes: they may be secret.
#[derive(Debug)]
struct Mismatch(String);

impl Mismatch {
    fn new(error: &serde_json::Error) -> Self {
        const EXPECTED: &str = ", expected ";

        let mut message = error.to_string();
        if let Some(expected) = message.rfind(EXPECTED)
            && let Some(quote) = message[..expected].find(['"', '`'])
        {
            message.replace_range(message[..quote].trim_end().len()..expected, "");
        }
        Self(message)
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Mismatch {}

impl OutputError {
    pub(crate) fn decode(response: &ApiResponse, path: String, source: &serde_json::Error) -> Self {
        Self::with(response, Fault::Decode { path, source: Mismatch::new(source) })
    }

    /// Creates the error of a response in which the server reports an error despite a success status.
    ///
    /// The readers of [`ApiResponse`] create it for an error object that is the whole body. An operation creates it for
    /// one that is a part of the body.
    #[must_use]
    pub fn server(response: &ApiResponse, object: ErrorObject) -> Self {
        Self::with(response, Fault::Server(object))
    }

    fn with(response: &ApiResponse, fault: Fault) -> Self {
        let body = response.bytes();
        Self(Box::new(Repr {
            status: response.status(),
            headers: response.headers().clone(),
            body: body.slice(..body.len().min(MAX_KEPT_BYTES)),
            is_html: response.looks_like_html(),
            proves_execution: false,
            fault,
        }))
    }

    /// Declares whether the body has the form of a success in all but the values of the program's types.
    ///
    /// Only the server writes such a body, after it has executed the request. It has no effect on an error object, nor
    /// with a status that is not a success.
    #[must_use]
    pub fn with_success_shape(mut self, has_success_shape: bool) -> Self {
        let is_decoded = matches!(self.0.fault, Fault::Decode { .. });
        self.0.proves_execution = has_success_shape && is_decoded && self.0.status.is_success();
        self
    }

    /// Returns whether the response proves that the request was executed.
    ///
    /// Then only a type of the program does not fit.
    pub fn proves_execution(&self) -> bool {
        self.0.proves_execution
    }

    /// Returns the status of the response.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// Returns the headers of the response.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// Returns the path of the invalid field, such as `result.shards.totalUsed`.
    ///
    /// `.` is the whole body.
    pub fn path(&self) -> &str {
        match &self.0.fault {
            Fault::Decode { path, .. } => path,
            Fault::Server(_) => ".",
        }
    }

    /// Returns the error object that came with a success status.
    pub fn error_object(&self) -> Option<&ErrorObject> {
        match &self.0.fault {
            Fault::Decode { .. } => None,
            Fault::Server(object) => Some(object),
        }
    }

    /// Returns the first KiB of the body.
    ///
    /// It may contain secrets that should not be logged.
    pub fn body(&self) -> &Bytes {
        &self.0.body
    }
}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.fault {
            Fault::Server(object) if self.0.status.is_success() => {
                write!(f, "an error object with a status of success: {object}")
            }
            Fault::Server(object) => object.fmt(f),
            Fault::Decode { .. } if self.0.is_html => f.write_str("an HTML page"),
            Fault::Decode { .. } if self.0.body.is_empty() => f.write_str("an empty body"),
            Fault::Decode { path, .. } if path == "." => f.write_str("the body cannot be read"),
            Fault::Decode { path, .. } => write!(f, "the field `{path}` cannot be read"),
        }
    }
}

impl fmt::Debug for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("OutputError");
        debug.field("status", &self.0.status).field("path", &self.path());
        match &self.0.fault {
            Fault::Decode { source, .. } => debug.field("source", source),
            Fault::Server(object) => debug.field("error_object", object),
        };
        debug.finish_non_exhaustive()
    }
}

impl std::error::Error for OutputError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.fault {
            // The parser's error adds nothing for an HTML page or an empty body.
            Fault::Decode { source, .. } if !self.0.is_html && !self.0.body.is_empty() => Some(source),
            Fault::Decode { .. } | Fault::Server(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_undecodable_body_with_a_status_of_success_proves_execution() {
        let invalid = |status| {
            let response = ApiResponse::new(status, HeaderMap::new(), Bytes::from_static(b"{}"));
            response.invalid("not a book")
        };
        assert!(!invalid(StatusCode::OK).proves_execution());
        assert!(invalid(StatusCode::CREATED).with_success_shape(true).proves_execution());
        assert!(!invalid(StatusCode::CREATED).with_success_shape(false).proves_execution());
        assert!(!invalid(StatusCode::NOT_FOUND).with_success_shape(true).proves_execution());
        let body = Bytes::from_static(br#"{"error":true,"errorNum":1200,"code":409}"#);
        let object = ErrorObject::parse(&body).unwrap();
        let response = ApiResponse::new(StatusCode::OK, HeaderMap::new(), body);
        assert!(!OutputError::server(&response, object).with_success_shape(true).proves_execution());
    }

    #[test]
    fn values_of_the_body_are_not_quoted() {
        fn reason<T: serde::de::DeserializeOwned + fmt::Debug>(body: &str) -> String {
            Mismatch::new(&serde_json::from_str::<T>(body).unwrap_err()).to_string()
        }
        #[derive(Debug, serde::Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Light {
            Red,
            Green,
        }
        #[derive(Debug, serde::Deserialize)]
        struct Lamp {
            #[expect(dead_code, reason = "only decoded")]
            light: Light,
        }

        assert_eq!(
            reason::<u8>(r#""pa, expected \" ss""#),
            "invalid type: string, expected u8 at line 1 column 20"
        );
        assert_eq!(reason::<u8>("300"), "invalid value: integer, expected u8 at line 1 column 3");
        let unknown = "unknown variant, expected `red` or `green` at line 1 column 15";
        assert_eq!(reason::<Lamp>(r#"{"light":"blue"}"#), unknown);
        assert_eq!(reason::<Lamp>("{}"), "missing field `light` at line 1 column 2");
        assert_eq!(reason::<u8>("{"), "invalid type: map, expected u8 at line 1 column 0");
    }
}
