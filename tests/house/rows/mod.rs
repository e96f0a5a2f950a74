//! The rows of `docs/failure-semantics.md`, one test a row, each for every class of request.
//!
//! A test's name begins with its row. Each counts executions at the server, not calls at the client.

mod answers;
mod before_the_head;
mod body;
mod connecting;
mod hearsay;
mod leaders;
mod login;
mod risks;
mod secrets_of_the_cluster;

use arango::protocol::RequestClass;
use arango::{Client, Error, ErrorKind, Outcome};
use arango_test_cluster::TestCluster;

use crate::support::insert;

/// How a call with one fault in its way ends.
#[derive(Debug, PartialEq)]
struct Ending {
    /// `None`: it succeeds.
    error: Option<(ErrorKind, Outcome)>,
    executions: usize,
    /// Coordinators that had the request, whatever they did with it.
    received: usize,
}

const SUCCEEDS_ELSEWHERE: Ending = Ending { error: None, executions: 1, received: 1 };

/// Makes one call of `class` and tells how it ended.
async fn ending(cluster: &TestCluster, client: &Client, class: RequestClass) -> (Ending, Option<Error>) {
    cluster.journal().clear();
    let result = client.db("_system").execute(insert("m", class)).await;
    let error = result.err();
    let ending = Ending {
        error: error.as_ref().map(|error| (error.kind(), error.outcome())),
        executions: cluster.journal().executions("m"),
        received: cluster.journal().received("m"),
    };
    (ending, error)
}
