//! What a user may do with a collection follows from the grants for it and for its database.

use arango_test_cluster::TestCluster;
use http::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::client::{Session, TestResponse, basic, in_memory};

/// A request: method, path below the database, body.
type Call = (Method, &'static str, Value);

/// The database `shop` with collections `books` and `films`, edges `roads`, each with a document `a`, and a graph of
/// `books` and `roads`. The user `anna` has the level in the database.
async fn shop(level: &str) -> (TestCluster, Session, Session) {
    let cluster = in_memory().await;
    let mut root = Session::connect_in_memory(cluster.coordinator(0)).await;
    root.post("/_api/database", &json!({ "name": "shop" })).await;
    for (name, kind) in [("books", 2), ("films", 2), ("roads", 3)] {
        root.post("/_db/shop/_api/collection", &json!({ "name": name, "type": kind })).await;
        let document = json!({ "_key": "a", "_from": "books/a", "_to": "books/a" });
        let inserted = root.post(&format!("/_db/shop/_api/document/{name}"), &document).await;
        assert_eq!(inserted.status, 202);
    }
    let index = json!({ "type": "persistent", "fields": ["n"], "name": "by_n" });
    root.post("/_db/shop/_api/index?collection=books", &index).await;
    let edges = json!([{ "collection": "roads", "from": ["books"], "to": ["books"] }]);
    let graph = json!({ "name": "g", "edgeDefinitions": edges });
    assert_eq!(root.post("/_db/shop/_api/gharial", &graph).await.status, 202);
    root.post("/_api/user", &json!({ "user": "anna", "passwd": "x" })).await;
    grant(&mut root, "shop", level).await;
    let anna =
        Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization(basic("anna", "x"));
    (cluster, root, anna)
}

async fn grant(root: &mut Session, what: &str, level: &str) {
    let granted = root.put(&format!("/_api/user/anna/database/{what}"), &json!({ "grant": level })).await;
    assert_eq!(granted.status, 200, "{what}");
}

async fn send(session: &mut Session, (method, path, body): &Call) -> TestResponse {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    session.request(method.clone(), &format!("/_db/shop{path}"), &body).await.expect("a response")
}

fn query(text: &str) -> Value {
    json!({ "query": text })
}

fn reads() -> Vec<Call> {
    let get = |path| (Method::GET, path, Value::Null);
    vec![
        get("/_api/document/books/a"),
        (Method::PUT, "/_api/document/books?onlyget=true", json!(["a"])),
        get("/_api/collection/books"),
        get("/_api/collection/books/properties"),
        get("/_api/collection/books/count"),
        get("/_api/collection/books/figures"),
        get("/_api/collection/books/revision"),
        get("/_api/collection/books/checksum"),
        get("/_api/collection/books/shards"),
        (Method::PUT, "/_api/collection/books/responsibleShard", json!({ "_key": "a" })),
        (Method::PUT, "/_api/collection/books/loadIndexesIntoMemory", Value::Null),
        (Method::POST, "/_api/cursor", query("FOR b IN books RETURN b")),
        (Method::POST, "/_api/cursor", query("FOR i IN [] FOR b IN books RETURN b")),
        (Method::POST, "/_api/cursor", query("RETURN DOCUMENT(CONCAT('books', '/a'))")),
        (Method::POST, "/_api/cursor", query("FOR v IN 1..1 OUTBOUND 'books/a' GRAPH 'g' RETURN v._key")),
        (Method::POST, "/_api/explain", query("FOR b IN books RETURN b")),
        (Method::POST, "/_api/transaction/begin", json!({ "collections": { "read": "books" } })),
        get("/_api/gharial/g/vertex/books/a"),
    ]
}

/// Writes to documents. Each of them can be made after those before it.
fn writes() -> Vec<Call> {
    vec![
        (Method::POST, "/_api/document/books", json!({ "_key": "b" })),
        (Method::POST, "/_api/document/books", json!([{ "_key": "c" }])),
        (Method::PATCH, "/_api/document/books/b", json!({ "n": 1 })),
        (Method::PUT, "/_api/document/books/b", json!({ "n": 2 })),
        (Method::DELETE, "/_api/document/books/b", Value::Null),
        (Method::POST, "/_api/import?collection=books&type=list", json!([{ "_key": "d" }])),
        (Method::POST, "/_api/cursor", query("INSERT { _key: 'e' } INTO books")),
        (Method::POST, "/_api/cursor", query("FOR b IN films REMOVE 'e' IN books")),
        (Method::POST, "/_api/explain", query("INSERT {} INTO books")),
        (Method::POST, "/_api/gharial/g/vertex/books", json!({ "_key": "f" })),
        (Method::PATCH, "/_api/gharial/g/vertex/books/f", json!({ "n": 1 })),
        (Method::DELETE, "/_api/gharial/g/vertex/books/f", Value::Null),
        (Method::PUT, "/_api/collection/books/truncate", Value::Null),
        (Method::POST, "/_api/transaction/begin", json!({ "collections": { "write": ["books"] } })),
        (Method::POST, "/_api/transaction/begin", json!({ "collections": { "exclusive": ["books"] } })),
    ]
}

/// Changes of the definition of `books`.
fn changes() -> Vec<Call> {
    vec![
        (Method::PUT, "/_api/collection/books/properties", json!({ "waitForSync": true })),
        (Method::POST, "/_api/index?collection=books", json!({ "type": "persistent", "fields": ["m"] })),
        (Method::DELETE, "/_api/index/books/by_n", Value::Null),
        (Method::DELETE, "/_api/gharial/g?dropCollections=true", Value::Null),
        (Method::DELETE, "/_api/collection/books", Value::Null),
    ]
}

async fn assert_refused(session: &mut Session, calls: &[Call], number: u64) {
    for call in calls {
        let refused = send(session, call).await;
        assert!(refused.status >= 400, "{call:?} is executed: {}", refused.json());
        assert_eq!((refused.status, refused.error_num()), (403, number), "{call:?} {}", refused.json());
    }
}

async fn assert_executed(session: &mut Session, calls: &[Call]) {
    for call in calls {
        let response = send(session, call).await;
        assert!(response.status < 300, "{call:?} {}", response.json());
    }
}

async fn names(session: &mut Session, path: &str) -> Vec<String> {
    let listed = session.get(path).await.json()["result"].clone();
    let listed = listed.as_array().into_iter().flatten();
    listed.filter_map(|one| one["name"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_collection_that_is_hidden_from_a_user_can_neither_be_read_nor_written_nor_changed() {
    let (_cluster, mut root, mut anna) = shop("rw").await;
    assert_executed(&mut anna, &reads()).await;
    grant(&mut root, "shop/books", "none").await;
    assert_refused(&mut anna, &[reads(), writes(), changes()].concat(), 11).await;
    let edge = json!({ "_from": "books/a", "_to": "books/a" });
    let graph = json!({ "name": "h", "edgeDefinitions": [{ "collection": "new", "from": ["books"], "to": ["films"] }] });
    let view = json!({ "name": "v", "type": "arangosearch", "links": { "books": {} } });
    let others = [
        (Method::POST, "/_api/gharial/g/edge/roads", edge),
        (Method::POST, "/_api/gharial", graph),
        (Method::POST, "/_api/view", view),
    ];
    assert_refused(&mut anna, &others, 11).await;

    let path = "/_db/shop/_api/collection?excludeSystem=true";
    assert_eq!(names(&mut anna, path).await, ["films", "roads"], "it is not listed, and none was created");
    assert_eq!(
        root.get("/_db/shop/_api/collection/books/count").await.json()["count"],
        1,
        "none was executed"
    );
    assert_executed(&mut anna, &[(Method::POST, "/_api/document/films", json!({}))]).await;
}

#[tokio::test]
async fn a_view_that_links_a_hidden_collection_is_hidden_too_and_cannot_be_queried() {
    let (_cluster, mut root, mut anna) = shop("rw").await;
    let index = json!({ "type": "inverted", "fields": ["n"], "name": "inverted" });
    root.post("/_db/shop/_api/index?collection=books", &index).await;
    let alias = json!([{ "collection": "books", "index": "inverted" }]);
    for view in [
        json!({ "name": "of_books", "type": "arangosearch", "links": { "books": {}, "films": {} } }),
        json!({ "name": "of_films", "type": "arangosearch", "links": { "films": {} } }),
        json!({ "name": "by_alias", "type": "search-alias", "indexes": alias }),
    ] {
        assert_eq!(root.post("/_db/shop/_api/view", &view).await.status, 201, "{view}");
    }
    grant(&mut root, "shop/books", "none").await;

    let path = "/_db/shop/_api/view";
    // The properties of an alias are reported without a look at its collections.
    assert_eq!(names(&mut anna, path).await, ["by_alias", "of_films"]);
    assert_eq!(names(&mut root, path).await, ["by_alias", "of_books", "of_films"]);
    let of_view = [
        (Method::GET, "/_api/view/of_books", Value::Null),
        (Method::GET, "/_api/view/of_books/properties", Value::Null),
        (Method::PUT, "/_api/view/of_books/properties", json!({})),
        (Method::PATCH, "/_api/view/of_books/properties", json!({ "cleanupIntervalStep": 7 })),
        (Method::DELETE, "/_api/view/of_books", Value::Null),
        (Method::POST, "/_api/cursor", query("FOR d IN of_books RETURN d")),
        (Method::POST, "/_api/cursor", query("FOR d IN by_alias RETURN d")),
    ];
    assert_refused(&mut anna, &of_view, 11).await;
    let others = [
        (Method::GET, "/_api/view/of_films/properties", Value::Null),
        (Method::PATCH, "/_api/view/of_films/properties", json!({ "cleanupIntervalStep": 7 })),
        (Method::GET, "/_api/view/by_alias/properties", Value::Null),
        (Method::DELETE, "/_api/view/of_films", Value::Null),
    ];
    assert_executed(&mut anna, &others).await;
    assert_eq!(names(&mut root, path).await, ["by_alias", "of_books"]);
    grant(&mut root, "shop/books", "ro").await;
    assert_executed(&mut anna, &[(Method::DELETE, "/_api/view/of_books", Value::Null)]).await;
}

#[tokio::test]
async fn edges_that_are_hidden_from_a_user_are_not_found_by_their_ends_either() {
    let (_cluster, mut root, mut anna) = shop("rw").await;
    let calls = [
        (Method::GET, "/_api/edges/roads?vertex=books/a", Value::Null),
        (
            Method::POST,
            "/_api/cursor",
            query("WITH books FOR v IN 1..1 OUTBOUND 'books/a' roads RETURN v._key"),
        ),
    ];
    assert_executed(&mut anna, &calls).await;
    grant(&mut root, "shop/roads", "none").await;
    assert_refused(&mut anna, &calls, 11).await;
    let vertex = [(Method::DELETE, "/_api/gharial/g/vertex/books/a", Value::Null)];
    assert_refused(&mut anna, &vertex, 11).await;
    grant(&mut root, "shop/roads", "ro").await;
    assert_refused(&mut anna, &vertex, 1004).await;
}

#[tokio::test]
async fn a_collection_that_a_user_may_only_read_is_not_written_and_not_changed() {
    let (_cluster, mut root, mut anna) = shop("rw").await;
    grant(&mut root, "shop/books", "ro").await;
    assert_executed(&mut anna, &reads()).await;
    assert_refused(&mut anna, &writes(), 1004).await;
    assert_refused(&mut anna, &changes(), 11).await;
    assert_eq!(root.get("/_db/shop/_api/collection/books/count").await.json()["count"], 1);
}

#[tokio::test]
async fn documents_are_written_with_a_grant_for_their_collection_and_definitions_only_with_one_for_the_database()
 {
    let (_cluster, mut root, mut anna) = shop("ro").await;
    let writes = writes();
    assert_refused(&mut anna, &writes, 1004).await;
    grant(&mut root, "shop/books", "rw").await;
    grant(&mut root, "shop/roads", "rw").await;
    // The last one would wait for the transaction before it.
    assert_executed(&mut anna, &writes[..writes.len() - 1]).await;
    assert_refused(&mut anna, &changes(), 11).await;
    let create = [(Method::POST, "/_api/collection", json!({ "name": "new" }))];
    assert_refused(&mut anna, &create, 11).await;
    grant(&mut root, "shop", "rw").await;
    assert_executed(&mut anna, &create).await;
}

#[tokio::test]
async fn a_transaction_reads_no_collection_that_is_hidden_from_its_user() {
    let (_cluster, mut root, mut anna) = shop("rw").await;
    grant(&mut root, "shop/books", "none").await;
    let begun = anna.post("/_db/shop/_api/transaction/begin", &json!({ "collections": {} })).await.json();
    let id = begun["result"]["id"].as_str().unwrap();
    for (method, path, body) in [
        (Method::GET, "/_db/shop/_api/document/films/a", Value::Null),
        (Method::GET, "/_db/shop/_api/collection/films/count", Value::Null),
        (Method::POST, "/_db/shop/_api/cursor", query("RETURN LENGTH(films)")),
    ] {
        assert!(anna.within(id, method.clone(), path, &body).await.status < 300, "{path}");
        let (path, body) = (path.replace("films", "books"), body.to_string().replace("films", "books"));
        let body = serde_json::from_str(&body).unwrap();
        let refused = anna.within(id, method, &path, &body).await;
        assert_eq!((refused.status, refused.error_num()), (403, 11), "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_is_not_permitted_does_not_wait_for_locks() {
    let (_cluster, mut root, mut anna) = shop("ro").await;
    let exclusive = json!({ "collections": { "exclusive": "books" } });
    assert_eq!(root.post("/_db/shop/_api/transaction/begin", &exclusive).await.status, 201);
    let began = Instant::now();
    assert_refused(&mut anna, &writes(), 1004).await;
    assert!(began.elapsed().as_secs() < 1, "{:?}", began.elapsed());
}

#[tokio::test]
async fn only_a_superuser_has_access_to_the_collection_of_users() {
    let (cluster, mut root, _anna) = shop("none").await;
    let path = "/_api/collection";
    let listed = names(&mut root, path).await;
    assert!(listed.contains(&"_jobs".to_owned()) && !listed.contains(&"_users".to_owned()), "{listed:?}");
    assert_eq!(root.get("/_api/collection/_users").await.error_num(), 11);
    let token = format!("bearer {}", cluster.superuser_token());
    let mut superuser = Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization(token);
    assert!(names(&mut superuser, path).await.contains(&"_users".to_owned()));
    assert_eq!(superuser.get("/_api/collection/_users").await.status, 200);
}

#[tokio::test]
async fn definitions_of_a_read_only_cluster_are_refused_with_another_number_than_documents() {
    let (_cluster, mut root, _anna) = shop("none").await;
    root.put("/_admin/server/mode", &json!({ "mode": "readonly" })).await;
    assert_executed(&mut root, &reads()).await;
    assert_refused(&mut root, &writes(), 1004).await;
    assert_refused(&mut root, &[(Method::POST, "/_api/collection", json!({ "name": "new" }))], 11).await;
    assert_refused(&mut root, &changes()[..3], 11).await;
}
