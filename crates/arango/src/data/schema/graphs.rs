//! The graphs of a schema: comparing them, and adding what they lack.

use std::time::Duration;

use arango_data::{CreateGraph, GetGraph, GraphChange, GraphInfo};
use arango_transport::Error;
use arango_transport::protocol::Outcome;
use tokio::time::sleep;

use super::{SchemaDifference, SchemaDifferences};
use crate::handles::database::Database;
use crate::handles::pauses::at_least_half;
use crate::handles::time_limit::TimeLimit;

/// How often something is added to a graph, if it is not seen there after a lost response.
const ATTEMPTS: u32 = 3;
/// How often a graph is read again after ends were added, until it lacks nothing.
const CONFIRMATIONS: u32 = 10;
/// The longest pause before a graph is read again.
const PAUSE: Duration = Duration::from_millis(250);

/// Records what a graph lacks.
#[inline]
pub(super) async fn compare(
    graph: &CreateGraph,
    database: &Database,
    found: &mut SchemaDifferences,
) -> Result<(), Error> {
    match database.graph(graph.name()).info().await? {
        None => found.push(SchemaDifference::MissingGraph { graph: graph.name().to_owned() }),
        Some(existing) => push_missing(graph, &existing, found),
    }
    Ok(())
}

/// Creates a graph, or adds what it lacks. Nothing is removed from it.
#[inline]
pub(super) async fn ensure(
    graph: &CreateGraph,
    database: &Database,
    changes: &mut SchemaDifferences,
    left: &mut SchemaDifferences,
) -> Result<(), Error> {
    let ensured = database.execute_resolving(graph.clone().ensure()).await?;
    if !ensured.existed {
        changes.push(SchemaDifference::MissingGraph { graph: graph.name().to_owned() });
    }
    let mut additions = Additions { graph, database, changes, limit: None, ignored: None };
    match additions.add_lacking_and_confirm(ensured.actual).await? {
        Some(existing) => push_missing(graph, &existing, left),
        // Another program has removed it.
        None => left.push(SchemaDifference::MissingGraph { graph: graph.name().to_owned() }),
    }
    Ok(())
}

#[inline]
fn push_missing(graph: &CreateGraph, existing: &GraphInfo, found: &mut SchemaDifferences) {
    for difference in graph.missing(existing) {
        found.push(SchemaDifference::Graph { graph: graph.name().to_owned(), difference });
    }
}

/// Adding what a graph lacks.
struct Additions<'a> {
    graph: &'a CreateGraph,
    database: &'a Database,
    changes: &'a mut SchemaDifferences,
    /// The time limit of reading the graph again, with what is added after that.
    limit: Option<TimeLimit>,
    /// What the server has not added, although it reported success.
    ignored: Option<GraphChange>,
}

impl Additions<'_> {
    /// Adds what the graph lacks. If that were ends, it reads the graph again until they stay.
    ///
    /// Ends are added by a replacement of the whole definition. Another program that has read the graph before may replace it
    /// without them, and the server cannot refuse that. Returns the graph after it; `None` if it was removed.
    #[inline]
    async fn add_lacking_and_confirm(&mut self, existing: GraphInfo) -> Result<Option<GraphInfo>, Error> {
        let (mut existing, mut is_replaced) = self.add_lacking(existing).await?;
        for _ in 0..CONFIRMATIONS {
            if !is_replaced {
                break;
            }
            self.limit.get_or_insert_with(|| {
                let name = self.graph.name().to_owned();
                TimeLimit::start(self.database, &GetGraph { name })
            });
            self.pause().await;
            let Some(read) = self.read().await? else { return Ok(None) };
            (existing, is_replaced) = self.add_lacking(read).await?;
        }
        if is_replaced {
            // Nothing was read after the last replacement.
            self.pause().await;
            return self.read().await;
        }
        Ok(Some(existing))
    }

    /// Adds one thing after the other. Returns the graph after it, and whether a definition may have been replaced.
    #[inline]
    async fn add_lacking(&mut self, mut existing: GraphInfo) -> Result<(GraphInfo, bool), Error> {
        let mut is_replaced = false;
        while let Some(change) = self.next(&existing) {
            let (after, is_own) = self.add(&change).await?;
            if is_own {
                self.record_changes(&existing, &after);
            }
            existing = after;
            if self.next(&existing).as_ref() == Some(&change) {
                self.ignored = Some(change);
            } else {
                is_replaced |= matches!(change, GraphChange::ReplaceEdgeDefinition(_));
            }
        }
        Ok((existing, is_replaced))
    }

    /// Returns what is added next to an existing graph.
    #[inline]
    fn next(&self, existing: &GraphInfo) -> Option<GraphChange> {
        self.graph.next_change(existing).filter(|change| self.ignored.as_ref() != Some(change))
    }

    /// Records what this call has added. What it adds again is recorded once.
    #[inline]
    fn record_changes(&mut self, before: &GraphInfo, after: &GraphInfo) {
        let lacking = self.graph.missing(after);
        for difference in self.graph.missing(before) {
            let is_recorded = self.changes.iter().any(|recorded_change| {
                matches!(recorded_change, SchemaDifference::Graph { graph, difference: recorded }
                    if graph == self.graph.name() && recorded.property == difference.property)
            });
            if !is_recorded && !lacking.contains(&difference) {
                let graph = self.graph.name().to_owned();
                self.changes.push(SchemaDifference::Graph { graph, difference });
            }
        }
    }

    /// Adds something to the graph. Returns the graph after it, and whether this call has added it.
    #[inline]
    async fn add(&self, change: &GraphChange) -> Result<(GraphInfo, bool), Error> {
        let mut attempt = 1;
        loop {
            let error = match send(&self.database(), change).await {
                Ok(after) => return Ok((after, true)),
                Err(error) => error,
            };
            let may_help = error.is_transient() || error.outcome() == Outcome::Unknown;
            let is_last = !may_help || attempt == ATTEMPTS;
            if !is_last {
                self.pause().await;
            }
            // Another program may have added it, or this one, by a request whose response was lost. Read after the pause:
            // what is sent again must not be computed from an older graph.
            let existing = self.read().await?;
            if let Some(existing) =
                existing.filter(|existing| self.graph.next_change(existing).as_ref() != Some(change))
            {
                return Ok((existing, false));
            }
            if is_last {
                return Err(error);
            }
            attempt += 1;
        }
    }

    #[inline]
    async fn read(&self) -> Result<Option<GraphInfo>, Error> {
        self.database().graph(self.graph.name()).info().await
    }

    /// Waits at most half of what is left of the time limit.
    #[inline]
    async fn pause(&self) {
        let pause = at_least_half(PAUSE, self.database.transport.random());
        sleep(self.limit.map_or(pause, |limit| pause.min(limit.left() / 2))).await;
    }

    /// Returns the handle for the next request.
    #[inline]
    fn database(&self) -> Database {
        self.limit.map_or_else(|| self.database.clone(), |limit| limit.apply(self.database))
    }
}

#[inline]
async fn send(database: &Database, change: &GraphChange) -> Result<GraphInfo, Error> {
    match change {
        GraphChange::AddEdgeDefinition(add) => database.execute_resolving(add.clone()).await,
        GraphChange::ReplaceEdgeDefinition(replace) => database.execute_resolving(replace.clone()).await,
        GraphChange::AddOrphanCollection(add) => database.execute_resolving(add.clone()).await,
    }
}
