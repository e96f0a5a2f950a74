//! Tests of every operation.

use arango_protocol::{
    ApiResponse, Operation,
    Permission::{self, Admin, Authenticated, Superuser, Write},
    RequestClass::{self, Idempotent, NonIdempotent, Safe},
    Scope::{self, Cluster, Coordinator, Database},
    ServerVersion,
};
use proptest::prelude::*;

use crate::testing::response;
use crate::*;

type Row = (&'static str, RequestClass, Scope, u64, Permission, String, &'static str);

/// Collects the metadata of each operation.
#[derive(Default)]
struct MetadataRows(Vec<Row>);

impl OperationVisitor for MetadataRows {
    fn visit<O: Operation>(&mut self, operation: O) {
        let metadata = O::METADATA;
        assert_eq!(operation.properties().class, metadata.class, "no class in this crate depends on a field");
        let server_timeout = metadata.server_timeout.map_or(0, |server_timeout| server_timeout.as_secs());
        let since: Vec<_> = metadata.backported_to.iter().copied().chain(metadata.since).collect();
        let removed_in = metadata.removed_in.unwrap_or("");
        self.0.push((
            metadata.name,
            metadata.class,
            metadata.scope,
            server_timeout,
            metadata.permission,
            since.join(", "),
            removed_in,
        ));
    }
}

#[test]
fn every_operation_has_the_expected_metadata() {
    let mut metadata = MetadataRows::default();
    for_each_operation(&mut metadata);
    #[rustfmt::skip]
    let expected: [(&str, RequestClass, Scope, u64, Permission, &str, &str); 87] = [
        ("server.id",                       Safe,          Coordinator, 0,      Authenticated,    "",                        ""),
        ("server.role",                     Safe,          Coordinator, 0,      Authenticated,    "",                        ""),
        ("server.mode",                     Safe,          Coordinator, 0,      Authenticated,    "",                        ""),
        ("server.set_mode",                 Idempotent,    Cluster,     0,      Admin,            "",                        ""),
        ("server.availability",             Safe,          Coordinator, 0,      Permission::None, "",                        ""),
        ("cluster.database_defaults",       Safe,          Cluster,     0,      Authenticated,    "",                        ""),
        ("server.tls",                      Safe,          Coordinator, 0,      Authenticated,    "",                        ""),
        ("server.reload_tls",               Idempotent,    Coordinator, 0,      Superuser,        "",                        ""),
        ("server.jwt_secrets",              Safe,          Coordinator, 0,      Superuser,        "",                        ""),
        ("server.reload_jwt_secrets",       Idempotent,    Coordinator, 0,      Superuser,        "",                        ""),
        ("server.rotate_encryption_keys",   NonIdempotent, Coordinator, 0,      Superuser,        "",                        ""),
        ("server.api_calls",                Safe,          Coordinator, 0,      Admin,            "3.12.5",                  ""),
        ("server.aql_queries",              Safe,          Coordinator, 0,      Admin,            "3.12.6",                  ""),
        ("server.crashes",                  Safe,          Coordinator, 0,      Admin,            "3.12.8",                  ""),
        ("server.crash",                    Safe,          Coordinator, 0,      Admin,            "3.12.8",                  ""),
        ("server.delete_crash",             Idempotent,    Coordinator, 0,      Admin,            "3.12.8",                  ""),
        ("cluster.health",                  Safe,          Cluster,     75,     Authenticated,    "",                        ""),
        ("cluster.endpoints",               Safe,          Cluster,     0,      Authenticated,    "",                        ""),
        ("cluster.server_version",          Safe,          Cluster,     0,      Authenticated,    "",                        ""),
        ("cluster.server_engine",           Safe,          Cluster,     0,      Authenticated,    "",                        ""),
        ("cluster.server_statistics",       Safe,          Cluster,     0,      Authenticated,    "",                        "4.0.0"),
        ("cluster.db_server_statistics",    Safe,          Cluster,     0,      Authenticated,    "",                        "4.0.0"),
        ("cluster.server_count",            Safe,          Cluster,     0,      Authenticated,    "",                        ""),
        ("cluster.set_server_count",        Idempotent,    Cluster,     0,      Admin,            "",                        ""),
        ("cluster.maintenance",             Safe,          Cluster,     150,    Admin,            "",                        ""),
        ("cluster.set_maintenance",         Idempotent,    Cluster,     150,    Admin,            "",                        ""),
        ("cluster.server_maintenance",      Safe,          Cluster,     75,     Admin,            "3.10.1",                  ""),
        ("cluster.set_server_maintenance",  Idempotent,    Cluster,     0,      Admin,            "3.10.1",                  ""),
        ("cluster.imbalance",               Safe,          Cluster,     0,      Admin,            "3.10.0",                  ""),
        ("cluster.plan_rebalance",          Safe,          Cluster,     0,      Admin,            "3.10.0",                  ""),
        ("cluster.rebalance",               NonIdempotent, Cluster,     0,      Admin,            "3.10.0",                  ""),
        ("cluster.execute_moves",           NonIdempotent, Cluster,     0,      Admin,            "3.10.0",                  ""),
        ("cluster.rebalance_shards",        NonIdempotent, Database,    0,      Write,            "",                        ""),
        ("cluster.shard_distribution",      Safe,          Database,    0,      Admin,            "",                        ""),
        ("cluster.collection_shard_distribution", Safe,          Database,    0,      Admin,            "",                        ""),
        ("cluster.shard_statistics",        Safe,          Cluster,     0,      Admin,            "",                        ""),
        ("cluster.shard_statistics_by_database", Safe,          Cluster,     0,      Admin,            "",                        ""),
        ("cluster.shard_statistics_by_server", Safe,          Cluster,     0,      Admin,            "",                        ""),
        ("cluster.move_shard",              NonIdempotent, Cluster,     0,      Write,            "",                        ""),
        ("cluster.clean_out_server",        NonIdempotent, Cluster,     0,      Admin,            "",                        ""),
        ("cluster.resign_leadership",       NonIdempotent, Cluster,     0,      Admin,            "",                        ""),
        ("cluster.remove_server",           Idempotent,    Cluster,     75,     Admin,            "",                        ""),
        ("cluster.agency_job",              Safe,          Cluster,     0,      Admin,            "",                        ""),
        ("cluster.cancel_agency_job",       Idempotent,    Cluster,     75,     Admin,            "",                        ""),
        ("cluster.reserve_unique_ids",      NonIdempotent, Cluster,     0,      Admin,            "3.12.5-3",                ""),
        ("cluster.raise_unique_ids",        Idempotent,    Cluster,     0,      Admin,            "3.12.5-3",                ""),
        ("cluster.check_sort_migration",    Safe,          Cluster,     43200,  Superuser,        "3.11.11, 3.12.2",         ""),
        ("cluster.sort_migration",          Safe,          Cluster,     0,      Superuser,        "3.11.11, 3.12.2",         ""),
        ("cluster.migrate_sorting",         Idempotent,    Cluster,     43200,  Superuser,        "3.11.11, 3.12.2",         ""),
        ("cluster.diagnose_agency",         Safe,          Cluster,     0,      Superuser,        "",                        ""),
        ("cluster.diagnose_agency_dump",    Safe,          Cluster,     0,      Superuser,        "",                        ""),
        ("cluster.agency_dump",             Safe,          Cluster,     0,      Admin,            "",                        ""),
        ("server.agency_cache",             Safe,          Coordinator, 0,      Admin,            "",                        ""),
        ("server.cluster_info",             Safe,          Coordinator, 0,      Admin,            "",                        ""),
        ("cluster.license",                 Safe,          Cluster,     0,      Authenticated,    "",                        ""),
        ("cluster.set_license",             Idempotent,    Cluster,     0,      Authenticated,    "",                        ""),
        ("cluster.deployment_id",           Safe,          Cluster,     0,      Authenticated,    "3.12.6",                  ""),
        ("user.access_tokens",              Safe,          Cluster,     0,      Authenticated,    "3.12.5",                  ""),
        ("user.create_access_token",        NonIdempotent, Cluster,     0,      Authenticated,    "3.12.5",                  ""),
        ("user.delete_access_token",        Idempotent,    Cluster,     0,      Authenticated,    "3.12.5",                  ""),
        ("server.version",                  Safe,          Coordinator, 0,      Authenticated,    "",                        ""),
        ("server.engine",                   Safe,          Coordinator, 0,      Authenticated,    "",                        ""),
        ("server.status",                   Safe,          Coordinator, 0,      Authenticated,    "",                        ""),
        ("server.status_overview",          Safe,          Coordinator, 0,      Authenticated,    "",                        ""),
        ("cluster.support_info",            Safe,          Cluster,     60,     Admin,            "",                        ""),
        ("server.metrics",                  Safe,          Coordinator, 0,      Authenticated,    "",                        ""),
        ("cluster.server_metrics",          Safe,          Cluster,     45,     Authenticated,    "",                        ""),
        ("server.usage_metrics",            Safe,          Coordinator, 0,      Authenticated,    "3.10.13, 3.11.7, 3.12.0", ""),
        ("cluster.server_usage_metrics",    Safe,          Cluster,     45,     Authenticated,    "3.10.13, 3.11.7, 3.12.0", ""),
        ("server.statistics",               Safe,          Coordinator, 0,      Authenticated,    "",                        "4.0.0"),
        ("server.statistics_description",   Safe,          Coordinator, 0,      Authenticated,    "",                        "4.0.0"),
        ("server.log_entries",              Safe,          Coordinator, 0,      Admin,            "",                        ""),
        ("cluster.server_log_entries",      Safe,          Cluster,     0,      Admin,            "",                        ""),
        ("server.log_arrays",               Safe,          Coordinator, 0,      Admin,            "",                        "4.0.0"),
        ("server.clear_log",                NonIdempotent, Coordinator, 0,      Admin,            "",                        "4.0.0"),
        ("server.log_levels",               Safe,          Coordinator, 0,      Admin,            "",                        ""),
        ("server.appender_log_levels",      Safe,          Coordinator, 0,      Admin,            "3.12.2",                  ""),
        ("cluster.server_log_levels",       Safe,          Cluster,     0,      Admin,            "3.10.2",                  ""),
        ("cluster.server_appender_log_levels", Safe,         Cluster,     0,      Admin,            "3.12.2",                  ""),
        ("server.set_log_levels",           Idempotent,    Coordinator, 0,      Admin,            "",                        ""),
        ("cluster.set_server_log_levels",   Idempotent,    Cluster,     0,      Admin,            "3.10.2",                  ""),
        ("server.reset_log_levels",         Idempotent,    Coordinator, 0,      Admin,            "3.12.1",                  ""),
        ("cluster.reset_server_log_levels", Idempotent,    Cluster,     0,      Admin,            "3.12.1",                  ""),
        ("server.compact",                  NonIdempotent, Coordinator, 3600,   Superuser,        "",                        ""),
        ("server.shutdown_progress",        Safe,          Coordinator, 0,      Admin,            "",                        ""),
        ("server.soft_shutdown",            NonIdempotent, Coordinator, 0,      Admin,            "",                        ""),
        ("server.shutdown",                 NonIdempotent, Coordinator, 0,      Admin,            "",                        ""),
    ];
    let expected = expected.map(|(name, class, scope, server_timeout, permission, since, removed_in)| {
        (name, class, scope, server_timeout, permission, since.to_owned(), removed_in)
    });
    assert_eq!(metadata.0, expected);
}

#[test]
fn only_listed_operations_need_system_or_stop_a_server() {
    #[derive(Default)]
    struct SpecialOperations(Vec<&'static str>, Vec<&'static str>);
    impl OperationVisitor for SpecialOperations {
        fn visit<O: Operation>(&mut self, _: O) {
            let metadata = O::METADATA;
            self.0.extend(metadata.system_only.then_some(metadata.name));
            self.1.extend(metadata.stops_server.then_some(metadata.name));
        }
    }
    let mut special = SpecialOperations::default();
    for_each_operation(&mut special);
    let in_system = [
        "cluster.shard_statistics",
        "cluster.shard_statistics_by_database",
        "cluster.shard_statistics_by_server",
        "cluster.support_info",
    ];
    assert_eq!(special.0, in_system);
    assert_eq!(special.1, ["server.soft_shutdown", "server.shutdown"]);
}

#[test]
fn every_version_limit_is_a_valid_version() {
    struct Versions;
    impl OperationVisitor for Versions {
        fn visit<O: Operation>(&mut self, _: O) {
            let metadata = O::METADATA;
            for text in metadata.since.iter().chain(metadata.backported_to).chain(&metadata.removed_in) {
                assert!(text.parse::<ServerVersion>().is_ok(), "{} has {text}", metadata.name);
            }
        }
    }
    for_each_operation(&mut Versions);
}

#[test]
fn every_request_follows_its_template_and_no_two_operations_share_a_name() {
    #[derive(Default)]
    struct Requests(Vec<&'static str>);
    impl OperationVisitor for Requests {
        fn visit<O: Operation>(&mut self, operation: O) {
            let metadata = O::METADATA;
            let request = operation.request().unwrap();
            assert_eq!(request.method(), metadata.method, "{}", metadata.name);
            let fits = |(part, template): (&str, &str)| template.starts_with('{') || part == template;
            let (path, template) = (request.uri().path().split('/'), metadata.path.split('/'));
            assert!(path.clone().count() == template.clone().count(), "{}", metadata.name);
            assert!(path.zip(template).all(fits), "{} requests {}", metadata.name, request.uri());
            self.0.push(metadata.name);
        }
    }
    let mut requests = Requests::default();
    for_each_operation(&mut requests);
    let mut names = requests.0.clone();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), requests.0.len());
}

#[test]
fn only_availability_treats_an_error_status_as_success() {
    assert_eq!(GetAvailability::METADATA.success_statuses, [503]);
    assert!(GetHealth::METADATA.success_statuses.is_empty());
}

/// Any JSON, made of the keys and values that occur in responses.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let key = prop_oneof![
        "(result|Health|ClusterId|id|role|mode|version|details|supports|indexes|aliases|endpoints|endpoint)",
        "(leader|shards|moves|imbalanceBefore|LastAckedTime|Status|Role|Leading|serverInfo|progress|agency)",
        "(numberOfDBServers|cleanedServers|client|system|time|server|http|coordinator|foxxmaster|name)",
        "(results|Plan|Current|followers|progress|job|status|type|timeCreated|calls|queries|crashId|files)",
        "(active|passive|keyfile|sha256|total|messages|level|tokens|token|features|diskUsage|diagnosis)",
        "(smallest|largest|affected|next|current|deployment|servers|groups|figures|global|appenders)",
        "[a-zA-Z]{0,3}",
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        ".{0,8}".prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(key.clone(), inner, 0..8)
                .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

/// Decodes `body` with every operation, regardless of the result.
fn read_with_every_operation(body: &str) {
    struct Read(ApiResponse);
    impl OperationVisitor for Read {
        fn visit<O: Operation>(&mut self, operation: O) {
            drop(operation.output(self.0.clone()));
        }
    }
    for status in [200, 503] {
        for_each_operation(&mut Read(response(status, body)));
    }
}

/// Health whose records have valid keys and arbitrary values.
fn malformed_health() -> impl Strategy<Value = String> {
    const KEYS: [&str; 15] = [
        "Role",
        "Status",
        "Endpoint",
        "CanBeDeleted",
        "ShortName",
        "Host",
        "SyncStatus",
        "SyncTime",
        "Version",
        "Engine",
        "LastAckedTime",
        "Timestamp",
        "AdvertisedEndpoint",
        "Leading",
        "Leader",
    ];
    let record = prop::collection::btree_map(prop::sample::select(&KEYS[..]), json(), 0..4);
    prop::collection::btree_map("[A-Z]{4}-[0-9]", record, 0..4)
        .prop_map(|records| serde_json::json!({ "ClusterId": "c", "Health": records }).to_string())
}

proptest! {
    #[test]
    fn no_health_causes_a_panic_or_is_out_of_order(body in malformed_health()) {
        if let Ok(health) = GetHealth.output(response(200, &body)) {
            prop_assert!(health.servers().is_sorted_by_key(|(id, _)| id));
            prop_assert!(health.servers().all(|(id, server)| health.get(id) == Some(server)));
        }
    }

    #[test]
    fn no_json_body_causes_a_panic(value in json()) {
        read_with_every_operation(&value.to_string());
    }

    #[test]
    fn no_text_body_causes_a_panic(body in ".*") {
        read_with_every_operation(&body);
    }
}
