//! Indexes that are being built.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::time::Instant;

use crate::state::State;
use crate::state::databases::Collection;
use crate::store::error::DocumentError;
use crate::store::unique::UniqueIndex;

/// An index that is being built, and hidden until then.
#[derive(Debug, Clone)]
pub(crate) struct IndexBuild {
    pub(crate) number: u64,
    pub(crate) database: String,
    pub(crate) collection: String,
    pub(crate) collection_id: String,
    pub(crate) index: Map<String, Value>,
    pub(crate) unique: Option<UniqueIndex>,
    /// The coordinator that was asked for it. The index vanishes if its process ends.
    pub(crate) coordinator: usize,
    pub(crate) began: Instant,
}

/// How far a build is.
#[derive(Debug)]
pub(crate) enum BuildState {
    Building,
    Built,
    /// A document does not fit the index.
    Failed(DocumentError),
    /// Its coordinator or its collection is gone.
    Vanished,
}

/// All indexes that are being built.
#[derive(Debug, Default)]
pub(crate) struct IndexBuilds {
    /// How long a build takes.
    pub(crate) time: Duration,
    running: Vec<IndexBuild>,
    failed: Vec<(u64, DocumentError)>,
}

impl IndexBuilds {
    pub(crate) fn begin(&mut self, build: IndexBuild) {
        self.running.push(build);
    }

    /// Returns the indexes of a collection that are being built, with their progress in percent.
    pub(crate) fn of<'a>(
        &'a self,
        database: &'a str,
        collection: &'a str,
        now: Instant,
    ) -> impl Iterator<Item = (&'a IndexBuild, f64)> {
        let of_it = move |build: &&IndexBuild| build.database == database && build.collection == collection;
        self.running.iter().filter(of_it).map(move |build| {
            let elapsed = now.saturating_duration_since(build.began).as_secs_f64();
            (build, (100.0 * elapsed / self.time.as_secs_f64()).min(100.0))
        })
    }

    /// Removes the builds in a collection that is dropped.
    pub(super) fn remove_of_collection(&mut self, database: &str, collection: &str) {
        self.running.retain(|build| build.database != database || build.collection != collection);
    }

    /// Removes the builds in a database that is dropped.
    pub(super) fn remove_of_database(&mut self, database: &str) {
        self.running.retain(|build| build.database != database);
    }

    pub(crate) fn remove_of_coordinator(&mut self, index: usize) {
        self.running.retain(|build| build.coordinator != index);
    }

    fn take_complete(&mut self, now: Instant) -> Vec<IndexBuild> {
        let time = self.time;
        let is_complete = |build: &mut IndexBuild| now.saturating_duration_since(build.began) >= time;
        self.running.extract_if(.., is_complete).collect()
    }
}

impl State {
    /// Ends the builds whose time is over.
    pub(crate) fn finish_index_builds(&mut self, now: Instant) {
        for build in self.index_builds.take_complete(now) {
            let database = self.databases.get_mut(&build.database);
            let Some(collection) =
                database.and_then(|database| database.collections.get_mut(&build.collection))
            else {
                continue;
            };
            let added = build
                .unique
                .map_or(Ok(()), |unique| Arc::make_mut(&mut collection.documents).add_unique(unique));
            match added {
                Ok(()) => collection.indexes.push(build.index),
                Err(error) => self.index_builds.failed.push((build.number, error)),
            }
        }
    }

    /// Returns whether the collection of a build still exists. A later one of its name is another one.
    pub(crate) fn has_collection_of(&self, build: &IndexBuild) -> bool {
        let collections = self.databases.get(&build.database).map(|database| &database.collections);
        let found = collections.and_then(|collections| collections.get(&build.collection));
        found.is_some_and(|found| found.id == build.collection_id)
    }

    /// Returns how far the build of an index is.
    pub(crate) fn index_build(&self, database: &str, collection: &str, number: u64) -> BuildState {
        if self.index_builds.running.iter().any(|build| build.number == number) {
            return BuildState::Building;
        }
        if let Some((_, error)) = self.index_builds.failed.iter().find(|(failed, _)| *failed == number) {
            return BuildState::Failed(error.clone());
        }
        let id = format!("{collection}/{number}");
        let found = self.databases.get(database).and_then(|database| database.collections.get(collection));
        let is_built = |found: &Collection| found.indexes.iter().any(|index| index["id"] == id.as_str());
        if found.is_some_and(is_built) { BuildState::Built } else { BuildState::Vanished }
    }
}
