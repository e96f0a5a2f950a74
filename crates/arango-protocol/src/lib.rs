//! What every call to ArangoDB has in common.
//!
//! An [`Operation`] is one thing that can be asked of a cluster: it forms a request without a host
//! and reads the answer, and its [`Metadata`] tell whoever carries it what may be done when the
//! carrying fails. Nothing here touches a socket, so everything here can be tested with plain data.
//!
//! | what | where |
//! |---|---|
//! | a typed request and its facts | [`Operation`], [`Metadata`], [`RequestClass`], [`Scope`] |
//! | forming the request | [`RequestBuilder`], [`DatabaseName`], [`BuildError`] |
//! | reading the answer | [`ApiResponse`], [`DecodeError`] |
//! | what the server says went wrong | [`ErrorObject`], [`ErrorNumber`] |
//!
//! # An operation of one's own
//!
//! ```
//! use arango_protocol::{ApiResponse, BuildError, DecodeError, RequestBuilder, Metadata, Operation};
//! use bytes::Bytes;
//! use http::Request;
//!
//! /// Asks the server what time it is.
//! struct GetTime;
//!
//! impl Operation for GetTime {
//!     type Output = f64;
//!     const METADATA: Metadata = Metadata::get("server.time", "/_admin/time");
//!
//!     fn request(&self) -> Result<Request<Bytes>, BuildError> {
//!         RequestBuilder::new(Self::METADATA).finish()
//!     }
//!
//!     fn output(&self, response: ApiResponse) -> Result<f64, DecodeError> {
//!         #[derive(serde::Deserialize)]
//!         struct Body {
//!             time: f64,
//!         }
//!         response.json::<Body>().map(|body| body.time)
//!     }
//! }
//!
//! assert_eq!(GetTime.request().unwrap().uri(), "/_admin/time");
//! ```

mod api_response;
mod created_resource;
mod database_name;
mod decode;
mod error_number;
mod error_object;
mod identity;
mod login;
mod metadata;
mod operation;
mod renew_token;
mod request_builder;
mod version;

pub use api_response::ApiResponse;
pub use created_resource::CreatedResource;
pub use database_name::{DatabaseName, InvalidName};
pub use decode::DecodeError;
pub use error_number::ErrorNumber;
pub use error_object::ErrorObject;
pub use identity::{is_arangodb, names_arangodb};
pub use login::{LogIn, token_lifetime};
pub use metadata::{Metadata, Permission, RequestClass, Scope};
pub use operation::Operation;
pub use renew_token::RenewToken;
pub use request_builder::{BuildError, RequestBuilder};
pub use version::{InvalidVersion, ServerVersion};
