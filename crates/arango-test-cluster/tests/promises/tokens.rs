//! Tokens that are refused before their time, and secrets that differ.

use std::time::Duration;

use arango_test_cluster::{Coordinator, TestCluster};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::session::{Session, in_memory};

/// Logs `root` in at a coordinator.
async fn login(coordinator: &Coordinator) -> String {
    let credentials = json!({ "username": "root", "password": "passwd" });
    let answer = Session::dial(coordinator).await.authorized("").post("/_open/auth", &credentials).await;
    answer.json()["jwt"].as_str().expect("the password is right").to_owned()
}

/// The status and error number that a bearer of this token gets.
async fn status(coordinator: &Coordinator, token: &str) -> (u16, Option<u64>) {
    let mut session = Session::dial(coordinator).await.authorized(format!("bearer {token}"));
    let answer = session.get("/_api/collection").await;
    (answer.status, answer.json()["errorNum"].as_u64())
}

const ACCEPTED: (u16, Option<u64>) = (200, None);
const REFUSED: (u16, Option<u64>) = (401, Some(11));

#[tokio::test(start_paused = true)]
async fn expired_at_once_a_token_is_refused_everywhere_and_the_next_login_helps() {
    let cluster = in_memory().await;
    let (first, second) = (cluster.coordinator(0), cluster.coordinator(1));
    let (old, own) = (login(first).await, cluster.user_token("root", Duration::from_secs(60)));
    cluster.tokens().expire_all();

    assert_eq!((status(first, &old).await, status(second, &old).await), (REFUSED, REFUSED));
    let new = login(second).await;
    assert_eq!(status(first, &new).await, ACCEPTED, "the clock stands still, and yet it is another token");
    assert_eq!(status(first, &own).await, ACCEPTED, "no login gave it");
    assert_eq!(status(first, &cluster.superuser_token()).await, ACCEPTED);
}

#[tokio::test(start_paused = true)]
async fn logins_give_tokens_of_the_lifetime_that_was_set() {
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
async fn a_secret_of_ones_own_is_not_believed_by_others() {
    let cluster = in_memory().await;
    let (alone, other) = (cluster.coordinator(0), cluster.coordinator(1));
    let (old, superuser) = (login(other).await, cluster.superuser_token());
    alone.rotate_secret("new");
    let new = login(alone).await;

    assert_eq!((status(alone, &old).await, status(other, &old).await), (REFUSED, ACCEPTED));
    assert_eq!((status(alone, &new).await, status(other, &new).await), (ACCEPTED, REFUSED));
    assert_eq!((status(alone, &superuser).await, status(other, &superuser).await), (REFUSED, ACCEPTED));
    assert_eq!((alone.jwt_secret().as_str(), other.jwt_secret().as_str()), ("new", "secret"));

    other.set_secrets("secret", ["new"]);
    assert_eq!((status(other, &new).await, status(other, &old).await), (ACCEPTED, ACCEPTED));
}

#[tokio::test]
async fn a_secret_of_all_signs_the_clusters_own_tokens_too() {
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
async fn the_fingerprints_follow_the_secrets_of_the_coordinator_that_answers() {
    async fn fingerprints(cluster: &TestCluster, index: usize) -> Value {
        let superuser = format!("bearer {}", cluster.superuser_token());
        let mut session = Session::dial(cluster.coordinator(index)).await.authorized(superuser);
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
