//! Calls every operation against every server version.

use std::collections::BTreeMap;
use std::pin::Pin;

use arango::cluster::{OperationVisitor, for_each_operation};
use arango::protocol::{Operation, RequestClass, Scope};
use arango::{Coordinator, Credentials, Database, Error, ErrorKind};
use arango_test_cluster::TestCluster;

use crate::support::builder;

/// Expected errors: the sample arguments name unknown resources, or the endpoint does not exist on coordinators.
const EXPECTED_ERRORS: &[(&str, ErrorKind)] = &[
    ("cluster.agency_job", ErrorKind::NotFound),
    ("cluster.cancel_agency_job", ErrorKind::NotFound),
    ("cluster.collection_shard_distribution", ErrorKind::CollectionNotFound),
    ("cluster.db_server_statistics", ErrorKind::UnknownServer),
    ("cluster.move_shard", ErrorKind::NotFound),
    ("cluster.remove_server", ErrorKind::NotFound),
    ("cluster.reset_server_log_levels", ErrorKind::NotFound),
    ("cluster.server_appender_log_levels", ErrorKind::NotFound),
    ("cluster.server_engine", ErrorKind::UnknownServer),
    ("cluster.server_log_entries", ErrorKind::NotFound),
    ("cluster.server_log_levels", ErrorKind::NotFound),
    ("cluster.server_metrics", ErrorKind::NotFound),
    ("cluster.server_statistics", ErrorKind::UnknownServer),
    ("cluster.server_usage_metrics", ErrorKind::NotFound),
    ("cluster.server_version", ErrorKind::UnknownServer),
    ("cluster.set_server_log_levels", ErrorKind::NotFound),
    ("cluster.set_server_maintenance", ErrorKind::PreconditionFailed),
    ("server.crash", ErrorKind::NotFound),
    ("server.delete_crash", ErrorKind::NotFound),
    ("server.rotate_encryption_keys", ErrorKind::NotFound),
    ("user.access_tokens", ErrorKind::NotFound),
    ("user.create_access_token", ErrorKind::NotFound),
    ("user.delete_access_token", ErrorKind::NotFound),
];

/// Errors of servers before late 3.12. Which version added these operations is not documented, so they do not count as
/// unsupported.
const UNDOCUMENTED_ERRORS: &[(&str, ErrorKind)] =
    &[("cluster.diagnose_agency", ErrorKind::Server), ("cluster.diagnose_agency_dump", ErrorKind::Server)];

type PendingCall = Pin<Box<dyn Future<Output = (&'static str, Result<(), Error>)> + Send>>;

/// Prepares a call of every operation. Writes to one coordinator are pinned to a coordinator.
struct CallEveryOperation {
    database: Database,
    pinned_database: Database,
    calls: Vec<PendingCall>,
}

impl OperationVisitor for CallEveryOperation {
    fn visit<O>(&mut self, operation: O)
    where
        O: Operation<Output: Send> + Send + Sync + 'static,
    {
        let pinned =
            O::METADATA.scope == Scope::Coordinator && operation.properties().class != RequestClass::Safe;
        let database = if pinned { self.pinned_database.clone() } else { self.database.clone() };
        self.calls
            .push(Box::pin(async move { (O::METADATA.name, database.execute(operation).await.map(drop)) }));
    }
}

async fn call_every_operation(version: &str) -> BTreeMap<&'static str, Result<(), Error>> {
    let cluster = TestCluster::builder().version(version).seed(5).in_memory().start().await.unwrap();
    let superuser = Credentials::token(&cluster.superuser_token()).unwrap();
    let client = builder(&cluster).credentials(superuser).build().unwrap();
    let target: Coordinator = cluster.coordinator(1).url().parse().unwrap();
    let mut visitor = CallEveryOperation {
        database: client.db("_system"),
        pinned_database: client.coordinator(&target).db("_system"),
        calls: Vec::new(),
    };
    for_each_operation(&mut visitor);
    let mut results = BTreeMap::new();
    for call_result in visitor.calls {
        let (name, result) = call_result.await;
        results.insert(name, result);
    }
    results
}

/// Returns the names of the operations whose error matches.
fn failed_names(
    results: &BTreeMap<&'static str, Result<(), Error>>,
    matches: impl Fn(&Error) -> bool,
) -> Vec<&'static str> {
    let failed = |(name, call_result): (&&'static str, &Result<(), Error>)| {
        call_result.as_ref().err().filter(|error| matches(error)).map(|_| *name)
    };
    results.iter().filter_map(failed).collect()
}

/// Calls every operation and asserts that exactly the unsupported and the expected ones fail.
async fn assert_expected_results(version: &str, unsupported: &[&str], refused: &[(&str, ErrorKind)]) {
    let results = call_every_operation(version).await;
    let found = failed_names(&results, |error| error.unsupported().is_some());
    assert_eq!(found, unsupported, "operations unsupported by {version}");
    let mut unexpected = Vec::new();
    for (name, call_result) in &results {
        let expected =
            EXPECTED_ERRORS.iter().chain(refused).find(|(refused, _)| refused == name).map(|(_, kind)| *kind);
        match call_result {
            Ok(()) if expected.is_some() => unexpected.push(format!("{name}: succeeded")),
            Err(error) if error.unsupported().is_none() && expected != Some(error.kind()) => {
                unexpected.push(error.report().to_string());
            }
            _ => {}
        }
    }
    assert!(unexpected.is_empty(), "{version}:\n{}", unexpected.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn every_operation_works_on_3_10() {
    let unsupported = [
        "cluster.check_sort_migration",
        "cluster.deployment_id",
        "cluster.migrate_sorting",
        "cluster.raise_unique_ids",
        "cluster.reserve_unique_ids",
        "cluster.reset_server_log_levels",
        "cluster.server_appender_log_levels",
        "cluster.sort_migration",
        "server.api_calls",
        "server.appender_log_levels",
        "server.aql_queries",
        "server.crash",
        "server.crashes",
        "server.delete_crash",
        "server.reset_log_levels",
        "user.access_tokens",
        "user.create_access_token",
        "user.delete_access_token",
    ];
    assert_expected_results("3.10", &unsupported, UNDOCUMENTED_ERRORS).await;
}

#[tokio::test(start_paused = true)]
async fn every_operation_works_on_3_11() {
    let unsupported = [
        "cluster.deployment_id",
        "cluster.raise_unique_ids",
        "cluster.reserve_unique_ids",
        "cluster.reset_server_log_levels",
        "cluster.server_appender_log_levels",
        "server.api_calls",
        "server.appender_log_levels",
        "server.aql_queries",
        "server.crash",
        "server.crashes",
        "server.delete_crash",
        "server.reset_log_levels",
        "user.access_tokens",
        "user.create_access_token",
        "user.delete_access_token",
    ];
    assert_expected_results("3.11", &unsupported, UNDOCUMENTED_ERRORS).await;
}

#[tokio::test(start_paused = true)]
async fn every_operation_works_on_3_12() {
    assert_expected_results("3.12.10", &[], &[]).await;
}

#[tokio::test(start_paused = true)]
async fn every_operation_works_on_4_0() {
    let unsupported = [
        "cluster.db_server_statistics",
        "cluster.server_statistics",
        "server.clear_log",
        "server.log_arrays",
        "server.statistics",
        "server.statistics_description",
    ];
    assert_expected_results("4.0", &unsupported, &[]).await;
}
