//! The trait that typed requests fill.

use bytes::Bytes;
use http::Request;

use crate::{ApiResponse, BuildError, DecodeError, Metadata, RequestClass};

/// One thing that can be asked of a cluster, without saying how it is carried.
///
/// The [facts](Self::METADATA) are what a carrier decides by; the two functions are pure.
pub trait Operation {
    /// What a successful answer holds.
    type Output;

    /// Name, method, path, class, scope, patience, since, gone, permission.
    const METADATA: Metadata;

    /// Whether this very request may be sent again when its fate is unknown.
    ///
    /// The method does not tell: `PUT` on a cursor moves the cursor, `POST` of a rebalance plan
    /// changes nothing. Override it where a field of the operation decides.
    fn class(&self) -> RequestClass {
        Self::METADATA.class
    }

    /// Forms the request: a path and query without a host or database, and the whole body.
    ///
    /// # Errors
    ///
    /// If a body cannot be serialised or a name cannot stand in a path.
    fn request(&self) -> Result<Request<Bytes>, BuildError>;

    /// Reads a successful answer, or one whose status [`Metadata::answers`] lists.
    ///
    /// # Errors
    ///
    /// If the body is not what [`Output`](Self::Output) wants; names the path of the field.
    fn output(&self, response: ApiResponse) -> Result<Self::Output, DecodeError>;
}
