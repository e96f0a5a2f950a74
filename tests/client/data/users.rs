//! Users and what they may access.

use arango::data::{Access, Password, UserCreation, UserRemoval};
use arango::{ErrorKind, Outcome};
use arango_test_cluster::{Fault, Match, Phase};
use serde_json::json;

use super::books;
use crate::support::{builder, client, cluster};

#[tokio::test(start_paused = true)]
async fn a_user_is_created_granted_access_and_removed() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let users = client.users();
    let (secret, other) = (Password::new("s3cret"), Password::new("0ther"));
    assert_eq!(users.get("ada").await.unwrap(), None);
    users.create("ada", &secret).await.unwrap();
    assert_eq!(users.create("ada", &other).await.unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(users.ensure("ada", &other).await.unwrap(), UserCreation::Existed);
    assert!(users.list().await.unwrap().iter().any(|user| user.name == "ada" && user.active));

    // The password of an existing user stays.
    let ada = builder(&cluster).basic_auth("ada", "s3cret").build().unwrap();
    assert_eq!(books(&ada).count().await.unwrap_err().kind(), ErrorKind::NotAuthorized);
    users.grant("ada", "_system", Access::ReadOnly).await.unwrap();
    assert_eq!(books(&ada).count().await.unwrap(), 0);
    assert_eq!(users.access("ada", "_system").await.unwrap(), Access::ReadOnly);
    assert_eq!(users.access("unknown", "_system").await.unwrap(), Access::None);
    users.grant("ada", "not_created_yet", Access::ReadOnly).await.unwrap();
    users.grant_collection("ada", "_system", "books", Access::ReadWrite).await.unwrap();
    assert_eq!(users.collection_access("ada", "_system", "books").await.unwrap(), Access::ReadWrite);
    assert_eq!(users.databases("ada").await.unwrap()["_system"], Access::ReadOnly);
    users.revoke_collection("ada", "_system", "books").await.unwrap();
    users.revoke("ada", "_system").await.unwrap();
    assert_eq!(books(&ada).count().await.unwrap_err().kind(), ErrorKind::NotAuthorized);

    users.set_password("ada", &other).await.unwrap();
    users.deactivate("ada").await.unwrap();
    assert!(!users.get("ada").await.unwrap().unwrap().active);
    users.activate("ada").await.unwrap();
    assert_eq!(users.remove("ada").await.unwrap(), UserRemoval::Removed);
    assert_eq!(users.remove("ada").await.unwrap(), UserRemoval::NotFound);
    let invalid = users.grant("ada", "", Access::ReadOnly).await.unwrap_err();
    assert_eq!((invalid.kind(), invalid.outcome()), (ErrorKind::Request, Outcome::NotExecuted));
}

#[tokio::test(start_paused = true)]
async fn what_is_set_for_a_collection_counts_instead_of_what_is_set_for_its_database() {
    let cluster = cluster().await;
    let users = client(&cluster).users();
    users.create("ada", &Password::new("s3cret")).await.unwrap();
    let ada = builder(&cluster).basic_auth("ada", "s3cret").build().unwrap();
    for (database, collection, written, counted) in [
        (Access::ReadWrite, Access::ReadOnly, Err(ErrorKind::ReadOnly), Ok(0)),
        (Access::ReadWrite, Access::None, Err(ErrorKind::Forbidden), Err(ErrorKind::Forbidden)),
        (Access::None, Access::ReadWrite, Err(ErrorKind::NotAuthorized), Err(ErrorKind::NotAuthorized)),
        (Access::ReadOnly, Access::ReadWrite, Ok(()), Ok(1)),
    ] {
        users.grant("ada", "_system", database).await.unwrap();
        users.grant_collection("ada", "_system", "books", collection.clone()).await.unwrap();
        let inserted = books(&ada).insert(&json!({ "title": "Dune" })).await;
        assert_eq!(inserted.map(drop).map_err(|error| error.kind()), written, "{collection}");
        assert_eq!(books(&ada).count().await.map_err(|error| error.kind()), counted, "{collection}");
    }
    let dropped = books(&ada).drop_collection().await.unwrap_err();
    assert_eq!(dropped.kind(), ErrorKind::Forbidden);
}

#[tokio::test(start_paused = true)]
async fn w25_a_user_whose_response_is_lost_is_ensured_and_a_creation_is_not_repeated() {
    let cluster = cluster().await;
    let users = client(&cluster).users();
    let secret = Password::new("s3cret");
    let lost = Fault::close(Phase::AfterExecution).on(Match::path("/_api/user*")).times(1);
    let faults = cluster.inject(&lost);
    assert_eq!(users.ensure("ada", &secret).await.unwrap(), UserCreation::Existed);
    drop(faults);
    let _faults = cluster.inject(&lost);
    let error = users.create("eve", &secret).await.unwrap_err();
    assert_eq!((error.outcome(), error.attempts().len()), (Outcome::Unknown, 1), "{error}");
    assert!(!error.report().to_string().contains("s3cret"));
}

#[tokio::test(start_paused = true)]
async fn a_change_of_a_user_is_sent_once_since_a_late_copy_would_undo_a_later_one() {
    let cluster = cluster().await;
    let users = client(&cluster).users();
    users.create("ada", &Password::new("old")).await.unwrap();
    let _lost = cluster.inject(&Fault::close(Phase::AfterExecution).on(Match::path("/_api/user/*")));
    let errors = [
        users.set_password("ada", &Password::new("new")).await.unwrap_err(),
        users.grant("ada", "_system", Access::ReadOnly).await.unwrap_err(),
        users.revoke("ada", "_system").await.unwrap_err(),
        users.remove("ada").await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!((error.outcome(), error.attempts().len()), (Outcome::Unknown, 1), "{error}");
    }
}
