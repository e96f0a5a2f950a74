//! Databases, collections and the placement of their shards.

use std::collections::BTreeMap;
use std::sync::Arc;

use arango_test_aql::CollectionKind;
use serde_json::{Map, Value, json};

use super::State;
use super::ids::Ids;
use super::propagation::Propagation;
use super::search::{Analyzer, SearchView};
use super::user_functions::UserFunctions;
use crate::store::documents::Documents;
use crate::store::rules::Rules;
use crate::store::sequence::Revision;
use crate::store::view::CollectionView;

/// A document collection or an edge collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Document,
    Edge,
}

impl Kind {
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Document => 2,
            Self::Edge => 3,
        }
    }

    pub(crate) fn in_queries(self) -> CollectionKind {
        match self {
            Self::Document => CollectionKind::Document,
            Self::Edge => CollectionKind::Edge,
        }
    }
}

/// The servers of a shard, the leader first.
pub(crate) type Copies = Vec<String>;

/// One database.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) id: String,
    pub(crate) propagation: Propagation,
    pub(crate) sharding: String,
    pub(crate) replication_factor: usize,
    pub(crate) write_concern: usize,
    pub(crate) collections: BTreeMap<String, Collection>,
    pub(crate) graphs: BTreeMap<String, Value>,
    pub(crate) views: BTreeMap<String, SearchView>,
    pub(crate) analyzers: BTreeMap<String, Analyzer>,
    pub(crate) user_functions: UserFunctions,
}

/// One collection with its shards, indexes and documents.
#[derive(Debug)]
pub(crate) struct Collection {
    pub(crate) id: String,
    pub(crate) propagation: Propagation,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) is_system: bool,
    pub(crate) wait_for_sync: bool,
    pub(crate) replication_factor: usize,
    pub(crate) write_concern: usize,
    /// The collection whose shard distribution this one follows. Its own copies are then ignored.
    pub(crate) distribute_shards_like: Option<String>,
    pub(crate) shards: BTreeMap<String, Copies>,
    pub(crate) indexes: Vec<Map<String, Value>>,
    pub(crate) definition: Definition,
    pub(crate) rules: Arc<Rules>,
    pub(crate) documents: Arc<Documents>,
    /// The revision of its latest change.
    pub(crate) revision: Revision,
}

/// Properties that are reported as they were given.
#[derive(Debug, Clone)]
pub(crate) struct Definition {
    pub(crate) schema: Value,
    pub(crate) computed_values: Value,
    pub(crate) cache_enabled: bool,
    pub(crate) sharding_strategy: String,
    /// Whether every DB-Server has a copy.
    pub(crate) is_satellite: bool,
    /// The attribute by which it is joined with another collection. Its documents are then not modelled.
    pub(crate) smart_join_attribute: Option<String>,
}

impl Default for Definition {
    fn default() -> Self {
        Self {
            schema: Value::Null,
            computed_values: Value::Null,
            cache_enabled: false,
            sharding_strategy: "hash".to_owned(),
            is_satellite: false,
            smart_join_attribute: None,
        }
    }
}

/// The sharding of a new collection.
#[derive(Debug)]
pub(crate) struct ShardingOptions<'a> {
    pub(crate) shards: usize,
    pub(crate) replication_factor: usize,
    pub(crate) write_concern: usize,
    pub(crate) distribute_shards_like: Option<&'a str>,
}

impl Database {
    pub(crate) fn new(
        ids: &mut Ids,
        sharding: &str,
        replication_factor: usize,
        write_concern: usize,
    ) -> Self {
        Self {
            id: ids.next().to_string(),
            propagation: Propagation::default(),
            sharding: sharding.to_owned(),
            replication_factor,
            write_concern,
            collections: BTreeMap::new(),
            graphs: BTreeMap::new(),
            views: BTreeMap::new(),
            analyzers: BTreeMap::new(),
            user_functions: UserFunctions::default(),
        }
    }

    /// Finds a collection by name, or by id as old clients do.
    pub(crate) fn collection(&self, name: &str) -> Option<&Collection> {
        self.collections
            .get(name)
            .or_else(|| self.collections.values().find(|collection| collection.id == name))
    }

    pub(crate) fn collection_mut(&mut self, name: &str) -> Option<&mut Collection> {
        let name = self.collection(name)?.name.clone();
        self.collections.get_mut(&name)
    }

    /// Drops a collection, and what views have of it.
    fn drop_collection(&mut self, name: &str) {
        self.collections.remove(name);
        self.views.values_mut().for_each(|view| view.definition.forget_collection(name));
    }

    /// Adds a collection. Its copies are placed on `servers` in turn, beginning at `first`.
    pub(crate) fn add(
        &mut self,
        ids: &mut Ids,
        name: &str,
        kind: Kind,
        layout: &ShardingOptions<'_>,
        servers: &[String],
        first: usize,
    ) -> &mut Collection {
        let collection = self.place(ids, name, kind, layout, servers, first);
        self.collections.remove(name);
        self.collections.entry(name.to_owned()).or_insert(collection)
    }

    /// Returns a new collection as [`add`](Self::add) places it, without adding it.
    pub(crate) fn place(
        &self,
        ids: &mut Ids,
        name: &str,
        kind: Kind,
        layout: &ShardingOptions<'_>,
        servers: &[String],
        first: usize,
    ) -> Collection {
        let copies = layout.replication_factor.min(servers.len());
        let place = |shard: usize| {
            (0..copies).map(|copy| servers[(first + shard + copy) % servers.len()].clone()).collect()
        };
        let id = ids.next().to_string();
        let shards = match layout.distribute_shards_like.and_then(|like| self.collections.get(like)) {
            Some(prototype) => {
                prototype.shards.values().map(|copies| (format!("s{}", ids.next()), copies.clone())).collect()
            }
            None => (0..layout.shards).map(|shard| (format!("s{}", ids.next()), place(shard))).collect(),
        };
        let rules = Rules::new(name, &id, kind.in_queries());
        Collection {
            id,
            propagation: Propagation::default(),
            name: name.to_owned(),
            kind,
            is_system: name.starts_with('_'),
            wait_for_sync: false,
            replication_factor: layout.replication_factor,
            write_concern: layout.write_concern,
            distribute_shards_like: layout.distribute_shards_like.map(str::to_owned),
            shards,
            indexes: Collection::first_indexes(name, kind),
            definition: Definition::default(),
            rules: Arc::new(rules),
            documents: Arc::default(),
            revision: ids.sequence().revision(),
        }
    }

    /// Adds the system collections: one prototype and those that follow its distribution.
    pub(crate) fn add_system_collections(
        &mut self,
        ids: &mut Ids,
        names: &[&str],
        servers: &[String],
        first: usize,
    ) {
        let mut prototype = None;
        for name in names {
            let layout = ShardingOptions {
                shards: 1,
                replication_factor: self.replication_factor.max(2).min(servers.len()),
                write_concern: 1,
                distribute_shards_like: prototype,
            };
            self.add(ids, name, Kind::Document, &layout, servers, first);
            prototype = prototype.or(Some(name));
        }
    }

    /// Copies the placement of a prototype's shards to all collections that follow it.
    pub(crate) fn copy_distribution(&mut self, prototype: &str) {
        let Some(places) = self
            .collections
            .get(prototype)
            .map(|collection| collection.shards.values().cloned().collect::<Vec<_>>())
        else {
            return;
        };
        for collection in self
            .collections
            .values_mut()
            .filter(|collection| collection.distribute_shards_like.as_deref() == Some(prototype))
        {
            for (copies, place) in collection.shards.values_mut().zip(&places) {
                copies.clone_from(place);
            }
        }
    }
}

impl State {
    /// Drops a database, the grants for it, and what coordinators keep in memory of it.
    pub(crate) fn drop_database(&mut self, name: &str) {
        self.databases.remove(name);
        self.users.forget_database(name);
        self.index_builds.remove_of_database(name);
        self.cursors.remove_of_database(name);
        self.abort_transactions_of_database(name);
        self.queries.remove_of_database(name);
    }

    /// Drops a collection, what views have of it, and the grants for it.
    pub(crate) fn drop_collection(&mut self, database: &str, name: &str) {
        if let Some(content) = self.databases.get_mut(database) {
            content.drop_collection(name);
        }
        self.index_builds.remove_of_collection(database, name);
        self.users.forget_collection(database, name);
    }
}

impl Collection {
    /// Returns whether a view is of this collection, and not of an earlier one of its name.
    pub(crate) fn is_seen_by(&self, view: &CollectionView) -> bool {
        view.rules().id == self.id
    }

    fn first_indexes(name: &str, kind: Kind) -> Vec<Map<String, Value>> {
        let index = |number: u64, kind: &str, fields: &[&str], unique: bool| {
            let index = json!({
                "id": format!("{name}/{number}"), "name": kind, "type": kind, "fields": fields,
                "unique": unique, "sparse": false, "selectivityEstimate": 1,
            });
            index.as_object().cloned().unwrap_or_default()
        };
        let mut indexes = vec![index(0, "primary", &["_key"], true)];
        if kind == Kind::Edge {
            indexes.push(index(2, "edge", &["_from", "_to"], false));
        }
        indexes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers() -> Vec<String> {
        ["a", "b", "c"].map(str::to_owned).into()
    }

    #[test]
    fn shards_are_placed_round_robin_and_never_twice_on_one_server() {
        let mut ids = Ids::new(0);
        let mut database = Database::new(&mut ids, "", 1, 1);
        let layout = ShardingOptions {
            shards: 3,
            replication_factor: 2,
            write_concern: 1,
            distribute_shards_like: None,
        };
        let books = database.add(&mut ids, "books", Kind::Document, &layout, &servers(), 0);

        let places: Vec<_> = books.shards.values().map(|copies| copies.join("")).collect();
        assert_eq!(places, ["ab", "bc", "ca"]);
    }

    #[test]
    fn dependants_follow_their_prototype() {
        let mut ids = Ids::new(0);
        let mut database = Database::new(&mut ids, "", 1, 1);
        database.add_system_collections(&mut ids, &["_users", "_jobs"], &servers(), 0);
        for copies in database.collections.get_mut("_users").unwrap().shards.values_mut() {
            *copies = vec!["c".into()];
        }
        database.copy_distribution("_users");

        assert_eq!(database.collections["_jobs"].shards.values().next().unwrap(), &["c"]);
        assert_eq!(database.collections["_jobs"].distribute_shards_like.as_deref(), Some("_users"));
    }
}
