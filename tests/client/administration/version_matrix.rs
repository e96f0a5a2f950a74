//! Calls every method of the public API against 18 versions. Each of them adds or removes an operation.

use std::time::{Duration, SystemTime};

use arango::cluster::{
    AgencyDump, Compact, DiagnosisStrictness, EarlierExpiryPolicy, JobId, LogLevel, LogLevels, LogQuery,
    Maintenance, MoveShard, OperationVisitor, RebalanceOptions, ResignedLeaders, ServerCountTarget, ServerId,
    ServerMode, SetServerCount, ShardMove, for_each_operation,
};
use arango::protocol::{Metadata, Operation, ServerVersion};
use arango::{Cluster, Coordinator, CoordinatorHandle, Credentials, Error, ErrorKind, Outcome};
use arango_test_cluster::{JobOutcome, TestCluster};
use tokio::time::sleep;

use crate::support::builder;

const VERSIONS: [&str; 18] = [
    "3.10.0", "3.10.1", "3.10.2", "3.10.6", "3.10.13", "3.11.0", "3.11.7", "3.11.11", "3.12.0", "3.12.1",
    "3.12.2", "3.12.4", "3.12.5", "3.12.5-3", "3.12.6", "3.12.8", "3.12.10", "4.0",
];

/// Operations that fail in the test cluster although the version supports them.
const EXPECTED_ERRORS: [(&str, ErrorKind); 1] = [("server.rotate_encryption_keys", ErrorKind::NotFound)];

/// Collects the metadata of all operations.
#[derive(Default)]
struct CollectMetadata(Vec<Metadata>);

impl OperationVisitor for CollectMetadata {
    fn visit<O>(&mut self, _: O)
    where
        O: Operation<Output: Send> + Send + Sync + 'static,
    {
        self.0.push(O::METADATA);
    }
}

/// A cluster with a valid argument for each call.
struct Fixture {
    cluster: TestCluster,
    admin: Cluster,
    coordinator: CoordinatorHandle,
    /// A healthy DB-Server, and a failed one without shards.
    healthy_server: ServerId,
    failed_server: ServerId,
    shard_move: ShardMove,
    job: JobId,
    dump: AgencyDump,
}

impl Fixture {
    async fn start(version: &str) -> Self {
        let cluster =
            TestCluster::builder().version(version).seed(5).db_servers(4).skewed_shards().in_memory();
        let cluster = cluster.start().await.unwrap();
        let superuser = Credentials::token(&cluster.superuser_token()).unwrap();
        let client = builder(&cluster).credentials(superuser).build().unwrap();
        let address: Coordinator = cluster.coordinator(1).url().parse().unwrap();
        let (admin, one) = (client.db("shop").cluster(), client.coordinator(&address));
        let failed = ServerId::from(cluster.db_server_ids().remove(3));
        admin
            .clean_out_server_and_watch(&failed, arango::long_running::PollOptions::default())
            .await
            .unwrap()
            .wait()
            .await
            .unwrap();
        cluster.stop_db_server(3);
        sleep(Duration::from_secs(20)).await;
        cluster.agency_jobs().set_outcome(JobOutcome::Hang);
        let shard_move = admin.rebalance_plan_with(&RebalanceOptions::new()).await.unwrap().moves.remove(0);
        let job = admin.move_shard(MoveShard::from_plan(&shard_move)).await.unwrap();
        cluster.coordinator(1).add_crash("281ac6d7", &[]);
        let dump = admin.agency_dump().await.unwrap();
        let good = ServerId::from(cluster.db_server_ids().remove(1));
        Self {
            cluster,
            admin,
            coordinator: one,
            healthy_server: good,
            failed_server: failed,
            shard_move,
            job,
            dump,
        }
    }

    /// Returns the number of requests read by all coordinators.
    fn request_count(&self) -> usize {
        self.cluster.journal().entries().len()
    }

    #[allow(clippy::too_many_lines, reason = "the list of all operations")]
    async fn call_by_name(&self, name: &str) -> Result<(), Error> {
        let Self {
            admin,
            coordinator: one,
            healthy_server: good,
            failed_server: failed,
            shard_move,
            job,
            dump,
            ..
        } = self;
        let (query, options) = (LogQuery::new(), RebalanceOptions::new());
        let levels = LogLevels::from([("requests".to_owned(), LogLevel::Info)]);
        let tomorrow = SystemTime::now() + Duration::from_secs(86_400);
        match name {
            "server.id" => one.server_id().await.map(drop),
            "server.role" => one.server_role().await.map(drop),
            "server.mode" => one.server_mode().await.map(drop),
            "server.set_mode" => admin.set_server_mode(ServerMode::Default).await.map(drop),
            "server.availability" => one.availability().await.map(drop),
            "cluster.database_defaults" => admin.database_defaults().await.map(drop),
            "server.tls" => one.tls().await.map(drop),
            "server.reload_tls" => one.reload_tls().await.map(drop),
            "server.jwt_secrets" => one.jwt_secrets().await.map(drop),
            "server.reload_jwt_secrets" => one.reload_jwt_secrets().await.map(drop),
            "server.rotate_encryption_keys" => one.rotate_encryption_keys().await.map(drop),
            "server.api_calls" => one.api_calls().await.map(drop),
            "server.aql_queries" => one.aql_queries().await.map(drop),
            "server.crashes" => one.crashes().await.map(drop),
            "server.crash" => one.crash("281ac6d7").await.map(drop),
            "server.delete_crash" => one.delete_crash("281ac6d7").await,
            "cluster.health" => admin.health().await.map(drop),
            "cluster.endpoints" => admin.endpoints().await.map(drop),
            "cluster.server_version" => admin.server_version(good).await.map(drop),
            "cluster.server_engine" => admin.server_engine(good).await.map(drop),
            "cluster.server_statistics" => admin.server_statistics(good).await.map(drop),
            "cluster.db_server_statistics" => admin.db_server_statistics(good).await.map(drop),
            "cluster.server_count" => admin.server_count().await.map(drop),
            "cluster.set_server_count" => {
                let count = SetServerCount {
                    db_servers: Some(ServerCountTarget::Count(3)),
                    ..SetServerCount::default()
                };
                admin.set_server_count(count).await
            }
            "cluster.maintenance" => admin.maintenance().await.map(drop),
            "cluster.set_maintenance" => admin.set_maintenance(Maintenance::Off).await.map(drop),
            "cluster.server_maintenance" => admin.server_maintenance(good).await.map(drop),
            "cluster.set_server_maintenance" => admin.set_server_maintenance(good, Maintenance::Off).await,
            "cluster.imbalance" => admin.imbalance().await.map(drop),
            "cluster.plan_rebalance" => admin.rebalance_plan_with(&options).await.map(drop),
            "cluster.rebalance" => admin.rebalance_with(&options).await.map(drop),
            "cluster.execute_moves" => admin.execute_moves(std::slice::from_ref(shard_move)).await,
            "cluster.rebalance_shards" => admin.rebalance_shards().await.map(drop),
            "cluster.shard_distribution" => admin.shard_distribution().await.map(drop),
            "cluster.collection_shard_distribution" => {
                admin.collection_shard_distribution("orders").await.map(drop)
            }
            "cluster.shard_statistics" => admin.shard_statistics(Some(good)).await.map(drop),
            "cluster.shard_statistics_by_database" => admin.shard_statistics_by_database().await.map(drop),
            "cluster.shard_statistics_by_server" => admin.shard_statistics_by_server().await.map(drop),
            "cluster.move_shard" => admin.move_shard(MoveShard::from_plan(shard_move)).await.map(drop),
            "cluster.clean_out_server" => admin.clean_out_server(good).await.map(drop),
            "cluster.resign_leadership" => {
                admin.resign_leadership(good, ResignedLeaders::Stay).await.map(drop)
            }
            "cluster.remove_server" => admin.remove_server(failed).await,
            "cluster.agency_job" => admin.agency_job(job).await.map(drop),
            "cluster.cancel_agency_job" => admin.cancel_agency_job(job).await,
            "cluster.reserve_unique_ids" => admin.reserve_unique_ids(1).await.map(drop),
            "cluster.raise_unique_ids" => admin.raise_unique_ids(1).await.map(drop),
            "cluster.check_sort_migration" => admin.check_sort_migration().await.map(drop),
            "cluster.sort_migration" => admin.sort_migration().await.map(drop),
            "cluster.migrate_sorting" => admin.migrate_sorting().await.map(drop),
            "cluster.diagnose_agency" => admin.diagnose_agency(DiagnosisStrictness::Strict).await.map(drop),
            "cluster.diagnose_agency_dump" => {
                admin.diagnose_agency_dump(dump, DiagnosisStrictness::Strict).await.map(drop)
            }
            "cluster.agency_dump" => admin.agency_dump().await.map(drop),
            "server.agency_cache" => one.agency_cache().await.map(drop),
            "server.cluster_info" => one.cluster_info().await.map(drop),
            "cluster.license" => admin.license().await.map(drop),
            "cluster.set_license" => {
                admin.set_license(&"V0hhdGV2ZXI=".into(), EarlierExpiryPolicy::Reject).await
            }
            "cluster.deployment_id" => admin.deployment_id().await.map(drop),
            "user.access_tokens" => admin.access_tokens("root").await.map(drop),
            "user.create_access_token" => admin.create_access_token("root", "ci", tomorrow).await.map(drop),
            "user.delete_access_token" => {
                let id = admin.access_tokens("root").await?.first().map_or(0, |token| token.id);
                admin.delete_access_token("root", id).await
            }
            "server.version" => one.version().await.map(drop),
            "server.engine" => one.engine().await.map(drop),
            "server.status" => one.status().await.map(drop),
            "server.status_overview" => one.status_overview().await.map(drop),
            "cluster.support_info" => admin.support_info().await.map(drop),
            "server.metrics" => one.metrics().await.map(drop),
            "cluster.server_metrics" => admin.server_metrics(good).await.map(drop),
            "server.usage_metrics" => one.usage_metrics().await.map(drop),
            "cluster.server_usage_metrics" => admin.server_usage_metrics(good).await.map(drop),
            "server.statistics" => one.statistics().await.map(drop),
            "server.statistics_description" => one.statistics_description().await.map(drop),
            "server.log_entries" => one.log_entries(&query).await.map(drop),
            "cluster.server_log_entries" => admin.server_log_entries(good, &query).await.map(drop),
            "server.log_arrays" => one.log_arrays(&query).await.map(drop),
            "server.clear_log" => one.clear_log().await,
            "server.log_levels" => one.log_levels().await.map(drop),
            "server.appender_log_levels" => one.appender_log_levels().await.map(drop),
            "cluster.server_appender_log_levels" => admin.server_appender_log_levels(good).await.map(drop),
            "cluster.server_log_levels" => admin.server_log_levels(good).await.map(drop),
            "server.set_log_levels" => one.set_log_levels(&levels).await.map(drop),
            "cluster.set_server_log_levels" => admin.set_server_log_levels(good, &levels).await.map(drop),
            "server.reset_log_levels" => one.reset_log_levels().await.map(drop),
            "cluster.reset_server_log_levels" => admin.reset_server_log_levels(good).await.map(drop),
            "server.compact" => one.compact(Compact::new()).await,
            "server.shutdown_progress" => one.shutdown_progress().await.map(drop),
            "server.soft_shutdown" => one.soft_shutdown().await,
            "server.shutdown" => one.shutdown().await,
            other => unreachable!("no call for {other}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn calls_are_sent_only_to_versions_that_support_them() {
    let mut visitor = CollectMetadata::default();
    for_each_operation(&mut visitor);
    let mut unsupported_somewhere = Vec::new();
    let diagnosis: ServerVersion = "3.12.5".parse().unwrap();
    for version in VERSIONS {
        let fixture = Fixture::start(version).await;
        let known: ServerVersion = fixture
            .admin
            .server_version(&fixture.healthy_server)
            .await
            .unwrap()
            .version
            .unwrap()
            .parse()
            .unwrap();
        for metadata in &visitor.0 {
            let what = format!("{} of {version}", metadata.name);
            // The version that added it is not documented, so the client sends it. The test cluster supports it since
            // 3.12.5.
            let is_refused = metadata.name.starts_with("cluster.diagnose") && known < diagnosis;
            let result = Box::pin(fixture.call_by_name(metadata.name)).await;
            if metadata.is_unsupported_by(&known) {
                unsupported_somewhere.push(metadata.name);
                let error = result.expect_err(&what);
                assert_eq!(error.kind(), ErrorKind::NotSupported, "{what}: {}", error.report());
                // By now the client knows the version of the coordinator.
                let before = fixture.request_count();
                let error = Box::pin(fixture.call_by_name(metadata.name)).await.expect_err(&what);
                let unsupported = error.unsupported().unwrap_or_else(|| panic!("{what}: {}", error.report()));
                assert_eq!(
                    (unsupported.since, unsupported.removed_in),
                    (metadata.since, metadata.removed_in),
                    "{what}"
                );
                assert_eq!(error.outcome(), Outcome::NotExecuted, "{what}");
                assert!(error.attempts().is_empty(), "{what}: {}", error.report());
                assert_eq!(
                    fixture.request_count(),
                    before,
                    "{what} is sent although it is known to be unsupported"
                );
                continue;
            }
            match (EXPECTED_ERRORS.iter().find(|(name, _)| *name == metadata.name), result) {
                (Some((_, kind)), Err(error)) => assert_eq!(error.kind(), *kind, "{what}"),
                (Some(_), Ok(())) => panic!("{what} succeeds"),
                (None, result) if is_refused => {
                    let error = result.expect_err(&what);
                    assert_eq!(error.status().map(|status| status.as_u16()), Some(400), "{what}");
                }
                (None, result) => result.unwrap_or_else(|error| panic!("{what}: {}", error.report())),
            }
        }
    }
    unsupported_somewhere.sort_unstable();
    unsupported_somewhere.dedup();
    let version_dependent = visitor.0.iter().filter(|metadata| metadata.is_version_dependent()).count();
    assert_eq!(
        unsupported_somewhere.len(),
        version_dependent,
        "no version lacks some of these: {unsupported_somewhere:?}"
    );
}
