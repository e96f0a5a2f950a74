//! Authentication: logins, tokens, permissions.

use std::time::Duration;

use arango_test_cluster::TestCluster;
use serde_json::json;
use tokio::time::sleep;

use crate::client::{Session, basic, in_memory};

#[tokio::test(start_paused = true)]
async fn a_login_with_a_password_returns_a_token_that_expires() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization("");
    let login = json!({ "username": "root", "password": "passwd" });
    let token = session.post("/_open/auth", &login).await.json()["jwt"].as_str().unwrap().to_owned();
    let mut session = session.with_authorization(format!("Bearer {token}"));
    assert_eq!(session.get("/_api/version").await.status, 200);

    sleep(Duration::from_secs(3601)).await;
    let mut session = Session::connect_in_memory(cluster.coordinator(1))
        .await
        .with_authorization(format!("bearer {token}"));
    let expired = session.get("/_api/version").await;
    assert_eq!((expired.status, expired.error_num()), (401, 11));
}

#[tokio::test]
async fn a_wrong_password_is_401_with_a_specific_error_number() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let refused = session.post("/_open/auth", &json!({ "username": "root", "password": "x" })).await;
    assert_eq!((refused.status, refused.error_num()), (401, 401));
    let shapeless = session.post("/_open/auth", &json!([])).await;
    assert_eq!((shapeless.status, shapeless.error_num()), (400, 400));
    let broken = session.request(http::Method::POST, "/_open/auth", "{").await.unwrap();
    assert_eq!((broken.status, broken.error_num()), (400, 600));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_only_near_its_end() {
    let cluster = in_memory().await;
    let token = cluster.user_token("root", Duration::from_secs(1000));
    let mut session = Session::connect_in_memory(cluster.coordinator(0))
        .await
        .with_authorization(format!("bearer {token}"));
    assert_eq!(session.post("/_open/auth/renew", &json!({})).await.json(), json!({}));

    sleep(Duration::from_secs(900)).await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0))
        .await
        .with_authorization(format!("bearer {token}"));
    assert!(session.post("/_open/auth/renew", &json!({})).await.json()["jwt"].is_string());
}

#[tokio::test]
async fn a_superuser_has_full_access_and_a_user_only_what_was_granted() {
    let cluster = in_memory().await;
    let superuser = format!("bearer {}", cluster.superuser_token());
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization(superuser);
    let users = json!([{ "username": "anna", "passwd": "x" }]);
    assert_eq!(session.post("/_api/database", &json!({ "name": "shop", "users": users })).await.status, 201);

    let mut anna =
        Session::connect_in_memory(cluster.coordinator(1)).await.with_authorization(basic("anna", "x"));
    assert_eq!(anna.get("/_db/shop/_api/collection").await.status, 200);
    assert_eq!(anna.get("/_api/version").await.status, 401);
    assert_eq!(anna.get("/_api/cluster/endpoints").await.status, 200);
    assert_eq!(anna.get("/_db/shop/_admin/cluster/rebalance").await.status, 403);
}

#[tokio::test]
async fn an_access_token_works_as_a_password_until_it_is_deleted() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let tokens = "/_api/token/root";
    let made = session.post(tokens, &json!({ "name": "ci" })).await.json();
    assert_eq!(session.post(tokens, &json!({ "name": "ci" })).await.status, 409);
    let token = made["token"].as_str().unwrap();
    let mut other =
        Session::connect_in_memory(cluster.coordinator(1)).await.with_authorization(basic("", token));
    assert_eq!(other.get("/_api/version").await.status, 200);

    let path = format!("{tokens}/{}", made["id"]);
    for _ in 0..2 {
        let deleted = session.delete(&path).await;
        assert_eq!(
            (deleted.status, deleted.body.len()),
            (200, 0),
            "a token that does not exist counts as deleted"
        );
    }
    assert_eq!(session.delete("/_api/token/unknown/1").await.error_num(), 1703);
    assert_eq!(other.get("/_api/version").await.status, 401);
}

#[tokio::test]
async fn access_tokens_came_with_3_12_5() {
    let cluster = TestCluster::builder().version("3.11").in_memory().start().await.unwrap();
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;

    assert_eq!(session.post("/_api/token/root", &json!({ "name": "ci" })).await.status, 404);
}
