//! How handlers read and write documents.

use std::collections::BTreeSet;

use arango_test_aql::Prepared;

use super::Call;
use super::collections::find;
use super::queries::errors;
use crate::config::settings::ScanOrder;
use crate::http::reply::ApiError;
use crate::state::databases::{Collection, Database};
use crate::state::leaders::led_by;
use crate::state::transactions::Transaction;
use crate::state::views::has_modelled_documents;
use crate::store::concurrent_writes::ConcurrentWrites;
use crate::store::database_view::DatabaseView;
use crate::store::document::Document;
use crate::store::error::DocumentError;
use crate::store::view::CollectionView;

impl Call<'_> {
    /// Takes a snapshot of a collection that this coordinator knows, or returns the one of the request's transaction.
    pub(super) fn view(&self, collection: &str) -> Result<CollectionView, ApiError> {
        let (found, database) = (find(self, collection)?, self.database()?);
        self.require_read(&found.name)?;
        require_modelled_documents(found)?;
        let Some(transaction) = self.transaction() else {
            let mut view = self.state.view(database, found);
            view.set_losing(self.losing(database, found));
            return Ok(view);
        };
        transaction.access.check(&found.name, false)?;
        let known = transaction.view.view_of(&found.name).cloned();
        let mut view = known.unwrap_or_else(|| self.state.view(database, found));
        view.set_leaders(self.leaders_of(transaction, database, found));
        Ok(view)
    }

    /// Writes to a collection: at once, or within the request's transaction.
    pub(super) fn write<T>(
        &mut self,
        collection: &str,
        write: impl FnOnce(&mut CollectionView) -> Result<T, DocumentError>,
    ) -> Result<Result<T, DocumentError>, ApiError> {
        let Some(id) = self.transaction else {
            let mut view = self.view(collection)?;
            let written = write(&mut view);
            return Ok(written.and_then(|written| self.commit(view).map(|()| written)));
        };
        let (found, database) = (find(self, collection)?, self.database()?);
        require_modelled_documents(found)?;
        let name = found.name.clone();
        let concurrent = self.state.concurrent_writes(&self.request.database, &name, id);
        let fresh = || self.state.view(database, found);
        let Some(transaction) = self.transaction() else { return Err(ended(id)) };
        transaction.access.check(&name, true)?;
        let (leaders, fresh) = (self.leaders_of(transaction, database, found), fresh());
        let Some(transaction) = self.state.transactions.get_mut(id) else { return Err(ended(id)) };
        let mut view = transaction.view.take(&name).unwrap_or(fresh);
        view.set_leaders(leaders);
        view.set_concurrent(concurrent);
        let written = write(&mut view);
        view.set_concurrent(ConcurrentWrites::default());
        transaction.view.insert(&name, view);
        Ok(written)
    }

    /// Writes to several collections, to all or to none of them: at once, or within the request's transaction.
    pub(super) fn write_all<T>(
        &mut self,
        collections: &[String],
        write: impl FnOnce(&mut [CollectionView]) -> Result<T, DocumentError>,
    ) -> Result<Result<T, DocumentError>, ApiError> {
        let mut views: Vec<_> =
            collections.iter().map(|collection| self.view(collection)).collect::<Result<_, _>>()?;
        let Some(id) = self.transaction else {
            let written = write(&mut views);
            return Ok(written.and_then(|written| self.commit_all(views).map(|()| written)));
        };
        for (collection, view) in collections.iter().zip(&mut views) {
            let transaction = self.transaction().ok_or_else(|| ended(id))?;
            transaction.access.check(collection, true)?;
            view.set_concurrent(self.state.concurrent_writes(&self.request.database, collection, id));
        }
        let written = write(&mut views);
        let transaction = self.state.transactions.get_mut(id).filter(|_| written.is_ok());
        if let Some(transaction) = transaction {
            for (collection, mut view) in collections.iter().zip(views) {
                view.set_concurrent(ConcurrentWrites::default());
                transaction.view.insert(collection, view);
            }
        }
        Ok(written)
    }

    /// Takes a snapshot of the database for a query, or returns a copy of the one of the request's transaction.
    ///
    /// Collections that the caller may not read cannot be read with it.
    pub(super) fn database_view(&self, prepared: &Prepared) -> Result<DatabaseView, ApiError> {
        let mut view = self.unrestricted_database_view(prepared)?;
        view.forbid(self.unreadable_names());
        Ok(view)
    }

    fn unrestricted_database_view(&self, prepared: &Prepared) -> Result<DatabaseView, ApiError> {
        let database = self.database()?;
        let Some(transaction) = self.transaction() else {
            let mut view = self.state.database_view(database, self.index, self.config);
            if !self.faults.lost_on.is_empty() {
                for (name, view) in view.views_mut() {
                    let found = database.collections.get(name);
                    view.set_losing(found.map(|found| self.losing(database, found)).unwrap_or_default());
                }
            }
            return Ok(view);
        };
        let mut view = transaction.view.for_query(transaction.id);
        let used = prepared.collections();
        for (name, is_written) in &used {
            transaction.access.check(name, *is_written).map_err(errors::of_document)?;
            let found = database.collections.get(*name).filter(|found| has_modelled_documents(found));
            if let (None, Some(found)) = (view.view_of(name), found) {
                view.insert(name, self.state.view(database, found));
            }
        }
        for (name, view) in view.views_mut() {
            let Some(found) = database.collections.get(name) else { continue };
            view.set_leaders(self.leaders_of(transaction, database, found));
            if transaction.access.may_write(name) {
                let concurrent = self.state.concurrent_writes(&self.request.database, name, transaction.id);
                view.set_concurrent(concurrent);
            }
        }
        Ok(view)
    }

    /// Makes the changes of a view.
    pub(super) fn commit(&mut self, view: CollectionView) -> Result<(), DocumentError> {
        self.commit_all(vec![view])
    }

    /// Makes the changes of several views, or none of them.
    pub(super) fn commit_all(&mut self, views: Vec<CollectionView>) -> Result<(), DocumentError> {
        self.state.commit(&self.request.database, views)
    }

    /// Returns for each shard whether its leader loses what the request writes.
    fn losing(&self, database: &Database, collection: &Collection) -> Vec<bool> {
        let servers = self.faults.lost_on.iter().filter_map(|index| self.state.db_servers.get(*index));
        let servers: BTreeSet<_> = servers.map(|server| server.id.clone()).collect();
        if servers.is_empty() { Vec::new() } else { led_by(database, collection, &servers) }
    }

    /// Returns for each shard whether its leader responds to a request of a transaction.
    fn leaders_of(
        &self,
        transaction: &Transaction,
        database: &Database,
        collection: &Collection,
    ) -> Vec<bool> {
        let losing = self.losing(database, collection);
        let taking_part = transaction.taking_part(self.state, database, collection).into_iter();
        taking_part
            .enumerate()
            .map(|(shard, takes_part)| takes_part && losing.get(shard) != Some(&true))
            .collect()
    }

    /// Returns whether writes to a collection wait for the disk.
    pub(super) fn waits_for_sync(&self, collection: &str) -> Result<bool, ApiError> {
        Ok(find(self, collection)?.wait_for_sync)
    }

    /// Returns all documents of a view, in the order in which a query visits them.
    pub(super) fn scan(&self, view: &CollectionView) -> Result<Vec<Document>, DocumentError> {
        view.require_all_leaders()?;
        Ok(match self.config.scan_order {
            ScanOrder::Shuffled => view.shuffled(self.config.seed),
            ScanOrder::ByKey => view.by_key(),
        })
    }

    /// Returns whether a read may come from a follower. A transaction decides that when it begins.
    pub(super) fn allows_dirty_reads(&self) -> bool {
        match self.transaction() {
            Some(transaction) => transaction.reads_dirty,
            None => self.request.header("x-arango-allow-dirty-read") == Some("true"),
        }
    }
}

fn ended(id: u64) -> ApiError {
    ApiError::of_number(1655, format!("transaction '{id}' not found"))
}

/// Refuses the documents of collections that a server fills by itself, and of those that join others.
pub(super) fn require_modelled_documents(collection: &Collection) -> Result<(), ApiError> {
    if has_modelled_documents(collection) {
        return Ok(());
    }
    let text = format!("sim: the documents of the collection `{}` are not modelled", collection.name);
    Err(ApiError::new(501, 9, text))
}
