//! R10, R12 and R13 with tokens signed by the cluster's secret, and rotated secrets.

use std::time::{Duration, SystemTime};

use arango::balance::MemberState;
use arango::protocol::RequestClass;
use arango::{Client, Credentials, ErrorKind, Outcome, Superuser};
use arango_test_cluster::TestCluster;
use tokio::time::{Instant, sleep};

use crate::support::{CLASSES, builder, client, cluster, insert};

for_each_class![
    r13_a_token_refused_by_one_coordinator_is_not_renewed,
    r13_a_token_not_accepted_recently_is_renewed,
    r13_a_token_is_renewed_when_all_secrets_changed,
    r10_superuser_tokens_are_signed_locally_and_renewed_before_expiry,
    r12_a_rotated_secret_is_read_again_from_its_file,
];

fn logins(cluster: &TestCluster) -> usize {
    cluster.journal().entries().iter().filter(|entry| entry.path == "/_open/auth").count()
}

/// Returns a client that has logged in and whose token every coordinator has just accepted.
async fn logged_in(cluster: &TestCluster) -> Client {
    let client = builder(cluster).jwt_auth("root", cluster.root_password()).build().unwrap();
    for _ in 0..6 {
        client.db("_system").version().await.unwrap();
    }
    cluster.journal().clear();
    client
}

async fn r13_a_token_refused_by_one_coordinator_is_not_renewed(class: RequestClass) {
    let cluster = cluster().await;
    let client = logged_in(&cluster).await;
    cluster.coordinator(0).rotate_secret("another");
    let start = Instant::now();
    let mut requests_to_first = 0;
    for _ in 0..3 {
        client.db("_system").execute(insert("m", class)).await.unwrap();
        assert_eq!(cluster.journal().executions("m"), 1);
        requests_to_first += cluster.journal().requests_to(0);
        assert_eq!(logins(&cluster), 0);
        cluster.journal().clear();
    }
    assert_eq!((requests_to_first, start.elapsed()), (1, Duration::ZERO));
    assert_ne!(client.coordinators()[0].state, MemberState::Ejected);
}

async fn r13_a_token_not_accepted_recently_is_renewed(class: RequestClass) {
    let cluster = cluster().await;
    let client = logged_in(&cluster).await;
    sleep(Duration::from_secs(62)).await;
    cluster.rotate_secret("another");
    client.db("_system").execute(insert("m", class)).await.unwrap();
    assert_eq!(cluster.journal().executions("m"), 1);
    assert_eq!(logins(&cluster), 1);
}

async fn r13_a_token_is_renewed_when_all_secrets_changed(class: RequestClass) {
    let cluster = cluster().await;
    let client = logged_in(&cluster).await;
    cluster.rotate_secret("another");
    client.db("_system").execute(insert("m", class)).await.unwrap();
    assert_eq!(cluster.journal().executions("m"), 1);
    assert_eq!(logins(&cluster), 1);
}

async fn r10_superuser_tokens_are_signed_locally_and_renewed_before_expiry(class: RequestClass) {
    let cluster = cluster().await;
    let (system, start) = (SystemTime::now(), Instant::now());
    let superuser = Superuser::from_secret(cluster.coordinator(0).jwt_secret())
        .lifetime(Duration::from_secs(100))
        .clock(move || system + start.elapsed());
    let client = builder(&cluster).credentials(Credentials::from_source(superuser)).build().unwrap();
    for _ in 0..10 {
        client.db("_system").execute(insert("m", class)).await.unwrap();
        assert_eq!((cluster.journal().received("m"), cluster.journal().executions("m")), (1, 1));
        cluster.journal().clear();
        assert_eq!(logins(&cluster), 0);
        sleep(Duration::from_secs(60)).await;
    }
}

async fn r12_a_rotated_secret_is_read_again_from_its_file(class: RequestClass) {
    let cluster = cluster().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{}\n", cluster.coordinator(0).jwt_secret())).unwrap();
    let client =
        builder(&cluster).credentials(Credentials::from_source(Superuser::from_file(&file))).build().unwrap();
    client.db("_system").execute(insert("before", class)).await.unwrap();

    sleep(Duration::from_secs(62)).await;
    cluster.rotate_secret("another");
    std::fs::write(&file, "another").unwrap();
    client.db("_system").execute(insert("m", class)).await.unwrap();
    assert_eq!(cluster.journal().executions("m"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_secret_fails_the_call_and_names_the_file() {
    let cluster = cluster().await;
    let absent = Credentials::from_source(Superuser::from_file("/nonexistent/secret"));
    let client = builder(&cluster).credentials(absent).build().unwrap();
    let error = client.db("_system").execute(insert("m", CLASSES[2])).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Login, Outcome::NotExecuted));
    let report = error.report().to_string();
    assert!(report.contains("/nonexistent/secret") && report.contains("os error 2"), "{report}");
    assert_eq!(cluster.journal().received("m"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_is_not_authorized_and_not_printed() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let wrong = Credentials::superuser("not-the-s3cret");
    let error = client.db("_system").credentials(wrong).execute(insert("m", CLASSES[2])).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::NotAuthorized, Outcome::NotExecuted));
    let shown = format!("{error} {error:?} {} {client:?}", error.report());
    assert!(!shown.contains("s3cret"), "{shown}");
}
