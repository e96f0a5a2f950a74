//! Custom middleware, custom connections, and requests that are not operations.
//!
//! | task | types |
//! |---|---|
//! | middleware around each call or each attempt | [`CallService`], [`AttemptService`], [`AttemptRequest`], [`AttemptError`] |
//! | custom connections and name resolution | [`Connect`], [`Resolve`], [`Io`] |
//! | any HTTP request to a coordinator | [`Transport`], [`Call`], [`Body`] |
//! | secrets, in a custom [`TokenSource`](crate::TokenSource) | [`secrecy`] |
//!
//! The transport's own builder is in the crate `arango-transport`, for programs that do without this crate.

#[doc(inline)]
pub use arango_transport::secrecy;
#[doc(inline)]
pub use arango_transport::{
    AttemptError, AttemptRequest, AttemptService, Body, BoxError, BoxFuture, Call, CallService, Connect, Io,
    MiddlewareBody, MiddlewareService, Resolve, SystemConnect, SystemResolve, Transport,
};
