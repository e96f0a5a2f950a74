//! Snapshots of collections, and what becomes of their changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arango_test_aql::SearchIndex;
use serde_json::{Map, Value};

use super::State;
use super::databases::{Collection, Database};
use super::graph_definitions::graph_definitions;
use super::transactions::Writer;
use crate::config::settings::{Config, ScanOrder};
use crate::store::database_view::DatabaseView;
use crate::store::document::Document;
use crate::store::error::DocumentError;
use crate::store::view::CollectionView;

/// Collections that a server fills by itself. Here they would be empty.
const FILLED: [&str; 9] = [
    "_users",
    "_graphs",
    "_analyzers",
    "_jobs",
    "_queues",
    "_statistics",
    "_statistics15",
    "_statisticsRaw",
    "_frontend",
];

/// Returns whether the documents of a collection are modelled.
pub(crate) fn has_modelled_documents(collection: &Collection) -> bool {
    !FILLED.contains(&collection.name.as_str()) && collection.definition.smart_join_attribute.is_none()
}

/// Returns an index as queries search it. `None` if no function does.
fn search_index(index: &Map<String, Value>) -> Option<SearchIndex> {
    let kind = index.get("type")?.as_str().filter(|kind| matches!(*kind, "geo" | "fulltext"))?;
    let fields = index.get("fields")?.as_array()?.iter().filter_map(Value::as_str);
    let mut fields = fields.map(str::to_owned);
    if kind == "geo" {
        let longitude_first = index.get("geoJson") == Some(&Value::Bool(true));
        return Some(SearchIndex::Geo { fields: fields.collect(), longitude_first });
    }
    let min_length = usize::try_from(index.get("minLength")?.as_u64()?).ok()?;
    Some(SearchIndex::Fulltext { field: fields.next()?, min_length })
}

impl State {
    /// Takes a snapshot of a collection.
    pub(crate) fn view(&self, database: &Database, collection: &Collection) -> CollectionView {
        CollectionView::new(
            collection.rules.clone(),
            collection.documents.clone(),
            self.ids.sequence(),
            self.clock,
            self.live_leaders(database, collection),
        )
    }

    /// Takes a snapshot of all collections that a coordinator knows.
    pub(crate) fn database_view(
        &self,
        database: &Database,
        coordinator: usize,
        config: &Config,
    ) -> DatabaseView {
        let (mut views, mut hidden, mut indexes) = (BTreeMap::new(), BTreeSet::new(), BTreeMap::new());
        for (name, collection) in &database.collections {
            if !collection.propagation.has_reached(coordinator, self.current_time) {
                continue;
            }
            if has_modelled_documents(collection) {
                views.insert(name.clone(), self.view(database, collection));
                let searched: Vec<_> = collection.indexes.iter().filter_map(search_index).collect();
                if !searched.is_empty() {
                    indexes.insert(name.clone(), searched);
                }
            } else {
                hidden.insert(name.clone());
            }
        }
        hidden.extend(database.views.keys().cloned());
        let seed = (config.scan_order == ScanOrder::Shuffled).then_some(config.seed);
        DatabaseView::new(views, hidden, graph_definitions(database), indexes, seed)
    }

    /// Makes all changes of the views of a request, unless another operation was faster.
    pub(crate) fn commit(&mut self, database: &str, views: Vec<CollectionView>) -> Result<(), DocumentError> {
        for view in &views {
            self.check_locks(database, &view.rules().collection, view, Writer::default())?;
        }
        let mut result = Ok(());
        for view in views {
            let collection = view.rules().collection.clone();
            result = result.and(self.apply(database, &collection, view));
        }
        result
    }

    /// Makes the changes of a view that was checked.
    ///
    /// # Errors
    /// If the leader of a shard loses its changes. Those of the others are made.
    pub(super) fn apply(
        &mut self,
        database: &str,
        collection: &str,
        mut view: CollectionView,
    ) -> Result<(), DocumentError> {
        let result = if view.drop_lost_changes() { Err(DocumentError::no_backend()) } else { Ok(()) };
        let sequence = self.ids.sequence();
        let content = self.databases.get_mut(database);
        let Some(found) = content.and_then(|content| content.collections.get_mut(collection)) else {
            return result;
        };
        let changes = view.into_changes();
        // A removal has a revision too, which no document shows.
        let revisions = changes
            .values()
            .map(|change| change.as_ref().map_or_else(|| sequence.revision(), Document::revision));
        // Those of a transaction may be older than the latest change.
        if let Some(revision) = revisions.max() {
            found.revision = if revision > found.revision { revision } else { sequence.revision() };
        }
        // The snapshot is gone, so that nothing is copied here unless a query still reads the documents.
        let documents = Arc::make_mut(&mut found.documents);
        for (key, document) in changes {
            documents.set(&key, document);
            self.changes += 1;
        }
        result
    }
}
