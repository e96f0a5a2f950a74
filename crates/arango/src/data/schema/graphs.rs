//! The graphs of a schema: comparing them, and adding what they lack.

use std::time::Duration;

use arango_data::{CreateGraph, GraphChange, GraphInfo};
use arango_transport::Error;
use arango_transport::protocol::Outcome;
use tokio::time::sleep;

use super::{SchemaDifference, SchemaDifferences};
use crate::handles::database::Database;

/// How often something is added to a graph, if it is not seen there after a lost response.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(250);

/// Records what a graph lacks.
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
    let mut existing = ensured.actual;
    while let Some(change) = graph.next_change(&existing) {
        let (after, is_own) = add(database, graph, &change).await?;
        let missing = graph.missing(&after);
        let gone = graph.missing(&existing).into_iter().filter(|difference| !missing.contains(difference));
        for difference in gone.filter(|_| is_own) {
            changes.push(SchemaDifference::Graph { graph: graph.name().to_owned(), difference });
        }
        existing = after;
        if graph.next_change(&existing).as_ref() == Some(&change) {
            // The server has ignored it.
            break;
        }
    }
    push_missing(graph, &existing, left);
    Ok(())
}

fn push_missing(graph: &CreateGraph, existing: &GraphInfo, found: &mut SchemaDifferences) {
    for difference in graph.missing(existing) {
        found.push(SchemaDifference::Graph { graph: graph.name().to_owned(), difference });
    }
}

/// Adds something to a graph. Returns the graph after it, and whether this call has added it.
async fn add(
    database: &Database,
    graph: &CreateGraph,
    change: &GraphChange,
) -> Result<(GraphInfo, bool), Error> {
    let mut attempt = 1;
    loop {
        let error = match send(database, change).await {
            Ok(after) => return Ok((after, true)),
            Err(error) => error,
        };
        // Another program may have added it, or this one, by a request whose response was lost.
        let existing = database.graph(graph.name()).info().await?;
        if let Some(existing) =
            existing.filter(|existing| graph.next_change(existing).as_ref() != Some(change))
        {
            return Ok((existing, false));
        }
        // A second copy does no harm: the server refuses what is there already.
        let may_help = error.is_transient() || error.outcome() == Outcome::Unknown;
        if !may_help || attempt == ATTEMPTS {
            return Err(error);
        }
        attempt += 1;
        sleep(PAUSE).await;
    }
}

async fn send(database: &Database, change: &GraphChange) -> Result<GraphInfo, Error> {
    match change {
        GraphChange::AddEdgeDefinition(add) => database.execute_resolving(add.clone()).await,
        GraphChange::ReplaceEdgeDefinition(replace) => database.execute_resolving(replace.clone()).await,
        GraphChange::AddOrphanCollection(add) => database.execute_resolving(add.clone()).await,
    }
}
