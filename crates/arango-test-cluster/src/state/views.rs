//! Snapshots of collections, and what becomes of their changes.

use std::sync::Arc;

use super::State;
use super::databases::{Collection, Database};
use crate::store::error::DocumentError;
use crate::store::view::CollectionView;

impl State {
    /// Takes a snapshot of a collection.
    pub(crate) fn view(&self, database: &Database, collection: &Collection) -> CollectionView {
        CollectionView::new(
            collection.rules.clone(),
            collection.documents.clone(),
            self.ids.sequence(),
            self.live_leaders(database, collection),
        )
    }

    /// Makes the changes of a view, unless another operation was faster.
    pub(crate) fn commit(
        &mut self,
        database: &str,
        collection: &str,
        view: CollectionView,
    ) -> Result<(), DocumentError> {
        let content = self.databases.get_mut(database);
        let found = content.and_then(|content| content.collections.get_mut(collection));
        let Some(found) = found else {
            return Err(DocumentError::new(1203, format!("collection or view not found: {collection}")));
        };
        view.check(&found.documents)?;
        let changes = view.into_changes();
        // The snapshot is gone, so that nothing is copied here unless a query still reads the documents.
        let documents = Arc::make_mut(&mut found.documents);
        for (key, document) in changes {
            documents.set(&key, document);
        }
        Ok(())
    }
}
