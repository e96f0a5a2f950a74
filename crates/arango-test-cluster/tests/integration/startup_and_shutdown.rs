//! Coordinators that run and are not ready.

use arango_test_cluster::Coordinator;
use http::Method;
use serde_json::json;

use crate::client::{Session, basic, in_memory};

/// Returns the status and error number of a path, with these credentials.
async fn status(coordinator: &Coordinator, authorization: &str, path: &str) -> (u16, u64) {
    let response =
        Session::connect_in_memory(coordinator).await.with_authorization(authorization).get(path).await;
    (response.status, response.json()["errorNum"].as_u64().unwrap_or_default())
}

const PATHS: [&str; 4] =
    ["/_api/version", "/_admin/server/availability", "/_db/nothing/_api/version", "/_api/cluster/endpoints"];

#[tokio::test]
async fn a_starting_coordinator_is_unavailable_for_any_password() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let starting = coordinator.starting();
    for password in ["passwd", "wrong"] {
        for path in PATHS {
            assert_eq!(status(coordinator, &basic("root", password), path).await, (503, 503), "{path}");
        }
    }
    let login = json!({ "username": "root", "password": "passwd" });
    let response = Session::connect_in_memory(coordinator)
        .await
        .with_authorization("")
        .post("/_open/auth", &login)
        .await;
    assert_eq!((response.status, response.error_num(), starting.hits()), (503, 503, 9));

    drop(starting);
    assert_eq!(status(coordinator, &basic("root", "passwd"), "/_api/version").await.0, 200);
}

#[tokio::test]
async fn a_starting_coordinator_verifies_tokens_with_its_secrets() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let token = format!("bearer {}", cluster.superuser_token());
    let _starting = coordinator.starting();
    assert_eq!(status(coordinator, &token, "/_api/version").await, (503, 503));

    coordinator.rotate_secret("new");
    for authorization in [token.as_str(), "", "bearer x", "Digest x"] {
        assert_eq!(status(coordinator, authorization, "/_api/version").await, (401, 11), "{authorization}");
        assert_eq!(status(coordinator, authorization, "/_admin/server/availability").await, (503, 503));
    }
}

#[tokio::test]
async fn a_coordinator_in_maintenance_refuses_before_authentication() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let maintenance = coordinator.maintenance();
    for authorization in ["", "bearer x", &basic("root", "passwd")] {
        for path in PATHS {
            assert_eq!(status(coordinator, authorization, path).await, (503, 503), "{path}");
        }
    }
    assert_eq!(status(cluster.coordinator(1), &basic("root", "passwd"), "/_api/version").await.0, 200);

    drop(maintenance);
    assert_eq!(status(coordinator, &basic("root", "passwd"), "/_api/version").await.0, 200);
}

#[tokio::test]
async fn a_coordinator_that_shuts_down_refuses_and_executes_nothing() {
    let cluster = in_memory().await;
    let coordinator = cluster.coordinator(0);
    let ending = coordinator.shutting_down();
    for path in PATHS {
        assert_eq!(status(coordinator, "", path).await, (503, 30), "{path}");
    }
    let mut session = Session::connect_in_memory(coordinator).await;
    assert_eq!(session.request_with_marker(Method::GET, "/_api/version", "m", "").await.unwrap().status, 503);
    assert_eq!((cluster.journal().executions("m"), ending.hits(), coordinator.is_up()), (0, 5, true));
}
