//! How handlers read and write documents.

use super::Call;
use super::collections::find;
use crate::config::settings::ScanOrder;
use crate::http::reply::ApiError;
use crate::state::databases::Collection;
use crate::state::views::has_modelled_documents;
use crate::store::document::Document;
use crate::store::error::DocumentError;
use crate::store::view::CollectionView;

impl Call<'_> {
    /// Takes a snapshot of a collection that this coordinator knows.
    pub(super) fn view(&self, collection: &str) -> Result<CollectionView, ApiError> {
        let found = find(self, collection)?;
        require_modelled_documents(found)?;
        Ok(self.state.view(self.database()?, found))
    }

    /// Makes the changes of a view.
    pub(super) fn commit(&mut self, view: CollectionView) -> Result<(), DocumentError> {
        self.commit_all(vec![view])
    }

    /// Makes the changes of several views, or none of them.
    pub(super) fn commit_all(&mut self, views: Vec<CollectionView>) -> Result<(), DocumentError> {
        self.state.commit(&self.request.database, views)
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

    /// Returns whether a read may come from a follower.
    pub(super) fn allows_dirty_reads(&self) -> bool {
        self.request.header("x-arango-allow-dirty-read") == Some("true")
    }
}

/// Refuses the documents of collections that a server fills by itself.
pub(super) fn require_modelled_documents(collection: &Collection) -> Result<(), ApiError> {
    if has_modelled_documents(collection) {
        return Ok(());
    }
    let text = format!("sim: the documents of the collection `{}` are not modelled", collection.name);
    Err(ApiError::new(501, 9, text))
}
