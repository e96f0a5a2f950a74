//! What a request brings into being.

use crate::DatabaseName;
use crate::request_builder::encode;

/// What a request brings into being, in its extensions: a word to whoever sends it.
///
/// Coordinators learn of new databases and collections one after the other. A client that knows what it has just
/// created can tell a thing that is not known *yet* from one that does not exist.
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
    /// The name as it stands in a path.
    Collection(String),
}

impl CreatedResource {
    /// A database.
    #[must_use]
    pub fn database(name: &DatabaseName) -> Self {
        Self(Resource::Database(name.clone()))
    }

    /// A collection of the database that the request names.
    #[must_use]
    pub fn collection(name: &str) -> Self {
        Self(Resource::Collection(encode(name)))
    }

    /// What stands before every path of the database, if it is one.
    #[must_use]
    pub fn database_prefix(&self) -> Option<&str> {
        match &self.0 {
            Resource::Database(name) => Some(name.prefix()),
            Resource::Collection(_) => None,
        }
    }

    /// The name of the collection as it stands in a path, if it is one.
    #[must_use]
    pub fn collection_segment(&self) -> Option<&str> {
        match &self.0 {
            Resource::Database(_) => None,
            Resource::Collection(segment) => Some(segment),
        }
    }
}
