//! Requests and classes of inserts.

use super::*;
use crate::testing::{assert_rejected, assert_request_with_body, key, name, response};
use arango_protocol::{ErrorKind, Outcome};
use serde_json::{Value, json};

fn insert(document: &Value) -> InsertDocument {
    InsertDocument::new(&name("books"), document)
}

fn generated() -> Key {
    Key::generate(0, [0; 10])
}

#[test]
fn options_are_query_parameters() {
    let insert = insert(&json!({ "a": 1 }));
    assert_request_with_body(&insert, "POST", "/_api/document/books", r#"{"a":1}"#);
    let full = insert
        .clone()
        .wait_for_sync()
        .return_new::<Value>()
        .return_old::<Value>()
        .overwrite(OverwriteMode::Update)
        .replace_objects();
    let uri = "/_api/document/books?overwriteMode=update&keepNull=true&mergeObjects=false\
               &waitForSync=true&returnNew=true&returnOld=true";
    assert_request_with_body(&full, "POST", uri, r#"{"a":1}"#);
    let uri = "/_api/document/books?overwriteMode=ignore&silent=true";
    let silent = insert.return_new::<Value>().overwrite(OverwriteMode::Ignore).silent();
    assert_request_with_body(&silent, "POST", uri, r#"{"a":1}"#);
    silent.output(response(202, "{}")).unwrap();
    assert!(silent.output(response(200, "{}")).is_err());
}

#[test]
fn an_operation_id_is_stored_in_the_document() {
    let insert = insert(&json!({ "a": 1 })).key(&key("k")).operation_id(OperationId::new("w", "7"));
    assert_request_with_body(&insert, "POST", "/_api/document/books", r#"{"w":"7","a":1,"_key":"k"}"#);
    let system = insert.clone().operation_id(OperationId::new("_rev", "7"));
    assert_rejected(&system, "`operation_id` uses an attribute of the server");
    assert_rejected(&insert.operation_id(OperationId::new("a", "7")), {
        "`operation_id` is an attribute of the document already"
    });
}

#[test]
fn a_key_is_made_only_for_a_document_without_one() {
    let without = insert(&json!({ "_key": null })).key_if_missing(generated);
    assert_eq!(without.document_key(), Some(&generated()));
    let with = insert(&json!({ "_key": "k" })).key_if_missing(|| panic!("it has a key"));
    assert_eq!(with.document_key().unwrap(), "k");
    assert_request_with_body(&with, "POST", "/_api/document/books", r#"{"_key":"k"}"#);
}

#[test]
fn a_key_that_was_set_is_replaced_and_one_of_the_document_is_not() {
    let plain = insert(&json!({ "a": "_key" }));
    let twice = plain.clone().key(&key("one")).operation_id(OperationId::new("w", "7")).key(&key("two"));
    let body = r#"{"w":"7","a":"_key","_key":"two"}"#;
    assert_request_with_body(&twice, "POST", "/_api/document/books", body);
    assert_request_with_body(&plain, "POST", "/_api/document/books", r#"{"a":"_key"}"#);
    let own = insert(&json!({ "_key": "own" })).key(&key("other"));
    assert_rejected(&own, "`_key` of the document differs from the given key");
}

#[test]
fn only_writes_that_a_late_copy_cannot_harm_are_fenced() {
    use OverwriteMode::{Ignore, Replace, Update};
    let class = |insert: &InsertDocument| insert.properties().class;
    let (plain, id) = (insert(&json!({ "v": 3 })), OperationId::new("w", "7"));
    let keyed = plain.clone().key(&key("k"));
    for fenced in [
        plain.clone().key(&generated()),
        keyed.clone().operation_id(id.clone()),
        keyed.clone().overwrite(Ignore),
        keyed.clone().overwrite(Update).version_attribute("v"),
    ] {
        assert_eq!(class(&fenced), RequestClass::Fenced, "{fenced:?}");
    }
    for unfenced in [
        plain.clone(),
        plain.clone().operation_id(id),
        plain.overwrite(Ignore),
        keyed.clone(),
        keyed.clone().overwrite(Replace),
        keyed.clone().key(&generated()).overwrite(Replace),
        keyed.clone().overwrite(Replace).version_attribute("missing"),
    ] {
        assert_eq!(class(&unfenced), RequestClass::NonIdempotent, "{unfenced:?}");
    }
    let required = keyed.refill_index_caches().version_attribute("v").properties().requires.unwrap();
    assert_eq!(required.option, "version");
}

#[test]
fn a_generated_key_that_the_collection_refuses_is_left_out_once() {
    let refused = |number| Failure::new(ErrorKind::Server, Outcome::Executed, Some(ErrorNumber(number)));
    let insert = insert(&json!({ "a": 1 })).key(&generated());
    for number in [1466, 1222, 1221, 4003, 4007] {
        let without = insert.without_refused_key(&refused(number)).unwrap();
        assert_request_with_body(&without, "POST", "/_api/document/books", r#"{"a":1}"#);
        assert_eq!(without.properties().class, RequestClass::NonIdempotent);
        assert!(without.without_refused_key(&refused(number)).is_none());
    }
    assert!(insert.without_refused_key(&refused(1210)).is_none());
    assert!(insert.without_refused_key(&refused(1466).after_ambiguous_attempt()).is_none());
    assert!(insert.key(&key("k")).without_refused_key(&refused(1466)).is_none());
}

#[test]
fn neither_debug_nor_errors_show_the_document() {
    let secret = json!({ "pin": "s3cret", "_key": 7 });
    let insert = insert(&secret);
    let error = insert.request().unwrap_err();
    assert!(!format!("{insert:?} {error:?} {error}").contains("s3cret"));
}

#[test]
fn an_edge_has_its_ends_before_its_other_attributes() {
    let id = |text: &str| DocumentId::new(text).unwrap();
    let edge = |document: &Value| {
        InsertDocument::edge(&name("wrote"), &id("authors/herbert"), &id("books/dune"), document)
    };
    let body = r#"{"_from":"authors/herbert","_to":"books/dune","year":1965}"#;
    assert_request_with_body(&edge(&json!({ "year": 1965 })), "POST", "/_api/document/wrote", body);
    let body = r#"{"_from":"authors/herbert","_to":"books/dune","_key":"k"}"#;
    assert_request_with_body(&edge(&json!({})).key(&key("k")), "POST", "/_api/document/wrote", body);
    for end in ["_from", "_to"] {
        let error = edge(&json!({ end: "a/b" })).request().unwrap_err().to_string();
        assert_eq!(error, format!("`{end}` is an attribute of the document already"));
    }
    assert!(edge(&json!(7)).request().is_err());
}

#[test]
fn an_edge_under_the_key_of_its_ends_can_be_repeated() {
    let (from, to) = (DocumentId::new("a/b").unwrap(), DocumentId::new("c/d").unwrap());
    let edge = InsertDocument::edge(&name("wrote"), &from, &to, &json!({})).key(&Key::of_edge(&from, &to));
    // It may be that of another client, which stores other attributes.
    assert_eq!(edge.properties().class, RequestClass::NonIdempotent);
    assert_eq!(edge.overwrite(OverwriteMode::Ignore).properties().class, RequestClass::Fenced);
}

#[test]
fn an_option_without_effect_is_refused_by_its_name() {
    use OverwriteMode as M;
    for (mode, version, nulls) in [
        (M::Conflict, false, false),
        (M::Ignore, false, false),
        (M::Replace, true, false),
        (M::Update, true, true),
    ] {
        let insert = insert(&json!({ "a": 1 })).key(&key("k")).overwrite(mode);
        let accepts = |insert: &InsertDocument| match insert.request() {
            Ok(_) => true,
            Err(error) => !error.to_string().contains("has no effect without `overwrite`"),
        };
        assert_eq!(accepts(&insert.clone().version_attribute("a")), version, "{mode:?}");
        assert_eq!(accepts(&insert.clone().remove_nulls()), nulls, "{mode:?}");
        assert_eq!(accepts(&insert.replace_objects()), nulls, "{mode:?}");
    }
}

#[test]
fn only_an_insert_under_a_key_that_ignores_existing_documents_is_sent_again_after_a_conflict() {
    let insert = insert(&json!({}));
    let ignoring = insert.clone().overwrite(OverwriteMode::Ignore);
    let retries = |insert: &InsertDocument| insert.properties().conflict_retries;
    assert_eq!(retries(&ignoring.clone().key(&key("k"))), 5);
    assert_eq!(retries(&ignoring), 0, "the server makes another key");
    for other in [OverwriteMode::Conflict, OverwriteMode::Replace, OverwriteMode::Update] {
        assert_eq!(retries(&insert.clone().key(&key("k")).overwrite(other)), 0, "{other:?}");
    }
}
