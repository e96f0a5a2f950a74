//! Writes whose response is lost: the rows with W of the failure semantics.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use arango::data::{Evidence, OperationId};
use arango::protocol::Resolution;
use arango::{ErrorKind, Limits, Outcome};
use arango_test_cluster::{Fault, Match, Phase};
use http::Method;
use serde_json::json;
use tokio::time::sleep;

use super::{Book, book, books, on_post, requests, stored};
use crate::support::{builder, client, cluster, cluster_of};

fn on_dune(method: Method, fault: Fault) -> Fault {
    fault.on(Match::method(method, "/_api/document/books/dune"))
}

#[tokio::test(start_paused = true)]
async fn w01_an_insert_whose_response_is_lost_stores_one_document() {
    for phase in [Phase::AfterRead, Phase::AfterExecution, Phase::InHead, Phase::InBody] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let _lost = cluster.inject(&on_post(Fault::close(phase).times(1)));
        let written = books(&client).insert(&book("Dune")).await.unwrap();
        assert_eq!(stored(&cluster).await, 1, "{phase:?}");
        assert_eq!(books(&client).get::<Book>(&written.key).await.unwrap(), Some(book("Dune")));
        let expected = (phase != Phase::AfterRead).then_some(Evidence::Key);
        assert_eq!(written.evidence, expected, "{phase:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn w01a_an_insert_whose_copies_fail_in_different_ways_is_found() {
    let cluster = cluster_of(1).await;
    let client = client(&cluster);
    let timeout = Fault::response(500, 1457, "timeout").times(1);
    let cut_off = Fault::close(Phase::InBody).times(1);
    let _faults = [timeout, cut_off].map(|fault| cluster.coordinator(0).inject(on_post(fault)));
    let written = books(&client).insert(&book("Dune")).await.unwrap();
    assert_eq!((written.evidence, requests(&cluster, "POST")), (Some(Evidence::Key), 3));
    assert_eq!(stored(&cluster).await, 1);
}

#[tokio::test(start_paused = true)]
async fn w02_a_coordinator_that_repeats_the_only_request_causes_no_error() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let repeated = Fault::response(409, 1210, "unique constraint violated").after_execution();
    let _repeated = cluster.inject(&on_post(repeated));
    let written = books(&client).insert(&book("Dune")).await.unwrap();
    assert_eq!((written.evidence, requests(&cluster, "POST")), (Some(Evidence::Key), 1));
    assert_eq!(stored(&cluster).await, 1);
}

#[tokio::test(start_paused = true)]
async fn w02a_a_refusal_that_could_not_be_looked_into_leaves_the_outcome_unknown() {
    for has_own_key in [false, true] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let _repeated = cluster.inject(&on_post(Fault::repeated_write()));
        let reads = Fault::response(403, 11, "forbidden").on(Match::get("/_api/document/*"));
        let _reads = cluster.inject(&reads);
        let insert = books(&client).insert(&book("Dune"));
        let error = if has_own_key {
            insert.key("dune").operation_id(OperationId::new("op", "i1")).await.unwrap_err()
        } else {
            insert.await.unwrap_err()
        };
        assert_eq!(
            (error.kind(), error.outcome(), error.resolution()),
            (ErrorKind::UniqueViolation, Outcome::Unknown, Some(Resolution::Failed)),
            "{error}"
        );
        assert_eq!((requests(&cluster, "POST"), stored(&cluster).await), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn w03_a_violation_of_another_unique_index_is_not_taken_for_the_own_key() {
    let cluster = cluster().await;
    let client = client(&cluster);
    let violated = Fault::response(409, 1210, "unique constraint violated - in index by_title");
    let _violated = cluster.inject(&on_post(violated));
    let error = books(&client).insert(&book("Dune")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::UniqueViolation, Outcome::NotExecuted),
        "{error}"
    );
    assert_eq!(stored(&cluster).await, 0);
}

#[tokio::test(start_paused = true)]
async fn w04_a_first_copy_that_arrives_late_changes_nothing() {
    let cluster = cluster().await;
    let limits = Limits::default().attempt(Duration::from_secs(1)).total(Duration::from_secs(20));
    let client = builder(&cluster).limits(limits).build().unwrap();
    let late = on_post(Fault::latency(Duration::from_secs(10)).times(1));
    let _late = cluster.coordinator(0).inject(late);
    let key = books(&client).new_key();
    let written = books(&client).insert(&book("Dune")).key(&key).await.unwrap();
    books(&client).update(&written.key, &json!({ "year": 1966 })).await.unwrap();
    sleep(Duration::from_secs(60)).await;
    assert_eq!(requests(&cluster, "POST"), 2);
    assert_eq!(stored(&cluster).await, 1);
    assert_eq!(books(&client).get::<Book>(&written.key).await.unwrap().unwrap().year, 1966);
}

#[tokio::test(start_paused = true)]
async fn w05_a_write_under_a_revision_is_applied_once_and_found() {
    for phase in [Phase::AfterExecution, Phase::InHead, Phase::InBody] {
        let cluster = cluster().await;
        let books = books(&client(&cluster));
        let first = books.insert(&book("Dune")).key("dune").await.unwrap();
        let _lost = cluster.inject(&on_dune(Method::PATCH, Fault::close(phase).times(1)));
        let patch = json!({ "year": 1966 });
        let written = books.update("dune", &patch).if_revision(&first.revision).await.unwrap();
        assert_eq!(written.evidence, Some(Evidence::Content), "{phase:?}");
        assert_ne!(written.revision, first.revision);
        assert_eq!(books.get::<Book>("dune").await.unwrap().unwrap().year, 1966);
    }
}

#[tokio::test(start_paused = true)]
async fn w06_an_operation_id_distinguishes_the_own_write_from_that_of_a_third_writer() {
    for has_id in [false, true] {
        let cluster = cluster().await;
        let client = client(&cluster);
        let books = books(&client);
        let first = books.insert(&book("Dune")).key("dune").await.unwrap();
        let _lost = cluster.inject(&on_dune(Method::PATCH, Fault::close(Phase::AfterExecution)));
        let reads = cluster.inject(&on_dune(Method::GET, Fault::latency(Duration::from_secs(2))));
        let patch = json!({ "year": 1966 });
        let mut update = books.update("dune", &patch).if_revision(&first.revision);
        if has_id {
            update = update.operation_id(OperationId::new("op", "u1"));
        }
        let other = async {
            sleep(Duration::from_secs(1)).await;
            books
                .replace("dune", &json!({ "title": "Dune", "year": 2000, "op": has_id.then_some("u1") }))
                .await
                .unwrap();
        };
        let (result, ()) = tokio::join!(update.into_future(), other);
        drop(reads);
        match (has_id, result) {
            (true, Ok(written)) => assert_eq!(written.evidence, Some(Evidence::OperationId)),
            (false, Err(error)) => {
                assert_eq!(
                    (error.resolution(), error.outcome()),
                    (Some(Resolution::Superseded), Outcome::Unknown)
                );
            }
            (_, other) => panic!("{has_id}: {other:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn w05a_an_equal_change_of_another_client_is_not_taken_for_that_of_modify() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    books.insert(&book("Dune")).key("dune").await.unwrap();
    let year = books.get::<Book>("dune").await.unwrap().unwrap().year;
    let _lost = cluster.inject(&on_dune(Method::PATCH, Fault::close(Phase::AfterRead)));
    let reads = cluster.inject(&on_dune(Method::GET, Fault::latency(Duration::from_secs(2))));
    let modify = books.modify("dune", |book: &mut Book| book.year += 1);
    let other = async {
        // After the document was read, and before it is looked into.
        sleep(Duration::from_secs(3)).await;
        books.replace("dune", &json!({ "title": "Dune", "year": year + 1 })).await.unwrap();
    };
    let (result, ()) = tokio::join!(modify.into_future(), other);
    drop(reads);
    let error = result.unwrap_err();
    assert_eq!((error.outcome(), error.resolution()), (Outcome::Unknown, Some(Resolution::CannotTell)));
    assert_eq!(books.get::<Book>("dune").await.unwrap().unwrap().year, year + 1);
}

#[tokio::test(start_paused = true)]
async fn w05b_a_change_of_modify_is_found_by_its_operation_id() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    books.insert(&book("Dune")).key("dune").await.unwrap();
    let year = books.get::<Book>("dune").await.unwrap().unwrap().year;
    let _lost = cluster.inject(&on_dune(Method::PATCH, Fault::close(Phase::AfterExecution)));
    let modify =
        books.modify("dune", |book: &mut Book| book.year += 1).operation_id(OperationId::new("op", "u1"));
    assert_eq!(modify.await.unwrap().evidence, Some(Evidence::OperationId));
    assert_eq!(books.get::<Book>("dune").await.unwrap().unwrap().year, year + 1);
}

#[tokio::test(start_paused = true)]
async fn w06a_a_modification_is_not_made_again_if_it_may_have_been_made() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    books.insert(&book("Dune")).key("dune").await.unwrap();
    let _lost = cluster.inject(&on_dune(Method::PATCH, Fault::close(Phase::AfterExecution).times(1)));
    let refused = cluster.inject(&on_dune(Method::PATCH, Fault::latency(Duration::from_secs(2))));
    let changes = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&changes);
    let modify = books.modify("dune", move |book: &mut Book| {
        counted.fetch_add(1, Ordering::Relaxed);
        book.year += 1;
    });
    let other = async {
        sleep(Duration::from_secs(3)).await;
        books.replace("dune", &json!({ "title": "Dune", "year": 2000 })).await.unwrap();
    };
    let (result, ()) = tokio::join!(modify.into_future(), other);
    drop(refused);
    let error = result.unwrap_err();
    assert_eq!((error.outcome(), error.resolution()), (Outcome::Unknown, Some(Resolution::Superseded)));
    assert_eq!((changes.load(Ordering::Relaxed), requests(&cluster, "PATCH")), (1, 3));
    assert_eq!(books.get::<Book>("dune").await.unwrap().unwrap().year, 2000);
}

#[tokio::test(start_paused = true)]
async fn w08_a_removal_under_a_natural_key_is_not_repeated() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    books.insert(&book("Dune")).key("dune").await.unwrap();
    let _lost = cluster.inject(&on_dune(Method::DELETE, Fault::close(Phase::AfterRead)));
    let error = books.remove("dune").await.unwrap_err();
    assert_eq!((error.outcome(), error.resolution()), (Outcome::Unknown, Some(Resolution::NotSeen)));
    assert_eq!((requests(&cluster, "DELETE"), stored(&cluster).await), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn w08a_a_removal_whose_response_is_lost_is_found() {
    let cluster = cluster().await;
    let books = books(&client(&cluster));
    books.insert(&book("Dune")).key("dune").await.unwrap();
    let _lost = cluster.inject(&on_dune(Method::DELETE, Fault::close(Phase::AfterExecution)));
    let removed = books.remove("dune").await.unwrap();
    assert_eq!((removed.evidence, requests(&cluster, "DELETE")), (Some(Evidence::Absence), 1));
}

#[tokio::test(start_paused = true)]
async fn w21_an_insert_with_a_key_of_the_server_is_not_repeated() {
    let cluster = cluster().await;
    let books = books(&client(&cluster)).server_keys();
    let _lost = cluster.inject(&on_post(Fault::close(Phase::AfterExecution)));
    let error = books.insert(&book("Dune")).await.unwrap_err();
    assert_eq!((error.outcome(), error.resolution()), (Outcome::Unknown, None));
    assert_eq!((requests(&cluster, "POST"), stored(&cluster).await), (1, 1));
}

/// A further call would make another key, and store a second document.
#[tokio::test(start_paused = true)]
async fn w21a_an_insert_whose_key_the_client_has_made_is_retryable_only_if_it_was_not_executed() {
    for (fault, is_retryable) in [
        (Fault::close(Phase::AfterExecution), false),
        (Fault::early_response(503, 21003, "queue full"), true),
    ] {
        let cluster = cluster().await;
        let books = books(&client(&cluster));
        let _lost = cluster.inject(&on_post(fault));
        let unread = Fault::response(503, 1478, "no backend");
        let _unread = cluster.inject(&unread.clone().on(Match::get("/_api/document/*")));
        let _unread_many = cluster.inject(&unread.on(Match::put("/_api/document/*")));
        let error = books.insert(&book("Dune")).await.unwrap_err();
        assert_eq!(error.is_retryable(), is_retryable, "{error}");
        // Under the same key it is the same request.
        let error = books.insert(&book("Emma")).key(books.new_key()).await.unwrap_err();
        assert!(error.is_retryable(), "{error}");
        if is_retryable {
            let error = books.insert_many([book("Dune")]).await.unwrap_err();
            assert!(error.is_retryable(), "{error}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn w22_a_collection_that_refuses_keys_gets_the_document_without_one() {
    for number in [1222, 1466, 1221] {
        let cluster = cluster().await;
        let books = books(&client(&cluster));
        let refused = on_post(Fault::response(400, number, "no key allowed").times(1));
        // The first coordinator is asked for the properties of the collection.
        let _refused = cluster.coordinator(1).inject(refused);
        let written = books.insert(&book("Dune")).await.unwrap();
        assert_ne!(written.key.as_str().len(), 26, "the server made it");
        assert_eq!((requests(&cluster, "POST"), stored(&cluster).await), (2, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn w26_a_write_whose_read_before_fails_was_not_executed() {
    let cluster = cluster().await;
    let limits = Limits::default().attempt(Duration::from_millis(300)).total(Duration::from_secs(1));
    let books = books(&builder(&cluster).limits(limits).build().unwrap());
    let _slow = cluster.inject(&on_dune(Method::GET, Fault::latency(Duration::from_secs(10))));
    let error = books.modify("dune", |book: &mut Book| book.year += 1).await.unwrap_err();
    assert_eq!((error.outcome(), requests(&cluster, "PATCH")), (Outcome::NotExecuted, 0), "{error}");
    assert!(error.is_retryable());

    let _slow = cluster.inject(&Fault::latency(Duration::from_secs(10)).on(Match::get("/_api/collection/*")));
    let error = books.insert(&book("Dune")).await.unwrap_err();
    assert_eq!((error.operation(), error.outcome()), ("document.insert", Outcome::NotExecuted), "{error}");
    assert_eq!(stored(&cluster).await, 0);
}
