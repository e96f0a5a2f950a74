//! Caches of coordinators, rules of the optimizer, options of servers, and structured logs.

use std::time::Duration;

use arango_test_cluster::{Hardening, TestCluster};
use serde_json::{Value, json};

use crate::client::{Session, in_memory};

#[tokio::test]
async fn the_rules_of_the_optimizer_are_listed_with_their_flags() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let rules = session.get("/_api/query/rules").await.json();
    let rules = rules.as_array().unwrap();
    let rule = |name: &str| rules.iter().find(|rule| rule["name"] == name).unwrap()["flags"].clone();
    assert_eq!(rules.len(), 68);
    let flags = json!({
        "hidden": false, "clusterOnly": true, "canBeDisabled": false, "canCreateAdditionalPlans": false,
        "disabledByDefault": false, "enterpriseOnly": false,
    });
    assert_eq!(
        (rule("scatter-in-cluster"), rule("use-indexes")["canBeDisabled"].clone()),
        (flags, json!(true))
    );
}

#[tokio::test]
async fn the_cache_of_results_is_empty_and_has_properties_of_each_coordinator() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    let path = "/_api/query-cache/properties";
    assert_eq!(session.get("/_api/query-cache/entries").await.json(), json!([]));
    let changed = session.put(path, &json!({ "mode": "demand", "maxResults": 7 })).await.json();
    assert_eq!(
        (&changed["mode"], &changed["maxResults"], &changed["includeSystem"]),
        (&json!("demand"), &json!(7), &json!(false))
    );
    assert_eq!(session.get(path).await.json(), changed);
    assert_eq!(other.get(path).await.json()["mode"], "off");
    for invalid in [json!({ "mode": "always" }), json!({ "maxResults": "7" })] {
        assert_eq!(session.put(path, &invalid).await.error_num(), 10);
    }
    assert_eq!(session.delete("/_api/query-cache").await.json(), json!({ "error": false, "code": 200 }));
    assert_eq!(session.get("/_api/query-cache").await.status, 400);
}

#[tokio::test]
async fn the_cache_of_plans_came_with_3_12_4() {
    for (version, status) in [("3.12.2", 404), ("3.12.4", 200)] {
        let cluster = TestCluster::builder().in_memory().version(version).start().await.unwrap();
        let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
        assert_eq!(session.get("/_api/query-plan-cache").await.status, status, "{version}");
        assert_eq!(session.delete("/_api/query-plan-cache").await.status, status, "{version}");
    }
}

#[tokio::test]
async fn the_options_that_have_an_effect_are_listed_for_superusers() {
    let cluster = TestCluster::builder()
        .in_memory()
        .hardening(Hardening::On)
        .transaction_idle_timeout(Duration::from_secs(7))
        .start()
        .await
        .unwrap();
    let mut root = Session::connect_in_memory(cluster.coordinator(0)).await;
    let token = format!("bearer {}", cluster.superuser_token());
    let mut superuser = Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization(token);
    for path in ["/_admin/options", "/_admin/options-description"] {
        let refused = root.get(path).await;
        assert_eq!((refused.status, refused.error_num()), (403, 11), "{path}");
    }
    let values = superuser.get("/_admin/options").await.json();
    assert_eq!(
        (&values["server.harden"], &values["transaction.streaming-idle-timeout"]),
        (&json!(true), &json!(7.0))
    );
    let described = superuser.get("/_admin/options-description").await.json();
    let harden = &described["server.harden"];
    assert_eq!((&harden["default"], &harden["section"]), (&json!(false), &json!("server")));
    let names = |options: &Value| options.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&values), names(&described));
    let cluster = TestCluster::builder().in_memory().version("3.11").start().await.unwrap();
    let mut root = Session::connect_in_memory(cluster.coordinator(0)).await;
    assert_eq!(root.get("/_admin/options").await.status, 404);
}

#[tokio::test]
async fn parameters_of_structured_logs_are_switched_on_and_off() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let path = "/_admin/log/structured";
    assert_eq!(session.get(path).await.json(), json!({}));
    session.put(path, &json!({ "database": true, "url": true })).await;
    let changed = session.put(path, &json!({ "url": false, "username": true })).await;
    assert_eq!((changed.status, changed.json()), (200, json!({ "database": true, "username": true })));
    assert_eq!(session.put(path, &json!({ "url": 7 })).await.error_num(), 10);
    assert_eq!(session.put(path, &json!({ "other": true })).await.error_num(), 9);
}

#[tokio::test]
async fn every_server_had_a_number_before_3_12_10() {
    let cluster = TestCluster::builder().in_memory().version("3.12.8").start().await.unwrap();
    let mut numbers = Vec::new();
    for index in 0..3 {
        let mut session = Session::connect_in_memory(cluster.coordinator(index)).await;
        let body = session.get("/_api/replication/server-id").await.json();
        numbers.push(body["serverId"].as_str().unwrap().parse::<u64>().unwrap());
    }
    assert!(numbers[0] != numbers[1] && numbers[1] != numbers[2] && numbers[0] != numbers[2]);
    let cluster = TestCluster::builder().in_memory().version("3.12.10").start().await.unwrap();
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    assert_eq!(session.get("/_api/replication/server-id").await.status, 404);
}

#[tokio::test]
async fn the_format_of_databases_is_that_of_the_version_up_to_3_12() {
    for (version, status, number) in
        [("3.12.5", 200, json!("31205")), ("3.11.14", 200, json!("31114")), ("4.0", 404, Value::Null)]
    {
        let cluster = TestCluster::builder().in_memory().version(version).start().await.unwrap();
        let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
        let found = session.get("/_admin/database/target-version").await;
        assert_eq!(found.status, status, "{version}");
        if status == 200 {
            assert_eq!(found.json()["version"], number);
            assert_eq!(session.put("/_admin/wal/flush", &json!({})).await.json(), json!({}));
        }
    }
}
