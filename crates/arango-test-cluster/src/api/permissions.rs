//! What the caller of a request may do.

use std::collections::BTreeSet;

use super::Call;
use crate::config::settings::Hardening;
use crate::http::reply::ApiError;
use crate::state::grants::Level;
use crate::state::search::SearchView;
use crate::state::transactions::Access;
use crate::store::error::DocumentError;

impl Call<'_> {
    pub(crate) fn level(&self, database: &str) -> Level {
        self.caller.level(database, &self.state.users)
    }

    /// Returns the caller's level in a collection of the request's database.
    pub(super) fn collection_level(&self, collection: &str) -> Level {
        self.caller.collection_level(&self.request.database, collection, &self.state.users)
    }

    pub(super) fn may_read(&self, collection: &str) -> bool {
        self.collection_level(collection) >= Level::ReadOnly
    }

    /// Returns the collections of the request's database that the caller may not read.
    fn unreadable_collections(&self) -> BTreeSet<String> {
        if self.caller.is_superuser() {
            return BTreeSet::new();
        }
        let all =
            self.state.databases.get(&self.request.database).map(|database| database.collections.keys());
        all.into_iter().flatten().filter(|name| !self.may_read(name)).cloned().collect()
    }

    /// Returns the names that the caller's queries may not read: of collections, and of views that search one of these.
    pub(super) fn unreadable_names(&self) -> BTreeSet<String> {
        let mut names = self.unreadable_collections();
        let database = self.state.databases.get(&self.request.database);
        let views = database.into_iter().flat_map(|database| database.views.values());
        let is_unreadable = |view: &&SearchView| {
            view.definition.collections().into_iter().any(|collection| names.contains(collection))
        };
        let views: Vec<_> = views.filter(is_unreadable).map(|view| view.name.clone()).collect();
        names.extend(views);
        names
    }

    /// Returns whether the caller may read all collections of the database but those of the system.
    pub(super) fn may_read_all_collections(&self) -> bool {
        self.unreadable_collections().iter().all(|name| name.starts_with('_'))
    }

    /// Refuses callers who may not read a collection.
    pub(super) fn require_read(&self, collection: &str) -> Result<(), DocumentError> {
        if self.may_read(collection) { Ok(()) } else { Err(DocumentError::forbidden(collection, "read")) }
    }

    /// Refuses callers who may not read or write the documents of a collection in this way.
    pub(super) fn require_access(&self, access: &Access) -> Result<(), DocumentError> {
        for collection in access.written() {
            match self.collection_level(collection) {
                Level::None => return Err(DocumentError::forbidden(collection, "write")),
                Level::ReadWrite if !self.state.read_only => {}
                Level::ReadOnly | Level::ReadWrite => return Err(DocumentError::read_only(collection)),
            }
        }
        access.read.iter().try_for_each(|collection| self.require_read(collection))
    }

    /// Refuses writes if the caller may only read the database, or the cluster is read-only.
    pub(super) fn require_write(&self) -> Result<(), ApiError> {
        if self.state.read_only {
            return Err(ApiError::new(403, 1004, "read only"));
        }
        self.require_definition_write()
    }

    /// Refuses changes of databases and collections, as opposed to those of documents.
    pub(super) fn require_definition_write(&self) -> Result<(), ApiError> {
        match self.level(&self.request.database) {
            Level::ReadWrite if !self.state.read_only => Ok(()),
            _ => Err(ApiError::forbidden("forbidden")),
        }
    }

    /// Refuses changes of a collection or its indexes. These take write access to it and to the database.
    pub(super) fn require_definition_write_of(&self, collection: &str) -> Result<(), ApiError> {
        self.require_definition_write()?;
        match self.collection_level(collection) {
            Level::ReadWrite => Ok(()),
            _ => Err(ApiError::forbidden("insufficient rights to change the collection")),
        }
    }

    /// Grants the caller write access to a collection that the request has created.
    pub(super) fn grant_new_collection(&mut self, collection: &str) {
        let user = self.caller.user().and_then(|name| self.state.users.by_name.get_mut(name));
        if let Some(user) = user.filter(|_| !collection.starts_with('_')) {
            user.grants.set_collection(&self.request.database, collection, Level::ReadWrite);
        }
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.caller.is_admin(&self.state.users)
    }

    /// Refuses callers who may not administrate the cluster.
    pub(super) fn require_admin(&self) -> Result<(), ApiError> {
        if self.is_admin() { Ok(()) } else { Err(ApiError::new(403, 403, "insufficient permissions")) }
    }

    /// Refuses callers who are no administrators, if the cluster is hardened.
    pub(super) fn require_admin_if_hardened(&self) -> Result<(), ApiError> {
        if self.config.hardening == Hardening::Off || self.is_admin() {
            return Ok(());
        }
        Err(ApiError::forbidden("insufficient permissions"))
    }
}
