//! Creating what a database lacks.

use arango_data::{CollectionName, CollectionProperties, Ensured};
use arango_transport::Error;

use super::compare::compare_index;
use super::{DatabaseSchema, Expected, SchemaDifference, SchemaDifferences, graphs};
use crate::handles::database::Database;

/// What was created and changed so that a database has all that its schema expects.
#[derive(Debug, Clone, PartialEq)]
pub struct EnsuredSchema {
    changes: SchemaDifferences,
    collections: Vec<CollectionName>,
}

/// Why a database does not have all that its schema expects.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// The database has things that can never be changed otherwise. All the rest was created and changed.
    #[error("the database differs from its schema:\n{0}")]
    Differs(SchemaDifferences),
    /// A call failed. What was created and changed before stays.
    #[error("the schema could not be ensured: {step}")]
    Call {
        /// What was to be done, such as `index books/by_year`.
        step: String,
        /// The error of the call.
        source: Error,
    },
}

impl EnsuredSchema {
    /// Returns the differences that existed before, and that this call has removed.
    ///
    /// Without those whose response was lost: they look as if another program had removed them.
    pub fn changes(&self) -> &SchemaDifferences {
        &self.changes
    }

    /// Returns the collections of the schema, with those of its graphs.
    pub fn collections(&self) -> &[CollectionName] {
        &self.collections
    }
}

impl DatabaseSchema {
    /// Creates what the database lacks, and changes what it has otherwise and can be changed.
    ///
    /// Nothing is removed. It can be repeated after any failure, and programs may call it at the same time: each collection,
    /// each index and each graph is created once. It waits until indexes are built, also those that another program has
    /// begun. [`wait_for_propagation`](EnsuredSchema::wait_for_propagation) waits until all coordinators know the
    /// collections.
    ///
    /// Ends of edges are added by a replacement of the whole definition, in all graphs that have that collection of edges. The
    /// server cannot refuse one that was computed from an older definition. So the graph is read again up to 250 ms later,
    /// and what another program has dropped meanwhile is added again, up to 10 times within the time limit of a call. A program
    /// that has read the graph before and replaces the definition only after that can still drop these ends, and so can a
    /// replacement whose response was lost and that is executed late. Repeating this call adds them.
    ///
    /// # Errors
    ///
    /// [`SchemaError::Differs`] with the differences that cannot be removed, after all the rest was done;
    /// [`SchemaError::Call`] at the first call that fails.
    #[inline]
    pub async fn ensure(&self, database: &Database) -> Result<EnsuredSchema, SchemaError> {
        self.check().map_err(|source| SchemaError::Call { step: "its names".to_owned(), source })?;
        let mut done = Done::default();
        for expected in &self.collections {
            expected.ensure(database, &mut done).await?;
        }
        for graph in &self.graphs {
            let Done { changes, left } = &mut done;
            graphs::ensure(graph, database, changes, left).await.map_err(|source| {
                let step = format!("graph {}", graph.name());
                SchemaError::Call { step, source }
            })?;
        }
        if done.left.is_empty() {
            Ok(EnsuredSchema { changes: done.changes, collections: self.all_collections() })
        } else {
            Err(SchemaError::Differs(done.left))
        }
    }
}

impl DatabaseSchema {
    #[inline]
    fn all_collections(&self) -> Vec<CollectionName> {
        let expected = self.collections.iter().map(|expected| expected.collection.name().clone());
        let mut collections: Vec<_> = expected.collect();
        // The graphs exist, so their collections have valid names.
        let of_graphs = self.graphs.iter().flat_map(|graph| graph.collections());
        for name in of_graphs.filter_map(|name| CollectionName::new(name).ok()) {
            if !collections.contains(&name) {
                collections.push(name);
            }
        }
        collections
    }
}

/// What was changed, and what cannot be changed.
#[derive(Default)]
struct Done {
    changes: SchemaDifferences,
    left: SchemaDifferences,
}

impl Expected {
    #[inline]
    async fn ensure(&self, database: &Database, done: &mut Done) -> Result<(), SchemaError> {
        let name = self.collection.name();
        let failed = |step: String| move |source| SchemaError::Call { step, source };
        let ensured = database.execute_resolving(self.collection.clone().ensure()).await;
        let ensured = ensured.map_err(failed(format!("collection {name}")))?;
        self.change_properties(database, ensured, done).await?;
        if self.indexes.is_empty() {
            return Ok(());
        }
        let collection = database.collection(name.as_str());
        let existing = collection.indexes().await.map_err(failed(format!("indexes of {name}")))?;
        for index in &self.indexes {
            let mut found = SchemaDifferences::default();
            if !compare_index(name, index, &existing, &mut found) {
                found.iter().for_each(|difference| done.left.push(difference.clone()));
                continue;
            }
            let ensured = collection.ensure_index(index.clone()).await;
            let ensured = ensured.map_err(failed(format!("index {name}/{index}")))?;
            if ensured.existed {
                // Another program was faster: perhaps with other options, or under another name.
                compare_index(name, index, std::slice::from_ref(&ensured.actual), &mut done.left);
            } else {
                found.iter().for_each(|difference| done.changes.push(difference.clone()));
            }
        }
        Ok(())
    }

    /// Changes the properties that differ and can be changed.
    #[inline]
    async fn change_properties(
        &self,
        database: &Database,
        ensured: Ensured<CollectionProperties>,
        done: &mut Done,
    ) -> Result<(), SchemaError> {
        let collection = self.collection.name();
        let mut left = ensured.differences;
        if !ensured.existed {
            done.changes.push(SchemaDifference::MissingCollection { collection: collection.clone() });
        }
        if let Some(changes) = self.collection.changes(&left) {
            let changed = database.execute(&changes).await.map_err(|source| {
                let step = format!("properties of {collection}");
                SchemaError::Call { step, source }
            })?;
            // Servers ignore some changes, such as more copies than there are servers.
            let after = self.collection.differences(&changed);
            let is_done = |difference: &_| !after.contains(difference);
            for difference in left.iter().filter(|difference| is_done(difference)).cloned() {
                done.changes.push(SchemaDifference::Property { collection: collection.clone(), difference });
            }
            left = after;
        }
        for difference in left {
            done.left.push(SchemaDifference::Property { collection: collection.clone(), difference });
        }
        Ok(())
    }
}
