//! Tokens that are refused before they expire, and coordinators with different secrets.

use std::time::Duration;

use arango_test_cluster::{Coordinator, TestCluster};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::{Session, in_memory};

/// Logs `root` in at a coordinator.
async fn login(coordinator: &Coordinator) -> String {
    let credentials = json!({ "username": "root", "password": "passwd" });
    let response = Session::connect_in_memory(coordinator)
        .await
        .with_authorization("")
        .post("/_open/auth", &credentials)
        .await;
    response.json()["jwt"].as_str().expect("the password is right").to_owned()
}

/// Returns the status and error number of a request with this token.
async fn status(coordinator: &Coordinator, token: &str) -> (u16, Option<u64>) {
    let mut session =
        Session::connect_in_memory(coordinator).await.with_authorization(format!("bearer {token}"));
    let response = session.get("/_api/collection").await;
    (response.status, response.json()["errorNum"].as_u64())
}

const ACCEPTED: (u16, Option<u64>) = (200, None);
const REFUSED: (u16, Option<u64>) = (401, Some(11));

#[tokio::test(start_paused = true)]
async fn an_expired_token_is_refused_everywhere_and_a_new_login_succeeds() {
    let cluster = in_memory().await;
    let (first, second) = (cluster.coordinator(0), cluster.coordinator(1));
    let (old, own) = (login(first).await, cluster.user_token("root", Duration::from_secs(60)));
    cluster.tokens().expire_all();

    assert_eq!((status(first, &old).await, status(second, &old).await), (REFUSED, REFUSED));
    let new = login(second).await;
    assert_eq!(
        status(first, &new).await,
        ACCEPTED,
        "a token of the same instant differs from the expired one"
    );
    assert_eq!(status(first, &own).await, ACCEPTED, "it was not issued by a login");
    assert_eq!(status(first, &cluster.superuser_token()).await, ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn logins_return_tokens_with_the_configured_lifetime() {
    let cluster =
        TestCluster::builder().in_memory().token_lifetime(Duration::from_secs(5)).start().await.unwrap();
    let coordinator = cluster.coordinator(0);
    let short = login(coordinator).await;
    cluster.tokens().set_lifetime(Duration::from_secs(20));
    let long = login(coordinator).await;

    sleep(Duration::from_secs(6)).await;
    assert_eq!((status(coordinator, &short).await, status(coordinator, &long).await), (REFUSED, ACCEPTED));
}

#[tokio::test]
async fn tokens_signed_with_a_coordinators_separate_secret_are_refused_by_others() {
    let cluster = in_memory().await;
    let (changed, other) = (cluster.coordinator(0), cluster.coordinator(1));
    let (old, superuser) = (login(other).await, cluster.superuser_token());
    changed.rotate_secret("new");
    let new = login(changed).await;

    assert_eq!((status(changed, &old).await, status(other, &old).await), (REFUSED, ACCEPTED));
    assert_eq!((status(changed, &new).await, status(other, &new).await), (ACCEPTED, REFUSED));
    assert_eq!((status(changed, &superuser).await, status(other, &superuser).await), (REFUSED, ACCEPTED));
    assert_eq!((changed.jwt_secret().as_str(), other.jwt_secret().as_str()), ("new", "secret"));

    other.set_secrets("secret", ["new"]);
    assert_eq!((status(other, &new).await, status(other, &old).await), (ACCEPTED, ACCEPTED));
}

#[tokio::test]
async fn a_cluster_wide_secret_also_signs_the_clusters_own_tokens() {
    let cluster = in_memory().await;
    let old = cluster.superuser_token();
    cluster.rotate_secret("new");

    for coordinator in cluster.coordinators() {
        assert_eq!(status(coordinator, &old).await, REFUSED);
        assert_eq!(status(coordinator, &cluster.superuser_token()).await, ACCEPTED);
        assert_eq!(status(coordinator, &login(cluster.coordinator(0)).await).await, ACCEPTED);
    }
}

#[tokio::test]
async fn the_fingerprints_follow_the_secrets_of_the_receiving_coordinator() {
    async fn fingerprints(cluster: &TestCluster, index: usize) -> Value {
        let superuser = format!("bearer {}", cluster.superuser_token());
        let mut session =
            Session::connect_in_memory(cluster.coordinator(index)).await.with_authorization(superuser);
        session.post("/_admin/server/jwt", &json!({})).await.json()["result"].clone()
    }
    let cluster = in_memory().await;
    let before = fingerprints(&cluster, 0).await;
    assert_eq!(before["passive"], json!([]));
    cluster.coordinator(0).set_secrets("new", ["secret"]);

    let after = fingerprints(&cluster, 0).await;
    assert_eq!(after["passive"], json!([before["active"]]));
    assert_ne!(after["active"], before["active"]);
    assert_eq!(fingerprints(&cluster, 1).await, before);
}
