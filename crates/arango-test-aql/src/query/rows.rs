//! Results, computed when they are taken.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Checked, Options};
use crate::check::{Binding, Facts};
use crate::error::{QueryError, Warning, number};
use crate::execute::{Graphs, Results, Row, Run, Snapshots, Stats, check_constant_source};
use crate::functions::Environment;
use crate::store::Store;
use crate::value::Value;

/// The results of a query. They are computed when they are taken, writes included.
pub struct Rows<S> {
    /// `None` while the query is being prepared.
    results: Option<Results>,
    snapshots: Snapshots,
    graphs: Graphs,
    folded: Vec<Value>,
    store: S,
    binding: Arc<Binding>,
    environment: Environment,
    stats: Stats,
    /// Number of items that loops have visited since the latest result.
    visited: u64,
    options: Options,
}

impl<S: Store> Rows<S> {
    pub(super) fn begin(
        checked: &Checked,
        binding: Arc<Binding>,
        snapshots: Snapshots,
        store: S,
        options: Options,
    ) -> Result<Self, QueryError> {
        let mut environment = Environment::new(options.now_ms, options.seed);
        environment.database.clone_from(&options.database);
        environment.user.clone_from(&options.user);
        environment.warnings.clone_from(&checked.tree.warnings);
        // The first one ends a query that fails on warnings, even if none are kept.
        environment.max_warnings = options.max_warnings.max(usize::from(options.fail_on_warning));
        let mut rows = Self {
            results: None,
            snapshots,
            graphs: Graphs::default(),
            folded: Vec::new(),
            store,
            binding,
            environment,
            stats: Stats::default(),
            visited: 0,
            options,
        };
        for constant in &checked.facts.folded {
            let value = rows.with(|run, _| run.evaluate(constant, &mut Row::new(0)))?;
            rows.folded.push(value);
        }
        rows.check_sources(&checked.facts)?;
        let allowed = rows.options.vertex_collections;
        rows.graphs = rows.with(|run, _| Graphs::resolve(run, &checked.facts, allowed))?;
        let row = Row::new(checked.facts.variables.len());
        let counts = rows.options.full_count;
        rows.results = Some(rows.with(|run, _| Results::new(run, &checked.tree.block, &row, counts))?);
        Ok(rows)
    }

    /// Checks that constants over which loops run are arrays, even if the loops are never reached.
    fn check_sources(&self, facts: &Facts) -> Result<(), QueryError> {
        facts.constant_sources.iter().try_for_each(|(number, position)| {
            check_constant_source(&self.folded[*number]).map_err(|error| error.at(*position))
        })
    }

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
            visited: &mut self.visited,
            snapshots: &self.snapshots,
            graphs: &self.graphs,
            folded: &self.folded,
        };
        let result = part(&mut run, self.results.as_mut());
        let warnings = &mut self.environment.warnings;
        if self.options.fail_on_warning && !warnings.is_empty() {
            // It came before an error, if there is one.
            return Err(warnings[0].clone().into());
        }
        warnings.truncate(self.options.max_warnings);
        result
    }
}

impl<S: Store> Iterator for Rows<S> {
    type Item = Result<Value, QueryError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.visited = 0;
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

impl<S> fmt::Debug for Rows<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("stats", &self.stats).finish_non_exhaustive()
    }
}
