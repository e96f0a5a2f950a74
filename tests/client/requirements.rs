//! Options that older servers ignore in silence.

use arango::balance::MemberState;
use arango::protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, RequestClass,
    RequestProperties, Requirement, Scope,
};
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Close, Fault, Match, Phase, TestCluster};
use bytes::Bytes;
use http::Request;
use tokio::time::{Duration, Instant, sleep};

use crate::support::{client, cluster_with, marked};

const VERSION_ATTRIBUTE: Requirement = Requirement::new("versionAttribute", "3.12.0");
const RETRYABLE: Requirement =
    Requirement::new("versionAttribute", "3.12.0").or_class(RequestClass::NonIdempotent);

/// An insert with an option that servers before 3.12 ignore.
struct VersionedInsert(&'static Requirement);

impl Operation for VersionedInsert {
    type Output = ();
    const METADATA: Metadata =
        Metadata::post("test.versioned", "/_api/document/books").scope(Scope::Database);

    fn properties(&self) -> RequestProperties {
        RequestProperties::with_class(RequestClass::Fenced).requires(self.0)
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        marked(RequestBuilder::new(Self::METADATA).json(&serde_json::json!({})), "m")
    }

    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.json::<serde_json::Value>().map(drop)
    }
}

async fn cluster(version: &'static str) -> TestCluster {
    cluster_with(|builder| builder.version(version)).await
}

fn version_requests(cluster: &TestCluster) -> usize {
    cluster.journal().entries().iter().filter(|entry| entry.path == "/_api/version").count()
}

#[tokio::test(start_paused = true)]
async fn a_request_is_not_sent_to_servers_that_ignore_its_option() {
    let cluster = cluster("3.11").await;
    let database = client(&cluster).db("_system");
    for _ in 0..2 {
        let error = database.execute(VersionedInsert(&VERSION_ATTRIBUTE)).await.unwrap_err();
        assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotSupported, Outcome::NotExecuted));
        let text = error.to_string();
        assert!(text.contains("`versionAttribute` needs ArangoDB 3.12.0, but http://"), "{text}");
        assert!(text.contains(" runs 3.11."), "{text}");
    }
    assert_eq!((cluster.journal().executions("m"), version_requests(&cluster)), (0, 3));
}

#[tokio::test(start_paused = true)]
async fn each_version_is_read_once() {
    let cluster = cluster("3.12.10").await;
    let database = client(&cluster).db("_system");
    for _ in 0..5 {
        database.execute(VersionedInsert(&VERSION_ATTRIBUTE)).await.unwrap();
    }
    assert_eq!((cluster.journal().executions("m"), version_requests(&cluster)), (5, 3));
}

#[tokio::test(start_paused = true)]
async fn during_an_upgrade_only_servers_that_support_the_option_get_the_request() {
    let cluster = cluster("3.11").await;
    cluster.coordinator(2).restart_as("3.12.10").await.unwrap();
    sleep(Duration::from_secs(5)).await;
    let database = client(&cluster).db("_system");
    for _ in 0..5 {
        database.execute(VersionedInsert(&VERSION_ATTRIBUTE)).await.unwrap();
    }
    assert_eq!(
        cluster.journal().executions_matching(|entry| entry.coordinator == 2 && entry.path.contains("books")),
        5
    );
    assert_eq!(cluster.journal().executions("m"), 5);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_tell_its_version_does_not_get_the_request() {
    let cluster = cluster("3.12.10").await;
    let hidden = r#"{"server":"arango","license":"enterprise"}"#;
    let hidden = Fault::raw_response(200, "application/json", hidden).on(Match::get("/_api/version"));
    let _hidden = cluster.inject(&hidden);
    let error =
        client(&cluster).db("_system").execute(VersionedInsert(&VERSION_ATTRIBUTE)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotSupported);
    assert!(error.to_string().contains("is unknown"), "{error}");
    assert_eq!(cluster.journal().executions("m"), 0);
}

#[tokio::test(start_paused = true)]
async fn without_the_option_the_request_has_the_class_that_it_names() {
    for (version, executions) in [("3.12.10", 2), ("3.11", 1)] {
        let cluster = cluster(version).await;
        let lost = Fault::close(Phase::AfterExecution).close_mode(Close::Fin);
        let _lost: Vec<_> = cluster
            .coordinators()
            .iter()
            .map(|coordinator| coordinator.inject(lost.clone().on(Match::post("/_api/document/*")).times(1)))
            .take(1)
            .collect();
        let result = client(&cluster).db("_system").execute(VersionedInsert(&RETRYABLE)).await;
        // The copy is repeated only where the option makes it harmless.
        assert_eq!(
            (cluster.journal().executions("m"), result.is_ok()),
            (executions, executions == 2),
            "{version}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_coordinator_delays_calls_only_until_it_is_ejected() {
    let cluster = cluster("3.12.10").await;
    cluster.coordinator(0).pause();
    let client = client(&cluster);
    let mut delays = Vec::new();
    for _ in 0..6 {
        let start = Instant::now();
        client.db("_system").execute(VersionedInsert(&VERSION_ATTRIBUTE)).await.unwrap();
        delays.push(start.elapsed().as_secs());
    }
    assert_eq!(client.coordinators()[0].state, MemberState::Ejected);
    assert!(delays[..3].iter().all(|seconds| *seconds <= 3), "{delays:?}");
    assert_eq!(delays[3..], [0, 0, 0], "{delays:?}");
    assert_eq!(cluster.journal().executions("m"), 6);
}

#[tokio::test(start_paused = true)]
async fn reading_versions_leaves_time_for_the_request() {
    let cluster = cluster("3.12.10").await;
    cluster.coordinator(0).pause();
    let database = client(&cluster).db("_system").timeout(Duration::from_secs(2));
    database.execute(VersionedInsert(&VERSION_ATTRIBUTE)).await.unwrap();
    assert_eq!(cluster.journal().executions("m"), 1);
}
