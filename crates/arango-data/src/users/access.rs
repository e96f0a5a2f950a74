//! What a user may access.

use std::collections::BTreeMap;

use arango_protocol::{
    ApiResponse, BuildError, DatabaseName, Metadata, Operation, OutputError, Permission, RequestBuilder,
    Scope, open_enum,
};
use bytes::Bytes;
use http::Request;

use crate::names::CollectionName;

open_enum! {
    /// What a user may do with a database or a collection.
    pub enum Access {
        /// Read and write.
        ReadWrite = "rw",
        /// Only read.
        ReadOnly = "ro",
        /// Nothing.
        None = "none",
        /// Nothing was set; that of the database or of all databases counts.
        Undefined = "undefined",
    }
}

/// Returns what a user may do with a database or a collection.
///
/// The effective access: what was set for it, or else for all. That of a user, a database or a collection that does not
/// exist is [`Access::None`], or what is set for all: it does not show that there is one.
///
/// # Errors
///
/// 403 if another user asks who is no administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetAccess {
    pub(super) user: String,
    pub(super) place: Place,
}

/// A database, or a collection of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) database: String,
    pub(super) collection: Option<String>,
}

/// Stands for all databases, or for all collections of a database.
pub(super) const ALL: &str = "*";

impl Place {
    pub(super) fn database(name: &DatabaseName) -> Self {
        Self { database: name.as_str().to_owned(), collection: None }
    }

    pub(super) fn all_databases() -> Self {
        Self { database: ALL.to_owned(), collection: None }
    }

    pub(super) fn with_collection(mut self, name: &CollectionName) -> Self {
        self.collection = Some(name.as_str().to_owned());
        self
    }

    /// Fills the parameter `database` of a path, and appends the collection.
    pub(super) fn fill(&self, builder: RequestBuilder) -> RequestBuilder {
        let builder = builder.path_param("database", &self.database);
        match &self.collection {
            Some(collection) => builder.append_segment("collection", collection),
            None => builder,
        }
    }
}

impl GetAccess {
    /// Asks for the access to a database.
    #[must_use]
    pub fn new(user: impl Into<String>, database: &DatabaseName) -> Self {
        Self { user: user.into(), place: Place::database(database) }
    }

    /// Asks for the access to a collection of the database.
    #[must_use]
    pub fn collection(mut self, name: &CollectionName) -> Self {
        self.place = self.place.with_collection(name);
        self
    }
}

impl Operation for GetAccess {
    type Output = Access;

    const METADATA: Metadata = Metadata::get("user.access", "/_api/user/{user}/database/{database}")
        .scope(Scope::Database)
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.place.fill(RequestBuilder::new(Self::METADATA).path_param("user", &self.user)).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Access, OutputError> {
        response.json_result()
    }
}

/// Returns the databases that a user may access.
///
/// # Errors
///
/// 404 with error 1703 if there is no user of the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListAccess {
    /// The name of the user.
    pub user: String,
}

impl Operation for ListAccess {
    /// Access by the names of databases that exist, with what is granted for all databases. `*` may be missing.
    type Output = BTreeMap<String, Access>;

    const METADATA: Metadata = Metadata::get("user.list_access", "/_api/user/{user}/database")
        .scope(Scope::Database)
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("user", &self.user).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<BTreeMap<String, Access>, OutputError> {
        response.json_result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_request, name, read};

    #[test]
    fn the_access_to_a_database_or_a_collection_is_read() {
        let shop = DatabaseName::new("shop").unwrap();
        let access = GetAccess::new("ada", &shop);
        assert_request(&access, "GET", "/_api/user/ada/database/shop");
        let orders = access.clone().collection(&name("orders"));
        assert_request(&orders, "GET", "/_api/user/ada/database/shop/orders");
        let of = |text: &str| read(&access, &format!(r#"{{"error":false,"code":200,"result":"{text}"}}"#));
        assert_eq!((of("rw"), of("undefined")), (Access::ReadWrite, Access::Undefined));
        assert_eq!(of("admin"), Access::Unknown("admin".to_owned()));
    }

    #[test]
    fn the_databases_of_a_user_are_listed() {
        let list = ListAccess { user: "ada".to_owned() };
        assert_request(&list, "GET", "/_api/user/ada/database");
        let body = r#"{"error":false,"code":200,"result":{"shop":"rw","*":"ro"}}"#;
        assert_eq!(read(&list, body)["*"], Access::ReadOnly);
    }
}
