//! Queries: rows in batches, bound values, errors.

use arango::ErrorKind;
use arango::data::Aql;

use crate::cluster_under_test::{ClusterUnderTest, new_database};

#[tokio::test]
async fn all_rows_arrive_in_order_whatever_the_size_of_a_batch() {
    let client = ClusterUnderTest::from_env().client();
    let database = client.db("_system");
    for size in [1, 7, 100, 1000] {
        let query = Aql::new("FOR i IN 1..@last RETURN i").bind("last", 100);
        let mut rows = database.query::<u32>(query).batch_size(size).await.unwrap();
        let mut read = Vec::new();
        while let Some(row) = rows.try_next().await.unwrap() {
            read.push(row);
        }
        assert_eq!(read, (1..=100).collect::<Vec<_>>(), "batches of {size}");
    }
}

#[tokio::test]
async fn documents_are_filtered_sorted_and_counted() {
    let client = ClusterUnderTest::from_env().client();
    let database = new_database(&client, "queries").await;
    database.create_collection("books").shards(3).ensure().await.unwrap().into_result().unwrap();
    let books = database.collection("books");
    for year in 1990..2010 {
        books.insert(&serde_json::json!({ "year": year })).await.unwrap();
    }

    let query =
        Aql::new("FOR b IN books FILTER b.year >= @from SORT b.year DESC RETURN b.year").bind("from", 2000);
    let years: Vec<u32> = database.query(query).all().await.unwrap();

    assert_eq!(years, (2000..2010).rev().collect::<Vec<_>>());
    client.drop_database(database.name()).await.unwrap();
}

#[tokio::test]
async fn a_query_that_cannot_be_parsed_is_reported_as_such() {
    let client = ClusterUnderTest::from_env().client();

    let error = client.db("_system").query::<u32>(Aql::new("FOR i IN")).all().await.unwrap_err();

    assert_eq!(error.kind(), ErrorKind::InvalidQuery, "{error}");
}
