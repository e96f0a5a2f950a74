//! Explaining, parsing, listing and killing queries.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::client::{Session, in_memory};

#[tokio::test]
async fn a_query_is_explained_without_running_it() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/collection", &json!({ "name": "books" })).await;
    let body = json!({ "query": "FOR i IN 1..@n INSERT {} INTO @@c", "bindVars": { "n": 1, "@c": "books" } });
    let explained = session.post("/_api/explain", &body).await;
    assert_eq!(explained.status, 200);
    let stats = explained.json()["stats"].clone();
    assert!(
        stats["executionTime"].as_f64() > Some(0.0) && stats["peakMemoryUsage"].as_u64() > Some(0),
        "{stats}"
    );
    let plan = &explained.json()["plan"];
    assert_eq!(plan["isModificationQuery"], true);
    assert_eq!(plan["collections"], json!([{ "name": "books", "type": "write" }]));
    assert!(plan["nodes"][0]["type"].as_str().unwrap().starts_with("sim:"));
    assert_eq!(session.get("/_api/collection/books/count").await.json()["count"], 0);
    let missing = session.post("/_api/explain", &json!({ "query": "FOR d IN x RETURN d" })).await;
    assert_eq!((missing.status, missing.error_num()), (404, 1203));
    assert_eq!(session.post("/_api/explain", &json!({ "query": "RETURN @x" })).await.error_num(), 1551);
}

#[tokio::test]
async fn an_explanation_takes_the_options_of_a_query_and_warns_of_divisions_of_constants() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let explain = |query: &str, options: Value| json!({ "query": query, "options": options });
    let query = "FOR i IN 1..10 RETURN [1 / 0, i, 7 % 0]";
    let warning = json!({ "code": 1562, "message": "division by zero" });
    let explained = session.post("/_api/explain", &explain(query, json!({}))).await.json();
    assert_eq!(explained["warnings"], json!([warning, warning]));
    assert_eq!(explained["stats"].get("rules"), None);
    let explained =
        session.post("/_api/explain", &explain(query, json!({ "maxWarningCount": 1 }))).await.json();
    assert_eq!(explained["warnings"], json!([warning]));
    let failed = session.post("/_api/explain", &explain(query, json!({ "failOnWarning": true }))).await;
    assert_eq!((failed.status, failed.error_num()), (400, 1562));
    assert_eq!(failed.json()["errorMessage"], "AQL: division by zero (while optimizing ast)");

    let harmless =
        json!({ "fullCount": true, "profile": 2, "maxNodesPerCallstack": 200, "failOnWarning": true });
    let explained = session.post("/_api/explain", &explain("RETURN 1 / 2", harmless)).await;
    assert_eq!((explained.status, &explained.json()["stats"]["rules"]), (200, &json!({})));
    let refused = session.post("/_api/explain", &explain("RETURN 1", json!({ "shardIds": [] }))).await;
    let text = "sim: the attribute `options.shardIds` of POST /_api/explain is not modelled";
    assert_eq!((refused.status, &refused.json()["errorMessage"]), (501, &json!(text)));
}

#[tokio::test]
async fn a_query_is_parsed_without_its_parameters() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let parsed =
        session.post("/_api/query", &json!({ "query": "FOR d IN books FILTER d.x == @x RETURN d" })).await;
    assert_eq!(parsed.status, 200);
    let parsed = parsed.json();
    assert_eq!((&parsed["parsed"], &parsed["collections"]), (&json!(true), &json!(["books"])));
    assert_eq!(parsed["bindVars"], json!(["x"]));
    let invalid = session.post("/_api/query", &json!({ "query": "FOR" })).await;
    assert_eq!((invalid.status, invalid.error_num()), (400, 1501));
}

#[tokio::test(start_paused = true)]
async fn queries_in_progress_are_listed_and_killed_through_any_coordinator() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    let open = json!({ "query": "FOR i IN 1..9 RETURN i", "batchSize": 1, "stream": true });
    let open = session.post("/_api/cursor", &open).await.json();
    let sleeping =
        tokio::spawn(
            async move { session.post("/_api/cursor", &json!({ "query": "RETURN SLEEP(100)" })).await },
        );
    sleep(Duration::from_secs(2)).await;
    let listed = other.get("/_api/query/current").await.json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!((&listed[0]["stream"], &listed[1]["query"]), (&json!(true), &json!("RETURN SLEEP(100)")));
    assert_eq!((&listed[1]["runTime"], &listed[1]["state"]), (&json!(2), &json!("executing")));
    assert_eq!(other.get("/_api/query/current?local=true").await.json(), json!([]));

    for query in listed.as_array().unwrap() {
        let path = format!("/_api/query/{}", query["id"].as_str().unwrap());
        assert_eq!(other.delete(&path).await.status, 200);
    }
    let killed = sleeping.await.unwrap();
    assert_eq!((killed.status, killed.error_num()), (410, 1500));
    let path = format!("/_api/cursor/{}", open["id"].as_str().unwrap());
    assert_eq!(other.request(http::Method::POST, &path, "").await.unwrap().error_num(), 1500);
    assert_eq!(other.get("/_api/query/current").await.json(), json!([]));
    let unknown = other.delete("/_api/query/7").await;
    assert_eq!((unknown.status, unknown.error_num()), (404, 1591));
}

#[tokio::test(start_paused = true)]
async fn slow_queries_are_listed_until_they_are_cleared() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/cursor", &json!({ "query": "RETURN SLEEP(9)" })).await;
    session.post("/_api/cursor", &json!({ "query": "RETURN SLEEP(11)" })).await;
    let slow: Value = session.get("/_api/query/slow").await.json();
    assert_eq!((slow.as_array().unwrap().len(), &slow[0]["runTime"]), (1, &json!(11)));
    assert_eq!(session.delete("/_api/query/slow").await.status, 200);
    assert_eq!(session.get("/_api/query/slow").await.json(), json!([]));
    assert_eq!(session.get("/_api/query/properties").await.json()["slowQueryThreshold"], 10);
}

#[tokio::test(start_paused = true)]
async fn tracking_is_set_for_one_coordinator_and_database() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    session.post("/_api/database", &json!({ "name": "shop" })).await;
    let path = "/_api/query/properties";
    let given = json!({
        "slowQueryThreshold": 0.5, "maxSlowQueries": 2, "trackBindVars": false, "maxQueryStringLength": 10,
    });
    let set = session.put(path, &given).await;
    assert_eq!((set.status, &set.json()["maxSlowQueries"]), (200, &json!(2)));
    for one in [other.get(path).await, session.get(&format!("/_db/shop{path}")).await] {
        assert_eq!((&one.json()["maxSlowQueries"], &one.json()["trackBindVars"]), (&json!(64), &json!(true)));
    }
    for seconds in [0.1, 0.6, 0.7, 0.8] {
        let body = json!({ "query": "RETURN SLEEP(@s)", "bindVars": { "s": seconds } });
        session.post("/_api/cursor", &body).await;
    }
    let slow = other.get("/_api/query/slow").await.json();
    let times: Vec<_> =
        slow.as_array().unwrap().iter().map(|query| query["runTime"].as_f64().unwrap()).collect();
    assert!(times.len() == 2 && times[0] >= 0.7 && times[1] >= 0.8, "{times:?}");
    assert_eq!((&slow[0]["query"], &slow[0]["bindVars"]), (&json!("RETURN SLE..."), &json!({})));

    session.put(path, &json!({ "enabled": false })).await;
    let open = json!({ "query": "FOR i IN 1..9 RETURN i", "batchSize": 1, "stream": true });
    session.post("/_api/cursor", &open).await;
    assert_eq!(session.get("/_api/query/current").await.json(), json!([]));
    let unknown = session.put(path, &json!({ "x": 1 })).await;
    assert_eq!((unknown.status, unknown.error_num()), (501, 9));

    cluster.coordinator(0).restart().await.unwrap();
    let mut again = Session::connect_in_memory(cluster.coordinator(0)).await;
    assert_eq!(again.get(path).await.json()["enabled"], true);
}

#[tokio::test]
async fn superusers_clear_and_kill_queries_of_all_databases() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post("/_api/database", &json!({ "name": "shop" })).await;
    session.put("/_db/shop/_api/query/properties", &json!({ "slowQueryThreshold": 0 })).await;
    session.post("/_db/shop/_api/cursor", &json!({ "query": "RETURN 1" })).await;
    let open = json!({ "query": "FOR i IN 1..9 RETURN i", "batchSize": 1, "stream": true });
    session.post("/_db/shop/_api/cursor", &open).await;
    let query = session.get("/_db/shop/_api/query/current").await.json()[0]["id"].clone();
    let kill = format!("/_api/query/{}?all=true", query.as_str().unwrap());
    for path in ["/_api/query/slow?all=true", &kill] {
        assert_eq!(session.delete(path).await.status, 403, "{path}");
    }
    assert_eq!(session.delete("/_api/query/slow").await.status, 200);
    assert_eq!(session.get("/_db/shop/_api/query/slow").await.json().as_array().unwrap().len(), 1);

    let token = format!("bearer {}", cluster.superuser_token());
    let mut superuser = Session::connect_in_memory(cluster.coordinator(1)).await.with_authorization(token);
    for path in ["/_api/query/slow?all=true", &kill] {
        assert_eq!(superuser.delete(path).await.status, 200, "{path}");
    }
    assert_eq!(session.get("/_db/shop/_api/query/slow").await.json(), json!([]));
}

#[tokio::test]
async fn all_plans_are_the_one_plan() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let mut explain = async |all: bool| {
        let body = json!({ "query": "RETURN 1", "options": { "allPlans": all } });
        session.post("/_api/explain", &body).await.json()
    };
    let (one, all) = (explain(false).await, explain(true).await);
    assert_eq!(all["plans"], json!([one["plan"]]));
    assert_eq!((all.get("plan"), one.get("plans")), (None, None));
}

#[tokio::test]
async fn a_list_needs_all_coordinators() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    cluster.coordinator(2).kill();
    let refused = session.get("/_api/query/current").await;
    assert_eq!((refused.status, refused.error_num()), (503, 1478));
    assert_eq!(session.get("/_api/query/current?local=true").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_query_that_sleeps_without_an_end_can_be_killed() {
    for (seconds, options) in [(1e18, json!({})), (1e5, json!({})), (1e18, json!({ "maxRuntime": 1e19 }))] {
        let cluster = in_memory().await;
        let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
        let mut other = Session::connect_in_memory(cluster.coordinator(0)).await;
        let query = format!("RETURN [SLEEP({seconds:.1}), SLEEP({seconds:.1})]");
        let body = json!({ "query": query, "options": options });
        let running = tokio::spawn(async move { session.post("/_api/cursor", &body).await });
        sleep(Duration::from_secs(1)).await;
        let listed = other.get("/_api/query/current").await.json();
        let id = listed[0]["id"].as_str().expect("a query in progress");
        assert_eq!(other.delete(&format!("/_api/query/{id}")).await.status, 200);
        let start = tokio::time::Instant::now();
        let killed = running.await.expect("a response");
        assert_eq!((killed.status, killed.error_num()), (410, 1500));
        assert!(start.elapsed() <= Duration::from_secs(10));
    }
}
