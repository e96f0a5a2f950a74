//! Every operation, and user-defined ones, through a client whose hosts are other services.

use std::pin::Pin;

use arango::cluster::{OperationVisitor, for_each_operation};
use arango::protocol::{ApiResponse, Metadata, Operation, OutputError, RequestClass, Scope};
use arango::{Coordinator, Database, Error, ErrorKind, Outcome};

use super::RESPONSES;
use crate::support::{client, cluster_of, insert};
use arango_test_cluster::Fault;

type PendingCall = Pin<Box<dyn Future<Output = (&'static str, RequestClass, Result<(), Error>)> + Send>>;

/// Prepares a call of every operation to one coordinator.
struct CallEveryOperation {
    database: Database,
    calls: Vec<PendingCall>,
}

impl OperationVisitor for CallEveryOperation {
    fn visit<O>(&mut self, operation: O)
    where
        O: Operation<Output: Send> + Send + Sync + 'static,
    {
        let (database, class) = (self.database.clone(), operation.properties().class);
        self.calls.push(Box::pin(async move {
            (O::METADATA.name, class, database.execute(operation).await.map(drop))
        }));
    }
}

/// A user-defined operation.
struct ListCollections;

impl Operation for ListCollections {
    type Output = Vec<serde_json::Value>;
    const METADATA: Metadata = Metadata::get("collection.list", "/_api/collection").scope(Scope::Database);

    fn output(&self, response: ApiResponse) -> Result<Self::Output, OutputError> {
        response.json_result()
    }
}

/// Operations whose success has no body. It is one only if a header names ArangoDB.
const EMPTY_SUCCESSES: [&str; 4] = [
    "cluster.remove_server",
    "cluster.server_usage_metrics",
    "server.usage_metrics",
    "user.delete_access_token",
];

/// Operations whose success is an empty object, as listed in `docs/operations.md`. It is indistinguishable from a response
/// of another service.
const INDISTINGUISHABLE_SUCCESSES: [&str; 2] = ["server.compact", "user.delete_access_token"];

#[tokio::test(start_paused = true)]
async fn responses_of_other_services_are_never_success_or_proof_of_execution() {
    for with_header in [false, true] {
        for (status, content_type, body) in RESPONSES {
            let cluster = cluster_of(1).await;
            let client = client(&cluster);
            let response = Fault::raw_response(status, content_type, body);
            // With and without ArangoDB's product header, because a proxy may add any header.
            let response = if with_header { response.header("server", "ArangoDB") } else { response };
            let _other = cluster.coordinator(0).inject(response);
            let one: Coordinator = cluster.coordinator(0).url().parse().unwrap();
            let mut visitor =
                CallEveryOperation { database: client.coordinator(&one).db("_system"), calls: Vec::new() };
            for_each_operation(&mut visitor);
            visitor.visit(insert("m", RequestClass::NonIdempotent));
            visitor.visit(ListCollections);
            for call in visitor.calls {
                let (name, class, result) = call.await;
                let is_indistinguishable = match body {
                    "" => with_header && EMPTY_SUCCESSES.contains(&name),
                    "{}" => INDISTINGUISHABLE_SUCCESSES.contains(&name),
                    _ => false,
                };
                if status < 300 && is_indistinguishable {
                    continue;
                }
                let error = match result {
                    Ok(()) => panic!("{name} accepts {status} {body} as success"),
                    Err(error) => error,
                };
                assert_ne!(error.outcome(), Outcome::Executed, "{name} {status} {body}: {}", error.report());
                let not_executed = matches!(status, 308 | 401 | 403) || (with_header && body.is_empty());
                if class != RequestClass::Safe && !not_executed {
                    assert_eq!(
                        error.outcome(),
                        Outcome::Unknown,
                        "{name} {status} {body}: {}",
                        error.report()
                    );
                }
                if !with_header && !matches!(status, 302 | 308) {
                    assert_eq!(
                        error.kind(),
                        ErrorKind::NotArangoDb,
                        "{name} {status} {body}: {}",
                        error.report()
                    );
                }
            }
            assert_eq!(cluster.journal().executions("m"), 0);
        }
    }
}
