//! An answer that is not the success that was expected.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::{ApiResponse, ErrorObject};

/// How much of a body that could not be read is kept, in bytes.
const KEPT: usize = 1024;

/// An answer whose body is not the success that the operation expects.
///
/// The status says success, the body does not: another service may have answered, or ArangoDB in a way that is not
/// known. So whether the request was executed is unknown.
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
    /// It cannot be read at this path.
    Invalid { path: String, source: serde_json::Error },
    /// It is the error object of a refusal.
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
            body: body.slice(..body.len().min(KEPT)),
            is_html: response.looks_like_html(),
            fault,
        }))
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// The path of the field that does not fit, such as `result.shards.totalUsed`; `.` is the whole.
    pub fn path(&self) -> &str {
        match &self.0.fault {
            Fault::Invalid { path, .. } => path,
            Fault::Refused(_) => ".",
        }
    }

    /// The error object that came with a status of success.
    pub fn error_object(&self) -> Option<&ErrorObject> {
        match &self.0.fault {
            Fault::Invalid { .. } => None,
            Fault::Refused(object) => Some(object),
        }
    }

    /// The first KiB of the body. It may hold what should not be logged.
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
        debug.field("status", &self.0.status).field("at", &self.path());
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
            // Where the body is nothing that could be read, the parser's complaint explains nothing.
            Fault::Invalid { source, .. } if !self.0.is_html && !self.0.body.is_empty() => Some(source),
            Fault::Invalid { .. } | Fault::Refused(_) => None,
        }
    }
}
