//! Properties of collections and what they do to documents; definitions of indexes.

use std::collections::BTreeMap;
use std::time::Duration;

use arango_test_cluster::TestCluster;
use http::Method;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::{Session, basic, in_memory};

async fn session() -> (TestCluster, Session) {
    let cluster = in_memory().await;
    let session = Session::connect_in_memory(cluster.coordinator(0)).await;
    (cluster, session)
}

#[tokio::test]
async fn properties_are_stored_and_reported() {
    let (_cluster, mut session) = session().await;
    let given = json!({
        "name": "books", "cacheEnabled": true, "shardKeys": ["isbn"], "numberOfShards": 2,
        "keyOptions": { "type": "padded", "allowUserKeys": false },
        "schema": { "rule": { "required": ["isbn"] } },
        "computedValues": [
            { "name": "c", "expression": "RETURN 1", "overwrite": true },
            { "name": "d", "expression": "RETURN 1", "overwrite": true, "computeOn": ["update", "insert", "update"] },
        ],
    });
    let made = session.post("/_api/collection", &given).await.json();
    let read = session.get("/_api/collection/books/properties").await.json();
    for properties in [&made, &read] {
        assert_eq!((&properties["cacheEnabled"], &properties["shardKeys"]), (&json!(true), &json!(["isbn"])));
        assert_eq!(properties["keyOptions"], json!({ "type": "padded", "allowUserKeys": false }));
        assert_eq!(properties["schema"]["level"], "strict");
        assert_eq!(properties["computedValues"][0]["computeOn"], json!(["insert", "update", "replace"]));
        assert_eq!(properties["computedValues"][1]["computeOn"], json!(["insert", "update"]));
    }
    let changed = json!({ "schema": {}, "computedValues": null, "cacheEnabled": false });
    let changed = session.put("/_api/collection/books/properties", &changed).await.json();
    assert_eq!((&changed["schema"], &changed["computedValues"]), (&Value::Null, &Value::Null));
    assert_eq!(changed["cacheEnabled"], false);
}

#[tokio::test]
async fn a_satellite_collection_has_a_copy_everywhere_and_reports_its_kind() {
    let (_cluster, mut session) = session().await;
    let given = json!({ "name": "everywhere", "replicationFactor": "satellite" });
    let made = session.post("/_api/collection", &given).await.json();
    assert_eq!((&made["replicationFactor"], &made["writeConcern"]), (&json!("satellite"), &json!(0)));
    assert_eq!(session.shard_of("everywhere").await.1.len(), 3);
}

#[tokio::test]
async fn keys_are_generated_and_refused_as_the_options_say() {
    let (_cluster, mut session) = session().await;
    let options = json!({ "type": "autoincrement", "increment": 5, "allowUserKeys": false });
    session.post("/_api/collection", &json!({ "name": "books", "keyOptions": options })).await;
    let made = session.post("/_api/document/books", &json!([{}, {}])).await.json();
    assert_eq!((&made[0]["_key"], &made[1]["_key"]), (&json!("5"), &json!("10")));
    let refused = session.post("/_api/document/books", &json!({ "_key": "a" })).await;
    assert_eq!((refused.status, refused.error_num()), (400, 1222));
    let two = json!({ "name": "two", "numberOfShards": 2, "keyOptions": { "type": "autoincrement" } });
    assert_ne!(session.post("/_api/collection", &two).await.status, 200);
}

#[tokio::test]
async fn other_shard_keys_refuse_keys_of_clients_and_never_change() {
    let (_cluster, mut session) = session().await;
    let books = json!({ "name": "books", "numberOfShards": 3, "shardKeys": ["isbn"] });
    session.post("/_api/collection", &books).await;
    let refused = session.post("/_api/document/books", &json!({ "_key": "a" })).await;
    assert_eq!((refused.status, refused.error_num()), (400, 1466));
    let made = session.post("/_api/document/books", &json!({ "isbn": "x" })).await.json();
    let path = format!("/_api/document/books/{}", made["_key"].as_str().unwrap());
    assert_eq!(session.put(&path, &json!({ "isbn": "x", "n": 1 })).await.status, 202);

    let shard = session.put("/_api/collection/books/responsibleShard", &json!({ "isbn": "x" })).await.json();
    let counts = session.get("/_api/collection/books/count?details=true").await.json()["count"].clone();
    assert_eq!(counts[shard["shardId"].as_str().unwrap()], 1);
    let missing = session.put("/_api/collection/books/responsibleShard", &json!({ "_key": "x" })).await;
    assert_eq!((missing.status, missing.error_num()), (400, 1468));
}

#[tokio::test]
async fn a_changed_shard_key_is_refused_or_leads_to_a_shard_without_the_document() {
    let (_cluster, mut session) = session().await;
    let books = json!({ "name": "books", "numberOfShards": 3, "shardKeys": ["isbn", "a.b"] });
    session.post("/_api/collection", &books).await;
    let document = json!({ "isbn": "x", "a": { "b": 1 } });
    let made = session.post("/_api/document/books", &document).await.json();
    let key = made["_key"].as_str().unwrap();
    let path = format!("/_api/document/books/{key}");
    let mut shard_of = BTreeMap::new();
    for number in 1..9 {
        let keys = json!({ "isbn": "x", "a": { "b": number } });
        let shard =
            session.put("/_api/collection/books/responsibleShard", &keys).await.json()["shardId"].clone();
        shard_of.insert(number, shard);
    }
    let number_in =
        |same: bool| *shard_of.iter().skip(1).find(|(_, shard)| (**shard == shard_of[&1]) == same).unwrap().0;
    let body = |number: i32| json!({ "_key": key, "isbn": "x", "a": { "b": number } });
    for method in [Method::PUT, Method::PATCH] {
        for (number, expected) in [(number_in(true), (400, 1469)), (number_in(false), (404, 1202))] {
            let refused = session.request(method.clone(), &path, &body(number).to_string()).await.unwrap();
            assert_eq!((refused.status, refused.error_num()), expected, "{method}");
            let elements = json!([body(number)]).to_string();
            let refused = session.request(method.clone(), "/_api/document/books", &elements).await.unwrap();
            assert_eq!(refused.json()[0]["errorNum"], expected.1, "{method}");
        }
    }
    let other = json!([body(number_in(false))]).to_string();
    let kept = session.request(Method::DELETE, "/_api/document/books", &other).await.unwrap();
    assert_eq!(kept.json()[0]["errorNum"], 1202);
    // A part that does not name all of them is sent to all shards.
    let partial = session.request(Method::PATCH, &path, r#"{"isbn":"y"}"#).await.unwrap();
    assert_eq!((partial.status, partial.error_num()), (400, 1469));
    assert_eq!(session.request(Method::PATCH, &path, r#"{"isbn":"x","n":1}"#).await.unwrap().status, 202);
    assert_eq!(session.get(&path).await.json()["n"], 1);
}

#[tokio::test]
async fn a_replacement_names_all_shard_keys() {
    let (_cluster, mut session) = session().await;
    let books = json!({ "name": "books", "shardKeys": ["isbn"] });
    session.post("/_api/collection", &books).await;
    let made = session.post("/_api/document/books", &json!({ "n": 1 })).await.json();
    let key = made["_key"].as_str().unwrap();
    let path = format!("/_api/document/books/{key}");
    let refused = session.put(&path, &json!({ "n": 2 })).await;
    assert_eq!((refused.status, refused.error_num()), (400, 1468));
    let elements = json!([{ "_key": key, "isbn": null, "n": 3 }, { "_key": key }]);
    let refused = session.put("/_api/document/books", &elements).await;
    assert_eq!((refused.status, refused.error_num()), (400, 1468), "nothing is written");
    assert_eq!(session.get(&path).await.json()["n"], 1);
    assert_eq!(session.put(&path, &json!({ "isbn": null, "n": 4 })).await.status, 202);
}

#[tokio::test]
async fn a_schema_refuses_documents_with_its_message() {
    let (_cluster, mut session) = session().await;
    let schema = json!({ "rule": { "required": ["title"] }, "message": "no title" });
    session.post("/_api/collection", &json!({ "name": "books", "schema": schema })).await;
    let refused = session.post("/_api/document/books", &json!({})).await;
    assert_eq!((refused.status, refused.error_num()), (400, 1620));
    assert_eq!(refused.json()["errorMessage"], "no title");
    assert_eq!(session.post("/_api/document/books", &json!({ "title": 1 })).await.status, 202);
    let unknown = json!({ "name": "b", "schema": { "rule": { "pattern": "x" } } });
    assert_eq!(session.post("/_api/collection", &unknown).await.status, 501);
    assert_eq!(session.get("/_api/collection/b").await.status, 404);
}

#[tokio::test]
async fn a_database_with_a_single_shard_decides_about_shards() {
    let (_cluster, mut session) = session().await;
    session.post("/_api/database", &json!({ "name": "one", "options": { "sharding": "single" } })).await;
    let made = session.post("/_db/one/_api/collection", &json!({ "name": "c", "numberOfShards": 5 })).await;
    assert_eq!(made.json()["numberOfShards"], 1);
}

#[tokio::test]
async fn counts_and_figures_follow_the_documents_by_name_and_by_id() {
    let (_cluster, mut session) = session().await;
    let id = session.post("/_api/collection", &json!({ "name": "books" })).await.json()["id"].clone();
    session.post("/_api/document/books", &json!([{ "_key": "a" }, {}])).await;
    let figures = session.get("/_api/collection/books/figures").await.json();
    assert_eq!((&figures["count"], &figures["figures"]["indexes"]["count"]), (&json!(2), &json!(1)));
    assert!(figures["figures"]["documentsSize"].as_u64().unwrap() > 50);
    let by_id = format!("/_api/collection/{}", id.as_str().unwrap());
    assert_eq!(session.get(&format!("{by_id}/count")).await.json()["count"], 2);
    assert_eq!(session.put(&format!("{by_id}/truncate"), &json!({})).await.status, 200);
    assert_eq!(session.get("/_api/collection/books/count").await.json()["count"], 0);
}

#[tokio::test]
async fn a_unique_index_holds_for_every_write() {
    let (_cluster, mut session) = session().await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let index = json!({ "type": "persistent", "fields": ["isbn"], "unique": true, "sparse": true, "name": "by_isbn" });
    assert_eq!(session.post("/_api/index?collection=books", &index).await.status, 201);
    session.post("/_api/document/books", &json!([{ "_key": "a", "isbn": 1 }, { "_key": "b" }, {}])).await;
    let text =
        "unique constraint violated - in index by_isbn of type persistent over 'isbn'; conflicting key: a";
    for refused in [
        session.post("/_api/document/books", &json!({ "isbn": 1.0 })).await,
        session.put("/_api/document/books/b", &json!({ "isbn": 1 })).await,
    ] {
        assert_eq!((refused.status, refused.error_num()), (409, 1210));
        assert_eq!(refused.json()["errorMessage"], text);
    }
    assert_eq!(session.put("/_api/document/books/a", &json!({ "isbn": 1 })).await.status, 202);
    session.delete("/_api/document/books/a").await;
    assert_eq!(session.put("/_api/document/books/b", &json!({ "isbn": 1 })).await.status, 202);
    session.delete("/_api/index/books/by_isbn").await;
    assert_eq!(session.post("/_api/document/books", &json!({ "isbn": 1 })).await.status, 202);
    let again = session.post("/_api/index?collection=books", &index).await;
    assert_eq!((again.status, again.error_num()), (400, 1210));
}

#[tokio::test]
async fn invalid_definitions_of_indexes_are_refused() {
    let (_cluster, mut session) = session().await;
    session.post("/_api/collection", &json!({ "name": "books", "numberOfShards": 2 })).await;
    let path = "/_api/index?collection=books";
    for bad in [
        json!({ "type": "geo", "fields": ["a", "b", "c"] }),
        json!({ "type": "mdi", "fields": ["a"] }),
        json!({ "type": "zkd", "fields": ["a"], "fieldValueTypes": "x" }),
        json!({ "type": "ttl", "fields": ["a", "b"], "expireAfter": 1 }),
        json!({ "type": "ttl", "fields": ["a"] }),
        json!({ "type": "ttl", "fields": ["a"], "expireAfter": 1, "unique": true }),
        json!({ "type": "persistent", "fields": [] }),
        json!({ "type": "x", "fields": ["a"] }),
    ] {
        let refused = session.post(path, &bad).await;
        assert_eq!((refused.status, refused.error_num()), (400, 10), "{bad}");
    }
    let unique = json!({ "type": "persistent", "fields": ["a"], "unique": true });
    let refused = session.post(path, &unique).await;
    assert_eq!((refused.status, refused.error_num()), (400, 1470));
    let with_key = json!({ "type": "persistent", "fields": ["a", "_key"], "unique": true });
    assert_eq!(session.post(path, &with_key).await.status, 201);

    let named = |field: &str| json!({ "type": "persistent", "fields": [field], "name": "n" });
    assert_eq!(session.post(path, &named("a")).await.status, 201);
    assert_eq!(session.post(path, &named("a")).await.json()["isNewlyCreated"], false);
    let refused = session.post(path, &named("b")).await;
    assert_eq!((refused.status, refused.error_num()), (400, 1207));
}

#[tokio::test]
async fn an_index_that_expires_is_sparse_whatever_was_asked_for() {
    let (_cluster, mut session) = session().await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;

    let index = json!({ "type": "ttl", "fields": ["a"], "expireAfter": 1, "sparse": false });
    let made = session.post("/_api/index?collection=books", &index).await;

    assert_eq!((made.status, &made.json()["sparse"]), (201, &json!(true)));
}

#[tokio::test]
async fn indexes_are_listed_with_their_figures_unless_one_of_them_is_inverted() {
    let (_cluster, mut session) = session().await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let (all, with_figures) = ("/_api/index?collection=books", "/_api/index?collection=books&withStats=true");
    session.post(all, &json!({ "type": "persistent", "fields": ["a"] })).await;

    let listed = session.get(with_figures).await.json();
    for index in listed["indexes"].as_array().unwrap() {
        assert_eq!(index["figures"], json!({ "memory": 0 }));
        assert_eq!(&listed["identifiers"][index["id"].as_str().unwrap()], index);
    }
    assert_eq!(session.get(all).await.json()["indexes"][1].get("figures"), None);

    assert_eq!(session.post(all, &json!({ "type": "inverted", "fields": ["b"] })).await.status, 201);
    let refused = session.get(with_figures).await;
    let text =
        "sim: the query parameter `withStats with an inverted index` of GET /_api/index is not modelled";
    assert_eq!((refused.status, &refused.json()["errorMessage"]), (501, &json!(text)));
}

#[tokio::test]
async fn definitions_of_inverted_and_vector_indexes_are_checked() {
    let (_cluster, mut session) = session().await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let path = "/_api/index?collection=books";
    let inverted = |changed: Value| {
        let mut body = json!({ "type": "inverted", "fields": ["a"] });
        body.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        body
    };
    let vector = |params: Value| json!({ "type": "vector", "fields": ["v"], "params": params });
    for invalid in [
        inverted(json!({ "fields": [{ "analyzer": "identity" }] })),
        inverted(json!({ "features": ["position"] })),
        inverted(json!({ "features": ["size"] })),
        inverted(json!({ "primarySort": { "fields": [{ "field": "a" }] } })),
        inverted(json!({ "storedValues": [{ "fields": [] }] })),
        inverted(json!({ "storedValues": [{ "fields": ["a"], "compression": "zip" }] })),
        vector(json!({ "metric": "l2", "dimension": 2 })),
        vector(json!({ "metric": "innerProduct", "dimension": 2, "nLists": 1 })),
        vector(json!({ "metric": "l2", "dimension": 2, "nLists": 1, "factory": "PQ4" })),
    ] {
        let refused = session.post(path, &invalid).await;
        assert_eq!((refused.status, refused.error_num()), (400, 10), "{invalid}");
    }
    for unknown in [
        inverted(json!({ "fields": [{ "name": "a", "x": 1 }] })),
        inverted(json!({ "primarySort": { "fields": [], "x": 1 } })),
        vector(json!({ "metric": "l2", "dimension": 2, "nLists": 1, "x": 1 })),
    ] {
        let refused = session.post(path, &unknown).await;
        assert_eq!((refused.status, refused.error_num()), (501, 9), "{unknown}");
        assert!(refused.json()["errorMessage"].as_str().unwrap().contains("`x`"), "{unknown}");
    }
}

#[tokio::test]
async fn inverted_and_vector_indexes_are_reported_with_their_defaults() {
    let (_cluster, mut session) = session().await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let path = "/_api/index?collection=books";
    let inverted =
        session.post(path, &json!({ "type": "inverted", "fields": ["a"], "geoJson": true })).await.json();
    for name in ["primarySort", "analyzer", "includeAllFields", "searchField", "cache", "primaryKeyCache"] {
        assert!(inverted.get(name).is_some(), "{name}");
    }
    assert_eq!(inverted.get("geoJson"), None);
    assert_eq!(inverted["features"], json!(["frequency", "norm"]), "those of the analyzer");
    let vector = json!({ "type": "vector", "fields": ["v"], "params": { "metric": "l2", "dimension": 2, "nLists": 1 } });
    let untrained = session.post(path, &vector).await;
    assert_eq!((untrained.status, untrained.error_num()), (501, 9), "before 3.12.9");
    session.post("/_api/document/books", &json!({ "v": [1, 2] })).await;
    let created = session.post(path, &vector).await;
    assert_eq!((created.status, &created.json()["params"]["defaultNProbe"]), (201, &json!(1)));

    let cluster = TestCluster::builder().in_memory().version("3.10.9").start().await.unwrap();
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    for unknown in [vector, json!({ "type": "mdi", "fields": ["a"], "fieldValueTypes": "double" })] {
        assert_eq!(session.post(path, &unknown).await.error_num(), 10);
    }
}

#[tokio::test]
async fn a_field_of_an_inverted_index_is_reported_with_what_it_does_not_inherit() {
    let (_cluster, mut session) = session().await;
    session.post("/_api/database", &json!({ "name": "shop" })).await;
    session.put("/_api/user/root/database/shop", &json!({ "grant": "rw" })).await;
    for (path, name) in [("/_api/analyzer", "shared"), ("/_db/shop/_api/analyzer", "words")] {
        session.post(path, &json!({ "name": name, "type": "identity", "features": ["frequency"] })).await;
    }
    session.post("/_db/shop/_api/collection", &json!({ "name": "books" })).await;
    let path = "/_db/shop/_api/index?collection=books";
    let index = |fields: Value| json!({ "type": "inverted", "searchField": true, "fields": fields });
    let same = json!({ "name": "a", "analyzer": "identity", "features": ["norm", "frequency"], "searchField": true });
    let own = json!({ "name": "b", "analyzer": "shop::words", "features": ["frequency", "norm"], "searchField": false });
    let features = json!({ "name": "c", "analyzer": "_system::shared" });
    let created = session.post(path, &index(json!([same, own, features, "d"]))).await.json();
    let expected = json!([
        { "name": "a" },
        { "name": "b", "analyzer": "words", "searchField": false },
        { "name": "c", "analyzer": "::shared", "features": ["frequency"] },
        { "name": "d" },
    ]);
    assert_eq!(created["fields"], expected);
    let again = session.post(path, &index(json!(["d", features, own, same]))).await;
    assert_eq!((again.status, &again.json()["id"]), (200, &created["id"]), "the order does not matter");
    let unknown = session.post(path, &index(json!([{ "name": "a", "analyzer": "unknown" }]))).await;
    assert_eq!((unknown.status, unknown.error_num()), (400, 10));
}

#[tokio::test]
async fn a_unique_multi_dimensional_index_refuses_a_second_document_at_a_place() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "points" })).await;
    let index = json!({
        "type": "mdi", "fields": ["x", "y"], "fieldValueTypes": "double", "unique": true, "estimates": true,
    });
    let created = session.post("/_api/index?collection=points", &index).await;
    assert_eq!((created.status, &created.json()["unique"]), (201, &json!(true)));
    assert_eq!(created.json()["estimates"], false, "there are none, whatever was asked for");
    let path = "/_api/document/points";
    assert_eq!(session.post(path, &json!({ "x": 1, "y": 2 })).await.status, 202);
    assert_eq!(session.post(path, &json!({ "x": 2, "y": 1 })).await.status, 202);
    let second = session.post(path, &json!({ "x": 1.0, "y": 2 })).await;
    assert_eq!((second.status, second.error_num()), (409, 1210));
    let text = session.post(path, &json!({ "x": "1", "y": 2 })).await;
    assert_eq!((text.status, text.error_num()), (501, 9));
    let prefixed = json!({
        "type": "mdi-prefixed", "fields": ["x"], "prefixFields": ["z"], "fieldValueTypes": "double", "unique": true,
    });
    assert_eq!(session.post("/_api/index?collection=points", &prefixed).await.status, 501);
}

#[tokio::test]
async fn the_inventory_contains_what_creates_the_collections_again() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session
        .post("/_api/collection", &json!({ "name": "books", "numberOfShards": 2, "replicationFactor": 2 }))
        .await;
    let index = json!({ "type": "persistent", "fields": ["a"], "name": "by_a" });
    session.post("/_api/index?collection=books", &index).await;
    let path = "/_api/replication/clusterInventory?includeSystem=false";
    let inventory = session.get(path).await;
    assert_eq!(inventory.status, 200);
    let inventory = inventory.json();
    let [books] = inventory["collections"].as_array().unwrap().as_slice() else { panic!("one collection") };
    let parameters = &books["parameters"];
    assert_eq!((&parameters["name"], &parameters["numberOfShards"]), (&json!("books"), &json!(2)));
    let shards = session.get("/_api/collection/books/shards?details=true").await.json()["shards"].clone();
    assert_eq!(parameters["shards"], shards);
    assert_eq!(books["indexes"].as_array().unwrap().len(), 1, "without the primary index");
    assert_eq!((&books["isReady"], &books["indexes"][0]["name"]), (&json!(true), &json!("by_a")));
    let all = session.get("/_api/replication/clusterInventory").await.json();
    assert!(
        all["collections"].as_array().unwrap().len() > 1,
        "and the system collections, unless they are left out"
    );
}

#[tokio::test]
async fn an_index_of_other_numbers_is_another_index_and_there_is_one_ttl_index() {
    let (_cluster, mut session) = session().await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let path = "/_api/index?collection=books";
    let ttl = |seconds: Value| json!({ "type": "ttl", "fields": ["t"], "expireAfter": seconds });
    for (body, status, number) in [
        (ttl(json!(60)), 201, 0),
        (ttl(json!(60.0)), 200, 0),
        (ttl(json!(61)), 400, 10),
        (json!({ "type": "fulltext", "fields": ["t"] }), 201, 0),
        (json!({ "type": "fulltext", "fields": ["t"], "minLength": 2 }), 200, 0),
        (json!({ "type": "fulltext", "fields": ["t"], "minLength": 3 }), 201, 0),
        (json!({ "type": "fulltext", "fields": ["t"], "minLength": "3" }), 400, 10),
    ] {
        let made = session.post(path, &body).await;
        let error = made.json()["errorNum"].as_u64().unwrap_or_default();
        assert_eq!((made.status, error), (status, number), "{body}");
    }
}

#[tokio::test]
async fn an_index_has_each_attribute_once_and_never_the_id() {
    let (_cluster, mut session) = session().await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let path = "/_api/index?collection=books";
    for body in [
        json!({ "type": "persistent", "fields": ["_id"] }),
        json!({ "type": "persistent", "fields": ["a", "b._id"] }),
        json!({ "type": "persistent", "fields": ["a", "b", "a"] }),
        json!({ "type": "persistent", "fields": ["a"], "storedValues": ["b", "a"] }),
        json!({ "type": "persistent", "fields": ["a"], "storedValues": ["_id"] }),
        json!({ "type": "geo", "fields": ["a", "a"] }),
        json!({ "type": "inverted", "fields": ["a", { "name": "a" }] }),
        json!({ "type": "ttl", "fields": ["a.b"], "expireAfter": 1 }),
    ] {
        let refused = session.post(path, &body).await;
        assert_eq!((refused.status, refused.error_num()), (400, 10), "{body}");
    }
    let names = json!({ "type": "persistent", "fields": ["_key", "a._ids", "_from"] });
    assert_eq!(session.post(path, &names).await.status, 201);
}

#[tokio::test]
async fn the_inventory_of_a_database_is_not_for_administrators_alone() {
    let cluster = in_memory().await;
    let mut root = Session::connect_in_memory(cluster.coordinator(0)).await;
    let users = json!([{ "username": "anna", "passwd": "x" }]);
    root.post("/_api/database", &json!({ "name": "shop", "users": users })).await;
    root.post("/_db/shop/_api/collection", &json!({ "name": "books" })).await;
    let mut anna =
        Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization(basic("anna", "x"));
    let path = "/_db/shop/_api/replication/clusterInventory?includeSystem=false";
    let inventory = anna.get(path).await;
    assert_eq!((inventory.status, inventory.json()["collections"].as_array().unwrap().len()), (200, 1));
    root.put("/_api/user/anna/database/shop/books", &json!({ "grant": "none" })).await;
    assert_eq!(anna.get(path).await.error_num(), 9, "hiding collections is not modelled");
}

#[tokio::test]
async fn a_collection_that_joins_another_is_a_definition_without_documents() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let orders = json!({ "name": "orders", "shardKeys": ["user:"], "smartJoinAttribute": "user", "distributeShardsLike": "" });
    let made = session.post("/_api/collection", &orders).await;
    assert_eq!((made.status, &made.json()["smartJoinAttribute"]), (200, &json!("user")));
    assert_eq!(session.get("/_api/collection/orders/properties").await.json()["shardKeys"], json!(["user:"]));
    for (path, body) in [
        ("/_api/document/orders", json!({ "user": "a" })),
        ("/_api/cursor", json!({ "query": "FOR o IN orders RETURN o" })),
        ("/_api/import?collection=orders&type=list", json!([{ "user": "a" }])),
    ] {
        let refused = session.post(path, &body).await;
        assert_eq!((refused.status, refused.error_num()), (501, 9), "{path}");
    }
    for refused in [
        json!({ "name": "a", "smartJoinAttribute": "user" }),
        json!({ "name": "a", "shardKeys": ["user:"] }),
        json!({ "name": "a", "shardKeys": ["user:", "b"], "smartJoinAttribute": "user" }),
    ] {
        let refused = session.post("/_api/collection", &refused).await;
        assert_eq!((refused.status, refused.error_num()), (501, 9));
    }
}

#[tokio::test(start_paused = true)]
async fn an_index_is_not_built_in_a_new_collection_that_has_the_name_of_a_dropped_one() {
    let (cluster, mut session) = session().await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    cluster.set_index_build_time(Duration::from_secs(10));
    let mut other = Session::connect_in_memory(cluster.coordinator(0)).await;
    let index = json!({ "type": "persistent", "fields": ["a"] });
    let building = tokio::spawn(async move { other.post("/_api/index?collection=books", &index).await });
    sleep(Duration::from_secs(1)).await;
    assert_eq!(session.delete("/_api/collection/books").await.status, 200);
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let hidden = session.get("/_api/index?collection=books&withHidden=true").await.json();
    assert_eq!(hidden["indexes"].as_array().unwrap().len(), 1, "{hidden}");
    let refused = building.await.unwrap();
    assert_eq!((refused.status, refused.error_num()), (404, 1203));
    let built = session.get("/_api/index?collection=books").await.json();
    assert_eq!(built["indexes"].as_array().unwrap().len(), 1, "{built}");
}
