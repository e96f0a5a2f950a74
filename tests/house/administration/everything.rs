//! Every operation against every version.

use std::collections::BTreeMap;
use std::pin::Pin;

use arango::cluster::{Visitor, every_operation};
use arango::protocol::{Operation, RequestClass, Scope};
use arango::{Coordinator, Credentials, Database, Error, ErrorKind};
use arango_test_cluster::TestCluster;

use crate::support::builder;

/// What the embedded cluster does not answer, of which it says so with 501.
const NOT_SIMULATED: &[&str] = &[
    "cluster.agency_dump",
    "cluster.diagnose_agency",
    "cluster.diagnose_agency_dump",
    "cluster.reset_server_log_levels",
    "cluster.server_log_entries",
    "cluster.server_log_levels",
    "cluster.server_usage_metrics",
    "cluster.set_license",
    "cluster.set_server_log_levels",
    "server.agency_cache",
    "server.api_calls",
    "server.appender_log_levels",
    "server.aql_queries",
    "server.clear_log",
    "server.cluster_info",
    "server.crash",
    "server.crashes",
    "server.delete_crash",
    "server.log_arrays",
    "server.log_entries",
    "server.log_levels",
    "server.reset_log_levels",
    "server.set_log_levels",
    "server.statistics_description",
    "server.usage_metrics",
];

/// What is refused because the samples name what does not exist, or what coordinators do not have.
const REFUSED: &[(&str, ErrorKind)] = &[
    ("cluster.agency_job", ErrorKind::NotFound),
    ("cluster.cancel_agency_job", ErrorKind::NotFound),
    ("cluster.collection_shard_distribution", ErrorKind::NotFound),
    ("cluster.db_server_statistics", ErrorKind::BackendUnavailable),
    ("cluster.move_shard", ErrorKind::NotFound),
    ("cluster.remove_server", ErrorKind::NotFound),
    ("cluster.server_engine", ErrorKind::BackendUnavailable),
    ("cluster.server_metrics", ErrorKind::NotFound),
    ("cluster.server_statistics", ErrorKind::BackendUnavailable),
    ("cluster.server_version", ErrorKind::BackendUnavailable),
    ("cluster.set_server_maintenance", ErrorKind::PreconditionFailed),
    ("server.rotate_encryption_keys", ErrorKind::NotFound),
    ("user.access_tokens", ErrorKind::NotFound),
    ("user.create_access_token", ErrorKind::NotFound),
    ("user.delete_access_token", ErrorKind::NotFound),
];

type Ending = Pin<Box<dyn Future<Output = (&'static str, Result<(), Error>)> + Send>>;

/// Begins every operation where it belongs: what changes one coordinator at that one.
struct Ask {
    anywhere: Database,
    there: Database,
    endings: Vec<Ending>,
}

impl Visitor for Ask {
    fn visit<O>(&mut self, operation: O)
    where
        O: Operation<Output: Send> + Send + Sync + 'static,
    {
        let pinned = O::FACTS.scope == Scope::Coordinator && operation.class() != RequestClass::Safe;
        let database = if pinned { self.there.clone() } else { self.anywhere.clone() };
        self.endings
            .push(Box::pin(async move { (O::FACTS.name, database.execute(operation).await.map(drop)) }));
    }
}

async fn ask_everything(version: &str) -> BTreeMap<&'static str, Result<(), Error>> {
    let cluster = TestCluster::builder().version(version).seed(5).in_memory().start().await.unwrap();
    let superuser = Credentials::token(&cluster.superuser_token()).unwrap();
    let client = builder(&cluster).credentials(superuser).build().unwrap();
    let there: Coordinator = cluster.coordinator(1).url().parse().unwrap();
    let mut ask = Ask {
        anywhere: client.db("_system"),
        there: client.coordinator(&there).db("_system"),
        endings: Vec::new(),
    };
    every_operation(&mut ask);
    let mut endings = BTreeMap::new();
    for ending in ask.endings {
        let (name, result) = ending.await;
        endings.insert(name, result);
    }
    endings
}

/// The names of what ended so.
fn names(
    endings: &BTreeMap<&'static str, Result<(), Error>>,
    so: impl Fn(&Error) -> bool,
) -> Vec<&'static str> {
    let failed = |(name, ending): (&&'static str, &Result<(), Error>)| {
        ending.as_ref().err().filter(|error| so(error)).map(|_| *name)
    };
    endings.iter().filter_map(failed).collect()
}

async fn every_answer_is_understood(version: &str, lacking: &[&str]) {
    let endings = ask_everything(version).await;
    let found = names(&endings, |error| error.unsupported().is_some());
    assert_eq!(found, lacking, "what {version} lacks");
    for (name, ending) in &endings {
        let Err(error) = ending else { continue };
        if error.unsupported().is_some() {
            assert_eq!(error.kind(), ErrorKind::NotSupported);
            continue;
        }
        let expected = REFUSED.iter().find(|(refused, _)| refused == name).map(|(_, kind)| *kind);
        let not_simulated = error.kind() == ErrorKind::NotSupported && NOT_SIMULATED.contains(name);
        assert!(expected == Some(error.kind()) || not_simulated, "{version}: {}", error.report());
    }
}

#[tokio::test(start_paused = true)]
async fn every_operation_is_understood_by_3_10() {
    let lacking = [
        "cluster.check_sort_migration",
        "cluster.deployment_id",
        "cluster.migrate_sorting",
        "cluster.raise_unique_ids",
        "cluster.reserve_unique_ids",
        "cluster.reset_server_log_levels",
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
    every_answer_is_understood("3.10", &lacking).await;
}

#[tokio::test(start_paused = true)]
async fn every_operation_is_understood_by_3_11() {
    let lacking = [
        "cluster.deployment_id",
        "cluster.raise_unique_ids",
        "cluster.reserve_unique_ids",
        "cluster.reset_server_log_levels",
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
    every_answer_is_understood("3.11", &lacking).await;
}

#[tokio::test(start_paused = true)]
async fn every_operation_is_understood_by_3_12() {
    every_answer_is_understood("3.12.10", &[]).await;
}

#[tokio::test(start_paused = true)]
async fn every_operation_is_understood_by_4_0() {
    let lacking = [
        "cluster.db_server_statistics",
        "cluster.server_statistics",
        "server.clear_log",
        "server.log_arrays",
        "server.statistics",
        "server.statistics_description",
    ];
    every_answer_is_understood("4.0", &lacking).await;
}
