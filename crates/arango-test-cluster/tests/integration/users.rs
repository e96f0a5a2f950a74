//! Users, what they were granted, and what becomes of grants.

use arango_test_cluster::TestCluster;
use http::Method;
use serde_json::{Value, json};

use crate::client::{Session, TestResponse, basic, in_memory};

/// A cluster with the user `anna`, who has no grants.
async fn with_anna() -> (TestCluster, Session, Session) {
    let cluster = in_memory().await;
    let mut root = Session::connect_in_memory(cluster.coordinator(0)).await;
    root.post("/_api/user", &json!({ "user": "anna", "passwd": "x" })).await;
    let anna =
        Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization(basic("anna", "x"));
    (cluster, root, anna)
}

fn path(user: &str, what: &str) -> String {
    format!("/_api/user/{user}/database/{what}")
}

async fn grant(root: &mut Session, user: &str, what: &str, level: &str) -> TestResponse {
    root.put(&path(user, what), &json!({ "grant": level })).await
}

async fn level(root: &mut Session, what: &str) -> Value {
    root.get(&path("anna", what)).await.json()["result"].clone()
}

async fn all_grants(root: &mut Session, user: &str) -> Value {
    root.get(&format!("/_api/user/{user}/database?full=true")).await.json()["result"].clone()
}

#[tokio::test]
async fn a_user_who_does_not_exist_has_no_access_and_gets_none() {
    let (_cluster, mut root, _anna) = with_anna().await;
    for what in ["_system", "_system/books", "missing"] {
        let access = root.get(&path("unknown", what)).await;
        assert_eq!((access.status, &access.json()["result"]), (200, &json!("none")), "{what}");
        assert_eq!(grant(&mut root, "unknown", "_system", "ro").await.error_num(), 1703, "{what}");
    }
    assert_eq!(root.get("/_api/user/unknown/database").await.error_num(), 1703);
}

fn outcome(response: &TestResponse) -> (u16, u64) {
    (response.status, response.error_num())
}

#[tokio::test]
async fn a_grant_for_system_counts_in_databases_without_a_grant() {
    let (_cluster, mut root, mut anna) = with_anna().await;
    root.post("/_api/database", &json!({ "name": "shop" })).await;
    assert_eq!(anna.get("/_db/shop/_api/collection").await.status, 401);
    grant(&mut root, "anna", "_system", "ro").await;
    assert_eq!(anna.get("/_db/shop/_api/collection").await.status, 200);
    assert_eq!(level(&mut root, "shop").await, "ro");
    grant(&mut root, "anna", "*", "rw").await;
    assert_eq!(level(&mut root, "shop").await, "rw", "the higher one of both");
    grant(&mut root, "anna", "shop", "none").await;
    assert_eq!(level(&mut root, "shop").await, "none");
    assert_eq!(anna.get("/_db/shop/_api/collection").await.status, 401);
    let listed = root.get("/_api/user/anna/database").await.json()["result"].clone();
    assert_eq!(listed, json!({ "_system": "ro" }), "the databases that the user may access");
}

#[tokio::test]
async fn the_level_in_a_collection_is_that_of_its_grant_or_the_highest_of_the_others() {
    let (_cluster, mut root, _anna) = with_anna().await;
    root.post("/_api/database", &json!({ "name": "shop" })).await;
    root.post("/_db/shop/_api/collection", &json!({ "name": "books" })).await;
    for (what, given, expected) in [
        ("shop/*", "ro", "ro"),
        ("shop", "rw", "rw"),
        ("shop", "none", "ro"),
        ("*/*", "rw", "rw"),
        ("shop/books", "none", "none"),
    ] {
        assert_eq!(grant(&mut root, "anna", what, given).await.status, 200, "{what}");
        assert_eq!(level(&mut root, "shop/books").await, expected, "{what}");
    }
    grant(&mut root, "anna", "shop", "ro").await;
    assert_eq!(level(&mut root, "shop/_graphs").await, "ro", "collections of the system follow the database");
}

#[tokio::test]
async fn who_creates_a_database_or_a_collection_may_write_there() {
    let (_cluster, mut root, mut anna) = with_anna().await;
    grant(&mut root, "anna", "_system", "rw").await;
    assert_eq!(anna.post("/_api/database", &json!({ "name": "shop" })).await.status, 201);
    let granted = all_grants(&mut root, "anna").await["shop"].clone();
    assert_eq!([&granted["permission"], &granted["collections"]["*"]], ["rw", "rw"]);

    anna.post("/_db/shop/_api/collection", &json!({ "name": "books" })).await;
    anna.post("/_db/shop/_api/gharial", &json!({ "name": "g", "orphanCollections": ["films"] })).await;
    root.post("/_db/shop/_api/collection", &json!({ "name": "songs" })).await;
    let granted = all_grants(&mut root, "anna").await["shop"]["collections"].clone();
    assert_eq!([&granted["books"], &granted["films"], &granted["songs"]], ["rw", "rw", "undefined"]);
}

#[tokio::test]
async fn root_is_not_removed_and_keeps_its_rights_in_system() {
    let (_cluster, mut root, _anna) = with_anna().await;
    assert_eq!(outcome(&root.delete("/_api/user/root").await), (403, 11));
    for what in ["_system", "_system/*"] {
        for given in ["ro", "none"] {
            assert_eq!(outcome(&grant(&mut root, "root", what, given).await), (403, 11), "{what} {given}");
        }
        assert_eq!(outcome(&root.delete(&path("root", what)).await), (403, 11), "{what}");
        assert_eq!(grant(&mut root, "root", what, "rw").await.status, 200, "{what}");
    }
    assert_eq!(root.put("/_api/user/root", &json!({ "passwd": "passwd" })).await.status, 200);
    assert_eq!(
        all_grants(&mut root, "root").await["_system"]["permission"],
        "rw",
        "also after a replacement"
    );
    assert_eq!(root.get("/_api/user").await.json()["result"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn users_change_themselves_and_only_an_administrator_removes_them() {
    let (_cluster, mut root, mut anna) = with_anna().await;
    grant(&mut root, "anna", "_system", "ro").await;
    let body = json!({ "extra": { "a": 1 } }).to_string();
    assert_eq!(anna.request(Method::PATCH, "/_api/user/anna", &body).await.unwrap().status, 200);
    assert_eq!(outcome(&anna.delete("/_api/user/anna").await), (403, 11));
    assert_eq!(outcome(&grant(&mut anna, "anna", "_system", "rw").await), (403, 11));
    assert_eq!(root.delete("/_api/user/anna").await.status, 202);
}

#[tokio::test]
async fn a_grant_for_a_collection_needs_one_that_exists_and_is_not_of_the_system() {
    let (_cluster, mut root, _anna) = with_anna().await;
    for (what, expected) in [
        ("_system/missing", (404, 1203)),
        ("missing/books", (404, 1228)),
        ("missing/*", (404, 1228)),
        ("_system/_jobs", (400, 10)),
        ("*/books", (400, 10)),
    ] {
        assert_eq!(outcome(&grant(&mut root, "anna", what, "ro").await), expected, "{what}");
    }
    for (what, expected) in [("_system/missing", (404, 1203)), ("missing/books", (404, 1228))] {
        assert_eq!(outcome(&root.delete(&path("anna", what)).await), expected, "{what}");
    }
    assert_eq!(grant(&mut root, "anna", "later", "ro").await.status, 200, "a database may be created later");
}

#[tokio::test]
async fn grants_end_with_what_they_are_for() {
    let (_cluster, mut root, _anna) = with_anna().await;
    let recreate = async |root: &mut Session, name: &str| {
        root.delete(&format!("/_db/shop/_api/collection/{name}")).await;
        root.post("/_db/shop/_api/collection", &json!({ "name": name })).await;
    };
    root.post("/_api/database", &json!({ "name": "shop" })).await;
    recreate(&mut root, "books").await;
    recreate(&mut root, "films").await;
    let graph = json!({ "name": "g", "orphanCollections": ["songs"] });
    root.post("/_db/shop/_api/gharial", &graph).await;
    for what in ["shop/books", "shop/films", "shop/songs"] {
        grant(&mut root, "anna", what, "ro").await;
    }

    recreate(&mut root, "books").await;
    assert_eq!(root.delete("/_db/shop/_api/gharial/g?dropCollections=true").await.status, 202);
    root.post("/_db/shop/_api/gharial", &graph).await;
    let granted = all_grants(&mut root, "anna").await["shop"]["collections"].clone();
    assert_eq!([&granted["books"], &granted["songs"], &granted["films"]], ["undefined", "undefined", "ro"]);

    grant(&mut root, "anna", "shop", "rw").await;
    assert_eq!(root.delete(&path("anna", "shop")).await.status, 202);
    let granted = all_grants(&mut root, "anna").await["shop"].clone();
    assert_eq!([&granted["permission"], &granted["collections"]["films"]], ["undefined", "undefined"]);

    grant(&mut root, "anna", "shop", "rw").await;
    root.delete("/_api/database/shop").await;
    root.post("/_api/database", &json!({ "name": "shop" })).await;
    assert_eq!(level(&mut root, "shop").await, "none");
}

#[tokio::test]
async fn the_full_list_has_every_collection_and_what_is_granted_for_all_databases() {
    let (_cluster, mut root, _anna) = with_anna().await;
    root.post("/_api/database", &json!({ "name": "shop" })).await;
    root.post("/_db/shop/_api/collection", &json!({ "name": "books" })).await;
    let undefined = json!({
        "books": "undefined", "*": "undefined", "_analyzers": "undefined", "_graphs": "undefined",
        "_jobs": "undefined", "_queues": "undefined",
    });
    let granted = all_grants(&mut root, "anna").await;
    assert_eq!(granted["shop"], json!({ "permission": "undefined", "collections": undefined }));
    assert_eq!(granted["*"], json!({ "permission": "none" }));
    grant(&mut root, "anna", "shop/books", "ro").await;
    grant(&mut root, "anna", "*", "rw").await;
    let granted = all_grants(&mut root, "anna").await;
    assert_eq!(granted["shop"]["collections"]["books"], "ro");
    assert_eq!(granted["*"], json!({ "permission": "rw" }));
}
