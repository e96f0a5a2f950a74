//! Indexes of collections.

use std::time::Duration;

use arango::data::{DropStatus, Index, IndexId, IndexType};
use arango::{ErrorKind, Limits, Outcome};
use arango_test_cluster::{Fault, Match, Phase};
use http::Method;
use serde_json::json;

use super::{book, books};
use crate::support::{builder, client, cluster, cluster_of};

#[tokio::test(start_paused = true)]
async fn an_index_is_created_listed_and_dropped() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let definition = || Index::persistent(["year", "title"]).sparse().named("by_year");
    let created = books.ensure_index(definition()).await.unwrap();
    assert!(!created.existed && created.actual.sparse && created.actual.name == "by_year");
    assert!(books.ensure_index(definition()).await.unwrap().existed);
    let listed = books.indexes().await.unwrap();
    let types: Vec<_> = listed.iter().map(|index| index.index_type.clone()).collect();
    assert_eq!(types, [IndexType::Primary, IndexType::Persistent]);
    assert_eq!(books.index(&created.actual.id).await.unwrap().fields, [json!("year"), json!("title")]);
    assert_eq!(books.drop_index(&created.actual.id).await.unwrap(), DropStatus::Dropped);
    assert_eq!(books.drop_index(&created.actual.id).await.unwrap(), DropStatus::NotFound);
    assert_eq!(books.index(&created.actual.id).await.unwrap_err().kind(), ErrorKind::NotFound);
    let ttl = Index::ttl("at", Duration::from_secs(60));
    assert_eq!(books.ensure_index(ttl).await.unwrap().actual.expire_after, Some(Duration::from_secs(60)));
}

#[tokio::test(start_paused = true)]
async fn an_index_of_a_new_collection_waits_until_its_coordinator_knows_that() {
    let cluster = cluster().await;
    let database = client(&cluster).db("_system");
    cluster.set_propagation(Duration::from_secs(2));
    database.create_collection("new").await.unwrap();
    let new = database.collection("new");
    for _ in cluster.coordinators() {
        assert_eq!(new.indexes().await.unwrap().len(), 1);
    }
    assert!(!new.ensure_index(Index::persistent(["year"])).await.unwrap().existed);
}

#[tokio::test(start_paused = true)]
async fn an_index_of_the_name_that_does_something_else_is_shown_and_not_changed() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    let by_year = Index::persistent(["year"]).named("by_year");
    let created = books.ensure_index(by_year.clone()).await.unwrap();
    assert_eq!(created.to_string(), "index books/by_year created");
    let existed = books.ensure_index(by_year).await.unwrap();
    assert_eq!(existed.to_string(), "index books/by_year existed as expected");

    let unique = books.ensure_index(Index::persistent(["year"]).unique().named("by_year")).await.unwrap();
    let text = "index books/by_year exists and differs: unique is false, expected true";
    assert_eq!((unique.existed, unique.to_string().as_str()), (true, text));
    assert_eq!(unique.actual.id, created.actual.id);
    assert_eq!(unique.into_result().unwrap_err().to_string(), format!("{text}; it was not changed"));
    let renamed = books.ensure_index(Index::persistent(["year"]).named("years")).await.unwrap();
    let text = r#"index books/years exists and differs: name is "by_year", expected "years""#;
    assert_eq!(renamed.to_string(), text);
    assert_eq!(books.indexes().await.unwrap().len(), 2, "one beside that of the keys");
}

#[tokio::test(start_paused = true)]
async fn a_unique_index_refuses_equal_documents() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    books.insert(&book("Dune")).await.unwrap();
    books.ensure_index(Index::persistent(["title"]).unique()).await.unwrap().into_result().unwrap();
    let error = books.insert(&book("Dune")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::UniqueViolation, Outcome::NotExecuted),
        "{error}"
    );
    assert_eq!(books.count().await.unwrap(), 1);

    books.insert(&book("Emma")).await.unwrap();
    let error = books.ensure_index(Index::persistent(["year"]).unique()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UniqueViolation, "{error}");
    let error = books.ensure_index(Index::geo(["place"]).unique()).await.unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::Request, Outcome::NotExecuted), "{error}");
}

#[tokio::test(start_paused = true)]
async fn w24_an_index_whose_response_is_lost_is_ensured_and_dropped_once() {
    for phase in [Phase::AfterRead, Phase::AfterExecution, Phase::InBody] {
        let cluster = cluster().await;
        let books = books(&client(&cluster));
        let lost = cluster.inject(&Fault::close(phase).on(Match::path("/_api/index*")).times(1));
        let ensured = books.ensure_index(Index::persistent(["year"])).await.unwrap();
        drop(lost);
        assert_eq!(books.indexes().await.unwrap().len(), 2, "{phase:?}");
        let _lost = cluster.inject(&Fault::close(phase).on(Match::path("/_api/index/*")).times(1));
        books.drop_index(&ensured.actual.id).await.unwrap();
        assert_eq!(books.indexes().await.unwrap().len(), 1, "{phase:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_index_whose_response_is_lost_is_dropped_once_by_its_name_and_again_by_its_number() {
    for (phase, outcome_by_name, requests, executed) in [
        (Phase::AfterRead, Some(Outcome::Unknown), 1, 0),
        (Phase::AfterExecution, Some(Outcome::Unknown), 1, 1),
        (Phase::InBody, Some(Outcome::Executed), 1, 1),
        (Phase::AfterRead, None, 2, 1),
        (Phase::AfterExecution, None, 2, 1),
    ] {
        let by_name = outcome_by_name.is_some();
        let cluster = cluster_of(1).await;
        let books = books(&client(&cluster));
        let index = books.ensure_index(Index::persistent(["year"]).named("by_year")).await.unwrap().actual;
        let id = if by_name { IndexId::new("books/by_year").unwrap() } else { index.id };
        cluster.journal().clear();
        let _lost = cluster.inject(&Fault::close(phase).on(Match::delete("/_api/index/*")).times(1));
        let outcome = books.drop_index(&id).await.err().map(|error| error.outcome());
        assert_eq!(outcome, outcome_by_name, "{phase:?}");
        let sent = cluster.journal().entries().iter().filter(|entry| entry.method == Method::DELETE).count();
        let dropped = cluster.journal().executions_matching(|entry| {
            entry.method == Method::DELETE && entry.status.is_some_and(|status| status < 300)
        });
        assert_eq!((sent, dropped), (requests, executed), "{phase:?}, by its name: {by_name}");
        assert_eq!(books.indexes().await.unwrap().len(), 2 - executed, "{phase:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_index_that_takes_long_is_waited_for() {
    let cluster = cluster().await;
    let limits = Limits::default().attempt(Duration::from_secs(1)).total(Duration::from_secs(2));
    let books = builder(&cluster).limits(limits).build().unwrap().db("_system").collection("books");
    let slow = cluster.inject(&Fault::latency(Duration::from_secs(600)).on(Match::path("/_api/index")));
    books.ensure_index(Index::persistent(["year"])).await.unwrap().into_result().unwrap();
    let short = books.ensure_index(Index::persistent(["year"])).build_timeout(Duration::from_secs(60));
    let error = short.await.unwrap_err();
    assert_eq!((error.outcome(), error.attempts().len()), (Outcome::Unknown, 1), "{error}");
    drop(slow);
}
