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
/// The status reports success, the body does not: the response may come from another service, or ArangoDB responded
/// in an unknown form. So it is unknown whether the request was executed.
pub struct DecodeError(Box<Repr>);

struct Repr {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    is_html: bool,
    fault: Fault,
}

/// What is wrong with the body.
enum Fault {
    /// It cannot be decoded at this path.
    Invalid { path: String, source: serde_json::Error },
    /// It is an error object.
    Refused(ErrorObject),
}

impl DecodeError {
    pub(crate) fn new(response: &ApiResponse, path: String, source: serde_json::Error) -> Self {
        Self::with(response, Fault::Invalid { path, source })
    }

    pub(crate) fn refused(response: &ApiResponse, object: ErrorObject) -> Self {
        Self::with(response, Fault::Refused(object))
    }

    fn with(response: &ApiResponse, fault: Fault) -> Self {
        let body = response.bytes();
        Self(Box::new(Repr {
            status: response.status(),
            headers: response.headers().clone(),
            body: body.slice(..body.len().min(MAX_KEPT_BYTES)),
            is_html: response.looks_like_html(),
            fault,
        }))
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
            Fault::Invalid { path, .. } => path,
            Fault::Refused(_) => ".",
        }
    }

    /// Returns the error object that came with a success status.
    pub fn error_object(&self) -> Option<&ErrorObject> {
        match &self.0.fault {
            Fault::Invalid { .. } => None,
            Fault::Refused(object) => Some(object),
        }
    }

    /// Returns the first KiB of the body.
    ///
    /// It may contain secrets that should not be logged.
    pub fn body(&self) -> &Bytes {
        &self.0.body
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.fault {
            Fault::Refused(object) => write!(f, "an error object with a status of success: {object}"),
            Fault::Invalid { .. } if self.0.is_html => f.write_str("an HTML page"),
            Fault::Invalid { .. } if self.0.body.is_empty() => f.write_str("an empty body"),
            Fault::Invalid { path, .. } if path == "." => f.write_str("the body cannot be read"),
            Fault::Invalid { path, .. } => write!(f, "the field `{path}` cannot be read"),
        }
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("DecodeError");
        debug.field("status", &self.0.status).field("path", &self.path());
        match &self.0.fault {
            Fault::Invalid { source, .. } => debug.field("source", source),
            Fault::Refused(object) => debug.field("error_object", object),
        };
        debug.finish_non_exhaustive()
    }
}

impl std::error::Error for DecodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.fault {
            // The parser's error adds nothing for an HTML page or an empty body.
            Fault::Invalid { source, .. } if !self.0.is_html && !self.0.body.is_empty() => Some(source),
            Fault::Invalid { .. } | Fault::Refused(_) => None,
        }
    }
}
