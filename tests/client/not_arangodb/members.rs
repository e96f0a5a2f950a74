//! Members whose address leads to another service.

use std::time::Duration;

use arango::balance::MemberState;
use arango::cluster::ServerId;
use arango::protocol::{ApiResponse, Metadata, Operation, OutputError, RequestClass};
use arango::{Client, ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match};
use tokio::time::sleep;
use tower::util::MapRequestLayer;

use super::{RESPONSES, respond_as_other_service};
use crate::support::{builder, client, cluster, cluster_of, cluster_with, insert};

fn first_state(client: &Client) -> arango::CoordinatorState {
    client.coordinators().remove(0)
}

#[tokio::test(start_paused = true)]
async fn a_member_that_is_not_arangodb_fails_no_safe_call_and_is_ejected() {
    for (status, content_type, body) in RESPONSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let other = respond_as_other_service(cluster.coordinator(0), status, content_type, body);
        for call in 0..30 {
            let result = client.db("_system").version().await;
            assert!(result.is_ok(), "{status} {body}, call {call}: {}", result.unwrap_err().report());
            // Gives the probe time to run.
            sleep(Duration::from_millis(1)).await;
        }
        let state = first_state(&client);
        assert_eq!(state.state, MemberState::Ejected, "{status} {body}");
        let description = state.not_arangodb.unwrap_or_default();
        assert!(
            description.contains(&status.to_string()) && description.contains("nginx/1.25.3"),
            "{description}"
        );
        // One call and the two requests of the probes, not a share of all calls.
        assert!(other.hits() <= 4, "{status} {body}: {} requests", other.hits());
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_recovers_once_arangodb_is_back_at_its_address() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let other = respond_as_other_service(
        cluster.coordinator(0),
        404,
        "text/html",
        "<html>default backend - 404</html>",
    );
    for _ in 0..300 {
        client.db("_system").version().await.unwrap();
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(first_state(&client).not_arangodb.as_deref(), Some("status 404 text/html from nginx/1.25.3"));
    drop(other);
    sleep(Duration::from_secs(40)).await;
    for _ in 0..30 {
        client.db("_system").version().await.unwrap();
    }
    let state = first_state(&client);
    assert_eq!((state.state, state.not_arangodb), (MemberState::Healthy, None));
}

#[tokio::test(start_paused = true)]
async fn a_write_to_another_service_is_unknown_and_sent_once() {
    for (status, content_type, body) in RESPONSES {
        let cluster = cluster().await;
        let client = client(&cluster);
        let other = respond_as_other_service(cluster.coordinator(0), status, content_type, body);
        let result = client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await;
        if matches!(status, 401 | 403) {
            result.unwrap();
            assert_eq!(cluster.journal().executions("m"), 1);
            continue;
        }
        let error = result.unwrap_err();
        let expected = if status == 308 { Outcome::NotExecuted } else { Outcome::Unknown };
        assert_eq!(error.outcome(), expected, "{status} {body}: {}", error.report());
        assert_eq!((error.attempts().len(), cluster.journal().executions("m")), (1, 0), "{status} {body}");
        drop(other);
    }
}

#[tokio::test(start_paused = true)]
async fn all_members_not_arangodb_are_tried_once_and_reported() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let others: Vec<_> = cluster
        .coordinators()
        .iter()
        .map(|one| respond_as_other_service(one, 404, "text/html", "<html>404</html>"))
        .collect();
    let error = client.db("_system").version().await.unwrap_err();
    assert_eq!((error.kind(), error.attempts().len()), (ErrorKind::NotArangoDb, 3));
    let report = error.report().to_string();
    assert!(report.matches("status 404 text/html from nginx/1.25.3").count() >= 3, "{report}");
    drop(others);
}

#[tokio::test(start_paused = true)]
async fn the_only_member_is_not_ejected_and_is_reported() {
    let cluster = cluster_of(1).await;
    let client = client(&cluster);
    let other = respond_as_other_service(cluster.coordinator(0), 404, "text/html", "<html>404</html>");
    for _ in 0..10 {
        client.db("_system").version().await.unwrap_err();
        sleep(Duration::from_millis(1)).await;
    }
    let state = first_state(&client);
    assert_eq!(state.state, MemberState::Healthy);
    assert_eq!(state.not_arangodb.as_deref(), Some("status 404 text/html from nginx/1.25.3"));
    drop(other);
    client.db("_system").version().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_member_replaced_by_another_service_stays_ejected() {
    let cluster = cluster().await;
    let client = client(&cluster);
    cluster.coordinator(0).kill();
    for _ in 0..30 {
        client.db("_system").version().await.unwrap();
    }
    assert_eq!(first_state(&client).state, MemberState::Ejected);
    cluster.coordinator(0).restart().await.unwrap();
    let other = respond_as_other_service(cluster.coordinator(0), 200, "text/html", "<html>It works!</html>");
    for _ in 0..100 {
        client.db("_system").version().await.unwrap();
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(first_state(&client).state, MemberState::Ejected);
    assert!(first_state(&client).not_arangodb.is_some());
    let probe_requests = other.hits();
    assert!(probe_requests <= 12, "{probe_requests} requests, expected only probes");
}

/// An operation of the program whose success has no body.
struct EmptySuccess;

impl Operation for EmptySuccess {
    type Output = ();
    const METADATA: Metadata = Metadata::get("test.empty", "/_api/empty");

    fn output(&self, response: ApiResponse) -> Result<(), OutputError> {
        response.empty()
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_success_of_another_service_removes_no_server() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let others: Vec<_> = (0..3)
        .map(|index| respond_as_other_service(cluster.coordinator(index), 200, "text/plain", ""))
        .collect();
    let server = ServerId::from("PRMR-9fc93aee-322f-4ae3-9b20-116477c50f41");
    let error = client.cluster().remove_server(&server).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotArangoDb, Outcome::Unknown), "{error}");
    assert_eq!(error.attempts().len(), 3, "each coordinator once");
    drop(others);
}

#[tokio::test(start_paused = true)]
async fn an_empty_success_without_the_server_header_triggers_a_probe() {
    let cluster = cluster().await;
    let client = client(&cluster);
    client.db("_system").version().await.unwrap();
    client.db("_system").version().await.unwrap();
    client.db("_system").version().await.unwrap();
    let other = respond_as_other_service(cluster.coordinator(0), 200, "text/plain", "");
    let address = first_state(&client).address;
    // This response is indistinguishable from a success.
    client.coordinator(&address).db("_system").execute(EmptySuccess).await.unwrap();
    for _ in 0..3 {
        client.db("_system").version().await.unwrap();
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(first_state(&client).state, MemberState::Ejected);
    drop(other);
}

#[tokio::test(start_paused = true)]
async fn user_middleware_does_not_change_the_detection() {
    for (status, content_type, body) in RESPONSES {
        let cluster = cluster().await;
        let client = builder(&cluster)
            .layer(MapRequestLayer::new(|request| request))
            .attempt_layer(MapRequestLayer::new(|request| request))
            .build()
            .unwrap();
        let _other = respond_as_other_service(cluster.coordinator(0), status, content_type, body);
        for _ in 0..30 {
            client.db("_system").version().await.unwrap();
            sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(first_state(&client).state, MemberState::Ejected, "{status} {body}");
    }
}

#[tokio::test(start_paused = true)]
async fn arangodb_without_product_headers_is_recognized() {
    let cluster = cluster_with(arango_test_cluster::Builder::hide_product_headers).await;
    let client = client(&cluster);
    for call in 0..60 {
        client.db("_system").version().await.unwrap();
        client.cluster().health().await.unwrap();
        client.db("_system").execute(insert("m", RequestClass::NonIdempotent)).await.unwrap();
        assert_eq!(
            client.db("unknown").version().await.unwrap_err().kind(),
            ErrorKind::DatabaseUnknown,
            "{call}"
        );
    }
    assert!(client.coordinators().iter().all(|state| state.state == MemberState::Healthy));
    assert_eq!(cluster.journal().executions("m"), 60);
    // A member that is another service is detected nevertheless.
    let _other =
        respond_as_other_service(cluster.coordinator(0), 200, "application/json", r#"{"status":"ok"}"#);
    for _ in 0..30 {
        client.db("_system").version().await.unwrap();
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(first_state(&client).state, MemberState::Ejected);
}

#[tokio::test(start_paused = true)]
async fn responses_without_product_headers_reset_consecutive_failures() {
    let cluster = cluster_with(arango_test_cluster::Builder::hide_product_headers).await;
    let client = client(&cluster);
    let address = first_state(&client).address;
    let pinned = client.coordinator(&address);
    for _ in 0..10 {
        let garbage = Fault::garbage().on(Match::get("/_api/version")).times(2);
        let _garbage = cluster.coordinator(0).inject(garbage);
        for _ in 0..2 {
            pinned.version().await.unwrap_err();
        }
        pinned.version().await.unwrap();
    }
    assert_eq!(first_state(&client).state, MemberState::Healthy);
}
