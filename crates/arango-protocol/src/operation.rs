//! The trait of typed calls.

use bytes::Bytes;
use http::Request;

use crate::api_response::ApiResponse;
use crate::build_error::BuildError;
use crate::metadata::Metadata;
use crate::output_error::OutputError;
use crate::properties::RequestProperties;
use crate::request_builder::RequestBuilder;

/// One typed call of the HTTP API, independent of the transport.
///
/// A transport decides by the [metadata](Self::METADATA). Both functions are pure.
pub trait Operation {
    /// What a successful response contains.
    type Output;

    /// Name, method, path, class, scope, server timeout, versions and permission.
    const METADATA: Metadata;

    /// Returns what this request needs: class, server timeout, hedging, time.
    ///
    /// By default what the metadata say. Override it where a field of the operation decides. The HTTP method decides
    /// nothing: `PUT` on a cursor moves the cursor, `POST` of a rebalance plan changes nothing.
    fn properties(&self) -> RequestProperties {
        RequestProperties::of(&Self::METADATA)
    }

    /// Builds the request.
    ///
    /// It has the path and query without host or database, and the whole body. By default the request that the metadata
    /// describe alone. It does not compile for an operation whose path has parameters, or that has a body: a `POST`,
    /// `PUT` or `PATCH` that is not declared [`without_body`](Metadata::without_body).
    ///
    /// # Errors
    ///
    /// If a body cannot be serialised or a path parameter is invalid.
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        const {
            assert!(
                Self::METADATA.has_constant_request(),
                "an operation with a body or with path parameters must define `request`"
            );
        }
        RequestBuilder::new(Self::METADATA).build()
    }

    /// Decodes a successful response, or one with an [accepted status](Metadata::success_statuses).
    ///
    /// # Errors
    ///
    /// If the body does not match [`Output`](Self::Output); names the path of the field.
    fn output(&self, response: ApiResponse) -> Result<Self::Output, OutputError>;
}

impl<O: Operation + ?Sized> Operation for &O {
    type Output = O::Output;

    const METADATA: Metadata = O::METADATA;

    fn properties(&self) -> RequestProperties {
        (**self).properties()
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        (**self).request()
    }

    fn output(&self, response: ApiResponse) -> Result<Self::Output, OutputError> {
        (**self).output(response)
    }
}
