//! Why a request could not be built.

use http::HeaderName;

use crate::database_name::InvalidName;

/// A request that could not be built. Nothing was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A value is not valid as a path parameter.
    #[error("the path segment `{name}` {reason}")]
    PathParam {
        /// The name in the template.
        name: &'static str,
        /// What is wrong with the value.
        reason: &'static str,
    },
    /// A path parameter was not filled in.
    #[error("the path template `{path}` has an unfilled parameter")]
    MissingParam {
        /// The template.
        path: &'static str,
    },
    /// No body was set for an operation that has one.
    #[error("the request to `{path}` has no body; an operation without one declares `without_body`")]
    MissingBody {
        /// The path template.
        path: &'static str,
    },
    /// The path is invalid.
    #[error("the path is not valid")]
    Path(#[source] http::uri::InvalidUri),
    /// The body cannot be serialised as JSON.
    #[error("the body cannot be serialised as JSON")]
    Body(#[source] serde_json::Error),
    /// A query cannot be sent as it is.
    #[error("the query is invalid: {0}")]
    Query(String),
    /// A value is outside the range that the server accepts.
    #[error("`{field}` {reason}")]
    Field {
        /// The field of the operation.
        field: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A header was set that only the transport may set.
    ///
    /// It frames the request or describes its connection.
    #[error("the header `{name}` must not be set: the transport frames requests itself")]
    Header {
        /// The header.
        name: HeaderName,
    },
    /// The value of a header contains a character that no header may contain.
    #[error("the value of the header `{name}` contains an invalid character")]
    HeaderValue {
        /// The header.
        name: HeaderName,
    },
    /// The database name is invalid.
    #[error("invalid database name")]
    Database(#[source] InvalidName),
}

impl From<InvalidName> for BuildError {
    fn from(name: InvalidName) -> Self {
        Self::Database(name)
    }
}
