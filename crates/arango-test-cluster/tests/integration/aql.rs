//! Queries in AQL: results, options, statistics, errors.

use std::time::Duration;

use arango_test_cluster::{ScanOrder, TestCluster};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::client::{Session, TestResponse, in_memory};

async fn books() -> (TestCluster, Session) {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let all: Vec<_> = (0..20).map(|n| json!({ "_key": format!("k{n}"), "n": n })).collect();
    session.post("/_api/document/books", &json!(all)).await;
    (cluster, session)
}

async fn run(session: &mut Session, query: &str) -> TestResponse {
    session.post("/_api/cursor", &json!({ "query": query })).await
}

async fn rows(session: &mut Session, query: &str) -> Value {
    let response = run(session, query).await;
    assert_eq!(response.status, 201, "{:?}", response.body);
    response.json()["result"].clone()
}

async fn with_options(session: &mut Session, query: &str, options: Value) -> TestResponse {
    session.post("/_api/cursor", &json!({ "query": query, "options": options })).await
}

#[tokio::test]
async fn a_query_filters_sorts_limits_and_writes() {
    let (_cluster, mut session) = books().await;
    let query = "FOR d IN books FILTER d.n >= 17 SORT d.n DESC LIMIT 2 RETURN d._id // all";
    assert_eq!(rows(&mut session, query).await, json!(["books/k19", "books/k18"]));
    let query = "FOR d IN books FILTER d.n < 2 SORT d.n UPDATE d WITH { n: d.n + 100 } IN books RETURN NEW.n";
    assert_eq!(rows(&mut session, query).await, json!([100, 101]));
    assert_eq!(session.get("/_api/document/books/k1").await.json()["n"], 101);
    let removed = run(&mut session, "FOR d IN books FILTER d.n >= 100 REMOVE d IN books").await.json();
    assert_eq!(removed["extra"]["stats"]["writesExecuted"], 2);
    assert_eq!(session.get("/_api/collection/books/count").await.json()["count"], 18);
}

#[tokio::test]
async fn a_failed_query_writes_nothing() {
    let (_cluster, mut session) = books().await;
    let failed = run(&mut session, "FOR k IN ['x', 'k1'] INSERT { _key: k } INTO books").await;
    assert_eq!((failed.status, failed.error_num()), (409, 1210));
    let text = failed.json()["errorMessage"].as_str().unwrap().to_owned();
    assert!(
        text.starts_with("AQL: unique constraint violated") && text.ends_with("(while executing)"),
        "{text}"
    );
    assert_eq!(session.get("/_api/document/books/x").await.status, 404);
}

#[tokio::test]
async fn the_order_of_a_collection_depends_on_the_seed_only() {
    let mut orders = Vec::new();
    for seed in [1, 1, 2] {
        let cluster = TestCluster::builder().in_memory().seed(seed).start().await.unwrap();
        let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
        session.post("/_api/collection", &json!({ "name": "books" })).await;
        let all: Vec<_> = (0..9).map(|n| json!({ "_key": format!("{n}") })).collect();
        session.post("/_api/document/books", &json!(all)).await;
        orders.push(rows(&mut session, "FOR d IN books RETURN d._key").await);
    }
    assert_eq!(orders[0], orders[1]);
    assert_ne!(orders[0], orders[2]);
}

#[tokio::test]
async fn a_collection_is_visited_by_key_on_request() {
    let builder = TestCluster::builder().in_memory().scan_order(ScanOrder::ByKey);
    let cluster = builder.start().await.unwrap();
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books", "numberOfShards": 3 })).await;
    session.post("/_api/document/books", &json!([{ "_key": "c" }, { "_key": "a" }, { "_key": "b" }])).await;
    assert_eq!(rows(&mut session, "FOR d IN books RETURN d._key").await, json!(["a", "b", "c"]));
}

#[tokio::test]
async fn errors_have_the_status_and_the_text_of_a_server() {
    let (_cluster, mut session) = books().await;
    for (query, status, number) in [
        ("INVALID QUERY", 400, 1501),
        ("RETURN x", 404, 1203),
        ("RETURN NOTHING_LIKE_THIS()", 400, 1540),
        ("RETURN LENGTH()", 400, 1541),
        ("FOR d IN missing RETURN d", 404, 1203),
        ("RETURN FAIL('x')", 400, 1569),
        ("REMOVE 'missing' IN books", 404, 1202),
        ("INSERT {} INTO books FOR d IN books RETURN d", 400, 1579),
    ] {
        let refused = run(&mut session, query).await;
        assert_eq!((refused.status, refused.error_num()), (status, number), "{query}");
        assert!(refused.json()["errorMessage"].as_str().unwrap().starts_with("AQL: "));
    }
    let refused = run(&mut session, "RETURN 1 +").await.json();
    let text = refused["errorMessage"].as_str().unwrap();
    assert!(text.contains(" at position 1:") && text.ends_with("(while parsing)"), "{text}");
}

#[tokio::test]
async fn statistics_and_warnings_are_reported() {
    let (_cluster, mut session) = books().await;
    let query = "FOR d IN books FILTER d.n > 4 LIMIT 2 RETURN d.n";
    let extra = with_options(&mut session, query, json!({ "fullCount": true })).await.json()["extra"].clone();
    assert_eq!((&extra["stats"]["fullCount"], &extra["warnings"]), (&json!(15), &json!([])));
    assert_eq!(extra["stats"]["httpRequests"], 1, "the collection has one shard");
    let divided = run(&mut session, "RETURN 1 / 0").await.json();
    assert_eq!(divided["extra"]["stats"]["httpRequests"], 0);
    assert_eq!(
        (&divided["result"], &divided["extra"]["warnings"][0]["code"]),
        (&json!([null]), &json!(1562))
    );
    let failed = with_options(&mut session, "RETURN 1 / 0", json!({ "failOnWarning": true })).await;
    assert_eq!((failed.status, failed.error_num()), (400, 1562));
    let many = "FOR i IN 1..5 RETURN i / 0";
    let few = with_options(&mut session, many, json!({ "maxWarningCount": 2 })).await.json();
    assert_eq!(few["extra"]["warnings"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_profile_has_phases_and_on_request_the_plan() {
    let (_cluster, mut session) = books().await;
    let query = "FOR b IN books LIMIT 3 RETURN b.n";
    let none = with_options(&mut session, query, json!({})).await.json()["extra"].clone();
    assert_eq!((none.get("profile"), none.get("plan")), (None, None));
    assert!(none["stats"]["executionTime"].as_f64().unwrap() > 0.0);
    for level in [json!(true), json!(1)] {
        let extra =
            with_options(&mut session, query, json!({ "profile": level })).await.json()["extra"].clone();
        let times = extra["profile"].as_object().unwrap();
        assert!(times.len() == 9 && times.values().all(|time| time.as_f64().unwrap() > 0.0), "{times:?}");
        assert_eq!(extra.get("plan"), None);
    }
    for stream in [false, true] {
        let options = json!({ "profile": 2, "stream": stream });
        let extra = with_options(&mut session, query, options).await.json()["extra"].clone();
        assert_eq!(extra["plan"]["collections"][0]["name"], "books");
        let nodes = extra["stats"]["nodes"].as_array().unwrap();
        let ids = |nodes: &[Value]| nodes.iter().map(|node| node["id"].clone()).collect::<Vec<_>>();
        assert_eq!(ids(nodes), ids(extra["plan"]["nodes"].as_array().unwrap()));
        assert_eq!(nodes.last().unwrap()["items"], 3);
    }
}

#[tokio::test]
async fn limits_end_a_query() {
    let (_cluster, mut session) = books().await;
    let small = session.post("/_api/cursor", &json!({ "query": "RETURN 1", "memoryLimit": 10 })).await;
    assert_eq!((small.status, small.error_num()), (500, 32));
    let large = with_options(&mut session, "RETURN 1", json!({ "memoryLimit": 100_000 })).await;
    assert_eq!(large.status, 201);
    let insert = "FOR i IN 1..3 INSERT { i } INTO books";
    assert_eq!(with_options(&mut session, insert, json!({ "intermediateCommitCount": 4 })).await.status, 201);
    let too_large = with_options(&mut session, insert, json!({ "maxTransactionSize": 10 })).await;
    assert_eq!(too_large.error_num(), 32);
    assert_eq!(session.get("/_api/collection/books/count").await.json()["count"], 23);
}

#[tokio::test]
async fn a_query_that_commits_in_between_says_how_often() {
    let (_cluster, mut session) = books().await;
    let insert = "FOR i IN 1..7 INSERT { i } INTO books";
    for (count, commits) in [(3, 2), (7, 1), (8, 0)] {
        let options = json!({ "intermediateCommitCount": count, "maxTransactionSize": 10_000 });
        let made = with_options(&mut session, insert, options).await.json();
        assert_eq!(made["extra"]["stats"]["intermediateCommits"], commits, "{made}");
    }
    session.post("/_api/collection", &json!({ "name": "parts", "numberOfShards": 2 })).await;
    for (query, options) in [
        ("FOR i IN 1..3 INSERT { i } INTO parts", json!({ "intermediateCommitCount": 2 })),
        ("FOR i IN 1..3 INSERT { i, x: SLEEP(0.01) } INTO books", json!({ "intermediateCommitCount": 2 })),
        ("FOR k IN ['x', 'y', 'k1'] INSERT { _key: k } INTO books", json!({ "intermediateCommitCount": 2 })),
        ("FOR i IN 1..3 INSERT { i } INTO books", json!({ "intermediateCommitCount": 2, "stream": true })),
        ("FOR i IN 1..3 INSERT { i } INTO books", json!({ "intermediateCommitSize": 10 })),
    ] {
        let refused = with_options(&mut session, query, options).await;
        assert_eq!((refused.status, refused.error_num()), (501, 9), "{query}");
    }
    assert_eq!(session.get("/_api/collection/books/count").await.json()["count"], 41);
}

#[tokio::test]
async fn options_that_would_change_the_result_are_refused_by_name() {
    let (_cluster, mut session) = books().await;
    for (options, named) in [
        (json!({ "shardIds": [] }), "options.shardIds"),
        (json!({ "exportCollection": "books" }), "options.exportCollection"),
    ] {
        let refused = with_options(&mut session, "RETURN 1", options).await;
        let text = format!("sim: the attribute `{named}` of POST /_api/cursor is not modelled");
        assert_eq!((refused.status, &refused.json()["errorMessage"]), (501, &json!(text)));
    }
    let outside = json!({ "query": "RETURN 1", "allowRetry": true });
    assert_eq!(session.post("/_api/cursor", &outside).await.status, 501);
    let twice = json!({ "query": "RETURN 1", "allowRetry": true, "options": { "allowRetry": true } });
    assert_eq!(session.post("/_api/cursor", &twice).await.status, 201);
    let harmless = json!({
        "optimizer": { "rules": ["-all"] }, "maxNumberOfPlans": 1, "fillBlockCache": false, "cache": true,
        "usePlanCache": false, "profile": false, "satelliteSyncWait": 1.0,
    });
    assert_eq!(with_options(&mut session, "RETURN 1", harmless).await.status, 201);
}

#[tokio::test(start_paused = true)]
async fn a_query_that_sleeps_takes_its_time_and_commits_at_its_end() {
    let (cluster, mut session) = books().await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    let begin = Instant::now();
    let sleeping = tokio::spawn(async move {
        let query = "UPDATE 'k1' WITH { n: SLEEP(2.5) } IN books RETURN NEW.n";
        (run(&mut session, query).await.status, begin.elapsed())
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(other.get("/_api/document/books/k1").await.json()["n"], 1, "not committed yet");
    let conflict = other.put("/_api/document/books/k1", &json!({})).await;
    assert_eq!((conflict.status, conflict.error_num()), (409, 1200));
    assert_eq!(other.put("/_api/document/books/k2", &json!({})).await.status, 202);
    let conflict = run(&mut other, "REMOVE 'k1' IN books").await;
    assert_eq!((conflict.status, conflict.error_num()), (409, 1200));

    assert_eq!(sleeping.await.unwrap(), (201, Duration::from_millis(2500)));
    assert_eq!(other.get("/_api/document/books/k1").await.json()["n"], Value::Null);
}

/// Adds 1 to a number twenty times at once, on all coordinators.
async fn increments(cluster: &TestCluster, id: &str) -> Vec<TestResponse> {
    let query = format!("LET a = DOCUMENT('{id}') UPDATE a WITH {{ n: a.n + 1 }} IN books");
    let mut calls = JoinSet::new();
    for number in 0..20 {
        let mut session = Session::connect_in_memory(cluster.coordinator(number % 3)).await;
        let query = query.clone();
        calls.spawn(async move { run(&mut session, &query).await });
    }
    calls.join_all().await
}

#[tokio::test(start_paused = true)]
async fn queries_that_take_time_to_write_conflict_on_the_same_document_and_nothing_is_lost() {
    let time = Duration::from_millis(5);
    let cluster = TestCluster::builder().write_query_time(time).in_memory().start().await.unwrap();
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    session.post("/_api/document/books", &json!([{ "_key": "a", "n": 0 }, { "_key": "b" }])).await;
    let responses = increments(&cluster, "books/a").await;
    let succeeded = responses.iter().filter(|response| response.status == 201).count();
    let conflicts: Vec<_> = responses.iter().filter(|response| response.status != 201).collect();
    assert!(conflicts.iter().all(|response| (response.status, response.error_num()) == (409, 1200)));
    assert!(succeeded > 0 && !conflicts.is_empty(), "{succeeded} of {}", responses.len());
    assert_eq!(session.get("/_api/document/books/a").await.json()["n"], succeeded);

    let begin = Instant::now();
    assert_eq!(rows(&mut session, "RETURN 1").await, json!([1]));
    assert_eq!(begin.elapsed(), Duration::ZERO);
    let written = run(&mut session, "UPDATE 'b' WITH { n: 1 } IN books").await.json();
    assert_eq!(begin.elapsed(), time);
    assert!(written["extra"]["stats"]["executionTime"].as_f64() >= Some(0.005), "{written}");
}

#[tokio::test]
async fn without_a_time_to_write_queries_never_conflict() {
    let (cluster, mut session) = books().await;
    assert!(increments(&cluster, "books/k0").await.iter().all(|response| response.status == 201));
    assert_eq!(session.get("/_api/document/books/k0").await.json()["n"], 20);
}

#[tokio::test(start_paused = true)]
async fn a_query_ends_at_its_maximum_time_and_has_written_nothing() {
    let (_cluster, mut session) = books().await;
    let begin = Instant::now();
    let query = "LET x = SLEEP(60) INSERT { _key: 'x' } INTO books";
    let late = with_options(&mut session, query, json!({ "maxRuntime": 2 })).await;
    assert_eq!((late.status, late.error_num(), begin.elapsed()), (410, 1500, Duration::from_secs(2)));
    assert_eq!(session.get("/_api/document/books/x").await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn a_query_that_fails_takes_the_time_until_it_fails() {
    let (_cluster, mut session) = books().await;
    let begin = Instant::now();
    for stream in [false, true] {
        let failed =
            with_options(&mut session, "RETURN [SLEEP(2), FAIL('x')]", json!({ "stream": stream })).await;
        assert_eq!((failed.status, failed.error_num()), (400, 1569));
    }
    assert_eq!(begin.elapsed(), Duration::from_secs(4));
}

#[tokio::test(start_paused = true)]
async fn a_query_of_a_killed_coordinator_writes_nothing() {
    let (cluster, mut session) = books().await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    tokio::spawn(async move {
        let body = json!({ "query": "LET x = SLEEP(5) UPDATE 'k1' WITH { n: x } IN books" }).to_string();
        session.request(http::Method::POST, "/_api/cursor", &body).await.is_err()
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    cluster.coordinator(0).kill();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(other.get("/_api/document/books/k1").await.json()["n"], 1);
    assert_eq!(other.put("/_api/document/books/k1", &json!({})).await.status, 202, "its lock is gone");
}

#[tokio::test]
async fn without_a_leader_a_query_fails_for_the_documents_that_it_needs() {
    let (cluster, mut session) = books().await;
    let (_, copies) = session.shard_of("books").await;
    let leader = copies[0].clone();
    let index = cluster.db_server_ids().iter().position(|id| *id == leader).unwrap();
    cluster.stop_db_server(index);
    let lost = run(&mut session, "FOR d IN books RETURN d").await;
    assert_eq!((lost.status, lost.error_num()), (503, 1478));
    assert_eq!(run(&mut session, "RETURN 1").await.status, 201);
}

#[tokio::test]
async fn documents_of_system_collections_are_refused_rather_than_missing() {
    let (_cluster, mut session) = books().await;
    let refused = run(&mut session, "FOR j IN _jobs RETURN j").await;
    assert_eq!((refused.status, refused.error_num()), (501, 9));
}

#[tokio::test]
async fn a_query_can_read_the_shard_of_one_value_alone() {
    let (_cluster, mut session) = books().await;
    let parts = json!({ "name": "parts", "numberOfShards": 5, "shardKeys": ["kind"] });
    session.post("/_api/collection", &parts).await;
    let all: Vec<_> = (0..50).map(|n| json!({ "n": n, "kind": format!("kind {}", n % 10) })).collect();
    session.post("/_api/document/parts", &json!(all)).await;
    let mut seen = 0;
    for kind in ["kind 1", "kind 7"] {
        let options = json!({ "forceOneShardAttributeValue": kind });
        let query = "FOR p IN parts RETURN p.kind";
        let kinds = with_options(&mut session, query, options.clone()).await.json()["result"].clone();
        let kinds: Vec<_> = kinds.as_array().unwrap().clone();
        assert_eq!(
            kinds.iter().filter(|found| *found == kind).count(),
            5,
            "all of the value are in one shard"
        );
        assert!(kinds.len() < 50, "the other shards are not read");
        let count = with_options(&mut session, "RETURN LENGTH(parts)", options.clone()).await.json();
        assert_eq!(count["result"], json!([kinds.len()]));
        let written = with_options(&mut session, "FOR p IN parts REMOVE p IN parts", options).await;
        assert_eq!((written.status, written.error_num()), (501, 9));
        seen += kinds.len();
    }
    assert!(seen >= 10);
}

#[tokio::test]
async fn collections_are_skipped_only_for_users_who_may_read_all_of_them() {
    let (cluster, mut session) = books().await;
    let options = json!({ "skipInaccessibleCollections": true });
    let query = "RETURN LENGTH(books)";
    assert_eq!(with_options(&mut session, query, options.clone()).await.json()["result"], json!([20]));
    session.post("/_api/user", &json!({ "user": "anna", "passwd": "x" })).await;
    session.put("/_api/user/anna/database/_system", &json!({ "grant": "rw" })).await;
    session.put("/_api/user/anna/database/_system/books", &json!({ "grant": "none" })).await;
    let anna = Session::connect_in_memory(cluster.coordinator(0)).await;
    let mut anna = anna.with_authorization("Basic YW5uYTp4".to_owned());
    let refused = with_options(&mut anna, query, options).await;
    assert_eq!((refused.status, refused.error_num()), (501, 9));
}

#[tokio::test]
async fn a_plan_is_kept_by_its_coordinator_until_its_collection_changes() {
    let (cluster, mut session) = books().await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    let path = "/_api/query-plan-cache";
    let query = json!({
        "query": "FOR b IN @@c FILTER b.n == @n RETURN b.n", "bindVars": { "@c": "books", "n": 3 },
        "options": { "usePlanCache": true },
    });
    let first = session.post("/_api/cursor", &query).await.json();
    assert_eq!((&first["result"], first.get("planCacheKey")), (&json!([3]), None));
    let mut changed = query.clone();
    changed["bindVars"]["n"] = 4.into();
    let second = session.post("/_api/cursor", &changed).await.json();
    let kept = session.get(path).await.json();
    assert_eq!((&second["result"], &second["planCacheKey"]), (&json!([4]), &kept[0]["hash"]));
    assert_eq!(
        (&kept[0]["hits"], &kept[0]["bindVars"], &kept[0]["dataSources"], &kept[0]["fullCount"]),
        (&json!(1), &json!({ "@c": "books" }), &json!(["books"]), &json!(false))
    );
    assert_eq!(other.get(path).await.json(), json!([]), "the plans of one coordinator");

    let index = json!({ "type": "persistent", "fields": ["n"] });
    session.post("/_api/index?collection=books", &index).await;
    assert_eq!(session.get(path).await.json(), json!([]), "another index changes the plan");
    session.post("/_api/cursor", &query).await;
    assert_eq!(session.get(path).await.json().as_array().unwrap().len(), 1);
    assert_eq!(session.delete(path).await.json(), json!({ "error": false, "code": 200 }));
    assert_eq!(session.get(path).await.json(), json!([]));
}

#[tokio::test]
async fn a_plan_that_depends_on_values_is_not_kept() {
    let (_cluster, mut session) = books().await;
    for (query, bind_vars) in [
        ("FOR b IN books FILTER b.@name == 3 RETURN b.n", json!({ "name": "n" })),
        ("UPSERT { n: 1 } INSERT { n: 1 } UPDATE {} IN books", json!({})),
    ] {
        let body = json!({ "query": query, "bindVars": bind_vars, "options": { "usePlanCache": true } });
        let refused = session.post("/_api/cursor", &body).await;
        assert_eq!((refused.status, refused.error_num()), (400, 1584), "{query}");
    }
}

#[tokio::test]
async fn functions_search_the_positions_of_a_geo_index() {
    let (_cluster, mut session) = books().await;
    session.post("/_api/collection", &json!({ "name": "places" })).await;
    let places = json!([
        { "_key": "a", "at": [1, 1] }, { "_key": "b", "at": [1, 2] }, { "_key": "c", "at": [4, 4] },
        { "_key": "d" }, { "_key": "e", "at": "here" },
    ]);
    session.post("/_api/document/places", &places).await;
    let missing = run(&mut session, "RETURN NEAR(places, 1, 1)").await;
    assert_eq!((missing.status, missing.error_num()), (404, 1570));
    session.post("/_api/index?collection=places", &json!({ "type": "geo", "fields": ["at"] })).await;
    for (query, keys) in [
        ("FOR p IN NEAR(places, 1, 1) RETURN p._key", json!(["a", "b", "c"])),
        ("FOR p IN NEAR('places', 4, 4, 2) RETURN p._key", json!(["c", "b"])),
        ("FOR p IN NEAR(places, 1, 1, 0) RETURN p._key", json!([])),
        ("FOR p IN WITHIN(places, 1, 1, 6) RETURN p._key", json!(["a"])),
        ("FOR p IN WITHIN(places, 1, 1, 112000) RETURN p._key", json!(["a", "b"])),
        ("FOR p IN WITHIN(places, 1, 2, 0, 'far') RETURN [p._key, p.far]", json!([["b", 0]])),
    ] {
        assert_eq!(rows(&mut session, query).await, keys, "{query}");
    }
    let query = "FOR p IN NEAR(places, 1, 1, 2, 'far') RETURN FLOOR(p.far)";
    assert_eq!(
        rows(&mut session, query).await,
        json!([0, 111_177]),
        "a degree of longitude near the equator"
    );

    session.post("/_api/collection", &json!({ "name": "turned" })).await;
    session.post("/_api/document/turned", &json!([{ "_key": "a", "at": [10, 0] }])).await;
    let index = json!({ "type": "geo", "fields": ["at"], "geoJson": true });
    session.post("/_api/index?collection=turned", &index).await;
    assert_eq!(rows(&mut session, "FOR p IN WITHIN(turned, 0, 10, 1) RETURN p._key").await, json!(["a"]));
    session.post("/_api/document/turned", &json!({ "at": { "type": "Point", "coordinates": [1, 1] } })).await;
    let shape = run(&mut session, "RETURN NEAR(turned, 0, 0)").await;
    assert_eq!((shape.status, shape.error_num()), (501, 9));
}

#[tokio::test]
async fn a_function_searches_the_words_of_a_fulltext_index() {
    let (_cluster, mut session) = books().await;
    session.post("/_api/collection", &json!({ "name": "notes" })).await;
    let notes = json!([
        { "_key": "a", "text": "Banana and apple" }, { "_key": "b", "text": ["banana", "Pear"] },
        { "_key": "c", "text": { "en": "an apple", "de": { "deep": "banana" } } }, { "_key": "d", "text": 7 },
    ]);
    session.post("/_api/document/notes", &notes).await;
    let missing = run(&mut session, "RETURN FULLTEXT(notes, 'text', 'apple')").await;
    assert_eq!((missing.status, missing.error_num()), (404, 1571));
    let index = json!({ "type": "fulltext", "fields": ["text"], "minLength": 3 });
    session.post("/_api/index?collection=notes", &index).await;
    for (search, keys) in [
        ("banana", json!(["a", "b"])),
        ("APPLE", json!(["a", "c"])),
        ("banana,-apple", json!(["b"])),
        ("banana,|apple", json!(["a", "b", "c"])),
        ("prefix:pea", json!(["b"])),
        ("an", json!([])),
    ] {
        let query = format!("FOR n IN FULLTEXT(notes, 'text', '{search}') SORT n._key RETURN n._key");
        assert_eq!(rows(&mut session, &query).await, keys, "{search}");
    }
    let query = "RETURN LENGTH(FULLTEXT('notes', 'text', 'banana', 1))";
    assert_eq!(rows(&mut session, query).await, json!([1]));
    assert_eq!(run(&mut session, "RETURN FULLTEXT(notes, 'text', '+')").await.error_num(), 10);
    session.post("/_api/document/notes", &json!({ "text": "it's 3.14" })).await;
    let ambiguous = run(&mut session, "RETURN FULLTEXT(notes, 'text', 'apple')").await;
    assert_eq!((ambiguous.status, ambiguous.error_num()), (501, 9));
}

#[tokio::test]
async fn a_number_that_a_query_calculates_is_written_as_a_double_and_stored_as_one() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let stored = r#"{"_key":"a","n":100000000,"x":1e8}"#;
    session.request(http::Method::POST, "/_api/document/books", stored).await.expect("a response");
    let query =
        "FOR b IN books UPDATE b WITH { m: b.n * 17000 } IN books RETURN [NEW.n, NEW.m, b.n + 0, b.x]";
    let response = session.post("/_api/cursor", &json!({ "query": query })).await;
    let text = String::from_utf8(response.body.to_vec()).unwrap();
    assert!(text.contains("[[100000000,1.7e+12,1e+8,1e+8]]"), "{text}");
    let read = session.get("/_api/document/books/a").await;
    let text = String::from_utf8(read.body.to_vec()).unwrap();
    assert!(text.contains(r#""n":100000000,"x":1e+8,"m":1.7e+12"#), "{text}");
}
