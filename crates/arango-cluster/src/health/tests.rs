use super::*;
use crate::server::{ServerId, ServerRole, ServerState, StorageEngine};
use crate::testing::{assert_request, read};

const SAMPLE: &str = r#"{"error":false,"code":200,"ClusterId":"9a1f8c35","Health":{
    "PRMR-2":{"ShortName":"DBServer0002","Endpoint":"tcp://10.0.0.22:8529","Host":"h1","SyncStatus":"SERVING",
        "Status":"BAD","Version":"3.12.10","Engine":"rocksdb","Timestamp":"2026-03-02T10:15:12Z",
        "SyncTime":"2026-03-02T10:15:05Z","LastAckedTime":"2026-03-02T10:15:06Z","Role":"DBServer",
        "CanBeDeleted":false},
    "AGNT-2":{"Role":"Agent","Endpoint":"tcp://10.0.0.32:8531","CanBeDeleted":false,"Leading":false,
        "LastAckedTime":41.512,"Status":"BAD"},
    "AGNT-1":{"Role":"Agent","Endpoint":"tcp://10.0.0.31:8531","CanBeDeleted":false,"Leading":true,
        "LastAckedTime":0,"Engine":"rocksdb","Version":"3.12.10","Leader":"AGNT-1","Status":"GOOD"},
    "CRDN-1":{"ShortName":"Coordinator0001","Endpoint":"tcp://10.0.0.11:8529","Host":"h1",
        "SyncStatus":"SERVING","Status":"FAILED","Version":"3.12.10","Engine":"rocksdb",
        "AdvertisedEndpoint":"ssl://db1.example.com:8529","SyncTime":"2026-03-01T08:00:04Z",
        "LastAckedTime":"2026-03-01T08:00:04Z","Role":"Coordinator","CanBeDeleted":true,"New":{"x":[1]}}}}"#;

fn names<'a>(servers: impl Iterator<Item = (&'a ServerId, &'a ServerHealth)>) -> Vec<&'a str> {
    servers.map(|(id, _)| id.as_str()).collect()
}

#[test]
fn the_health_request_is_built() {
    assert_request(&GetHealth, "GET", "/_admin/cluster/health");
}

#[test]
fn servers_come_in_the_order_of_their_ids() {
    let health = read(&GetHealth, SAMPLE);
    assert_eq!(health.cluster_id, "9a1f8c35");
    assert_eq!(names(health.servers()), ["AGNT-1", "AGNT-2", "CRDN-1", "PRMR-2"]);
    assert_eq!(health.servers().len(), 4);
    assert_eq!(names(health.agents()), ["AGNT-1", "AGNT-2"]);
    assert_eq!(names(health.coordinators()), ["CRDN-1"]);
    assert_eq!(names(health.db_servers()), ["PRMR-2"]);
    assert_eq!(health, read(&GetHealth, SAMPLE));
}

#[test]
fn every_field_of_a_coordinator_is_read() {
    let health = read(&GetHealth, SAMPLE);
    let server = health.get(&"CRDN-1".into()).unwrap();
    let expected = ServerHealth {
        role: ServerRole::Coordinator,
        status: HealthStatus::Failed,
        endpoint: "tcp://10.0.0.11:8529".into(),
        can_be_deleted: true,
        short_name: Some("Coordinator0001".into()),
        host: Some("h1".into()),
        sync_status: Some(ServerState::Serving),
        sync_time: Some("2026-03-01T08:00:04Z".into()),
        version: Some("3.12.10".into()),
        engine: Some(StorageEngine::RocksDb),
        last_acked: Some(LastAcked::At("2026-03-01T08:00:04Z".into())),
        timestamp: None, // as since 4.0
        advertised_endpoint: Some("ssl://db1.example.com:8529".into()),
        leading: None,
        leader: None,
    };
    assert_eq!(server, &expected);
    assert_eq!(server.client_endpoint(), Some("ssl://db1.example.com:8529"));
}

#[test]
fn an_agent_has_few_fields_and_two_specific_ones() {
    let health = read(&GetHealth, SAMPLE);
    let leader = health.get(&"AGNT-1".into()).unwrap();
    assert_eq!(leader.last_acked, Some(LastAcked::Ago(Duration::ZERO)));
    assert_eq!((leader.leading, leader.leader.as_ref()), (Some(true), Some(&"AGNT-1".into())));
    let dead = health.get(&"AGNT-2".into()).unwrap();
    assert_eq!(dead.last_acked, Some(LastAcked::Ago(Duration::from_millis(41_512))));
    assert_eq!((&dead.version, &dead.engine, &dead.leader), (&None, &None, &None));
    assert_eq!(dead.client_endpoint(), Some("tcp://10.0.0.32:8531"));
}

#[test]
fn one_server_that_is_not_good_is_enough() {
    let health = read(&GetHealth, SAMPLE);
    assert!(!health.all_good());
    let good = read(&GetHealth, r#"{"ClusterId":"","Health":{"AGNT-1":{"Role":"Agent","Status":"GOOD"}}}"#);
    assert!(good.all_good());
    assert!(!HealthStatus::from("UNCLEAR").eq(&HealthStatus::Good));
}

#[test]
fn a_record_of_an_unknown_kind_does_not_hide_the_others() {
    let health =
        read(&GetHealth, r#"{"ClusterId":"c","Health":{"SNGL-1":{"Status":"INVALID","Leading":null}}}"#);
    let server = health.get(&"SNGL-1".into()).unwrap();
    assert_eq!(server.role, ServerRole::Unknown(String::new()));
    assert_eq!(server.status, HealthStatus::Unknown("INVALID".into()));
    assert_eq!(server.client_endpoint(), None);
    assert_eq!(health.get(&"SNGL-2".into()), None);
}

/// Values of another type than the field has.
const INVALID: [&str; 5] = ["null", "7", "true", "[]", "{\"x\":1}"];

#[test]
fn a_field_of_another_type_hides_neither_the_other_fields_nor_the_other_servers() {
    let whole: serde_json::Value = serde_json::from_str(SAMPLE).unwrap();
    for field in ["Role", "Status", "Endpoint", "CanBeDeleted", "ShortName", "SyncStatus", "Engine", "Host"] {
        for invalid in INVALID {
            let mut body = whole.clone();
            body["Health"]["PRMR-2"][field] = serde_json::from_str(invalid).unwrap();
            let health = read(&GetHealth, &body.to_string());
            assert_eq!(names(health.servers()), ["AGNT-1", "AGNT-2", "CRDN-1", "PRMR-2"]);
            assert_eq!(names(health.db_servers()), ["PRMR-2"], "{field}: {invalid}");
            let server = health.get(&"PRMR-2".into()).unwrap();
            assert_eq!(server.version.as_deref(), Some("3.12.10"));
            assert!(
                !server.is_good() && !server.can_be_deleted || (field, invalid) == ("CanBeDeleted", "true")
            );
            let optional = server.short_name.is_none() || server.host.is_none();
            let optional = optional || server.sync_status.is_none() || server.engine.is_none();
            let fits = (invalid == "null" && optional) || (field, invalid) == ("CanBeDeleted", "true");
            let unreadable: Vec<_> = health.unreadable().collect();
            if fits {
                assert!(unreadable.is_empty(), "{field}: {invalid}: {unreadable:?}");
            } else {
                let [(id, reason)] = unreadable[..] else { panic!("{field}: {invalid}: {unreadable:?}") };
                assert_eq!(id.as_str(), "PRMR-2");
                assert!(reason.starts_with(&format!("{field}: invalid type")), "{reason}");
            }
        }
    }
}

#[test]
fn an_invalid_record_is_reported_and_its_server_is_not_good() {
    for invalid in ["null", "7", "\"GOOD\"", "[]", "[\"DBServer\",\"GOOD\"]"] {
        let body = format!(
            r#"{{"ClusterId":null,"Health":{{"PRMR-1":{invalid},"CRDN-1":{{"Role":"Coordinator","Status":"GOOD"}}}}}}"#
        );
        let health = read(&GetHealth, &body);
        assert_eq!(
            (names(health.coordinators()), names(health.db_servers())),
            (vec!["CRDN-1"], vec!["PRMR-1"])
        );
        let server = health.get(&"PRMR-1".into()).unwrap();
        assert_eq!(server.status, HealthStatus::Unknown(String::new()), "{invalid}");
        assert!(!health.all_good() && !server.can_be_deleted);
        assert_eq!(
            health.unreadable().map(|(id, _)| id.as_str()).collect::<Vec<_>>(),
            ["PRMR-1"],
            "{invalid}"
        );
    }
}

#[test]
fn health_that_is_no_object_is_rejected() {
    for body in ["{}", r#"{"Health":null}"#, r#"{"Health":[]}"#, "[]", "null"] {
        assert!(GetHealth.output(crate::testing::response(200, body)).is_err(), "{body}");
    }
}

#[test]
fn health_is_serialised_under_the_names_of_the_server() {
    let health = read(&GetHealth, SAMPLE);

    let written = serde_json::to_value(&health).unwrap();

    assert_eq!(written["Health"]["CRDN-1"]["Status"], "FAILED");
    assert_eq!(written["Health"]["AGNT-2"]["LastAckedTime"], 41.512);
    assert_eq!(serde_json::from_value::<ClusterHealth>(written).unwrap(), health);
}
