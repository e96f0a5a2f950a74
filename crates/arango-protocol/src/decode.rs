//! An answer that could not be read.

use std::fmt;

use bytes::Bytes;
use http::StatusCode;

use crate::Answer;

/// How much of a body that could not be read is kept, in bytes.
const KEPT: usize = 1024;

/// An answer whose body is not what was expected. The server executed the request.
pub struct DecodeError {
    status: StatusCode,
    at: String,
    body: Bytes,
    source: serde_json::Error,
}

impl DecodeError {
    pub(crate) fn new(answer: &Answer, at: String, source: serde_json::Error) -> Self {
        let body = answer.raw();
        Self { status: answer.status(), at, body: body.slice(..body.len().min(KEPT)), source }
    }

    /// The status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The path of the field that does not fit, such as `result.shards.totalUsed`; `.` is the whole.
    pub fn at(&self) -> &str {
        &self.at
    }

    /// The first KiB of the body. It may hold what should not be logged.
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the answer ({}) cannot be read at `{}`", self.status, self.at)
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeError")
            .field("status", &self.status)
            .field("at", &self.at)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for DecodeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}
