//! Collections, documents and queries.

mod borrowed_rows;
mod bulk;
mod bulk_failures;
mod collections;
mod cursor_failures;
mod deadlines;
mod detached_cursors;
mod documents;
mod edges;
mod graphs;
mod import;
mod import_failures;
mod indexes;
mod insert_conflicts;
mod late_copies;
mod lost_writes;
mod prepared_queries;
mod queries;
mod raw_requests;
mod retry_budget;
mod scan;
mod schema_graphs;
mod schemas;
mod search;
mod tagged_queries;
mod tickets;
mod transactions;
mod traversals;
mod typed_indexes;
mod users;

use arango::{Client, Collection};
use arango_test_cluster::{Fault, Match, TestCluster};
use serde::{Deserialize, Serialize};

/// A document of the tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Book {
    title: String,
    year: u16,
}

fn book(title: &str) -> Book {
    Book { title: title.to_owned(), year: 1965 }
}

fn books(client: &Client) -> Collection {
    client.db("_system").collection("books")
}

fn on_post(fault: Fault) -> Fault {
    fault.on(Match::post("/_api/document/*"))
}

/// Returns how many documents requests of this method that were executed name or create.
fn requests(cluster: &TestCluster, method: &str) -> usize {
    let entries = cluster.journal().entries();
    entries.iter().filter(|entry| entry.method == method && entry.path.starts_with("/_api/document/")).count()
}

/// Returns the number of documents, read by another client.
async fn stored(cluster: &TestCluster) -> u64 {
    #[derive(Deserialize)]
    struct Count {
        count: u64,
    }

    struct GetCount;

    impl arango::protocol::Operation for GetCount {
        type Output = u64;
        const METADATA: arango::protocol::Metadata =
            arango::protocol::Metadata::get("test.count", "/_api/collection/books/count")
                .scope(arango::protocol::Scope::Database);

        fn output(
            &self,
            response: arango::protocol::ApiResponse,
        ) -> Result<u64, arango::protocol::OutputError> {
            response.json::<Count>().map(|count| count.count)
        }
    }

    crate::support::client(cluster).db("_system").execute(GetCount).await.unwrap()
}
