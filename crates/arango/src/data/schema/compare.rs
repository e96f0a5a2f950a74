//! Comparing a database with its schema.

use arango_data::{CollectionName, Index, IndexInfo, IndexType};
use arango_transport::{Error, ErrorKind};

use super::{DatabaseSchema, SchemaDifference, SchemaDifferences, graphs};
use crate::handles::database::Database;

impl DatabaseSchema {
    /// Returns how the database differs from this schema, without changing anything.
    ///
    /// An index that is being built counts as missing.
    ///
    /// # Errors
    ///
    /// As [`execute`](Database::execute).
    #[inline]
    pub async fn compare(&self, database: &Database) -> Result<SchemaDifferences, Error> {
        self.check()?;
        let mut found = SchemaDifferences::default();
        for expected in &self.collections {
            let name = expected.collection.name();
            let collection = database.collection(name.as_str());
            let properties = match collection.properties().await {
                Ok(properties) => Some(properties),
                Err(error) if error.kind() == ErrorKind::CollectionNotFound => None,
                Err(error) => return Err(error),
            };
            let indexes = match &properties {
                Some(_) if !expected.indexes.is_empty() => collection.indexes().await?,
                _ => Vec::new(),
            };
            match properties {
                None => found.push(SchemaDifference::MissingCollection { collection: name.clone() }),
                Some(properties) => {
                    for difference in expected.collection.differences(&properties) {
                        found.push(SchemaDifference::Property { collection: name.clone(), difference });
                    }
                }
            }
            for index in &expected.indexes {
                compare_index(name, index, &indexes, &mut found);
            }
        }
        for graph in &self.graphs {
            graphs::compare(graph, database, &mut found).await?;
        }
        Ok(found)
    }
}

/// Compares an index with those that exist. Returns whether it is missing.
#[inline]
pub(super) fn compare_index(
    collection: &CollectionName,
    index: &Index,
    existing: &[IndexInfo],
    found: &mut SchemaDifferences,
) -> bool {
    let (collection, shown) = (collection.clone(), index.to_string());
    let does_the_same = |other: &&IndexInfo| index.differences(other).is_empty();
    let same_name = existing.iter().find(|other| index.name() == Some(other.name.as_str()));
    // A collection has one such index at most, so another one cannot be created beside it.
    let same_place = || existing.iter().find(|other| other.index_type == IndexType::Ttl && is_ttl(index));
    let Some(other) = existing.iter().find(does_the_same) else {
        let Some(other) = same_name.or_else(same_place) else {
            found.push(SchemaDifference::MissingIndex { collection, index: shown });
            return true;
        };
        push_differences(&collection, &shown, index, other, found);
        return false;
    };
    match same_name {
        Some(named) if does_the_same(&named) => {}
        Some(named) => push_differences(&collection, &shown, index, named, found),
        None if index.name().is_none() => {}
        None => {
            let actual = other.name.clone();
            found.push(SchemaDifference::IndexName { collection, index: shown, actual });
        }
    }
    false
}

/// Records the options of an index that are other ones.
#[inline]
fn push_differences(
    collection: &CollectionName,
    shown: &str,
    index: &Index,
    other: &IndexInfo,
    found: &mut SchemaDifferences,
) {
    for difference in index.differences(other) {
        let (collection, index) = (collection.clone(), shown.to_owned());
        found.push(SchemaDifference::Index { collection, index, difference });
    }
}

#[inline]
fn is_ttl(index: &Index) -> bool {
    index.index_type() == Some(IndexType::Ttl)
}
