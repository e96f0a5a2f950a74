//! Operations, requests and responses shared by every ArangoDB call.
//!
//! An [`Operation`] is one typed call of the HTTP API. It builds a request without a host and decodes the response.
//! Its [`Metadata`] declares whether a failed request may be retried, and where it may be sent. Nothing in
//! this crate does IO, so everything can be tested with plain data.
//!
//! | what | where |
//! |---|---|
//! | a typed call and its metadata | [`Operation`], [`Metadata`], [`RequestProperties`], [`RequestClass`], [`Affinity`], [`Requirement`], [`Scope`] |
//! | building the request | [`RequestBuilder`], [`DatabaseName`], [`BuildError`] |
//! | decoding the response | [`ApiResponse`], [`OutputError`] |
//! | a write that finds out whether it was executed | [`Resolve`], [`Conclusion`] |
//! | server errors | [`ErrorObject`], [`ErrorNumber`], [`ErrorKind`], [`Outcome`] |
//! | times of the server | [`Timestamp`], [`UnixSeconds`] |
//! | shards and their copies | [`ReplicationFactor`], [`DatabaseSharding`] |
//!
//! # Custom operations
//!
//! ```
//! use arango_protocol::{ApiResponse, OutputError, Metadata, Operation};
//!
//! /// Reads the server's clock.
//! struct GetTime;
//!
//! impl Operation for GetTime {
//!     type Output = f64;
//!     const METADATA: Metadata = Metadata::get("server.time", "/_admin/time");
//!
//!     fn output(&self, response: ApiResponse) -> Result<f64, OutputError> {
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
//!
//! An operation with a body or with parameters in its path also defines `request`. The compiler reports one that
//! forgets it:
//!
//! ```compile_fail,E0080
//! # use arango_protocol::{ApiResponse, OutputError, Metadata, Operation};
//! struct SetLicense(String);
//!
//! impl Operation for SetLicense {
//!     type Output = ();
//!     const METADATA: Metadata = Metadata::put("server.set_license", "/_admin/license");
//!
//!     fn output(&self, _: ApiResponse) -> Result<(), OutputError> {
//!         Ok(())
//!     }
//! }
//!
//! let request = SetLicense("secret".into()).request();
//! ```
//!
//! # Layout
//!
//! The modules lie flat beside each other. The crate imports no other crate of the workspace; the other crates build
//! on it. Within it, a module may import from those in the rows above its own and in its own row.
//!
//! | what | where | imports from |
//! |---|---|---|
//! | failures, names and values without dependencies | `error`, `values`, `database_name`, `spare_header_maps`, `version` | no other module |
//! | metadata and requests of operations | `metadata`, `affinity`, `requirement`, `properties`, `build_error`, `created_resource`, `request_builder`, `request_path` | the rows above |
//! | the response and what is wrong with it | `decode_error_path`, `api_response`, `output_error`, `identity` | the rows above |
//! | the traits of operations | `operation`, `resolve` | the rows above |
//! | operations of logging in | `login`, `renew_token` | the rows above |

mod affinity;
mod api_response;
mod build_error;
mod created_resource;
mod database_name;
mod decode_error_path;
mod error;
mod identity;
mod login;
mod metadata;
mod operation;
mod output_error;
mod properties;
mod renew_token;
mod request_builder;
mod request_path;
mod requirement;
mod resolve;
mod spare_header_maps;
#[doc(hidden)] // for the crates with models
pub mod values;
mod version;

// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

pub use affinity::Affinity;
pub use api_response::ApiResponse;
pub use build_error::BuildError;
pub use created_resource::CreatedResource;
pub use database_name::{DatabaseName, InvalidName};
pub use error::category::ErrorCategory;
#[doc(hidden)] // for the crate `arango-transport`
pub use error::classification::{ResponseAuthor, classify_response};
pub use error::kind::ErrorKind;
#[doc(hidden)] // for the crate `arango-transport`
pub use error::kind::is_too_large;
pub use error::number::ErrorNumber;
pub use error::object::ErrorObject;
pub use error::outcome::Outcome;
pub use identity::{is_arangodb, names_arangodb};
pub use login::{LogIn, token_lifetime};
pub use metadata::{Metadata, Permission, RequestClass, Scope};
pub use operation::Operation;
pub use output_error::OutputError;
pub use properties::RequestProperties;
pub use renew_token::RenewToken;
pub use request_builder::RequestBuilder;
#[doc(hidden)] // for the crate `arango-transport`
pub use request_path::{collection_of_path, database_of_path, document_of_path, path_without_cursor};
pub use requirement::Requirement;
pub use resolve::{Conclusion, Failure, Resolution, Resolve};
#[doc(hidden)] // for the crate `arango-transport`
pub use spare_header_maps::SpareHeaderMaps;
pub use values::database_sharding::DatabaseSharding;
pub use values::replication_factor::ReplicationFactor;
pub use values::seconds::UnixSeconds;
pub use values::timestamp::Timestamp;
pub use version::{InvalidVersion, ServerVersion};
