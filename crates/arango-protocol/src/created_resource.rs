//! The database or collection that a request creates.

use crate::database_name::DatabaseName;
use crate::request_builder::encode;

/// The database or collection that a request creates.
///
/// It is attached to the request's extensions. New databases and collections propagate from coordinator to coordinator.
/// With this extension a client can distinguish a resource that is *not yet* known to a coordinator from one that does
/// not exist.
///
/// ```
/// use arango_protocol::{CreatedResource, DatabaseName, RequestBuilder, Metadata};
///
/// const METADATA: Metadata = Metadata::post("database.create", "/_api/database");
/// let shop = DatabaseName::new("shop")?;
/// let request = RequestBuilder::new(METADATA)
///     .json(&"…")
///     .creates(CreatedResource::database(&shop))
///     .build()?;
/// assert!(request.extensions().get::<CreatedResource>().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedResource(pub(crate) Resource);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Resource {
    Database(DatabaseName),
    /// The percent-encoded name.
    Collection(String),
}

impl CreatedResource {
    /// A database.
    #[must_use]
    pub fn database(name: &DatabaseName) -> Self {
        Self(Resource::Database(name.clone()))
    }

    /// A collection in the database of the request.
    #[must_use]
    pub fn collection(name: &str) -> Self {
        Self(Resource::Collection(encode(name).to_string()))
    }

    /// Returns the path prefix of the database; `None` for a collection.
    #[must_use]
    pub fn database_prefix(&self) -> Option<&str> {
        match &self.0 {
            Resource::Database(name) => Some(name.prefix()),
            Resource::Collection(_) => None,
        }
    }

    /// Returns the percent-encoded name of the collection; `None` for a database.
    #[must_use]
    pub fn encoded_collection(&self) -> Option<&str> {
        match &self.0 {
            Resource::Database(_) => None,
            Resource::Collection(segment) => Some(segment),
        }
    }
}
