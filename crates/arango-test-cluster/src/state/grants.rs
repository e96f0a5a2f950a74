//! What a user was granted in databases and collections, and the level that follows from it.

use std::collections::BTreeMap;

/// The name that means all databases, or all collections of a database.
pub(crate) const ALL: &str = "*";
const SYSTEM_DATABASE: &str = "_system";

/// A user's access level in a database or a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    None,
    ReadOnly,
    ReadWrite,
}

impl Level {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "none" => Self::None,
            "ro" => Self::ReadOnly,
            "rw" => Self::ReadWrite,
            _ => return None,
        })
    }

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ReadOnly => "ro",
            Self::ReadWrite => "rw",
        }
    }
}

/// The grants of a user, by database.
#[derive(Debug, Clone, Default)]
pub(crate) struct Grants(BTreeMap<String, DatabaseGrants>);

/// The grants of a user in one database.
#[derive(Debug, Clone, Default)]
struct DatabaseGrants {
    level: Option<Level>,
    collections: BTreeMap<String, Level>,
}

impl DatabaseGrants {
    /// Returns the level in a collection without a grant, as far as this database decides it.
    fn default_level(&self) -> Option<Level> {
        self.level.max(self.collections.get(ALL).copied())
    }
}

impl Grants {
    /// Returns the grant for a database, if there is one.
    pub(crate) fn database(&self, database: &str) -> Option<Level> {
        self.0.get(database)?.level
    }

    /// Returns the grant for a collection, if there is one.
    pub(crate) fn collection(&self, database: &str, collection: &str) -> Option<Level> {
        self.0.get(database)?.collections.get(collection).copied()
    }

    pub(crate) fn set_database(&mut self, database: &str, level: Level) {
        self.0.entry(database.to_owned()).or_default().level = Some(level);
    }

    pub(crate) fn set_collection(&mut self, database: &str, collection: &str, level: Level) {
        let grants = self.0.entry(database.to_owned()).or_default();
        grants.collections.insert(collection.to_owned(), level);
    }

    /// Grants everything in a database and in all of its collections.
    pub(crate) fn set_all(&mut self, database: &str) {
        self.set_database(database, Level::ReadWrite);
        self.set_collection(database, ALL, Level::ReadWrite);
    }

    /// Removes the grant for a database, and those for its collections.
    pub(crate) fn remove_database(&mut self, database: &str) {
        self.0.remove(database);
    }

    pub(crate) fn remove_collection(&mut self, database: &str, collection: &str) {
        if let Some(grants) = self.0.get_mut(database) {
            grants.collections.remove(collection);
        }
    }

    /// Returns the effective level in a database.
    pub(crate) fn database_level(&self, database: &str) -> Level {
        match self.database(database) {
            Some(level) => level,
            None if database == ALL => Level::None,
            None => self.default_level(),
        }
    }

    /// Returns the level in a database without a grant: the higher one of the grants for all and for `_system`.
    pub(crate) fn default_level(&self) -> Level {
        self.database(ALL).max(self.database(SYSTEM_DATABASE)).unwrap_or(Level::None)
    }

    /// Returns the effective level in a collection.
    ///
    /// It is that of its grant. Without one it is the highest of those for all collections of the database or of all
    /// databases, for the database, for `_system` and for all databases. Collections of the system follow the database.
    pub(crate) fn collection_level(&self, database: &str, collection: &str) -> Level {
        if collection.starts_with('_') {
            return match (database, collection) {
                (SYSTEM_DATABASE, "_users") => Level::None,
                (_, "_queues") => Level::ReadOnly,
                (_, "_frontend") => Level::ReadWrite,
                _ => self.database_level(database),
            };
        }
        let all = self.0.get(ALL).and_then(DatabaseGrants::default_level);
        if database == ALL {
            return all.filter(|_| collection == ALL).unwrap_or(Level::None);
        }
        let own = self.0.get(database);
        let granted = own.and_then(|grants| grants.collections.get(collection)).copied();
        if granted.is_some() || (own.is_some() && collection == ALL) {
            return granted.unwrap_or(Level::None);
        }
        let own = own.and_then(DatabaseGrants::default_level);
        own.max(self.database(SYSTEM_DATABASE)).max(all).unwrap_or(Level::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grants(databases: &[(&str, Level)], collections: &[(&str, &str, Level)]) -> Grants {
        let mut grants = Grants::default();
        for (database, level) in databases {
            grants.set_database(database, *level);
        }
        for (database, collection, level) in collections {
            grants.set_collection(database, collection, *level);
        }
        grants
    }

    #[test]
    fn the_grant_for_a_database_outweighs_those_for_all_and_for_system_of_which_the_higher_counts() {
        let mixed =
            grants(&[("*", Level::ReadWrite), ("shop", Level::None), ("_system", Level::ReadOnly)], &[]);
        let levels = ["shop", "other", "_system"].map(|database| mixed.database_level(database));
        assert_eq!(levels, [Level::None, Level::ReadWrite, Level::ReadOnly]);

        let system = grants(&[("*", Level::ReadOnly), ("_system", Level::ReadWrite)], &[]);
        assert_eq!(
            (system.database_level("other"), system.database_level("*")),
            (Level::ReadWrite, Level::ReadOnly)
        );
        assert_eq!(grants(&[], &[("shop", "books", Level::ReadWrite)]).database_level("shop"), Level::None);
    }

    #[test]
    fn the_grant_for_a_collection_outweighs_all_others() {
        let mixed = grants(
            &[("shop", Level::ReadWrite)],
            &[("shop", "books", Level::None), ("shop", "*", Level::ReadWrite)],
        );
        assert_eq!(mixed.collection_level("shop", "books"), Level::None);
        assert_eq!(mixed.collection_level("shop", "films"), Level::ReadWrite);
    }

    #[test]
    fn a_collection_without_a_grant_has_the_highest_level_of_the_others() {
        let (none, read, write) = (Level::None, Level::ReadOnly, Level::ReadWrite);
        for (given, expected) in [
            (grants(&[], &[]), none),
            (grants(&[("shop", read)], &[]), read),
            (grants(&[("shop", read)], &[("shop", "*", write)]), write),
            (grants(&[("shop", read)], &[("shop", "*", none)]), read),
            (grants(&[("shop", none)], &[("*", "*", read)]), read),
            (grants(&[("shop", none), ("*", write)], &[]), write),
            (grants(&[("shop", none), ("_system", read)], &[]), read),
            (grants(&[], &[("_system", "*", write)]), none),
        ] {
            assert_eq!(given.collection_level("shop", "books"), expected, "{given:?}");
        }
    }

    #[test]
    fn collections_of_the_system_follow_their_database_whatever_is_granted() {
        let mut given = grants(&[("_system", Level::ReadWrite)], &[("_system", "_jobs", Level::None)]);
        given.set_database("shop", Level::ReadOnly);
        let levels = [("_system", "_users"), ("_system", "_jobs"), ("shop", "_graphs"), ("shop", "_queues")];
        let levels = levels.map(|(database, collection)| given.collection_level(database, collection));
        assert_eq!(levels, [Level::None, Level::ReadWrite, Level::ReadOnly, Level::ReadOnly]);
    }

    #[test]
    fn the_grants_for_collections_go_with_that_for_their_database() {
        let mut given = grants(&[("shop", Level::ReadOnly)], &[("shop", "books", Level::ReadWrite)]);
        given.remove_database("shop");
        assert_eq!((given.database("shop"), given.collection("shop", "books")), (None, None));
    }
}
