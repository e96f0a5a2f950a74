//! Granting and revoking access.

use arango_protocol::{
    ApiResponse, BuildError, DatabaseName, Metadata, Operation, OutputError, Permission, RequestBuilder,
    Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;

use super::access::{Access, Place};
use crate::names::CollectionName;

/// Sets what a user may do with a database or a collection.
///
/// Other coordinators learn of it a little later. A database need not exist: a grant for a misspelt name succeeds, and counts
/// once there is a database of that name.
///
/// # Errors
///
/// 404 with error 1703 if there is no user of the name. Of a grant for a collection also 404 with error 1228 or 1203 if there
/// is no such database or collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantAccess {
    user: String,
    place: Place,
    access: Access,
}

impl GrantAccess {
    /// Sets the access to a database.
    #[must_use]
    pub fn new(user: impl Into<String>, database: &DatabaseName, access: Access) -> Self {
        Self { user: user.into(), place: Place::database(database), access }
    }

    /// Sets the access to all databases for which nothing else is set.
    #[must_use]
    pub fn to_all_databases(user: impl Into<String>, access: Access) -> Self {
        Self { user: user.into(), place: Place::all_databases(), access }
    }

    /// Sets the access to a collection of the database instead.
    #[must_use]
    pub fn collection(mut self, name: &CollectionName) -> Self {
        self.place = self.place.with_collection(name);
        self
    }
}

impl Operation for GrantAccess {
    type Output = ();

    const METADATA: Metadata = Metadata::put("user.grant", "/_api/user/{user}/database/{database}")
        .scope(Scope::Database)
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        #[derive(Serialize)]
        struct Body<'a> {
            grant: &'a str,
        }
        // Servers take only these.
        if !matches!(self.access, Access::ReadWrite | Access::ReadOnly | Access::None) {
            return Err(BuildError::Field {
                field: "access",
                reason: "cannot be granted; revoke it instead",
            });
        }
        let builder = RequestBuilder::new(Self::METADATA).path_param("user", &self.user);
        self.place.fill(builder).json(&Body { grant: self.access.as_str() }).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.acknowledged()
    }
}

/// Removes what was set for a database or a collection, so that what is set for all counts.
///
/// # Errors
///
/// 404 with error 1703 if there is no user of the name. For a collection also 404 with error 1228 or 1203 if there is no such
/// database or collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokeAccess {
    user: String,
    place: Place,
}

impl RevokeAccess {
    /// Revokes the access to a database.
    #[must_use]
    pub fn new(user: impl Into<String>, database: &DatabaseName) -> Self {
        Self { user: user.into(), place: Place::database(database) }
    }

    /// Revokes the access to a collection of the database instead.
    #[must_use]
    pub fn collection(mut self, name: &CollectionName) -> Self {
        self.place = self.place.with_collection(name);
        self
    }
}

impl Operation for RevokeAccess {
    type Output = ();

    const METADATA: Metadata = Metadata::delete("user.revoke", "/_api/user/{user}/database/{database}")
        .scope(Scope::Database)
        .permission(Permission::Admin);

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.place.fill(RequestBuilder::new(Self::METADATA).path_param("user", &self.user)).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.acknowledged()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request, assert_request_with_body, name};

    #[test]
    fn access_is_granted_to_a_database_a_collection_or_all() {
        let shop = DatabaseName::new("shop").unwrap();
        let grant = GrantAccess::new("ada", &shop, Access::ReadWrite);
        assert_request_with_body(&grant, "PUT", "/_api/user/ada/database/shop", r#"{"grant":"rw"}"#);
        let orders = GrantAccess::new("ada", &shop, Access::ReadOnly).collection(&name("orders"));
        assert_request_with_body(&orders, "PUT", "/_api/user/ada/database/shop/orders", r#"{"grant":"ro"}"#);
        let all = GrantAccess::to_all_databases("ada", Access::None);
        assert_request_with_body(&all, "PUT", "/_api/user/ada/database/%2A", r#"{"grant":"none"}"#);
        let undefined = GrantAccess::new("ada", &shop, Access::Undefined);
        assert_rejected(&undefined, "`access` cannot be granted; revoke it instead");
        let revoke = RevokeAccess::new("ada", &shop).collection(&name("orders"));
        assert_request(&revoke, "DELETE", "/_api/user/ada/database/shop/orders");
    }
}
