//! Queries, from their text to their results.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::check::{self, Binding, CollectionName, Facts};
use crate::error::{QueryError, Warning, number};
use crate::execute::{Results, Row, Run, Snapshots, Stats};
use crate::functions::Environment;
use crate::store::Store;
use crate::syntax::{self, tree::Tree};
use crate::value::Value;

/// A query whose text is valid.
///
/// Cloning is cheap: a query can be kept and run with other bind parameters.
#[derive(Clone)]
pub struct Query {
    checked: Arc<Checked>,
}

struct Checked {
    tree: Tree,
    facts: Facts,
}

impl Query {
    /// Parses and checks a query.
    ///
    /// # Errors
    /// If the text is not valid (1501, 1502, 1511, 1512, 1540, 1541 and others), or uses what this crate does not
    /// have (9).
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let mut tree = syntax::parse(text)?;
        let facts = check::check(&mut tree)?;
        Ok(Self { checked: Arc::new(Checked { tree, facts }) })
    }

    /// Whether the query writes.
    pub fn is_modification(&self) -> bool {
        self.checked.facts.is_modification
    }

    /// Returns the names of the bind parameters; those of collections begin with `@`.
    pub fn bind_parameters(&self) -> impl Iterator<Item = &str> {
        self.checked.facts.binds.iter().map(|name| &**name)
    }

    /// Returns the names of the collections that the text names, without those that bind parameters name.
    pub fn collections(&self) -> impl Iterator<Item = &str> {
        self.checked.facts.collections.iter().filter_map(|collection| match &collection.name {
            CollectionName::Literal(name) => Some(&**name),
            CollectionName::Bind(_) => None,
        })
    }

    /// Returns the names of the variables, without those that the query has only within.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.checked.facts.variables.iter().map(|name| &**name).filter(|name| *name != "CURRENT")
    }

    /// Assigns values to the bind parameters.
    ///
    /// # Errors
    /// If a value is missing (1551), not used (1552) or of a wrong type (1553), or if the query reads or writes a
    /// collection after writing to it (1579).
    pub fn bind(
        &self,
        parameters: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Prepared, QueryError> {
        let binding = check::bind(&self.checked.facts, parameters)?;
        Ok(Prepared { checked: self.checked.clone(), binding: Arc::new(binding) })
    }
}

/// A query with values for its bind parameters, ready to run.
#[derive(Clone)]
pub struct Prepared {
    checked: Arc<Checked>,
    binding: Arc<Binding>,
}

impl Prepared {
    /// Whether the query writes.
    pub fn is_modification(&self) -> bool {
        self.checked.facts.is_modification
    }

    /// Returns the collections of the query and whether it writes to them, by name.
    pub fn collections(&self) -> Vec<(&str, bool)> {
        let names = self.binding.collections.iter().map(|name| &**name);
        let used: Vec<_> = names.zip(&self.checked.facts.collections).collect();
        let distinct: BTreeSet<&str> = used.iter().map(|(name, _)| *name).collect();
        let is_written = |name| used.iter().any(|(used, collection)| *used == name && collection.is_written);
        distinct.into_iter().map(|name| (name, is_written(name))).collect()
    }

    /// Begins to run the query. Rows are computed when they are taken.
    ///
    /// The store can also be a reference to one.
    ///
    /// # Errors
    /// If a collection does not exist (1203) or stands where a value is needed (1568), or if limits or options have
    /// values that they cannot have.
    pub fn run<S: Store>(&self, store: S, options: Options) -> Result<Rows<S>, QueryError> {
        for collection in &self.binding.collections {
            if store.kind(collection).is_none() {
                let message = format!("collection or view not found: {collection}");
                return Err(QueryError::new(number::COLLECTION_NOT_FOUND, message));
            }
        }
        if let Some((collection, position)) = self.checked.facts.misused.first() {
            let name = &self.binding.collections[*collection];
            let message = format!("collection '{name}' used as expression operand");
            return Err(QueryError::new(number::COLLECTION_USED_IN_EXPRESSION, message).at(*position));
        }
        let mut environment = Environment::new(options.now_ms, options.seed);
        environment.database.clone_from(&options.database);
        environment.user.clone_from(&options.user);
        environment.warnings.clone_from(&self.checked.tree.warnings);
        let snapshots = self.snapshots(&store)?;
        let mut rows = Rows {
            results: None,
            snapshots,
            store,
            binding: self.binding.clone(),
            environment,
            stats: Stats::default(),
            options,
        };
        let row = Row::new(self.checked.facts.variables.len());
        let counts = rows.options.full_count;
        let results = rows.with(|run, _| Results::new(run, &self.checked.tree.block, &row, counts))?;
        rows.results = Some(results);
        Ok(rows)
    }
}

impl Prepared {
    /// Reads the collections that the query both visits and writes to, so that no loop sees what it writes.
    fn snapshots(&self, store: &impl Store) -> Result<Snapshots, QueryError> {
        let written: Vec<&str> = self
            .collections()
            .into_iter()
            .filter(|(_, is_written)| *is_written)
            .map(|(name, _)| name)
            .collect();
        let mut snapshots = Snapshots::new();
        for (index, collection) in self.checked.facts.collections.iter().enumerate() {
            let name = &*self.binding.collections[index];
            if collection.is_scanned && written.contains(&name) {
                snapshots.insert(index, Arc::new(store.scan(name)?.collect()));
            }
        }
        Ok(snapshots)
    }
}

/// How a query runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// The time of `DATE_NOW`, in milliseconds since 1970. Default: 0.
    pub now_ms: i64,
    /// Seed of `RAND`. Default: 0.
    pub seed: u64,
    /// Whether the first warning ends the query as an error. Default: false.
    pub fail_on_warning: bool,
    /// The most warnings that are kept. Default: 10.
    pub max_warnings: usize,
    /// Whether the rows before the last `LIMIT` are counted. Default: false.
    pub full_count: bool,
    /// Name of the database. Default: `_system`.
    pub database: String,
    /// Name of the user, if the server asks for one. Default: none.
    pub user: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            now_ms: 0,
            seed: 0,
            fail_on_warning: false,
            max_warnings: 10,
            full_count: false,
            database: "_system".to_owned(),
            user: None,
        }
    }
}

/// The results of a query. They are computed when they are taken, writes included.
pub struct Rows<S> {
    /// `None` while the query is being prepared.
    results: Option<Results>,
    snapshots: Snapshots,
    store: S,
    binding: Arc<Binding>,
    environment: Environment,
    stats: Stats,
    options: Options,
}

impl<S: Store> Rows<S> {
    /// Returns what the query has done so far.
    pub fn stats(&self) -> Stats {
        self.stats
    }

    /// Returns the warnings so far.
    ///
    /// One with error number 9 says that a server may order some strings of the query otherwise.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = self.environment.warnings.clone();
        if self.environment.collation.is_uncertain() {
            let message = "sim: a server may order characters beyond ASCII otherwise";
            warnings.push(Warning::new(number::NOT_IMPLEMENTED, message));
        }
        warnings
    }

    /// Returns the number of rows before the last `LIMIT`, when all rows were taken.
    ///
    /// Without such a `LIMIT` it is the number of results. `None` without [`Options::full_count`].
    pub fn full_count(&self) -> Option<u64> {
        self.results.as_ref().and_then(Results::full_count)
    }

    /// Returns the time that calls of `SLEEP` should have taken since this was last asked.
    ///
    /// The query itself never waits.
    pub fn take_slept(&mut self) -> Duration {
        std::mem::take(&mut self.environment.slept)
    }

    /// Returns the store, with what the query has written so far.
    pub fn into_store(self) -> S {
        self.store
    }

    /// Runs a part of the query, and handles its warnings.
    fn with<T>(
        &mut self,
        part: impl FnOnce(&mut Run<'_>, Option<&mut Results>) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        let mut run = Run {
            store: &mut self.store,
            binding: &self.binding,
            environment: &mut self.environment,
            stats: &mut self.stats,
            snapshots: &self.snapshots,
        };
        let result = part(&mut run, self.results.as_mut())?;
        let warnings = &mut self.environment.warnings;
        if self.options.fail_on_warning && !warnings.is_empty() {
            return Err(warnings[0].clone().into());
        }
        warnings.truncate(self.options.max_warnings);
        Ok(result)
    }
}

impl<S: Store> Iterator for Rows<S> {
    type Item = Result<Value, QueryError>;

    fn next(&mut self) -> Option<Self::Item> {
        let result = self.with(|run, results| match results {
            Some(results) => results.next(run),
            None => Ok(None),
        });
        if result.is_err() {
            self.results = None;
        }
        result.transpose()
    }
}

impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query").field("facts", &self.checked.facts).finish_non_exhaustive()
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").field("binding", &self.binding).finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for Rows<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("stats", &self.stats).finish_non_exhaustive()
    }
}
