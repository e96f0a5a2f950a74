//! AQL functions that users define.

use arango_test_cluster::TestCluster;
use http::Method;
use serde_json::{Value, json};

use crate::client::{Session, basic, in_memory};

const PATH: &str = "/_api/aqlfunction";
const CODE: &str = "function (x) { return x * 2; }";

fn definition(name: &str) -> Value {
    json!({ "name": name, "code": CODE, "isDeterministic": true })
}

/// Returns the names of the listed functions.
async fn names(session: &mut Session, query: &str) -> Vec<String> {
    let listed = session.get(&format!("{PATH}{query}")).await.json();
    let name = |function: &Value| function["name"].as_str().expect("a name").to_owned();
    listed["result"].as_array().expect("a list").iter().map(name).collect()
}

#[tokio::test]
async fn a_function_is_new_once_and_then_replaced() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    let new = session.post(PATH, &definition("math::twice")).await;
    assert_eq!(
        (new.status, new.json()),
        (201, json!({ "isNewlyCreated": true, "error": false, "code": 201 }))
    );
    let replaced = session.post(PATH, &json!({ "name": "MATH::TWICE", "code": " x => x + x\n" })).await;
    assert_eq!(
        (replaced.status, replaced.json()),
        (200, json!({ "isNewlyCreated": false, "error": false, "code": 200 }))
    );
    let mut other = Session::connect_in_memory(cluster.coordinator(1)).await;
    let stored = json!([{ "name": "MATH::TWICE", "code": "x => x + x", "isDeterministic": false }]);
    assert_eq!(other.get(PATH).await.json(), json!({ "error": false, "code": 200, "result": stored }));
}

#[tokio::test]
async fn functions_are_listed_and_removed_by_namespace() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    for name in ["a::x", "a::b::y", "ab::z"] {
        assert_eq!(session.post(PATH, &definition(name)).await.status, 201, "{name}");
    }
    assert_eq!(names(&mut session, "").await, ["a::x", "a::b::y", "ab::z"]);
    for query in ["?namespace=A", "?prefix=a::", "/a"] {
        assert_eq!(names(&mut session, query).await, ["a::x", "a::b::y"], "{query}");
    }
    session.post("/_api/database", &json!({ "name": "shop" })).await;
    let elsewhere = session.get(&format!("/_db/shop{PATH}")).await.json();
    assert_eq!(elsewhere["result"], json!([]), "each database has its functions");

    let one = session.delete(&format!("{PATH}/A::X")).await;
    assert_eq!((one.status, one.json()), (200, json!({ "deletedCount": 1, "error": false, "code": 200 })));
    let again = session.delete(&format!("{PATH}/a::x")).await;
    assert_eq!((again.status, again.error_num()), (404, 1582));
    for count in [1, 0] {
        let group = session.delete(&format!("{PATH}/a?group=true")).await;
        assert_eq!((group.status, &group.json()["deletedCount"]), (200, &json!(count)));
    }
    assert_eq!(names(&mut session, "").await, ["ab::z"]);
}

#[tokio::test]
async fn invalid_names_and_code_are_refused() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    for (body, status, number) in [
        (json!([1]), 400, 17),
        (json!({ "code": CODE }), 400, 1580),
        (json!({ "name": "", "code": CODE }), 400, 1580),
        (json!({ "name": "twice", "code": CODE }), 400, 1580),
        (json!({ "name": "_a::twice", "code": CODE }), 400, 1580),
        (json!({ "name": "a::twice" }), 400, 1581),
        (json!({ "name": "a::twice", "code": "" }), 400, 1581),
        (json!({ "name": "a::twice", "code": "function (x) { invalid syntax }" }), 400, 1581),
        (json!({ "name": "a::twice", "code": "1" }), 400, 1581),
        // It may be one, but only running it would show it.
        (json!({ "name": "a::twice", "code": "require('a').twice" }), 501, 9),
    ] {
        let refused = session.post(PATH, &body).await;
        assert_eq!((refused.status, refused.error_num()), (status, number), "{body}");
    }
    let suffix = session.delete(PATH).await;
    assert_eq!((suffix.status, suffix.error_num()), (400, 601));
    let name = session.delete(&format!("{PATH}/a:b")).await;
    assert_eq!((name.status, name.error_num()), (400, 1580));
    assert_eq!(session.request(Method::PATCH, PATH, "{}").await.unwrap().status, 405);
    assert_eq!(names(&mut session, "").await, [""; 0]);
}

#[tokio::test]
async fn who_may_only_read_lists_functions_and_changes_none() {
    let cluster = in_memory().await;
    let mut root = Session::connect_in_memory(cluster.coordinator(0)).await;
    root.post("/_api/user", &json!({ "user": "anna", "passwd": "x" })).await;
    root.put("/_api/user/anna/database/_system", &json!({ "grant": "ro" })).await;
    root.post(PATH, &definition("a::x")).await;
    let mut anna =
        Session::connect_in_memory(cluster.coordinator(0)).await.with_authorization(basic("anna", "x"));
    assert_eq!(names(&mut anna, "").await, ["a::x"]);
    for refused in [anna.post(PATH, &definition("a::y")).await, anna.delete(&format!("{PATH}/a::x")).await] {
        assert_eq!((refused.status, refused.error_num()), (403, 11));
    }
    assert_eq!(names(&mut root, "").await, ["a::x"]);
}

#[tokio::test]
async fn a_query_that_calls_a_function_of_a_user_is_refused_by_name() {
    let cluster = in_memory().await;
    let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
    session.post(PATH, &definition("math::twice")).await;
    let refused = session.post("/_api/cursor", &json!({ "query": "RETURN math::twice(1)" })).await;
    assert_eq!((refused.status, refused.error_num()), (501, 9));
    assert!(refused.json()["errorMessage"].as_str().unwrap().contains("user-defined functions"));
}

#[tokio::test]
async fn all_versions_before_4_0_have_functions_of_users() {
    for (version, status) in [("3.10", 200), ("3.11", 200), ("3.12", 200), ("4.0", 404)] {
        let cluster = TestCluster::builder().in_memory().version(version).start().await.unwrap();
        let mut session = Session::connect_in_memory(cluster.coordinator(0)).await;
        assert_eq!(session.get(PATH).await.status, status, "{version}");
    }
}
