//! Passwords, logins, tokens, and what a user may do.

use arango::data::Access;
use arango::{Credentials, ErrorKind};

use crate::cluster_under_test::{ClusterUnderTest, drop_database, new_database, new_user};

#[tokio::test]
async fn a_wrong_password_is_reported_as_such() {
    let under_test = ClusterUnderTest::from_env();
    let client = under_test.builder(&*under_test.endpoints).basic_auth("root", "wrong").build().unwrap();

    let error = client.db("_system").version().await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::NotAuthorized, "{error}");
}

#[tokio::test]
async fn a_token_of_one_coordinator_is_accepted_by_all() {
    let under_test = ClusterUnderTest::from_env();
    let builder = under_test.builder(&*under_test.endpoints);
    let client = builder.jwt_auth(&under_test.user, &under_test.password).build().unwrap();

    for state in client.coordinators() {
        client.coordinator(&state.address).server_id().await.unwrap();
    }
}

#[tokio::test]
async fn the_secret_gives_the_rights_of_the_superuser() {
    let under_test = ClusterUnderTest::from_env();
    let Some(secret) = &under_test.jwt_secret else {
        anstream::eprintln!("skipped: the secret of the cluster is not known");
        return;
    };
    let builder = under_test.builder(&*under_test.endpoints);
    let client = builder.credentials(Credentials::superuser(secret)).build().unwrap();

    client.cluster().agency_dump().await.unwrap();
}

#[tokio::test]
async fn a_user_has_the_access_that_was_granted_and_no_other() {
    let under_test = ClusterUnderTest::from_env();
    let root = under_test.client();
    new_database(&root, "integration_mine").await.create_collection("books").await.unwrap();
    new_database(&root, "integration_other").await;
    new_user(&root, "integration_reader", "secret").await;
    root.users().grant("integration_reader", "integration_mine", Access::ReadOnly).await.unwrap();
    let builder = under_test.builder(&*under_test.endpoints);
    let reader = builder.basic_auth("integration_reader", "secret").build().unwrap();

    let mine = reader.db("integration_mine").collection("books");
    assert_eq!(mine.count().await.unwrap(), 0);
    let refused = mine.insert(&serde_json::json!({})).await.unwrap_err();
    let unknown = reader.db("integration_other").collections().await.unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::Forbidden, "{refused}");
    assert_eq!(unknown.kind(), ErrorKind::NotAuthorized, "{unknown}");
    root.users().remove("integration_reader").await.unwrap();
    drop_database(&root, "integration_mine").await;
    drop_database(&root, "integration_other").await;
}
