//! What every call to ArangoDB has in common.
//!
//! An [`Operation`] is one thing that can be asked of a cluster: it forms a request without a host
//! and reads the answer, and its [`Facts`] tell whoever carries it what may be done when the
//! carrying fails. Nothing here touches a socket, so everything here can be tested with plain data.
//!
//! | what | where |
//! |---|---|
//! | a typed request and its facts | [`Operation`], [`Facts`], [`RequestClass`], [`Scope`] |
//! | forming the request | [`Draft`], [`DatabaseName`], [`BuildError`] |
//! | reading the answer | [`Answer`], [`DecodeError`] |
//! | what the server says went wrong | [`ErrorObject`], [`ErrorNumber`] |
//!
//! # An operation of one's own
//!
//! ```
//! use arango_protocol::{Answer, BuildError, DecodeError, Draft, Facts, Operation};
//! use bytes::Bytes;
//! use http::Request;
//!
//! /// Asks the server what time it is.
//! struct GetTime;
//!
//! impl Operation for GetTime {
//!     type Output = f64;
//!     const FACTS: Facts = Facts::get("server.time", "/_admin/time");
//!
//!     fn request(&self) -> Result<Request<Bytes>, BuildError> {
//!         Draft::new(Self::FACTS).finish()
//!     }
//!
//!     fn output(&self, answer: Answer) -> Result<f64, DecodeError> {
//!         #[derive(serde::Deserialize)]
//!         struct Body {
//!             time: f64,
//!         }
//!         answer.json::<Body>().map(|body| body.time)
//!     }
//! }
//!
//! assert_eq!(GetTime.request().unwrap().uri(), "/_admin/time");
//! ```

mod answer;
mod creates;
mod database_name;
mod decode;
mod draft;
mod error_number;
mod error_object;
mod facts;
mod identity;
mod login;
mod operation;
mod renew;
mod version;

pub use answer::Answer;
pub use creates::Creates;
pub use database_name::{DatabaseName, InvalidName};
pub use decode::DecodeError;
pub use draft::{BuildError, Draft};
pub use error_number::ErrorNumber;
pub use error_object::ErrorObject;
pub use facts::{Facts, Permission, RequestClass, Scope};
pub use identity::{is_arangodb, names_arangodb};
pub use login::{LogIn, token_lifetime};
pub use operation::Operation;
pub use renew::RenewToken;
pub use version::{InvalidVersion, ServerVersion};
