//! Closing a cursor.

use arango_protocol::{
    Affinity, ApiResponse, BuildError, ErrorNumber, Metadata, Operation, OutputError, RequestBuilder,
    RequestProperties, Scope,
};
use bytes::Bytes;
use http::{Request, StatusCode};

use super::ids::CursorId;
use crate::expected_error::accept_error;

/// Closes a cursor that is not read to its end.
///
/// A cursor that does not exist any more counts as closed. A stream that writes is rolled back, unless its last batch
/// was produced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseCursor {
    cursor: CursorId,
}

impl CloseCursor {
    /// Closes this cursor.
    #[must_use]
    pub fn new(cursor: &CursorId) -> Self {
        Self { cursor: cursor.clone() }
    }
}

impl Operation for CloseCursor {
    type Output = ();

    const METADATA: Metadata = Metadata::delete("query.close_cursor", "/_api/cursor/{cursor}")
        .fenced()
        .scope(Scope::Database)
        .accept_statuses(&[404]);

    #[inline]
    fn properties(&self) -> RequestProperties {
        RequestProperties::of(&Self::METADATA).affinity(Affinity::OwnerThenForward)
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("cursor", self.cursor.as_str()).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        if response.status() != StatusCode::NOT_FOUND {
            return response.acknowledged();
        }
        accept_error(&response, ErrorNumber::CURSOR_NOT_FOUND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, read, response};
    use arango_protocol::RequestClass;

    #[test]
    fn a_cursor_that_is_gone_counts_as_closed() {
        let close = CloseCursor::new(&"3517".into());
        assert_request(&close, "DELETE", "/_api/cursor/3517");
        assert_eq!(close.properties().class, RequestClass::Fenced);
        read(&close, r#"{"id":"3517","error":false,"code":202}"#);
        let refused = |number: u32| {
            close.output(response(404, &format!(r#"{{"error":true,"code":404,"errorNum":{number}}}"#)))
        };
        assert!(refused(1600).is_ok());
        assert!(refused(1228).is_err());
    }
}
