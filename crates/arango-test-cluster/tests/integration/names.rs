//! Names of collections and views.

use arango_test_cluster::TestCluster;
use serde_json::json;

use crate::client::Session;

async fn session_of(version: &str) -> (TestCluster, Session) {
    let cluster = TestCluster::builder().in_memory().version(version).start().await.expect("a cluster");
    let session = Session::connect_in_memory(cluster.coordinator(0)).await;
    (cluster, session)
}

#[tokio::test]
async fn names_of_collections_may_have_nearly_all_characters_from_3_12_on() {
    let long = "x".repeat(256);
    let too_long = "x".repeat(257);
    // Each with its statuses before 3.12 and since.
    let names = [
        ("books", 200, 200),
        ("b-o_0ks", 200, 200),
        (&*long, 200, 200),
        (&*too_long, 400, 400),
        ("", 400, 400),
        ("-books", 400, 200),
        ("mötör 😀", 400, 200),
        ("a:b", 400, 200),
        ("1books", 400, 400),
        (".books", 400, 400),
        (" books", 400, 400),
        ("books ", 400, 400),
        ("_books", 400, 400),
        ("a/b", 400, 400),
        ("a\tb", 400, 400),
        ("a\0b", 400, 400),
    ];
    for (version, is_extended) in [("3.10.14", false), ("3.11.14", false), ("3.12.0", true)] {
        let (_cluster, mut session) = session_of(version).await;
        for (name, traditional, extended) in names {
            let expected = if is_extended { extended } else { traditional };
            let made = session.post("/_api/collection", &json!({ "name": name })).await;
            assert_eq!(made.status, expected, "{version} {name:?}");
            if expected == 400 {
                assert_eq!(made.error_num(), 1208, "{version} {name:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_name_whose_normal_form_is_not_known_is_refused_by_name() {
    let (_cluster, mut session) = session_of("3.12.5").await;
    for name in ["u\u{308}", "\u{212b}", "\u{fb1d}"] {
        for (path, body) in [
            ("/_api/collection", json!({ "name": name })),
            ("/_api/database", json!({ "name": name })),
            ("/_api/view", json!({ "name": name, "type": "arangosearch" })),
        ] {
            let refused = session.post(path, &body).await;
            assert_eq!((refused.status, refused.error_num()), (501, 9), "{path} {name:?}");
        }
    }
}

#[tokio::test]
async fn a_graph_creates_no_collections_if_one_of_their_names_is_illegal() {
    let (_cluster, mut session) = session_of("3.11.14").await;
    let edges = json!([{ "collection": "roads", "from": ["towns"], "to": ["my towns"] }]);
    let refused = session.post("/_api/gharial", &json!({ "name": "g", "edgeDefinitions": edges })).await;
    assert_eq!((refused.status, refused.error_num()), (400, 1208));
    for name in ["roads", "towns"] {
        assert_eq!(session.get(&format!("/_api/collection/{name}")).await.status, 404, "{name}");
    }
    assert_eq!(session.get("/_api/gharial/g").await.status, 404);
}
