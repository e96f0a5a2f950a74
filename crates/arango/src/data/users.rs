//! The users of the cluster, and what they may access.

use std::collections::BTreeMap;

use arango_data::{
    Access, CollectionName, CreateUser, GetAccess, GetUser, GrantAccess, ListAccess, ListUsers, Password,
    RemoveUser, RevokeAccess, UpdateUser, UserCreation, UserInfo, UserRemoval,
};
use arango_transport::Error;
use arango_transport::protocol::Operation;

use crate::data::collection::invalid_name;
use crate::handles::data_support::{database_name, invalid_request};
use crate::handles::database::Database;

/// The users of the cluster, and what they may access.
///
/// ```no_run
/// use arango::data::{Access, Password};
///
/// # async fn example(client: &arango::Client, secret: &str) -> arango::Result<()> {
/// let users = client.users();
/// users.ensure("ada", &Password::new(secret)).await?;
/// users.grant("ada", "library", Access::ReadWrite).await?;
/// users.grant_collection("ada", "library", "loans", Access::ReadOnly).await?;
/// # Ok(())
/// # }
/// ```
///
/// All methods fail as [`Database::execute`] does, and need write access to `_system`. Changes are sent once, because a late copy
/// would undo a later one; only [`ensure`](Self::ensure) may be repeated. Other coordinators learn of changes a little later.
#[derive(Debug, Clone)]
pub struct Users {
    system: Database,
}

impl Users {
    pub(crate) fn new(system: Database) -> Self {
        Self { system }
    }

    /// Lists all users.
    #[doc(alias = "users")]
    #[inline]
    pub async fn list(&self) -> Result<Vec<UserInfo>, Error> {
        self.system.execute(ListUsers).await
    }

    /// Returns a user; `None` if there is none of this name.
    #[inline]
    pub async fn get(&self, name: &str) -> Result<Option<UserInfo>, Error> {
        self.system.execute(GetUser { name: name.to_owned() }).await
    }

    /// Creates a user, without access to any database. Sent once.
    ///
    /// # Errors
    ///
    /// [`Conflict`](crate::ErrorKind::Conflict) if there is a user of this name.
    #[doc(alias = "create_user")]
    #[inline]
    pub async fn create(&self, name: &str, password: &Password) -> Result<(), Error> {
        self.system.execute(CreateUser::new(name, password)).await.map(drop)
    }

    /// Creates a user unless there is one of this name, whose password then stays.
    #[inline]
    pub async fn ensure(&self, name: &str, password: &Password) -> Result<UserCreation, Error> {
        self.system.execute(CreateUser::new(name, password).if_missing()).await
    }

    /// Sets the password of a user.
    #[doc(alias = "update_user")]
    #[inline]
    pub async fn set_password(&self, name: &str, password: &Password) -> Result<(), Error> {
        self.system.execute(UpdateUser::new(name).password(password)).await.map(drop)
    }

    /// Lets a user log in.
    #[inline]
    pub async fn activate(&self, name: &str) -> Result<(), Error> {
        self.system.execute(UpdateUser::new(name).activate()).await.map(drop)
    }

    /// Does not let a user log in any more.
    #[inline]
    pub async fn deactivate(&self, name: &str) -> Result<(), Error> {
        self.system.execute(UpdateUser::new(name).deactivate()).await.map(drop)
    }

    /// Removes a user. One that is not there is no error.
    #[doc(alias = "delete_user")]
    #[inline]
    pub async fn remove(&self, name: &str) -> Result<UserRemoval, Error> {
        self.system.execute(RemoveUser { name: name.to_owned() }).await
    }

    /// Returns the databases that a user may access.
    #[doc(alias = "permissions")]
    #[inline]
    pub async fn databases(&self, name: &str) -> Result<BTreeMap<String, Access>, Error> {
        self.system.execute(ListAccess { user: name.to_owned() }).await
    }

    /// Returns what a user may do with a database. Nothing, if there is no such user.
    #[doc(alias = "permission")]
    #[inline]
    pub async fn access(&self, name: &str, database: &str) -> Result<Access, Error> {
        self.system.execute(GetAccess::new(name, &database_name::<GetAccess>(database)?)).await
    }

    /// Returns what a user may do with a collection. Nothing, if there is no such user.
    #[inline]
    pub async fn collection_access(
        &self,
        name: &str,
        database: &str,
        collection: &str,
    ) -> Result<Access, Error> {
        let access = GetAccess::new(name, &database_name::<GetAccess>(database)?);
        self.system.execute(access.collection(&collection_name::<GetAccess>(collection)?)).await
    }

    /// Sets what a user may do with a database.
    #[doc(alias = "update_permission")]
    #[inline]
    pub async fn grant(&self, name: &str, database: &str, access: Access) -> Result<(), Error> {
        let database = database_name::<GrantAccess>(database)?;
        self.system.execute(GrantAccess::new(name, &database, access)).await
    }

    /// Sets what a user may do with a collection.
    #[inline]
    pub async fn grant_collection(
        &self,
        name: &str,
        database: &str,
        collection: &str,
        access: Access,
    ) -> Result<(), Error> {
        let grant = GrantAccess::new(name, &database_name::<GrantAccess>(database)?, access);
        self.system.execute(grant.collection(&collection_name::<GrantAccess>(collection)?)).await
    }

    /// Sets what a user may do with all databases for which nothing else is set.
    #[inline]
    pub async fn grant_all_databases(&self, name: &str, access: Access) -> Result<(), Error> {
        self.system.execute(GrantAccess::to_all_databases(name, access)).await
    }

    /// Removes what was set for a database.
    #[doc(alias = "reset_permission")]
    #[inline]
    pub async fn revoke(&self, name: &str, database: &str) -> Result<(), Error> {
        self.system.execute(RevokeAccess::new(name, &database_name::<RevokeAccess>(database)?)).await
    }

    /// Removes what was set for a collection.
    #[inline]
    pub async fn revoke_collection(&self, name: &str, database: &str, collection: &str) -> Result<(), Error> {
        let revoke = RevokeAccess::new(name, &database_name::<RevokeAccess>(database)?);
        self.system.execute(revoke.collection(&collection_name::<RevokeAccess>(collection)?)).await
    }
}

fn collection_name<O: Operation>(name: &str) -> Result<CollectionName, Error> {
    CollectionName::new(name).map_err(|invalid| invalid_request::<O>(invalid_name("collection", &invalid)))
}
