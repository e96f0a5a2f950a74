//! Every operation, and operations of a program's own, through a client whose coordinators are other services.

use std::pin::Pin;

use arango::cluster::{Visitor, every_operation};
use arango::protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder, RequestClass, Scope,
};
use arango::{Coordinator, Database, Error, ErrorKind, Outcome};
use bytes::Bytes;
use http::Request;

use super::ANSWERS;
use crate::support::{client, cluster_of, insert};
use arango_test_cluster::Fault;

type Ending = Pin<Box<dyn Future<Output = (&'static str, RequestClass, Result<(), Error>)> + Send>>;

/// Calls everything at one coordinator.
struct CallAll {
    database: Database,
    endings: Vec<Ending>,
}

impl Visitor for CallAll {
    fn visit<O>(&mut self, operation: O)
    where
        O: Operation<Output: Send> + Send + Sync + 'static,
    {
        let (database, class) = (self.database.clone(), operation.class());
        self.endings.push(Box::pin(async move {
            (O::METADATA.name, class, database.execute(operation).await.map(drop))
        }));
    }
}

/// An operation as a program writes it.
struct ListCollections;

impl Operation for ListCollections {
    type Output = Vec<serde_json::Value>;
    const METADATA: Metadata = Metadata::get("collection.list", "/_api/collection").scope(Scope::Database);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).build()
    }

    fn output(&self, answer: ApiResponse) -> Result<Self::Output, DecodeError> {
        answer.json_result()
    }
}

/// Successes that say nothing, so that nothing tells them from another service's: as `docs/calls.md` lists them.
const SAYING_NOTHING: [(&str, &[&str]); 2] = [
    ("", &["cluster.remove_server", "cluster.server_usage_metrics", "server.usage_metrics"]),
    ("{}", &["server.clear_log", "server.compact", "user.delete_access_token"]),
];

#[tokio::test(start_paused = true)]
async fn no_operation_takes_another_services_answer_for_its_success_nor_for_a_proof_of_its_execution() {
    for named in [false, true] {
        for (status, content_type, body) in ANSWERS {
            let cluster = cluster_of(1).await;
            let client = client(&cluster);
            let answer = Fault::answer_raw(status, content_type, body);
            // With the product's header and without: a proxy may add what it likes.
            let answer = if named { answer.header("server", "ArangoDB") } else { answer };
            let _other = cluster.coordinator(0).inject(answer);
            let one: Coordinator = cluster.coordinator(0).url().parse().unwrap();
            let mut all = CallAll { database: client.coordinator(&one).db("_system"), endings: Vec::new() };
            every_operation(&mut all);
            all.visit(insert("m", RequestClass::NonIdempotent));
            all.visit(ListCollections);
            for ending in all.endings {
                let (name, class, result) = ending.await;
                let says_nothing =
                    |(nothing, names): &(&str, &[&str])| body == *nothing && names.contains(&name);
                if status < 300 && SAYING_NOTHING.iter().any(says_nothing) {
                    continue;
                }
                let error = match result {
                    Ok(()) => panic!("{name} takes {status} {body} for its success"),
                    Err(error) => error,
                };
                assert_ne!(error.outcome(), Outcome::Executed, "{name} {status} {body}: {}", error.report());
                let refused_by_rule = matches!(status, 308 | 401 | 403) || (named && body.is_empty());
                if class != RequestClass::Safe && !refused_by_rule {
                    assert_eq!(
                        error.outcome(),
                        Outcome::Unknown,
                        "{name} {status} {body}: {}",
                        error.report()
                    );
                }
                if !named && !matches!(status, 302 | 308) {
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
