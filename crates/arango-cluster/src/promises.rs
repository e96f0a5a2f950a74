//! What holds for every operation.

use arango_protocol::Operation;
use arango_protocol::Permission::{self, Admin, Authenticated};
use arango_protocol::RequestClass::{self, Idempotent, NonIdempotent, Safe};
use arango_protocol::Scope::{self, Cluster, Coordinator};
use proptest::prelude::*;

use crate::testing::answer;
use crate::*;

#[test]
fn facts_are_those_that_failures_are_decided_by() {
    type Row = (&'static str, RequestClass, Scope, u64, Permission, &'static str, &'static str);

    fn row<O: Operation>(operation: &O) -> Row {
        let facts = O::FACTS;
        assert_eq!(operation.class(), facts.class, "nothing here depends on a field");
        let patience = facts.patience.map_or(0, |patience| patience.as_secs());
        let (since, gone) = (facts.since.unwrap_or(""), facts.gone.unwrap_or(""));
        (facts.name, facts.class, facts.scope, patience, facts.permission, since, gone)
    }

    let id = &ServerId::from("PRMR-1");
    let options = &RebalanceOptions::new();
    let maintenance = Maintenance::On;
    let mode = ServerMode::Default;

    let rows: [Row; 23] = [
        row(&GetServerId),
        row(&GetServerRole),
        row(&GetServerMode),
        row(&SetServerMode { mode }),
        row(&GetAvailability),
        row(&GetVersion::default()),
        row(&GetEngine),
        row(&GetStatus),
        row(&GetStatistics),
        row(&GetHealth),
        row(&GetServerCount),
        row(&GetEndpoints),
        row(&GetServerVersion { server: id }),
        row(&GetServerEngine { server: id }),
        row(&GetServerStatistics { server: id }),
        row(&GetMaintenance),
        row(&SetMaintenance { maintenance }),
        row(&GetServerMaintenance { server: id }),
        row(&SetServerMaintenance { server: id, maintenance }),
        row(&GetImbalance),
        row(&PlanRebalance { options }),
        row(&Rebalance { options }),
        row(&ExecuteMoves { moves: &[] }),
    ];
    #[rustfmt::skip]
    let expected: [Row; 23] = [
        ("server.id",                      Safe,          Coordinator, 0,   Authenticated,    "",       ""),
        ("server.role",                    Safe,          Coordinator, 0,   Authenticated,    "",       ""),
        ("server.mode",                    Safe,          Coordinator, 0,   Authenticated,    "",       ""),
        ("server.set_mode",                Idempotent,    Cluster,     0,   Admin,            "",       ""),
        ("server.availability",            Safe,          Coordinator, 0,   Permission::None, "",       ""),
        ("server.version",                 Safe,          Coordinator, 0,   Authenticated,    "",       ""),
        ("server.engine",                  Safe,          Coordinator, 0,   Authenticated,    "",       ""),
        ("server.status",                  Safe,          Coordinator, 0,   Authenticated,    "",       ""),
        ("server.statistics",              Safe,          Coordinator, 0,   Authenticated,    "",       "4.0.0"),
        ("cluster.health",                 Safe,          Cluster,     75,  Authenticated,    "",       ""),
        ("cluster.server_count",           Safe,          Cluster,     0,   Authenticated,    "",       ""),
        ("cluster.endpoints",              Safe,          Cluster,     0,   Authenticated,    "",       ""),
        ("cluster.server_version",         Safe,          Cluster,     0,   Authenticated,    "",       ""),
        ("cluster.server_engine",          Safe,          Cluster,     0,   Authenticated,    "",       ""),
        ("cluster.server_statistics",      Safe,          Cluster,     0,   Authenticated,    "",       "4.0.0"),
        ("cluster.maintenance",            Safe,          Cluster,     150, Admin,            "",       ""),
        ("cluster.set_maintenance",        Idempotent,    Cluster,     150, Admin,            "",       ""),
        ("cluster.server_maintenance",     Safe,          Cluster,     0,   Admin,            "3.10.1", ""),
        ("cluster.set_server_maintenance", Idempotent,    Cluster,     0,   Admin,            "3.10.1", ""),
        ("cluster.imbalance",              Safe,          Cluster,     0,   Admin,            "3.10.0", ""),
        ("cluster.plan_rebalance",         Safe,          Cluster,     0,   Admin,            "3.10.0", ""),
        ("cluster.rebalance",              NonIdempotent, Cluster,     0,   Admin,            "3.10.0", ""),
        ("cluster.execute_moves",          NonIdempotent, Cluster,     0,   Admin,            "3.10.0", ""),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn only_availability_takes_a_refusal_for_an_answer() {
    assert_eq!(GetAvailability::FACTS.answers, [503]);
    assert!(GetHealth::FACTS.answers.is_empty());
}

/// Any JSON, made of the words and keys that answers are made of.
fn json() -> impl Strategy<Value = serde_json::Value> {
    let key = prop_oneof![
        "(result|Health|ClusterId|id|role|mode|version|details|supports|indexes|aliases|endpoints|endpoint)",
        "(leader|shards|moves|imbalanceBefore|LastAckedTime|Status|Role|Leading|serverInfo|progress|agency)",
        "(numberOfDBServers|cleanedServers|client|system|time|server|http|coordinator|foxxmaster|name)",
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

/// Lets every operation read `body`; whether it can does not matter.
fn read_as_everything(body: &str) {
    let id = &ServerId::from("PRMR-1");
    let options = &RebalanceOptions::new();
    let maintenance = Maintenance::On;
    for status in [200, 503] {
        let answer = answer(status, body);
        drop(GetServerId.output(answer.clone()));
        drop(GetServerRole.output(answer.clone()));
        drop(GetServerMode.output(answer.clone()));
        drop(GetAvailability.output(answer.clone()));
        drop(GetVersion::default().output(answer.clone()));
        drop(GetEngine.output(answer.clone()));
        drop(GetStatus.output(answer.clone()));
        drop(GetStatistics.output(answer.clone()));
        drop(GetHealth.output(answer.clone()));
        drop(GetServerCount.output(answer.clone()));
        drop(GetEndpoints.output(answer.clone()));
        drop(GetMaintenance.output(answer.clone()));
        drop(SetMaintenance { maintenance }.output(answer.clone()));
        drop(GetServerMaintenance { server: id }.output(answer.clone()));
        drop(GetImbalance.output(answer.clone()));
        drop(Rebalance { options }.output(answer));
    }
}

/// Health whose records have the right keys and odd values.
fn odd_health() -> impl Strategy<Value = String> {
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
    fn no_health_is_read_with_a_panic_or_out_of_order(body in odd_health()) {
        if let Ok(health) = GetHealth.output(answer(200, &body)) {
            prop_assert!(health.servers().is_sorted_by_key(|(id, _)| id));
            prop_assert!(health.servers().all(|(id, server)| health.get(id) == Some(server)));
        }
    }

    #[test]
    fn no_answer_is_read_with_a_panic(value in json()) {
        read_as_everything(&value.to_string());
    }

    #[test]
    fn no_text_is_read_with_a_panic(body in ".*") {
        read_as_everything(&body);
    }
}
