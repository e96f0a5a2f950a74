//! The database or collections that a request creates.

use crate::database_name::DatabaseName;
use crate::request_builder::encode;

/// The database or collections that a request creates.
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
    /// The percent-encoded names.
    Collections(Vec<String>),
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
        Self::collections([name])
    }

    /// Several collections in the database of the request, such as those of a graph.
    ///
    /// Those that existed already may be among them.
    #[must_use]
    pub fn collections<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self(Resource::Collections(names.into_iter().map(|name| encode(name).to_string()).collect()))
    }

    /// Returns the path prefix of the database; `None` for collections.
    #[must_use]
    pub fn database_prefix(&self) -> Option<&str> {
        match &self.0 {
            Resource::Database(name) => Some(name.prefix()),
            Resource::Collections(_) => None,
        }
    }

    /// Returns the percent-encoded names of the collections; none for a database.
    #[must_use]
    pub fn encoded_collections(&self) -> &[String] {
        match &self.0 {
            Resource::Database(_) => &[],
            Resource::Collections(segments) => segments,
        }
    }
}
