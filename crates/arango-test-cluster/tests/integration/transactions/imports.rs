//! Imports that name a transaction.

use http::Method;
use serde_json::{Value, json};

use super::{count, insert, library, outcome, path, writing};
use crate::client::{Session, TestResponse};

async fn import(session: &mut Session, id: &str, documents: Value) -> TestResponse {
    let path = "/_api/import?collection=books&type=array";
    session.within(id, Method::POST, path, &documents).await
}

#[tokio::test]
async fn an_import_that_names_a_transaction_is_executed_outside_of_it() {
    let (_cluster, mut session) = library().await;
    let id = writing(&mut session).await;
    insert(&mut session, &id, json!({ "_key": "a" })).await;
    let imported = import(&mut session, &id, json!([{ "_key": "a" }, { "_key": "b" }])).await.json();
    assert_eq!((&imported["created"], &imported["errors"]), (&json!(1), &json!(1)), "`a` is locked");
    assert_eq!(count(&mut session).await, 1, "at once");
    let read = session.within(&id, Method::GET, "/_api/document/books/b", &Value::Null).await;
    assert_eq!(outcome(&read), (404, 1202), "the transaction began before");
    assert_eq!(session.delete(&path(&id)).await.status, 200);
    assert_eq!(session.get("/_api/document/books/b").await.status, 200, "an abort does not undo it");
    assert_eq!(
        import(&mut session, &id, json!([{}])).await.status,
        201,
        "whatever became of the transaction"
    );
}

#[tokio::test]
async fn an_import_goes_to_the_owner_of_the_transaction_that_it_names() {
    let (cluster, mut owner) = library().await;
    let id = writing(&mut owner).await;
    let mut other = Session::connect_in_memory(cluster.coordinator(2)).await;
    let imported = import(&mut other, &id, json!([{ "_key": "b" }])).await;
    let forwarded_to = imported.headers["x-arango-request-forwarded-to"].clone();
    assert_eq!((imported.status, forwarded_to.to_str().unwrap()), (201, cluster.coordinator(0).id()));
    let unknown = (77_u64 << 40).to_string();
    assert_eq!(outcome(&import(&mut other, &unknown, json!([{}])).await), (404, 1655));
    assert_eq!(import(&mut other, "x", json!([{}])).await.status, 201, "what is no id is ignored");
}
