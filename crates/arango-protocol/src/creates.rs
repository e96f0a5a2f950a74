//! What a request brings into being.

use crate::DatabaseName;
use crate::draft::encode;

/// What a request brings into being, in its extensions: a word to whoever sends it.
///
/// Coordinators learn of new databases and collections one after the other. A client that knows what it has just
/// created can tell a thing that is not known *yet* from one that does not exist.
///
/// ```
/// use arango_protocol::{Creates, DatabaseName, Draft, Facts};
///
/// const FACTS: Facts = Facts::post("database.create", "/_api/database");
/// let shop = DatabaseName::new("shop")?;
/// let request = Draft::new(FACTS)
///     .json(&"…")
///     .creates(Creates::database(&shop))
///     .finish()?;
/// assert!(request.extensions().get::<Creates>().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creates(pub(crate) Thing);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Thing {
    Database(DatabaseName),
    /// The name as it stands in a path.
    Collection(String),
}

impl Creates {
    /// A database.
    #[must_use]
    pub fn database(name: &DatabaseName) -> Self {
        Self(Thing::Database(name.clone()))
    }

    /// A collection of the database that the request names.
    #[must_use]
    pub fn collection(name: &str) -> Self {
        Self(Thing::Collection(encode(name)))
    }

    /// What stands before every path of the database, if it is one.
    #[must_use]
    pub fn database_prefix(&self) -> Option<&str> {
        match &self.0 {
            Thing::Database(name) => Some(name.prefix()),
            Thing::Collection(_) => None,
        }
    }

    /// The name of the collection as it stands in a path, if it is one.
    #[must_use]
    pub fn collection_segment(&self) -> Option<&str> {
        match &self.0 {
            Thing::Database(_) => None,
            Thing::Collection(segment) => Some(segment),
        }
    }
}
