//! Every call, as people make it, against every version that begins or ends one.

use std::time::{Duration, SystemTime};

use arango::cluster::{
    AgencyDump, Compact, EarlierLicense, JobId, Leaders, LogLevel, LogLevels, LogQuery, Maintenance,
    MoveShard, RebalanceOptions, ServerId, ServerMode, SetServerCount, ShardMove, Strictness, Target,
    Visitor, every_operation,
};
use arango::protocol::{Metadata, Operation, ServerVersion};
use arango::{Cluster, Coordinator, CoordinatorHandle, Credentials, Error, ErrorKind, Outcome};
use arango_test_cluster::{JobFate, TestCluster};
use tokio::time::sleep;

use crate::support::builder;

const VERSIONS: [&str; 18] = [
    "3.10.0", "3.10.1", "3.10.2", "3.10.6", "3.10.13", "3.11.0", "3.11.7", "3.11.11", "3.12.0", "3.12.1",
    "3.12.2", "3.12.4", "3.12.5", "3.12.5-3", "3.12.6", "3.12.8", "3.12.10", "4.0",
];

/// What fails although it is there, asked as here.
const REFUSED: [(&str, ErrorKind); 1] = [("server.rotate_encryption_keys", ErrorKind::NotFound)];

/// Notes the facts of all operations.
#[derive(Default)]
struct Table(Vec<Metadata>);

impl Visitor for Table {
    fn visit<O>(&mut self, _: O)
    where
        O: Operation<Output: Send> + Send + Sync + 'static,
    {
        self.0.push(O::METADATA);
    }
}

/// A cluster in which there is something to ask for by each call.
struct World {
    cluster: TestCluster,
    admin: Cluster,
    one: CoordinatorHandle,
    /// A DB-Server that is good, and one that has failed and holds nothing.
    good: ServerId,
    failed: ServerId,
    step: ShardMove,
    job: JobId,
    dump: AgencyDump,
}

impl World {
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
            .follow_clean_out(&failed, arango::follow::Pace::default())
            .await
            .unwrap()
            .finished()
            .await
            .unwrap();
        cluster.stop_db_server(3);
        sleep(Duration::from_secs(20)).await;
        cluster.agency_jobs().every(JobFate::Hang);
        let step = admin.rebalance_plan(&RebalanceOptions::new()).await.unwrap().moves.remove(0);
        let job = admin.move_shard(MoveShard::of(&step)).await.unwrap();
        cluster.coordinator(1).leave_crash("281ac6d7", &[]);
        let dump = admin.agency_dump().await.unwrap();
        let good = ServerId::from(cluster.db_server_ids().remove(1));
        Self { cluster, admin, one, good, failed, step, job, dump }
    }

    /// How often anybody was asked for anything.
    fn requests(&self) -> usize {
        self.cluster.journal().entries().len()
    }

    #[allow(clippy::too_many_lines, reason = "it is the list of all of them")]
    async fn ask(&self, name: &str) -> Result<(), Error> {
        let Self { admin, one, good, failed, step, job, dump, .. } = self;
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
                let count =
                    SetServerCount { db_servers: Some(Target::Count(3)), ..SetServerCount::default() };
                admin.set_server_count(count).await
            }
            "cluster.maintenance" => admin.maintenance().await.map(drop),
            "cluster.set_maintenance" => admin.set_maintenance(Maintenance::Off).await.map(drop),
            "cluster.server_maintenance" => admin.server_maintenance(good).await.map(drop),
            "cluster.set_server_maintenance" => admin.set_server_maintenance(good, Maintenance::Off).await,
            "cluster.imbalance" => admin.imbalance().await.map(drop),
            "cluster.plan_rebalance" => admin.rebalance_plan(&options).await.map(drop),
            "cluster.rebalance" => admin.rebalance(&options).await.map(drop),
            "cluster.execute_moves" => admin.execute_moves(std::slice::from_ref(step)).await,
            "cluster.rebalance_shards" => admin.rebalance_shards().await.map(drop),
            "cluster.shard_distribution" => admin.shard_distribution().await.map(drop),
            "cluster.collection_shard_distribution" => {
                admin.collection_shard_distribution("orders").await.map(drop)
            }
            "cluster.shard_statistics" => admin.shard_statistics(Some(good)).await.map(drop),
            "cluster.shard_statistics_by_database" => admin.shard_statistics_by_database().await.map(drop),
            "cluster.shard_statistics_by_server" => admin.shard_statistics_by_server().await.map(drop),
            "cluster.move_shard" => admin.move_shard(MoveShard::of(step)).await.map(drop),
            "cluster.clean_out_server" => admin.clean_out_server(good).await.map(drop),
            "cluster.resign_leadership" => admin.resign_leadership(good, Leaders::Stay).await.map(drop),
            "cluster.remove_server" => admin.remove_server(failed).await,
            "cluster.agency_job" => admin.agency_job(job).await.map(drop),
            "cluster.cancel_agency_job" => admin.cancel_agency_job(job).await,
            "cluster.reserve_unique_ids" => admin.reserve_unique_ids(1).await.map(drop),
            "cluster.raise_unique_ids" => admin.raise_unique_ids(1).await.map(drop),
            "cluster.check_sort_migration" => admin.check_sort_migration().await.map(drop),
            "cluster.sort_migration" => admin.sort_migration().await.map(drop),
            "cluster.migrate_sorting" => admin.migrate_sorting().await.map(drop),
            "cluster.diagnose_agency" => admin.diagnose_agency(Strictness::Strict).await.map(drop),
            "cluster.diagnose_agency_dump" => {
                admin.diagnose_agency_dump(dump, Strictness::Strict).await.map(drop)
            }
            "cluster.agency_dump" => admin.agency_dump().await.map(drop),
            "server.agency_cache" => one.agency_cache().await.map(drop),
            "server.cluster_info" => one.cluster_info().await.map(drop),
            "cluster.license" => admin.license().await.map(drop),
            "cluster.set_license" => admin.set_license(&"V0hhdGV2ZXI=".into(), EarlierLicense::Refused).await,
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
            other => unreachable!("nobody asks for {other} here"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_call_is_answered_by_every_version_that_has_it_and_never_sent_to_one_that_is_known_to_lack_it()
{
    let mut table = Table::default();
    every_operation(&mut table);
    let mut lacking_somewhere = Vec::new();
    let diagnosis: ServerVersion = "3.12.5".parse().unwrap();
    for version in VERSIONS {
        let world = World::start(version).await;
        let known: ServerVersion =
            world.admin.server_version(&world.good).await.unwrap().version.unwrap().parse().unwrap();
        for facts in &table.0 {
            let what = format!("{} of {version}", facts.name);
            // Which version brings it is not documented, so no gate keeps it back; the test cluster has it since 3.12.5.
            let is_refused = facts.name.starts_with("cluster.diagnose") && known < diagnosis;
            let ending = Box::pin(world.ask(facts.name)).await;
            if facts.is_unsupported_by(&known) {
                lacking_somewhere.push(facts.name);
                let error = ending.expect_err(&what);
                assert_eq!(error.kind(), ErrorKind::NotSupported, "{what}: {}", error.report());
                // By now the version of whoever would be asked is known.
                let before = world.requests();
                let error = Box::pin(world.ask(facts.name)).await.expect_err(&what);
                let lacking = error.unsupported().unwrap_or_else(|| panic!("{what}: {}", error.report()));
                assert_eq!((lacking.since, lacking.gone), (facts.since, facts.removed_in), "{what}");
                assert_eq!(error.outcome(), Outcome::NotExecuted, "{what}");
                assert!(error.attempts().is_empty(), "{what}: {}", error.report());
                assert_eq!(world.requests(), before, "{what} is sent although it is known to be lacking");
                continue;
            }
            match (REFUSED.iter().find(|(name, _)| *name == facts.name), ending) {
                (Some((_, kind)), Err(error)) => assert_eq!(error.kind(), *kind, "{what}"),
                (Some(_), Ok(())) => panic!("{what} is answered"),
                (None, ending) if is_refused => {
                    let error = ending.expect_err(&what);
                    assert_eq!(error.status().map(|status| status.as_u16()), Some(400), "{what}");
                }
                (None, ending) => ending.unwrap_or_else(|error| panic!("{what}: {}", error.report())),
            }
        }
    }
    lacking_somewhere.sort_unstable();
    lacking_somewhere.dedup();
    let gated = table.0.iter().filter(|facts| facts.is_version_dependent()).count();
    assert_eq!(lacking_somewhere.len(), gated, "each gate is met from both sides: {lacking_somewhere:?}");
}
