//! A server's records about itself, and what it reports about its keys.

use std::sync::Arc;
use std::time::Duration;

use arango_test_cluster::{Hardening, JobOutcome, LogLevel, TestCluster, Tls};
use http::Method;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::{Session, basic, in_memory};

const LOG: &str = "/_admin/log";

/// Returns the texts that a query finds.
async fn log_texts(session: &mut Session, query: &str) -> Vec<String> {
    let found = session.get(&format!("{LOG}/entries?{query}")).await.json();
    let messages = found["messages"].as_array().expect("messages");
    messages.iter().map(|message| message["message"].as_str().expect("a text").to_owned()).collect()
}

/// Starts a coordinator with four lines in its log.
async fn cluster_with_log() -> (TestCluster, Session) {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let mut session = Session::connect_in_memory(coordinator).await;
    session.delete(LOG).await;
    for (level, text) in [
        (LogLevel::Error, "disk full"),
        (LogLevel::Warning, "disk slow"),
        (LogLevel::Info, "hello"),
        (LogLevel::Debug, "Disk spins"),
    ] {
        coordinator.log(level, "rocksdb", text);
    }
    (cluster, session)
}

#[tokio::test]
async fn a_log_is_filtered_by_level_text_and_offset() {
    let (_cluster, mut session) = cluster_with_log().await;
    for (query, expected) in [
        ("", vec!["disk full", "disk slow", "hello"]),
        ("upto=debug", vec!["disk full", "disk slow", "hello", "Disk spins"]),
        ("upto=1", vec!["disk full"]),
        ("level=WARNING", vec!["disk slow"]),
        ("search=DISK&upto=trace", vec!["disk full", "disk slow", "Disk spins"]),
        ("sort=desc", vec!["hello", "disk slow", "disk full"]),
        ("offset=1&size=1", vec!["disk slow"]),
    ] {
        assert_eq!(log_texts(&mut session, query).await, expected, "{query}");
    }
    let part = session.get("/_admin/log/entries?size=1").await.json();
    assert_eq!(part["total"], 3, "all that match");
    let start = part["messages"][0]["id"].as_u64().unwrap() + 1;
    assert_eq!(log_texts(&mut session, &format!("start={start}")).await, ["disk slow", "hello"]);
    let refused = session.get("/_admin/log/entries?level=loud").await;
    assert_eq!((refused.status, refused.error_num()), (400, 400));
    let old = session.get(LOG).await.json();
    assert_eq!((&old["level"], &old["totalAmount"]), (&json!([1, 2, 3]), &json!(3)));
}

#[tokio::test]
async fn a_log_belongs_to_one_server_process_and_is_readable_through_another() {
    let (cluster, mut session) = cluster_with_log().await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    assert!(!log_texts(&mut other, "").await.contains(&"hello".to_owned()));
    let through = format!("serverId={}", cluster.coordinator(0).id());
    assert_eq!(log_texts(&mut other, &through).await, log_texts(&mut session, "").await);
    assert_eq!(other.get("/_admin/log/entries?serverId=Coordinator0001").await.status, 404, "ids only");

    cluster.coordinator(0).restart().await.unwrap();
    assert!(!log_texts(&mut other, &through).await.contains(&"hello".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_log_query_of_a_down_server_waits_and_then_times_out() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    cluster.stop_db_server(0);
    for path in ["/_admin/log/entries", "/_admin/metrics"] {
        let response = session.get(&format!("{path}?serverId={}", cluster.db_server_ids()[0])).await;
        assert_eq!((response.status, response.error_num()), (503, 1478), "{path}");
    }
}

#[tokio::test]
async fn levels_are_set_by_topic_and_reset() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let path = "/_admin/log/level";
    let set = session.put(path, &json!({ "requests": "debug", "nothing": "info" })).await.json();
    assert_eq!((&set["requests"], set.get("nothing")), (&json!("DEBUG"), None));
    assert_eq!(session.put(path, &json!("trace")).await.json()["general"], "TRACE");
    let refused = session.put(path, &json!({ "requests": 7 })).await;
    assert_eq!((refused.status, refused.error_num()), (400, 10));
    let with = session.get(&format!("{path}?withAppenders=true")).await.json();
    assert_eq!(
        (&with["global"]["requests"], &with["appenders"]["-"]["requests"]),
        (&json!("DEBUG"), &json!("DEBUG"))
    );

    assert_eq!(session.delete(path).await.json()["requests"], "INFO");
}

#[tokio::test]
async fn requests_and_queries_are_recorded_by_the_receiving_coordinator() {
    let cluster = TestCluster::builder().version("3.12.10").in_memory().start().await.unwrap();
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_db/_system/_api/cursor", &json!({ "query": "RETURN @x", "bindVars": { "x": 1 } })).await;
    let calls = session.get("/_admin/server/api-calls").await.json()["result"]["calls"].clone();
    let seen = |index: usize| (calls[index]["requestType"].clone(), calls[index]["path"].clone());
    assert_eq!(seen(0), (json!("GET"), json!("/_admin/server/api-calls")), "newest first");
    assert_eq!(seen(1), (json!("POST"), json!("/_api/cursor")));
    let queries = session.get("/_admin/server/aql-queries").await.json()["result"]["queries"].clone();
    assert_eq!(queries.as_array().map(Vec::len), Some(1));
    assert_eq!((&queries[0]["query"], &queries[0]["bindVars"]["x"]), (&json!("RETURN @x"), &json!(1)));

    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    let calls = other.get("/_admin/server/api-calls").await.json()["result"]["calls"].clone();
    assert_eq!(calls.as_array().map(Vec::len), Some(1), "each server has its own");
}

#[tokio::test(start_paused = true)]
async fn the_diagnosis_finds_unhealthy_leaders_and_hanging_jobs() {
    let cluster = in_memory().await;
    let superuser = format!("bearer {}", cluster.superuser_token());
    let diagnose = async || {
        let mut session =
            Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization(superuser.clone());
        session.get("/_admin/cluster/agencyDiagnosis").await.json()["result"]["diagnosis"].clone()
    };
    let well = diagnose().await;
    assert_eq!((well["goodTests"].as_array().map(Vec::len), &well["badTests"]), (Some(5), &json!([])));

    let mut root = Session::connect_in_memory(cluster.coordinator(0)).await;
    cluster.agency_jobs().set_next_outcome(JobOutcome::Hang);
    root.post("/_admin/cluster/cleanOutServer", &json!({ "server": "DBServer0003" })).await;
    root.post("/_api/collection", &json!({ "name": "books", "numberOfShards": 3 })).await;
    cluster.stop_db_server(0);
    sleep(Duration::from_secs(3700)).await;
    let unhealthy = diagnose().await;
    assert_eq!(unhealthy["badTests"], json!(["UnhealthyShardLeaders_BAD", "StalePendingJobs_BAD"]));
    assert!(unhealthy["unhealthyShardLeaders"].is_string() && unhealthy["stalePendingJobs"].is_string());

    let mut session =
        Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization(superuser.clone());
    let path = "/_admin/cluster/agencyDiagnosis";
    let unread = session.post(path, &json!({})).await;
    assert_eq!(unread.status, 200);
    assert_eq!(
        (&unread.json()["result"]["error"], &unread.json()["result"]["diagnosis"]),
        (&json!(true), &Value::Null)
    );
    let dump = session.get("/_api/cluster/agency-dump").await.json();
    for dump in [dump["agency"].clone(), dump] {
        assert_eq!(session.post(path, &dump).await.json()["result"]["error"], false);
    }
    assert_eq!(session.post(path, &json!([])).await.error_num(), 400);
}

#[tokio::test(start_paused = true)]
async fn the_agency_dump_matches_the_other_calls() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    cluster.agency_jobs().set_next_outcome(JobOutcome::Hang);
    let job =
        session.post("/_admin/cluster/cleanOutServer", &json!({ "server": "DBServer0003" })).await.json();
    let tree = session.get("/_api/cluster/agency-dump").await.json()["agency"]["arango"].clone();

    let id = session.get("/_api/collection/books").await.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(tree["Plan"]["Collections"]["_system"][&id]["name"], "books");
    let job = job["id"].as_str().unwrap();
    assert_eq!(tree["Target"]["Pending"][job]["type"], "cleanOutServer");
    assert_eq!(tree["Target"]["Pending"][job].get("status"), None, "the list implies the status");
    assert_eq!(tree["Target"]["MapUniqueToShortID"][cluster.coordinator(1).id()]["TransactionID"], 2);
    assert_eq!(tree["Supervision"]["Health"][&cluster.db_server_ids()[0]]["Status"], "GOOD");
    let _down = cluster.agency_down();
    assert_eq!(session.get("/_api/cluster/agency-dump").await.status, 503);
    let cache = session.get("/_api/cluster/agency-cache").await;
    assert_eq!((cache.status, &cache.json()["cache"][0]["arango"]["Plan"]), (200, &tree["Plan"]));
}

#[tokio::test]
async fn a_license_is_set_and_an_invalid_one_refused() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let path = "/_admin/license";
    let mut hashes = Vec::new();
    for key in ["V0h/YWJj", "V0h/eHl6"] {
        let set = session.put(path, &json!(key)).await;
        assert_eq!((set.status, set.json()), (201, json!({ "result": { "error": false, "code": 201 } })));
        let after = Session::connect_in_memory(cluster.coordinator(1)).await.get(path).await.json();
        assert_eq!((&after["license"], after.get("diskUsage")), (&json!(key), None));
        hashes.push(after["hash"].clone());
    }
    assert_ne!(hashes[0], hashes[1]);
    for invalid in [json!("no licence"), json!(7), json!("")] {
        assert_eq!(session.put(path, &invalid).await.status, 400, "{invalid}");
    }
}

#[tokio::test]
async fn a_new_deployment_has_no_licence_since_3_12_5_and_reports_its_size() {
    let keys = |licence: &Value| licence.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let of_evaluation = ["features", "hash", "license", "status", "upgrading", "version"];
    for (version, expected) in [
        ("3.11", of_evaluation.as_slice()),
        ("3.12.4", &of_evaluation),
        ("3.12.5", &["diskUsage", "upgrading"]),
        ("4.0", &["diskUsage", "upgrading"]),
    ] {
        let cluster = TestCluster::builder().in_memory().version(version).start().await.unwrap();
        let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
        let mut found = keys(&session.get("/_admin/license").await.json());
        found.sort();
        assert_eq!(found, expected, "{version}");
    }
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books", "replicationFactor": 2 })).await;
    let before = session.get("/_admin/license").await.json()["diskUsage"].take();
    session.post("/_api/document/books", &json!({ "title": "a".repeat(1000) })).await;
    let after = session.get("/_admin/license").await.json()["diskUsage"].take();
    let used = |usage: &Value| usage["bytesUsed"].as_u64().unwrap();
    assert!(used(&after) - used(&before) >= 2000, "both copies count: {before} {after}");
    assert_eq!(
        (&after["bytesLimit"], &after["limitReached"], &after["status"]),
        (&json!(107_374_182_400_u64), &json!(false), &json!("good"))
    );
}

#[tokio::test]
async fn a_hardened_cluster_hides_server_information_from_users() {
    let cluster = TestCluster::builder().hardening(Hardening::On).in_memory().start().await.unwrap();
    let mut root = Session::connect_in_memory(cluster.coordinator(0)).await;
    let users = json!([{ "username": "anna", "passwd": "x" }]);
    root.post("/_api/database", &json!({ "name": "shop", "users": users })).await;
    let mut anna =
        Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization(basic("anna", "x"));
    for path in [
        "/_admin/status",
        "/_admin/metrics",
        "/_admin/usage-metrics",
        "/_admin/statistics",
        "/_admin/statistics-description",
        "/_admin/license",
        "/_admin/cluster/numberOfServers",
    ] {
        let refused = anna.get(&format!("/_db/shop{path}")).await;
        assert_eq!((refused.status, refused.error_num()), (403, 11), "{path}");
        assert_eq!(root.get(path).await.status, 200, "{path}");
    }
    let version = "/_api/version?details=true";
    let little = anna.get(&format!("/_db/shop{version}")).await.json();
    assert_eq!(little, json!({ "server": "arango", "license": "enterprise" }));
    assert!(root.get(version).await.json()["details"].is_object());
}

#[tokio::test]
async fn tls_fingerprints_are_listed_and_secrets_are_not() {
    let cluster = TestCluster::builder().tls(Tls::On).in_memory().start().await.unwrap();
    let mut session = connect_tls(&cluster).await;
    let response = session.get("/_admin/server/tls").await;
    let text = String::from_utf8(response.body.to_vec()).unwrap();
    let keyfile = &response.json()["result"]["keyfile"];

    assert!(keyfile["certificates"][0].as_str().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    assert_eq!(keyfile["sha256"].as_str().map(str::len), Some(64));
    assert_eq!(keyfile["privateKeySha256"].as_str().map(str::len), Some(64));
    assert!(!text.contains("PRIVATE KEY"), "{text}");
}

/// Opens a session through TLS.
async fn connect_tls(cluster: &TestCluster) -> Session {
    let mut roots = RootCertStore::empty();
    let authority = cluster.ca_pem().map(str::as_bytes).map(CertificateDer::from_pem_slice);
    roots.add(authority.expect("it speaks TLS").expect("a certificate")).expect("an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.expect("ring speaks TLS 1.2 and 1.3");
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = cluster.coordinator(0).connect().expect("the coordinator accepts connections");
    let name = "localhost".try_into().expect("a name");
    Session::from_io(connector.connect(name, stream).await.expect("a handshake")).await
}

#[tokio::test(start_paused = true)]
async fn a_soft_shutdown_waits_until_nothing_is_left() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let mut session = Session::connect_in_memory(coordinator).await;
    let query = json!({ "query": "FOR i IN 1..3 RETURN i", "batchSize": 1 });
    let cursor = session.post("/_api/cursor", &query).await.json()["id"].as_str().unwrap().to_owned();
    let path = "/_admin/shutdown";
    assert_eq!(session.delete(&format!("{path}?soft=true")).await.body, "\"OK\"");
    sleep(Duration::from_secs(60)).await;
    let progress = session.get(path).await.json();
    assert_eq!((&progress["softShutdownOngoing"], &progress["AQLcursors"]), (&json!(true), &json!(1)));
    assert_eq!(progress["allClear"], false);

    session.request(Method::DELETE, &format!("/_api/cursor/{cursor}"), "").await.unwrap();
    assert_eq!(session.get(path).await.json()["allClear"], true);
    sleep(Duration::from_millis(1900)).await;
    assert!(coordinator.is_up(), "it waits once more before it stops");
    sleep(Duration::from_secs(3)).await;
    assert!(!coordinator.is_up());
}

#[tokio::test(start_paused = true)]
async fn a_deregistered_coordinator_is_no_longer_listed() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(2)).await;
    assert_eq!(session.delete("/_admin/shutdown?remove_from_cluster=1").await.status, 200);
    let mut other = Session::connect_in_memory(cluster.coordinator(0)).await;
    let endpoints = other.get("/_api/cluster/endpoints").await.json()["endpoints"].clone();
    assert_eq!(endpoints.as_array().map(Vec::len), Some(2));
    sleep(Duration::from_secs(3)).await;
    assert!(!cluster.coordinator(2).is_up());
}

#[tokio::test(start_paused = true)]
async fn sorting_is_not_migrated_where_a_db_server_is_down() {
    let cluster = in_memory().await;
    let token = format!("bearer {}", cluster.superuser_token());
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization(token);
    cluster.stop_db_server(1);
    let response = session.get("/_admin/cluster/vpackSortMigration/check").await;
    assert_eq!((response.status, &response.json()["error"]), (200, &json!(false)));
    let result = response.json()["result"].clone();
    let codes = cluster.db_server_ids().into_iter().map(|id| result[id]["errorCode"].clone());
    assert_eq!(codes.collect::<Vec<_>>(), [Value::Null, json!(1478), Value::Null]);
}
