//! How transactions begin, and what they have declared.

use arango_test_cluster::TestCluster;
use http::{Method, Request};
use serde_json::{Value, json};

use super::{begin, commit, insert, library, library_of, outcome, path, status, writing};
use crate::client::{Session, basic};

#[tokio::test]
async fn a_transaction_has_an_id_that_names_its_coordinator_and_is_divisible_by_four() {
    let (cluster, mut first) = library().await;
    let mut second = Session::connect_in_memory(cluster.coordinator(1)).await;
    let ids = [writing(&mut first).await, writing(&mut first).await, writing(&mut second).await];
    let ids = ids.map(|id| id.parse::<u64>().unwrap());
    assert_eq!(ids.map(|id| id >> 40), [1, 1, 2]);
    assert_eq!(ids.map(|id| id % 4), [0, 0, 0]);
    assert_eq!(cluster.open_transactions(), ids.map(|id| id.to_string()));
}

#[tokio::test]
async fn a_transaction_is_reported_as_running_and_then_as_it_ended() {
    let (cluster, mut session) = library().await;
    let (one, other) = (writing(&mut session).await, writing(&mut session).await);
    assert_eq!(status(&mut session, &one).await, "running");

    let committed = commit(&mut session, &one).await;
    assert_eq!((committed.status, &committed.json()["code"]), (200, &json!(200)));
    assert_eq!(committed.json()["result"], json!({ "id": one, "status": "committed" }));
    let aborted = session.delete(&path(&other)).await;
    assert_eq!(aborted.json()["result"], json!({ "id": other, "status": "aborted" }));
    assert_eq!(status(&mut session, &one).await, "committed");
    assert_eq!(status(&mut session, &other).await, "aborted");
    assert!(cluster.open_transactions().is_empty());
}

#[tokio::test]
async fn a_begin_that_is_not_valid_is_refused() {
    let (cluster, mut session) = library().await;
    for (body, expected) in [
        (json!({}), (400, 10)),
        (json!({ "collections": [] }), (400, 10)),
        (json!({ "collections": { "write": 1 } }), (400, 10)),
        (json!({ "collections": { "write": [1] } }), (400, 10)),
        (json!({ "collections": {}, "lockTimeout": -1 }), (400, 10)),
        (json!({ "collections": {}, "lockTimeout": "1" }), (400, 10)),
        (json!({ "collections": {}, "maxTransactionSize": -1 }), (400, 10)),
        (json!({ "collections": { "read": "films" } }), (404, 1203)),
        (json!({ "collections": { "write": ["books", "films"] } }), (404, 1203)),
        (json!({ "collections": { "x": "books" } }), (501, 9)),
        (json!({ "collections": {}, "x": 1 }), (501, 9)),
    ] {
        let refused = session.post("/_api/transaction/begin", &body).await;
        assert_eq!(outcome(&refused), expected, "{body}");
    }
    let nested = Request::post("/_api/transaction/begin").header("x-arango-trx-id", "4");
    let nested = session.send(nested, r#"{"collections":{}}"#).await.unwrap();
    assert_eq!(outcome(&nested), (400, 9));
    assert!(cluster.open_transactions().is_empty());
}

#[tokio::test]
async fn a_user_who_may_only_read_cannot_begin_a_transaction_that_writes() {
    let (cluster, mut root) = library().await;
    root.post("/_api/user", &json!({ "user": "reader", "passwd": "p" })).await;
    root.put("/_api/user/reader/database/_system", &json!({ "grant": "ro" })).await;
    let mut reader =
        Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization(basic("reader", "p"));
    let refused =
        reader.post("/_api/transaction/begin", &json!({ "collections": { "write": "books" } })).await;
    assert_eq!(outcome(&refused), (403, 1004));
    begin(&mut reader, json!({ "collections": { "read": "books" } })).await;
}

#[tokio::test]
async fn no_transaction_that_writes_begins_while_the_cluster_is_read_only() {
    let (_cluster, mut session) = library().await;
    session.put("/_admin/server/mode", &json!({ "mode": "readonly" })).await;
    let refused =
        session.post("/_api/transaction/begin", &json!({ "collections": { "exclusive": "books" } })).await;
    assert_eq!(outcome(&refused), (403, 1004));
    begin(&mut session, json!({ "collections": { "read": "books" } })).await;
}

#[tokio::test]
async fn an_undeclared_write_is_refused_and_an_undeclared_read_unless_it_is_allowed() {
    let (_cluster, mut session) = library().await;
    session.post("/_api/collection", &json!({ "name": "films" })).await;
    session.post("/_api/document/films", &json!({ "_key": "a" })).await;
    let query = |text: &str| json!({ "query": text });
    let read = json!({ "query": "FOR f IN films RETURN f._key" });
    let reading = json!({ "collections": { "read": "books" } });
    let lax = begin(&mut session, reading.clone()).await;
    let mut strict = reading;
    strict["allowImplicit"] = false.into();
    let strict = begin(&mut session, strict).await;

    for id in [&lax, &strict] {
        for (method, path, body) in [
            (Method::POST, "/_api/document/films", json!({})),
            (Method::POST, "/_api/document/books", json!({})),
            (Method::DELETE, "/_api/document/films/a", Value::Null),
            (Method::PUT, "/_api/collection/films/truncate", Value::Null),
            (Method::POST, "/_api/cursor", query("INSERT {} INTO films")),
        ] {
            let refused = session.within(id, method, path, &body).await;
            assert_eq!(outcome(&refused), (400, 1652), "{path} {}", refused.json());
        }
    }
    let found = session.within(&lax, Method::GET, "/_api/document/films/a", &Value::Null).await;
    assert_eq!(found.status, 200);
    let found = session.within(&lax, Method::POST, "/_api/cursor", &read).await;
    assert_eq!(found.json()["result"], json!(["a"]));
    for (method, path, body) in [
        (Method::GET, "/_api/document/films/a", Value::Null),
        (Method::GET, "/_api/collection/films/count", Value::Null),
        (Method::POST, "/_api/cursor", read),
        (Method::POST, "/_api/cursor", query("RETURN DOCUMENT('films/a')")),
    ] {
        let refused = session.within(&strict, method, path, &body).await;
        assert_eq!(outcome(&refused), (400, 1652), "{path} {body} {}", refused.json());
    }
    let empty = session.within(&strict, Method::GET, "/_api/collection/books/count", &Value::Null).await;
    assert_eq!(empty.json()["count"], 0);
    assert_eq!(status(&mut session, &lax).await, "running", "a refused operation does not end it");
}

#[tokio::test]
async fn a_transaction_that_only_reads_decides_when_it_begins_whether_that_may_be_dirty() {
    const DIRTY: &str = "x-arango-potential-dirty-read";
    let (_cluster, mut session) = library().await;
    for (kind, header, expected) in [("read", true, true), ("read", false, false), ("write", true, false)] {
        let mut request = Request::post("/_api/transaction/begin");
        if header {
            request = request.header("x-arango-allow-dirty-read", "true");
        }
        let body = json!({ "collections": { kind: "books" } }).to_string();
        let begun = session.send(request, &body).await.unwrap().json();
        let id = begun["result"]["id"].as_str().unwrap();
        for (method, path, body) in [
            (Method::PUT, "/_api/document/books?onlyget=true", r#"["a"]"#),
            (Method::POST, "/_api/cursor", r#"{"query":"RETURN 1"}"#),
        ] {
            let request = Request::builder().method(method).uri(path).header("x-arango-trx-id", id);
            let request = request.header("x-arango-allow-dirty-read", (!expected).to_string());
            let read = session.send(request, body).await.unwrap();
            assert_eq!(
                (read.status < 300, read.headers.contains_key(DIRTY)),
                (true, expected),
                "{path} {kind}"
            );
        }
        session.delete(&path(id)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn to_abort_all_that_write_also_kills_queries_that_write() {
    let (cluster, mut session) = library().await;
    for (text, killed) in [("INSERT { s: SLEEP(5) } INTO books", true), ("RETURN SLEEP(5)", false)] {
        let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
        let body = json!({ "query": text });
        let running = tokio::spawn(async move { other.post("/_api/cursor", &body).await.status });
        super::pass(1).await;
        assert_eq!(session.delete("/_api/transaction/write").await.status, 200);
        assert_eq!(running.await.unwrap(), if killed { 410 } else { 201 });
    }
    let (idle, used) = (writing(&mut session).await, writing(&mut session).await);
    let (mut other, within) = (Session::connect_in_memory(cluster.coordinator(1)).await, used.clone());
    let body = json!({ "query": "INSERT { s: SLEEP(5) } INTO books" });
    let running =
        tokio::spawn(async move { other.within(&within, Method::POST, "/_api/cursor", &body).await.status });
    super::pass(1).await;
    assert_eq!(session.delete("/_api/transaction/write").await.status, 200);
    assert_eq!(running.await.unwrap(), 410);
    assert_eq!(status(&mut session, &idle).await, "aborted");
    assert_eq!(status(&mut session, &used).await, "running", "a request was using it");
    assert_eq!(commit(&mut session, &used).await.status, 200);
    assert_eq!(super::count(&mut session).await, 0);
}

#[tokio::test]
async fn requests_that_cannot_be_part_of_a_transaction_are_refused_by_name() {
    let (cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    for (method, path, body) in [
        (Method::POST, "/_api/collection", json!({ "name": "films" })),
        (Method::DELETE, "/_api/collection/books", Value::Null),
        (Method::POST, "/_api/index?collection=books", json!({ "type": "persistent", "fields": ["a"] })),
        (Method::POST, "/_api/explain", json!({ "query": "RETURN 1" })),
        (Method::POST, "/_api/gharial", json!({ "name": "g" })),
    ] {
        let refused = session.within(&id, method, path, &body).await;
        assert_eq!(outcome(&refused), (501, 9), "{path}");
        let text = refused.json()["errorMessage"].as_str().unwrap().to_owned();
        assert!(text.contains("x-arango-trx-id"), "{text}");
    }
    assert_eq!(cluster.unsupported().len(), 5);
    let graphs = session.within(&id, Method::GET, "/_api/gharial", &Value::Null).await;
    assert_eq!(graphs.status, 200);
}

#[tokio::test]
async fn a_skipped_round_of_locks_can_be_asked_for_since_3_12_1_and_scripts_are_refused() {
    for (version, begun, script) in
        [("3.12.0", 501, (501, 9)), ("3.12.1", 201, (501, 9)), ("4.0", 201, (404, 404))]
    {
        let (_cluster, mut session) = library_of(TestCluster::builder().version(version)).await;
        let body = json!({ "collections": {}, "skipFastLockRound": true });
        assert_eq!(session.post("/_api/transaction/begin", &body).await.status, begun, "{version}");
        let body = json!({ "collections": {}, "action": "function () {}" });
        assert_eq!(outcome(&session.post("/_api/transaction", &body).await), script, "{version}");
    }
}

#[tokio::test]
async fn a_list_has_the_own_transactions_of_this_database_of_all_coordinators() {
    let (cluster, mut first) = library().await;
    let mut second = Session::connect_in_memory(cluster.coordinator(1)).await;
    first.post("/_api/database", &json!({ "name": "other" })).await;
    first.post("/_api/user", &json!({ "user": "ann", "passwd": "p" })).await;
    first.put("/_api/user/ann/database/_system", &json!({ "grant": "rw" })).await;
    let mut ann =
        Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization(basic("ann", "p"));
    let (one, two, hers) = (writing(&mut first).await, writing(&mut second).await, writing(&mut ann).await);
    let elsewhere = first.post("/_db/other/_api/transaction/begin", &json!({ "collections": {} })).await;
    assert_eq!(elsewhere.status, 201);

    let listed = first.get("/_api/transaction").await;
    let entry = |id: &str| json!({ "id": id, "state": "running" });
    assert_eq!((listed.status, listed.json()), (200, json!({ "transactions": [entry(&one), entry(&two)] })));
    let local = second.get("/_api/transaction?local=true").await.json();
    assert_eq!(local, json!({ "transactions": [entry(&two)] }));
    for id in [&one, elsewhere.json()["result"]["id"].as_str().unwrap()] {
        assert_eq!(outcome(&ann.get(&path(id)).await), (404, 1655));
        assert_eq!(outcome(&insert(&mut ann, id, json!({})).await), (404, 1655));
        assert_eq!(outcome(&commit(&mut ann, id).await), (404, 1655));
    }

    let aborted = first.delete("/_api/transaction/write").await;
    assert_eq!(aborted.status, 200);
    assert_eq!(status(&mut first, &two).await, "aborted");
    assert_eq!(status(&mut ann, &hers).await, "running");
    assert_eq!(cluster.open_transactions().len(), 2, "the one of ann, and one that only reads");
    cluster.coordinator(1).kill();
    assert_eq!(outcome(&first.get("/_api/transaction").await), (503, 1478));
}
