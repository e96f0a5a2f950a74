//! Passwords, logins, tokens, and what a user may do.

use arango::data::{Access, Password};
use arango::{Credentials, ErrorKind};

use crate::cluster_under_test::{ClusterUnderTest, new_database, unique_name};

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
    let mine = new_database(&root, "mine").await;
    mine.create_collection("books").ensure().await.unwrap().into_result().unwrap();
    let other = new_database(&root, "other").await;
    let name = unique_name("reader");
    root.users().create(&name, &Password::new("secret")).await.unwrap();
    root.users().grant(&name, mine.name(), Access::ReadOnly).await.unwrap();
    let builder = under_test.builder(&*under_test.endpoints);
    let reader = builder.basic_auth(&name, "secret").build().unwrap();

    let books = reader.db(mine.name()).collection("books");
    assert_eq!(books.count().await.unwrap(), 0);
    let refused = books.insert(&serde_json::json!({})).await.unwrap_err();
    let unknown = reader.db(other.name()).collections().await.unwrap_err();

    assert_eq!(refused.kind(), ErrorKind::ReadOnly, "{refused}");
    assert_eq!(unknown.kind(), ErrorKind::NotAuthorized, "{unknown}");
    root.users().remove(&name).await.unwrap();
    root.drop_database(mine.name()).await.unwrap();
    root.drop_database(other.name()).await.unwrap();
}
