//! Tests with embedded clusters.

use std::collections::BTreeSet;
use std::time::Duration;

use arango_test_cluster::{Entry, Fault, Match, Phase, TestCluster};
use serde::Deserialize;

use super::answer::Finding;
use super::compare::{self, Grade};
use super::documented::Documented;
use super::embedded_clusters::{SNAPSHOT_VERSION, record_embedded};
use super::recorder::Recorder;
use super::recording::Recording;
use super::script::{Script, read_json};
use super::session::{Outcome, Session};
use crate::cluster::{Address, ClusterInfo};
use crate::consent::ConsentFlags;

async fn recording(version: &str) -> Recording {
    record_embedded(&Recorder::read(false).unwrap(), version).await.unwrap()
}

/// A change between two versions, and what it changes: each of the places of each of the steps.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionDifference {
    change: String,
    steps: Vec<String>,
    places: Vec<String>,
}

#[tokio::test]
async fn two_versions_differ_in_exactly_what_is_documented() {
    let (old, new) = tokio::join!(recording("3.11.14"), recording(SNAPSHOT_VERSION));

    let found: BTreeSet<_> =
        compare::recordings(&old, &new).into_iter().map(|one| (one.id(), one.place)).collect();

    let documented: Vec<VersionDifference> = read_json("version-differences.json").unwrap();
    let mut expected = BTreeSet::new();
    for one in &documented {
        for step in &one.steps {
            for place in &one.places {
                let is_new = expected.insert((step.clone(), place.clone()));
                assert!(is_new, "{}: {step} {place} is there twice", one.change);
            }
        }
    }
    let undocumented: Vec<_> = found.difference(&expected).collect();
    let not_found: Vec<_> = expected.difference(&found).collect();
    assert!(undocumented.is_empty() && not_found.is_empty(), "{undocumented:#?}\nnot found: {not_found:#?}");
}

#[tokio::test]
async fn the_same_version_does_not_differ() {
    let (one, two) = tokio::join!(recording(SNAPSHOT_VERSION), recording(SNAPSHOT_VERSION));
    assert_eq!(compare::recordings(&one, &two), []);
    assert_eq!(one, two);
}

async fn cluster(version: &str) -> (TestCluster, ClusterInfo) {
    let cluster = TestCluster::builder().version(version).start().await.unwrap();
    let address = |coordinator: &arango_test_cluster::Coordinator| Address {
        id: coordinator.id().to_owned(),
        url: coordinator.url(),
    };
    let info = ClusterInfo {
        backend: "external".to_owned(),
        version: cluster.version().to_owned(),
        endpoints: cluster.urls(),
        root_password: Some(cluster.root_password().to_owned()),
        coordinators: cluster.coordinators().iter().map(address).collect(),
        superuser_token: Some(cluster.superuser_token()),
        control: None,
        ..ClusterInfo::sample()
    };
    let info = ClusterInfo { ca_file: None, ..info };
    (cluster, info)
}

#[tokio::test]
async fn a_wrong_response_of_a_server_is_found() {
    let (wrong, info) = cluster(SNAPSHOT_VERSION).await;
    let body = r#"{"error":false,"code":200,"id":7,"more":true}"#;
    let _fault = wrong.inject(
        &Fault::raw_response(200, "application/json; charset=utf-8", body)
            .on(Match::get("/_admin/server/id")),
    );
    let (right, wrong) = tokio::join!(recording(SNAPSHOT_VERSION), async {
        Recorder::read(false).unwrap().record(&info).await
    });

    let compared = compare::recordings(&right, wrong.as_ref().unwrap());
    let documented = Documented::read().unwrap().compare(&wrong.unwrap()).unwrap();

    for differences in [compared, documented] {
        let of_id: Vec<_> = differences.iter().filter(|one| one.operation == "server.id").collect();
        let has = |place: &str, grade| of_id.iter().any(|one| one.place == place && one.grade == grade);
        assert!(has("/id", Grade::Shape) && has("/more", Grade::Extra), "{of_id:#?}");
        let others: Vec<_> = differences.iter().filter(|one| one.operation != "server.id").collect();
        // What is known of the embedded cluster.
        assert!(others.iter().all(|one| one.operation == "cluster.set_license"), "{others:#?}");
    }
}

/// Requests that change something, as the coordinators have met them.
fn changes(cluster: &TestCluster) -> Vec<String> {
    let entries = cluster.journal().entries();
    let changing =
        entries.iter().filter(|entry| !["GET", "HEAD", "OPTIONS"].contains(&entry.method.as_str()));
    let line = |entry: &Entry| format!("{} {} in {}", entry.method, entry.path, entry.database);
    changing.map(line).collect()
}

#[tokio::test]
async fn on_a_cluster_of_others_only_what_was_created_for_the_recording_is_changed() {
    let (cluster, info) = cluster(SNAPSHOT_VERSION).await;
    let recorder = Recorder::read(false).unwrap();

    let recording = recorder.record_external(&info, &ConsentFlags::default()).await.unwrap();

    let recordings_own = |line: &&String| !line.contains("arango_contract_");
    let others: BTreeSet<String> = changes(&cluster).iter().filter(recordings_own).cloned().collect();
    // They read, are refused, or create the database and the user, whose names are in the bodies.
    let harmless = [
        "POST /_admin/cluster/agencyDiagnosis in _system",
        "POST /_admin/cluster/cancelAgencyJob in _system",
        "POST /_admin/cluster/health in _system",
        "POST /_admin/cluster/rebalance in _system",
        "POST /_admin/metrics in _system",
        "POST /_admin/statistics in _system",
        "POST /_admin/statistics-description in _system",
        "POST /_api/database in _system",
        "POST /_api/user in _system",
        "POST /_open/auth in _system",
        "PUT /_api/cluster/endpoints in _system",
        "TRACE /_api/version in _system",
    ];
    let surprising: Vec<_> = others.iter().filter(|line| !harmless.contains(&line.as_str())).collect();
    assert!(surprising.is_empty(), "{surprising:#?}");
    assert!(recording.skipped.contains_key("server.shutdown: of a coordinator"), "{:?}", recording.skipped);
    assert!(cluster.coordinators().iter().all(arango_test_cluster::Coordinator::is_up));
}

#[tokio::test]
async fn system_is_never_dropped_on_a_cluster_of_others_even_with_consent() {
    let (cluster, info) = cluster(SNAPSHOT_VERSION).await;
    let recorder = Recorder::read(false).unwrap();
    let session = Session::new(&info).await.unwrap();

    let recording = recorder.record_of_others(session, &info, true).await.unwrap();

    let changes = changes(&cluster);
    assert!(changes.iter().any(|line| line.starts_with("PUT /_admin/cluster/maintenance")), "{changes:#?}");
    assert!(!changes.iter().any(|line| line.contains("/_api/database/_system")), "{changes:#?}");
    assert_eq!(recording.questions["drop-system-database"].finding, Finding::NotChecked);
}

#[tokio::test]
async fn maintenance_that_was_begun_is_ended_also_after_an_interruption() {
    let (cluster, info) = cluster(SNAPSHOT_VERSION).await;
    let script = Script::read().unwrap();
    let mut session = Session::new(&info).await.unwrap();
    session.allow_destructive();
    let groups = || script.groups.iter().filter(|group| group.operations[0].ends_with("maintenance"));
    // That of a server begins before that of the supervision, which would delay it.
    for group in groups().filter(|group| group.operations[0].contains(".set_")).rev() {
        // The first step begins it, and the recording gets no further.
        session.perform(group, &group.steps[0]).await;
    }
    let during = changes(&cluster).len();

    session.clean_up().await.unwrap();

    let ended: Vec<_> = changes(&cluster).into_iter().skip(during).collect();
    let ended = ended.iter().filter(|line| line.starts_with("PUT /_admin/cluster/maintenance")).count();
    assert_eq!((during, ended), (2, 2));
    for group in groups().filter(|group| !group.operations[0].contains(".set_")) {
        let Outcome::Responded(exchange) = session.perform(group, &group.steps[0]).await else {
            panic!("it was not sent");
        };
        let result = exchange.body.get("result");
        assert!(result.is_none_or(|result| result == "Normal"), "{}", exchange.body);
    }
}

#[tokio::test]
async fn a_consent_for_another_cluster_is_refused_before_anything_is_sent() {
    let (cluster, info) = cluster(SNAPSHOT_VERSION).await;
    let recorder = Recorder::read(false).unwrap();
    let consent = ConsentFlags { allow_destructive: true, cluster_id: Some("another".to_owned()) };

    let refused = recorder.record_external(&info, &consent).await;

    assert!(refused.is_err());
    assert_eq!(changes(&cluster), Vec::<String>::new());
}

#[tokio::test]
async fn a_recording_ends_soon_after_the_cluster_has_stopped_responding() {
    let (cluster, info) = cluster(SNAPSHOT_VERSION).await;
    let session = Session::new(&info).await.unwrap().limit(Duration::from_millis(500));
    // What creates and drops the database has a response.
    let _fault = cluster.inject(&Fault::hang().on(Match::get("/_admin/*")));
    let sent = || cluster.journal().entries().len();
    let before = sent();

    let recorded = Recorder::read(false).unwrap().record_of_others(session, &info, false).await;

    let error = recorded.unwrap_err().to_string();
    assert!(error.contains("does not respond any more: 3 requests"), "{error}");
    assert!(sent() - before < 60, "{}", sent() - before);
    assert!(changes(&cluster).iter().any(|line| line.starts_with("DELETE /_api/database/arango_contract_")));
}

/// A server creates a database to the end, also if nothing waits for it any more.
#[tokio::test]
async fn a_database_that_is_being_created_at_an_interruption_is_dropped_when_it_is_there() {
    let (cluster, info) = cluster(SNAPSHOT_VERSION).await;
    let script = Script::read().unwrap();
    let mut session = Session::new(&info).await.unwrap();
    let delay = Duration::from_millis(500);
    let faults = cluster.inject(&Fault::latency(delay).on(Match::post("/_api/database")));
    let group = &script.groups[0];
    tokio::select! {
        outcome = session.perform(group, &group.steps[0]) => panic!("{outcome:?}"),
        () = async { while faults.iter().all(|fault| fault.hits() == 0) { tokio::task::yield_now().await } } => {}
    }

    session.clean_up().await.unwrap();

    let entries = cluster.journal().entries();
    let databases = entries.iter().filter(|entry| entry.path.starts_with("/_api/database"));
    let found: Vec<_> =
        databases.map(|entry| (entry.method.as_str(), entry.executed, entry.status)).collect();
    assert_eq!(found, [("POST", true, Some(201)), ("DELETE", true, Some(200))]);
}

#[tokio::test]
async fn what_was_created_is_dropped_also_if_the_cluster_fails_meanwhile() {
    let (cluster, info) = cluster(SNAPSHOT_VERSION).await;
    let fault = Fault::close(Phase::AfterExecution).on(Match::post("/_api/collection"));
    let _fault = cluster.inject(&fault);

    Recorder::read(false).unwrap().record_external(&info, &ConsentFlags::default()).await.unwrap();

    let dropped: Vec<_> =
        changes(&cluster).into_iter().filter(|line| line.starts_with("DELETE /_api/")).collect();
    assert!(dropped.iter().any(|line| line.contains("/_api/database/arango_contract_")), "{dropped:?}");
    assert!(dropped.iter().any(|line| line.contains("/_api/user/arango_contract_user_")), "{dropped:?}");
}
