//! Every operation against every version.

use std::collections::BTreeMap;
use std::pin::Pin;

use arango::cluster::{Visitor, every_operation};
use arango::protocol::{Operation, RequestClass, Scope};
use arango::{Coordinator, Credentials, Database, Error, ErrorKind};
use arango_test_cluster::TestCluster;

use crate::support::builder;

/// What is refused because the samples name what does not exist, or what coordinators do not have.
const REFUSED: &[(&str, ErrorKind)] = &[
    ("cluster.agency_job", ErrorKind::NotFound),
    ("cluster.cancel_agency_job", ErrorKind::NotFound),
    ("cluster.collection_shard_distribution", ErrorKind::NotFound),
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

/// What servers before late 3.12 refuse without its being lacking for certain: which version brings it is not documented.
const UNDOCUMENTED: &[(&str, ErrorKind)] =
    &[("cluster.diagnose_agency", ErrorKind::Server), ("cluster.diagnose_agency_dump", ErrorKind::Server)];

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
        let pinned = O::METADATA.scope == Scope::Coordinator && operation.class() != RequestClass::Safe;
        let database = if pinned { self.there.clone() } else { self.anywhere.clone() };
        self.endings
            .push(Box::pin(async move { (O::METADATA.name, database.execute(operation).await.map(drop)) }));
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

/// Asks for everything, and expects what is lacking, what is refused beside that, and nothing else.
async fn every_answer_is_understood(version: &str, lacking: &[&str], refused: &[(&str, ErrorKind)]) {
    let endings = ask_everything(version).await;
    let found = names(&endings, |error| error.unsupported().is_some());
    assert_eq!(found, lacking, "what {version} lacks");
    let mut otherwise = Vec::new();
    for (name, ending) in &endings {
        let expected =
            REFUSED.iter().chain(refused).find(|(refused, _)| refused == name).map(|(_, kind)| *kind);
        match ending {
            Ok(()) if expected.is_some() => otherwise.push(format!("{name}: answered")),
            Err(error) if error.unsupported().is_none() && expected != Some(error.kind()) => {
                otherwise.push(error.report().to_string());
            }
            _ => {}
        }
    }
    assert!(otherwise.is_empty(), "{version}:\n{}", otherwise.join("\n"));
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
    every_answer_is_understood("3.10", &lacking, UNDOCUMENTED).await;
}

#[tokio::test(start_paused = true)]
async fn every_operation_is_understood_by_3_11() {
    let lacking = [
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
    every_answer_is_understood("3.11", &lacking, UNDOCUMENTED).await;
}

#[tokio::test(start_paused = true)]
async fn every_operation_is_understood_by_3_12() {
    every_answer_is_understood("3.12.10", &[], &[]).await;
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
    every_answer_is_understood("4.0", &lacking, &[]).await;
}
