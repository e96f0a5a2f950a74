//! R44a: rejected calls of servers that are not part of a cluster. They are distinguished from other rejections.

use std::time::Duration;

use arango::protocol::RequestClass;
use arango::{Client, Coordinator, Error, ErrorKind, Outcome};
use arango_test_cluster::{Fault, FaultGuard, Match, Phase, TestCluster};
use tokio::time::Instant;

use crate::support::{builder, client, cluster, cluster_of, insert};

const ROLE: &str = "/_admin/server/role";

/// Makes a coordinator report this role.
fn with_role(cluster: &TestCluster, index: usize, role: &str) -> FaultGuard {
    let body = format!(r#"{{"error":false,"code":200,"role":"{role}","mode":"default"}}"#);
    let response = Fault::raw_response(200, "application/json", body).header("server", "ArangoDB");
    cluster.coordinator(index).inject(response.on(Match::get(ROLE)))
}

/// Makes the first coordinator reject requests to this path.
fn refuse_path(cluster: &TestCluster, path: &str, status: u16, number: u32) -> FaultGuard {
    let refusal = Fault::response(status, number, "only allowed on coordinators");
    cluster.coordinator(0).inject(refusal.on(Match::path(path)))
}

fn role_requests(cluster: &TestCluster) -> usize {
    cluster.journal().entries().iter().filter(|entry| entry.path.ends_with(ROLE)).count()
}

fn kind_and_outcome(error: &Error) -> (ErrorKind, Outcome) {
    (error.kind(), error.outcome())
}

const HEALTH: &str = "/_admin/cluster/health";
const MAINTENANCE: &str = "/_admin/cluster/maintenance";

#[tokio::test(start_paused = true)]
async fn cluster_calls_to_a_single_server_fail_with_not_a_cluster() {
    let cluster = cluster_of(1).await;
    let client = client(&cluster);
    let calls = client.cluster();
    let _single = with_role(&cluster, 0, "SINGLE");
    let refused = (ErrorKind::NotACluster, Outcome::NotExecuted);
    {
        let _refusal = refuse_path(&cluster, HEALTH, 403, 403);
        let error = calls.health().await.unwrap_err();
        assert_eq!(kind_and_outcome(&error), refused, "{error}");
        assert!(error.to_string().contains("this server is not part of a cluster"), "{error}");
        assert_eq!((error.status().unwrap().as_u16(), error.attempts().len()), (403, 1));
        assert!(!error.is_retryable());
    }
    {
        let _refusal = refuse_path(&cluster, MAINTENANCE, 403, 403);
        assert_eq!(kind_and_outcome(&calls.maintenance_on().await.unwrap_err()), refused);
        assert_eq!(cluster.journal().executions_matching(|entry| entry.path == MAINTENANCE), 0);
    }
    for number in [9, 1471] {
        let _refusal = refuse_path(&cluster, "/_api/cluster/endpoints", 501, number);
        assert_eq!(kind_and_outcome(&calls.endpoints().await.unwrap_err()), refused);
    }
    {
        // A version-dependent operation, and a call that returns the response as well.
        let _refusal = refuse_path(&cluster, "/_admin/deployment/id", 403, 403);
        assert_eq!(kind_and_outcome(&calls.deployment_id().await.unwrap_err()), refused);
        let _refusal = refuse_path(&cluster, "/_admin/cluster/queryAgencyJob", 403, 403);
        let job = arango::cluster::GetAgencyJob { id: &"1".into() };
        assert_eq!(
            kind_and_outcome(&client.db("_system").execute_with_response(job).await.unwrap_err()),
            refused
        );
    }
    let _refusal = refuse_path(&cluster, "/_admin/server/id", 500, 500);
    let one: Coordinator = cluster.coordinator(0).url().parse().unwrap();
    for error in [calls.server_id().await, client.coordinator(&one).server_id().await] {
        assert_eq!(kind_and_outcome(&error.unwrap_err()), (ErrorKind::NotACluster, Outcome::Unknown));
    }
}

#[tokio::test(start_paused = true)]
async fn a_forbidden_call_queries_the_role_once_per_coordinator() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let forbidden = Fault::response(403, 403, "you need admin rights").on(Match::get(HEALTH));
    let _forbidden = cluster.inject(&forbidden);
    for _ in 0..9 {
        let error = client.clone().cluster().health().await.unwrap_err();
        assert_eq!(kind_and_outcome(&error), (ErrorKind::Forbidden, Outcome::NotExecuted));
    }
    assert_eq!(role_requests(&cluster), 3);
    assert!(client.coordinators().iter().all(|state| state.requests == 4));
}

#[tokio::test(start_paused = true)]
async fn an_unambiguous_error_does_not_query_the_role() {
    let cluster = cluster_of(1).await;
    let client = client(&cluster);
    let _single = with_role(&cluster, 0, "SINGLE");
    for (status, number, kind) in [
        (403, 11, ErrorKind::Forbidden),
        (401, 11, ErrorKind::NotAuthorized),
        (404, 404, ErrorKind::NotFound),
        // Single servers return this only for the id of a server.
        (500, 500, ErrorKind::Server),
        // This error comes from a cluster.
        (501, 1470, ErrorKind::NotSupported),
    ] {
        let _refusal = refuse_path(&cluster, HEALTH, status, number);
        assert_eq!(client.cluster().health().await.unwrap_err().kind(), kind, "{status}/{number}");
    }
    // A document operation is not part of the administration of a cluster.
    let _refusal = refuse_path(&cluster, "/_api/document/books", 403, 403);
    let error = client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!(role_requests(&cluster), 0);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_role_leaves_the_error_unchanged() {
    let cluster = cluster_of(1).await;
    let client = client(&cluster);
    let _refusal = refuse_path(&cluster, HEALTH, 403, 403);
    for role in ["PRIMARY", "AGENT", "UNDEFINED", "GATEWAY"] {
        let _role = with_role(&cluster, 0, role);
        assert_eq!(client.cluster().health().await.unwrap_err().kind(), ErrorKind::Forbidden, "{role}");
    }
    for fault in [Fault::response(403, 11, "forbidden"), Fault::raw_response(200, "text/html", "<html>")] {
        let _fault = cluster.coordinator(0).inject(fault.on(Match::get(ROLE)));
        assert_eq!(client.cluster().health().await.unwrap_err().kind(), ErrorKind::Forbidden);
    }
    // The role query is limited to three seconds and to the deadline of the call.
    let _silent = cluster.coordinator(0).inject(Fault::hang().on(Match::get(ROLE)));
    for (limit, within) in [(60, 3), (2, 2)] {
        let start = Instant::now();
        let database = client.db("_system").timeout(Duration::from_secs(limit));
        let error = database.cluster().health().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        assert_eq!(start.elapsed().as_secs(), within);
        assert_eq!(error.elapsed(), start.elapsed(), "the question is a part of the call");
    }
}

#[tokio::test(start_paused = true)]
async fn not_a_cluster_after_a_lost_attempt_has_an_unknown_outcome() {
    let cluster = cluster().await;
    let client: Client = builder(&cluster).build().unwrap();
    let lost = Fault::close(Phase::AfterExecution).on(Match::path(MAINTENANCE));
    let _lost = cluster.coordinator(0).inject(lost);
    let refusal = Fault::response(403, 403, "only allowed on coordinators").on(Match::path(MAINTENANCE));
    let _refusal: Vec<_> = (1..3).map(|index| cluster.coordinator(index).inject(refusal.clone())).collect();
    let _single: Vec<_> = (0..3).map(|index| with_role(&cluster, index, "SINGLE")).collect();
    let error = client.cluster().maintenance_on().await.unwrap_err();
    assert_eq!(kind_and_outcome(&error), (ErrorKind::NotACluster, Outcome::Unknown), "{}", error.report());
    assert_eq!(error.attempts().len(), 2, "{}", error.report());
}
