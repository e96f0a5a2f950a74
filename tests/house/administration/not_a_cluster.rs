//! R44a: a server that is not part of a cluster is told from one that refuses for another reason.

use std::time::Duration;

use arango::protocol::RequestClass;
use arango::{Client, Coordinator, Error, ErrorKind, Outcome};
use arango_test_cluster::{Fault, FaultGuard, Match, Phase, TestCluster};
use tokio::time::Instant;

use crate::support::{builder, client, cluster, cluster_of, insert};

const ROLE: &str = "/_admin/server/role";

/// Has a coordinator answer with this role.
fn with_role(cluster: &TestCluster, index: usize, role: &str) -> FaultGuard {
    let body = format!(r#"{{"error":false,"code":200,"role":"{role}","mode":"default"}}"#);
    let answer = Fault::answer_raw(200, "application/json", body).header("server", "ArangoDB");
    cluster.coordinator(index).inject(answer.on(Match::get(ROLE)))
}

/// Has the first coordinator refuse everything but the question for its role.
fn refusing(cluster: &TestCluster, path: &str, status: u16, number: u32) -> FaultGuard {
    let refusal = Fault::answer(status, number, "only allowed on coordinators");
    cluster.coordinator(0).inject(refusal.on(Match::path(path)))
}

fn asked_for_role(cluster: &TestCluster) -> usize {
    cluster.journal().entries().iter().filter(|entry| entry.path.ends_with(ROLE)).count()
}

fn what(error: &Error) -> (ErrorKind, Outcome) {
    (error.kind(), error.outcome())
}

const HEALTH: &str = "/_admin/cluster/health";
const MAINTENANCE: &str = "/_admin/cluster/maintenance";

#[tokio::test(start_paused = true)]
async fn a_single_server_says_of_each_cluster_call_that_it_is_not_part_of_a_cluster() {
    let cluster = cluster_of(1).await;
    let client = client(&cluster);
    let calls = client.cluster();
    let _single = with_role(&cluster, 0, "SINGLE");
    let refused = (ErrorKind::NotACluster, Outcome::NotExecuted);
    {
        let _no = refusing(&cluster, HEALTH, 403, 403);
        let error = calls.health().await.unwrap_err();
        assert_eq!(what(&error), refused, "{error}");
        assert!(error.to_string().contains("this server is not part of a cluster"), "{error}");
        assert_eq!((error.status().unwrap().as_u16(), error.attempts().len()), (403, 1));
        assert!(!error.is_retryable());
    }
    {
        let _no = refusing(&cluster, MAINTENANCE, 403, 403);
        assert_eq!(what(&calls.maintenance_on().await.unwrap_err()), refused);
        assert_eq!(cluster.journal().executions_by(|entry| entry.path == MAINTENANCE), 0);
    }
    for number in [9, 1471] {
        let _no = refusing(&cluster, "/_api/cluster/endpoints", 501, number);
        assert_eq!(what(&calls.endpoints().await.unwrap_err()), refused);
    }
    {
        // One that not every version has, and one that keeps the answer.
        let _no = refusing(&cluster, "/_admin/deployment/id", 403, 403);
        assert_eq!(what(&calls.deployment_id().await.unwrap_err()), refused);
        let _no = refusing(&cluster, "/_admin/cluster/queryAgencyJob", 403, 403);
        let job = arango::cluster::GetAgencyJob { id: &"1".into() };
        assert_eq!(what(&client.db("_system").execute_keeping(job).await.unwrap_err()), refused);
    }
    let _no = refusing(&cluster, "/_admin/server/id", 500, 500);
    let one: Coordinator = cluster.coordinator(0).url().parse().unwrap();
    for error in [calls.server_id().await, client.coordinator(&one).server_id().await] {
        assert_eq!(what(&error.unwrap_err()), (ErrorKind::NotACluster, Outcome::Unknown));
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_costs_one_question_for_each_coordinator() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let forbidden = Fault::answer(403, 403, "you need admin rights").on(Match::get(HEALTH));
    let _forbidden: Vec<_> = cluster.coordinators().iter().map(|one| one.inject(forbidden.clone())).collect();
    for _ in 0..9 {
        let error = client.clone().cluster().health().await.unwrap_err();
        assert_eq!(what(&error), (ErrorKind::Forbidden, Outcome::NotExecuted));
    }
    assert_eq!(asked_for_role(&cluster), 3);
    assert!(client.coordinators().iter().all(|state| state.requests == 4));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_says_what_it_means_costs_no_question() {
    let cluster = cluster_of(1).await;
    let client = client(&cluster);
    let _single = with_role(&cluster, 0, "SINGLE");
    for (status, number, kind) in [
        (403, 11, ErrorKind::Forbidden),
        (401, 11, ErrorKind::NotAuthorized),
        (404, 404, ErrorKind::NotFound),
        // Only the id of a server is refused like this by single servers.
        (500, 500, ErrorKind::Server),
        // What a cluster says.
        (501, 1470, ErrorKind::NotSupported),
    ] {
        let _no = refusing(&cluster, HEALTH, status, number);
        assert_eq!(client.cluster().health().await.unwrap_err().kind(), kind, "{status}/{number}");
    }
    // The data of a database is no administration of a cluster.
    let _no = refusing(&cluster, "/_api/document/books", 403, 403);
    let error = client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!(asked_for_role(&cluster), 0);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_not_told_leaves_the_refusal_as_it_is() {
    let cluster = cluster_of(1).await;
    let client = client(&cluster);
    let _no = refusing(&cluster, HEALTH, 403, 403);
    for role in ["PRIMARY", "AGENT", "UNDEFINED", "GATEWAY"] {
        let _role = with_role(&cluster, 0, role);
        assert_eq!(client.cluster().health().await.unwrap_err().kind(), ErrorKind::Forbidden, "{role}");
    }
    for fault in [Fault::answer(403, 11, "forbidden"), Fault::answer_raw(200, "text/html", "<html>")] {
        let _fault = cluster.coordinator(0).inject(fault.on(Match::get(ROLE)));
        assert_eq!(client.cluster().health().await.unwrap_err().kind(), ErrorKind::Forbidden);
    }
    // No longer than three seconds, and no longer than the call may take.
    let _silent = cluster.coordinator(0).inject(Fault::hang().on(Match::get(ROLE)));
    for (limit, within) in [(60, 3), (2, 2)] {
        let began = Instant::now();
        let database = client.db("_system").timeout(Duration::from_secs(limit));
        assert_eq!(database.cluster().health().await.unwrap_err().kind(), ErrorKind::Forbidden);
        assert_eq!(began.elapsed().as_secs(), within);
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_attempt_may_have_done_stays_unknown() {
    let cluster = cluster().await;
    let client: Client = builder(&cluster).build().unwrap();
    let lost = Fault::close(Phase::AfterExecution).on(Match::path(MAINTENANCE));
    let _lost = cluster.coordinator(0).inject(lost);
    let refusal = Fault::answer(403, 403, "only allowed on coordinators").on(Match::path(MAINTENANCE));
    let _no: Vec<_> = (1..3).map(|index| cluster.coordinator(index).inject(refusal.clone())).collect();
    let _single: Vec<_> = (0..3).map(|index| with_role(&cluster, index, "SINGLE")).collect();
    let error = client.cluster().maintenance_on().await.unwrap_err();
    assert_eq!(what(&error), (ErrorKind::NotACluster, Outcome::Unknown), "{}", error.report());
    assert_eq!(error.attempts().len(), 2, "{}", error.report());
}
