//! Errors of documents and queries.

use std::time::Duration;

use arango::Limits;
use arango::data::{Aql, Index};
use arango_test_cluster::{Fault, Match};
use serde_json::{Value, json};

use super::Page;
use crate::support::{builder, cluster_of};

pub(super) async fn situations(page: &mut Page) {
    page.section("Documents and queries");
    let cluster = cluster_of(1).await;
    let client = builder(&cluster).build().unwrap();
    let database = client.create_database("library").await.unwrap();
    database.create_collection("books").await.unwrap();
    let books = database.collection("books");
    books.insert(&json!({ "title": "Dune" })).key("dune").await.unwrap();

    let missing_database = client.db("shop").collection("books").insert(&json!({})).await.unwrap_err();
    page.error("The database of an insert does not exist", &missing_database);
    let missing = database.collection("movies").get::<Value>("dune").await.unwrap_err();
    page.error("The collection does not exist in the database", &missing);
    page.error(
        "A document to be updated does not exist",
        &books.update("emma", &json!({})).await.unwrap_err(),
    );
    let taken = books.insert(&json!({ "title": "Dune" })).key("dune").await.unwrap_err();
    page.error("The key of the program is in use", &taken);
    let changed = books.update("dune", &json!({})).if_revision(&"_old".parse().unwrap()).await.unwrap_err();
    page.error("The document was changed", &changed);
    page.error("A key that is none", &books.get::<Value>("a b").await.unwrap_err());
    let nan = books.insert(&json!({ "title": "Dune" })).key("").await.unwrap_err();
    page.error("An empty key", &nan);
    page.error("A number that JSON cannot hold", &books.insert(&[("price", f64::NAN)]).await.unwrap_err());

    database.create_collection("people").shards(3).await.unwrap();
    let unique = database.collection("people").ensure_index(Index::persistent(["email"]).unique());
    page.error("A unique index of a collection with several shards", &unique.await.unwrap_err());

    let query = |text| database.query::<String>(Aql::dynamic(text));
    let misspelt = "FOR b IN books\n  FITLER b.year > 1960\n  RETURN b";
    page.error("A query with a syntax error, on three lines", &query(misspelt).all().await.unwrap_err());
    page.error("A parameter is not bound", &query("RETURN @title").all().await.unwrap_err());
    page.error("A row that is not what the type expects", &query("RETURN 7").all().await.unwrap_err());
    page.error(
        "A second row, where one is expected",
        &query("FOR i IN ['a', 'b'] RETURN i").one().await.unwrap_err(),
    );

    let limits = Limits::default().attempt(Duration::from_millis(300)).total(Duration::from_secs(1));
    let impatient = builder(&cluster).limits(limits).build().unwrap().db("library").collection("books");
    let late = Fault::latency(Duration::from_secs(10)).on(Match::path("/_api/document/*"));
    let late = cluster.coordinator(0).inject(late);
    let lost = impatient.update("dune", &json!({ "year": 1965 })).await.unwrap_err();
    page.error("The response to an update is lost, and the document cannot be read", &lost);
    drop(late);
    let lost = Fault::close(arango_test_cluster::Phase::AfterRead)
        .on(Match::method(http::Method::PATCH, "/_api/document/*"));
    let _lost = cluster.coordinator(0).inject(lost);
    page.error(
        "The response to an update is lost, and the document is not changed",
        &books.update("dune", &json!({ "year": 1965 })).await.unwrap_err(),
    );

    let cluster = cluster_of(2).await;
    let limits = Limits::default().attempt(Duration::from_secs(1)).total(Duration::from_secs(3));
    let client = builder(&cluster).limits(limits).build().unwrap();
    let query = client.db("_system").query::<u8>(Aql::new("FOR i IN 1..9 RETURN i")).batch_size(1);
    let mut cursor = query.await.unwrap();
    let owner = cursor.coordinator().unwrap().clone();
    let index = client.coordinators().iter().position(|state| state.address == owner).unwrap();
    cluster.coordinator(index).kill();
    let lost = loop {
        if let Err(error) = cursor.try_next().await {
            break error;
        }
    };
    page.error("The coordinator of a cursor is lost", &lost);
}
