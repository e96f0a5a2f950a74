use std::sync::Arc;

use arango_protocol::{
    DatabaseName, ErrorKind, ErrorNumber, Failure, Operation, Outcome, RequestClass, Resolution,
};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::*;
use crate::documents::{Evidence, OverwriteMode, Removed, Silent, Written};
use crate::names::Key;
use crate::testing::{key, name, read, request_parts, response};

fn generated(number: u8) -> Key {
    Key::generate(0, [number; 10])
}

/// Inserts a document under each generated key.
fn insert(keys: &[u8]) -> InsertDocuments {
    let mut insert = InsertDocuments::new(&name("books"));
    for number in keys {
        insert.push_with_key(&json!({ "n": number }), || generated(*number)).unwrap();
    }
    insert
}

fn written(key: &Key) -> Value {
    json!({ "_key": key.as_str(), "_id": format!("books/{key}"), "_rev": "_a" })
}

fn refused(number: u32) -> Value {
    json!({ "error": true, "errorNum": number, "errorMessage": "refused" })
}

#[expect(clippy::unnecessary_wraps, reason = "an answer of a read")]
fn stored(document: &Value) -> Result<Option<Box<RawValue>>, ErrorNumber> {
    Ok(Some(to_raw_value(document).unwrap()))
}

fn lost() -> Failure {
    Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None)
}

#[test]
fn a_bulk_write_can_be_repeated_only_if_each_of_its_items_can() {
    let class = |write: &InsertDocuments| write.properties().class;
    let mut insert = insert(&[1, 2]);
    assert_eq!(class(&insert), RequestClass::Fenced);
    insert.push(&json!({ "_key": "own" })).unwrap();
    assert_eq!(class(&insert), RequestClass::NonIdempotent);
    assert_eq!(class(&insert.clone().overwrite(OverwriteMode::Ignore)), RequestClass::Fenced);
    let versioned = insert.clone().overwrite(OverwriteMode::Replace).version_attribute("n");
    assert_eq!(class(&versioned), RequestClass::NonIdempotent, "one has no version");
    insert.push(&json!({})).unwrap();
    assert_eq!(class(&insert.overwrite(OverwriteMode::Ignore)), RequestClass::NonIdempotent, "no key");

    let mut update = UpdateDocuments::new(&name("books")).if_body_revision();
    update.push(&key("a"), &json!({ "_rev": "_a" })).unwrap();
    assert_eq!(update.properties().class, RequestClass::Fenced);
    update.push(&key("b"), &json!({})).unwrap();
    assert_eq!(update.properties().class, RequestClass::NonIdempotent);

    let mut remove = RemoveDocuments::new(&name("books"));
    remove.push(&generated(1));
    remove.push_if_revision(&key("a"), &"_a".parse().unwrap());
    assert_eq!(remove.properties().class, RequestClass::Fenced);
    remove.push(&key("b"));
    assert_eq!(remove.properties().class, RequestClass::NonIdempotent);
}

#[test]
fn requests_have_an_array_and_the_options_of_the_single_calls() {
    let insert = insert(&[]).overwrite(OverwriteMode::Update).wait_for_sync().silent();
    let uri = "/_api/document/books?overwriteMode=update&keepNull=true&waitForSync=true";
    assert_eq!(request_parts(&insert).unwrap(), ("POST".into(), uri.into(), "[]".into()));

    let mut update = UpdateDocuments::new(&name("books")).remove_nulls().if_body_revision();
    update.push(&key("a"), &json!({ "n": null })).unwrap();
    let uri = "/_api/document/books?keepNull=false&ignoreRevs=false";
    let body = r#"[{"n":null,"_key":"a"}]"#;
    assert_eq!(request_parts(&update).unwrap(), ("PATCH".into(), uri.into(), body.into()));
    let error = update.push(&key("a"), &json!({ "_key": "b" })).unwrap_err();
    assert_eq!(error.to_string(), "`_key` of the document differs from the given key");

    let mut replace = ReplaceDocuments::new(&name("books")).return_old::<Value>();
    replace.push(&key("a"), &json!({ "_key": "a" })).unwrap();
    let (method, uri, body) = request_parts(&replace).unwrap();
    assert_eq!(
        (&*method, &*uri, &*body),
        ("PUT", "/_api/document/books?returnOld=true", r#"[{"_key":"a"}]"#)
    );

    let mut remove = RemoveDocuments::new(&name("books"));
    remove.push(&key("a"));
    assert_eq!(
        request_parts(&remove).unwrap(),
        ("DELETE".into(), "/_api/document/books".into(), r#"["a"]"#.into())
    );
    remove.push_if_revision(&key("b"), &"_b".parse().unwrap());
    let (_, uri, body) = request_parts(&remove).unwrap();
    assert_eq!(
        (&*uri, &*body),
        ("/_api/document/books?ignoreRevs=false", r#"["a",{"_key":"b","_rev":"_b"}]"#)
    );
}

#[test]
fn each_item_has_its_own_result_in_the_order_of_the_items() {
    let insert = insert(&[1, 2, 3]);
    let body = json!([written(&generated(1)), refused(1210), written(&generated(3))]).to_string();
    let items = read(&insert, &body);
    assert_eq!(items[0].as_ref().unwrap().key, generated(1));
    let error = items[1].as_ref().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::UniqueViolation, Outcome::NotExecuted));
    assert_eq!(
        (error.number().unwrap().0, error.message(), error.key()),
        (1210, Some("refused"), Some(&generated(2)))
    );
    assert_eq!(read(&insert.silent(), &body)[2].as_ref().unwrap(), &Silent { evidence: None });
}

#[test]
fn a_response_about_other_keys_is_refused() {
    let swapped = json!([written(&generated(2)), written(&generated(1))]).to_string();
    let error = insert(&[1, 2]).output(response(202, &swapped)).unwrap_err();
    let reason = std::error::Error::source(&error).unwrap().to_string();
    assert!(reason.contains("another key"), "{reason}");
    assert!(insert(&[1, 2]).silent().output(response(202, &swapped)).is_err());
}

#[test]
fn a_document_that_is_missing_is_removed_unless_it_must_exist() {
    let mut remove = RemoveDocuments::new(&name("books"));
    remove.push(&key("a"));
    remove.push(&key("b"));
    let body = json!([written(&key("a")), refused(1202)]).to_string();
    let items = read(&remove, &body);
    assert_eq!(items[0].as_ref().unwrap().revision.as_ref().unwrap().as_str(), "_a");
    assert_eq!(items[1].as_ref().unwrap(), &Removed { revision: None, old: None, evidence: None });
    let strict = read(&remove.must_exist(), &body);
    assert_eq!(strict[1].as_ref().unwrap_err().kind(), ErrorKind::DocumentNotFound);
}

#[test]
fn only_the_items_in_doubt_are_asked_about_and_each_has_its_own_conclusion() {
    let insert = insert(&[1, 2, 3, 4]);
    let body = json!([written(&generated(1)), refused(1210), refused(1210), refused(1221)]).to_string();
    let mut items = read(&insert, &body);
    let (question, places) = insert.question(&items).unwrap();
    assert_eq!((question.keys(), &*places), (&[generated(2), generated(3)][..], &[1, 2][..]));
    let answers = [stored(&written(&generated(2))), Ok(None)];
    insert.resolve(&mut items, &places, Some(&answers));
    assert_eq!(items[1].as_ref().unwrap().evidence, Some(Evidence::Key));
    let error = items[2].as_ref().unwrap_err();
    assert_eq!((error.outcome(), error.resolution()), (Outcome::NotExecuted, Some(Resolution::NotExecuted)));
    assert_eq!(items[3].as_ref().unwrap_err().resolution(), None);
}

#[test]
fn if_the_response_is_lost_each_item_is_looked_for_and_one_that_cannot_be_read_stays_unknown() {
    let mut insert = insert(&[1, 2, 3]);
    insert.push(&json!({ "_key": "own", "n": 4 })).unwrap();
    insert.push(&json!({ "n": 5 })).unwrap();
    let mut items = insert.failed(&lost(), &Arc::from("the connection was lost"));
    let (question, places) = insert.question(&items).unwrap();
    assert_eq!((question.keys().len(), &*places), (4, &[0, 1, 2, 3][..]), "one has no key");
    let other = json!({ "_key": "own", "_id": "books/own", "_rev": "_a", "n": 7 });
    let answers = [stored(&written(&generated(1))), Ok(None), Err(ErrorNumber(1478)), stored(&other)];
    insert.resolve(&mut items, &places, Some(&answers));
    assert!(items[0].is_ok());
    let of = |index: usize| {
        let error = items[index].as_ref().unwrap_err();
        (error.outcome(), error.resolution())
    };
    assert_eq!(of(1), (Outcome::Unknown, Some(Resolution::NotSeen)));
    assert_eq!(of(2), (Outcome::Unknown, Some(Resolution::Failed)));
    assert_eq!(of(3), (Outcome::Unknown, Some(Resolution::Superseded)));
    assert_eq!(of(4), (Outcome::Unknown, None));

    insert.add_tickets(&mut items, &DatabaseName::new("shop").unwrap(), 7);
    let ticket = |index: usize| items[index].as_ref().unwrap_err().ticket().map(str::to_owned);
    let parsed: crate::DocumentTicket = ticket(2).unwrap().parse().unwrap();
    assert_eq!((parsed.key(), parsed.database()), (&generated(3), Some("shop")));
    assert_eq!(ticket(4), None);
}

#[test]
fn items_that_failed_for_a_transient_reason_are_sent_again_if_that_does_no_harm() {
    let mut insert = insert(&[1, 2]);
    insert.push(&json!({ "_key": "own" })).unwrap();
    insert.push(&json!({ "_key": "other" })).unwrap();
    let body = json!([refused(1478), refused(1210), refused(1478), refused(1429)]).to_string();
    let mut items = read(&insert, &body);
    let (again, places) = insert.repeatable(&items).unwrap();
    assert_eq!(places, [0, 3], "an item that may have been executed only if it is fenced");
    let parts = request_parts(&again).unwrap().2;
    assert_eq!(parts, format!(r#"[{{"n":1,"_key":"{}"}},{{"_key":"other"}}]"#, generated(1)));

    let copies = read(&again, &json!([refused(1210), written(&key("other"))]).to_string());
    merge_items(&mut items, &places, Ok(copies));
    let error = items[0].as_ref().unwrap_err();
    assert_eq!((error.kind(), error.outcome()), (ErrorKind::UniqueViolation, Outcome::Unknown));
    assert!(items[3].is_ok());
    merge_items(&mut items, &[1], Err(Outcome::NotExecuted));
    assert_eq!(items[1].as_ref().unwrap_err().outcome(), Outcome::NotExecuted);
    merge_items(&mut items, &[1], Err(Outcome::Unknown));
    let error = items[1].as_ref().unwrap_err();
    assert_eq!((error.number().unwrap().0, error.outcome()), (1210, Outcome::Unknown), "it says more");
}

#[test]
fn keys_that_were_refused_are_left_out_and_others_are_kept() {
    let mut insert = insert(&[1, 2]);
    insert.push(&json!({ "_key": "own" })).unwrap();
    let body = json!([refused(1466), written(&generated(2)), refused(1222)]).to_string();
    let items = read(&insert, &body);
    let (again, places) = insert.without_refused_keys(&items).unwrap();
    assert_eq!((request_parts(&again).unwrap().2.as_str(), &*places), (r#"[{"n":1}]"#, &[0][..]));
    assert_eq!(again.properties().class, RequestClass::NonIdempotent);
}

#[test]
fn a_revision_that_does_not_match_is_asked_about_only_after_an_ambiguous_attempt() {
    let mut update = UpdateDocuments::new(&name("books")).if_body_revision();
    update.push(&key("a"), &json!({ "_rev": "_a", "n": 1 })).unwrap();
    let body = json!([refused(1200)]).to_string();
    let mut items = read(&update, &body);
    assert_eq!(items[0].as_ref().unwrap_err().kind(), ErrorKind::PreconditionFailed);
    assert!(update.question(&items).is_none());
    after_ambiguous_attempt(&mut items);
    let (_, places) = update.question(&items).unwrap();
    let now = json!({ "_key": "a", "_id": "books/a", "_rev": "_b", "n": 1 });
    update.resolve(&mut items, &places, Some(&[stored(&now)]));
    let found: &Written = items[0].as_ref().unwrap();
    assert_eq!((found.revision.as_str(), found.evidence), ("_b", Some(Evidence::Content)));
}

#[test]
fn a_removal_whose_response_was_lost_is_seen_by_the_absence_of_the_document() {
    let mut remove = RemoveDocuments::new(&name("books"));
    remove.push(&key("a"));
    remove.push(&key("b"));
    let mut items = remove.failed(&lost(), &Arc::from("lost"));
    let (_, places) = remove.question(&items).unwrap();
    remove.resolve(&mut items, &places, Some(&[Ok(None), stored(&written(&key("b")))]));
    assert_eq!(items[0].as_ref().unwrap().evidence, Some(Evidence::Absence));
    assert_eq!(items[1].as_ref().unwrap_err().resolution(), Some(Resolution::NotSeen));
}

#[test]
fn a_revision_is_written_as_json() {
    let mut remove = RemoveDocuments::new(&name("books"));
    remove.push_if_revision(&key("a"), &r"_\b".parse().unwrap());
    assert_eq!(request_parts(&remove).unwrap().2, r#"[{"_key":"a","_rev":"_\\b"}]"#);
}

#[test]
fn no_output_contains_a_document() {
    let insert = insert(&[1]);
    assert!(!format!("{insert:?}").contains("\"n\""), "{insert:?}");
}

#[test]
fn a_request_that_was_executed_leaves_each_item_unknown_if_its_response_cannot_be_read() {
    let cut_off = Failure::new(ErrorKind::BodyInterrupted, Outcome::Executed, None);
    let items = insert(&[1]).failed(&cut_off, &Arc::from("the body was cut off"));
    assert_eq!(items[0].as_ref().unwrap_err().outcome(), Outcome::Unknown);
    let refused = Failure::new(ErrorKind::CollectionNotFound, Outcome::NotExecuted, None);
    let items = insert(&[1]).failed(&refused, &Arc::from("no such collection"));
    assert_eq!(items[0].as_ref().unwrap_err().outcome(), Outcome::NotExecuted);
}

#[test]
fn a_refusal_of_the_whole_request_says_something_about_a_single_item_only() {
    let message = Arc::from("refused");
    for (items, is_rolled_back, expected) in [(1, true, Outcome::Executed), (2, false, Outcome::Unknown)] {
        let mut insert = InsertDocuments::new(&name("books"));
        for _ in 0..items {
            insert.push(&json!({})).unwrap();
        }
        assert_eq!(insert.properties().is_rolled_back, is_rolled_back);
        let refused = Failure::new(ErrorKind::Server, Outcome::Executed, Some(ErrorNumber(1233)));
        let outcomes = insert.failed(&refused, &message).into_iter().map(|item| item.unwrap_err().outcome());
        assert_eq!(outcomes.collect::<Vec<_>>(), vec![expected; items]);
        let at_entry = Failure::new(ErrorKind::QueueFull, Outcome::NotExecuted, Some(ErrorNumber(21003)));
        let mut failed = insert.failed(&at_entry, &message).into_iter();
        assert!(failed.all(|item| item.unwrap_err().outcome() == Outcome::NotExecuted));
    }
}
