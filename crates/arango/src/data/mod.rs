//! Handles on collections, and the calls of their documents.
//!
//! Each call is a builder that is sent when it is awaited. Dropping it sends nothing.

mod collection;
mod collections;
mod cursor;
mod insert;
mod key;
mod modify;
mod new_collection;
mod query;
mod read;
mod remove;
mod write;

pub use arango_data::*;
pub use collection::Collection;
pub use cursor::{Cursor, CursorLost};
pub use insert::Insert;
pub use key::ToKey;
pub use modify::Modify;
pub use new_collection::NewCollection;
pub use query::Query;
pub use read::{Exists, Get, GetChanged};
pub use remove::Remove;
pub use write::{Replace, Update};
