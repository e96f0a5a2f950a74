//! What each write concludes, by failure and answer. The names begin with the rows of the failure matrix.

use arango_protocol::{
    Conclusion, ErrorKind, ErrorNumber, ErrorObject, Failure, Operation, Outcome, Resolve,
};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::documents::{
    DocumentTicket, Evidence, InsertDocument, OperationId, OverwriteMode, ReadDocument, RemoveDocument,
    ReplaceDocument, UpdateDocument, Written,
};
use crate::names::{Key, Revision};
use crate::testing::{assert_request, key, name};

/// What a table expects: the evidence of an execution, or another conclusion.
#[derive(Debug, PartialEq)]
enum Concluded {
    Executed(Evidence),
    NotExecuted,
    NotSeen,
    Superseded,
    CannotTell,
    NotAsked,
}

use Concluded::{CannotTell, Executed, NotAsked, NotExecuted, NotSeen, Superseded};

/// Asks after the failure and concludes from the document that is there.
fn resolve<O>(write: &O, failure: &Failure, stored: Option<&Value>) -> Concluded
where
    O: Resolve<Output = Written, Question = ReadDocument<Box<RawValue>>>,
{
    if write.question(failure).is_none() {
        return NotAsked;
    }
    let stored = stored.map(|stored| to_raw_value(stored).unwrap());
    concluded(write.conclusion(failure, Ok(stored)), |written| written.evidence.unwrap())
}

fn concluded<T: std::fmt::Debug>(conclusion: Conclusion<T>, evidence: impl Fn(T) -> Evidence) -> Concluded {
    match conclusion {
        Conclusion::Executed(output) => Executed(evidence(output)),
        Conclusion::NotExecuted => NotExecuted,
        Conclusion::NotSeen => NotSeen,
        Conclusion::Superseded => Superseded,
        Conclusion::CannotTell => CannotTell,
        other => panic!("{other:?}"),
    }
}

fn lost() -> Failure {
    Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None)
}

fn unique() -> Failure {
    let number = ErrorNumber::UNIQUE_CONSTRAINT_VIOLATED;
    Failure::new(ErrorKind::UniqueViolation, Outcome::NotExecuted, Some(number))
}

fn precondition() -> Failure {
    Failure::new(ErrorKind::PreconditionFailed, Outcome::NotExecuted, Some(ErrorNumber::CONFLICT))
}

/// A stored document with these attributes beside its names.
fn stored(revision: &str, attributes: &Value) -> Value {
    let mut document = attributes.clone();
    for (name, value) in [("_key", "k"), ("_id", "books/k"), ("_rev", revision)] {
        document[name] = value.into();
    }
    document
}

fn generated_insert() -> InsertDocument {
    InsertDocument::new(&name("books"), &json!({ "a": 1 })).key(&Key::generate(0, [0; 10]))
}

fn natural_insert() -> InsertDocument {
    InsertDocument::new(&name("books"), &json!({ "a": 1 })).key(&key("k"))
}

fn id() -> OperationId {
    OperationId::new("w", "7")
}

fn revision() -> Revision {
    "_a".parse().unwrap()
}

fn update() -> UpdateDocument {
    UpdateDocument::new(&name("books"), &key("k"), &json!({ "a": 2 }))
}

#[test]
fn w1_w4_an_insert_under_a_generated_key_is_executed_if_the_key_is_there() {
    let (insert, other) = (generated_insert(), stored("_b", &json!({ "a": 9 })));
    for failure in [lost(), lost().after_ambiguous_attempt(), unique(), unique().after_ambiguous_attempt()] {
        assert_eq!(resolve(&insert, &failure, Some(&other)), Executed(Evidence::Key), "{failure:?}");
    }
    assert_eq!(resolve(&insert, &lost(), None), NotSeen);
}

#[test]
fn w2_a_refusal_of_the_only_copy_is_asked_about_only_if_the_key_or_an_id_is_its_own() {
    let mine = stored("_b", &json!({ "a": 1 }));
    assert_eq!(resolve(&generated_insert(), &unique(), Some(&mine)), Executed(Evidence::Key));
    assert_eq!(resolve(&natural_insert(), &unique(), Some(&mine)), NotAsked);
    let marked = natural_insert().operation_id(id());
    let with_id = stored("_b", &json!({ "a": 1, "w": "7" }));
    assert_eq!(resolve(&marked, &unique(), Some(&with_id)), Executed(Evidence::OperationId));
    assert_eq!(resolve(&marked, &unique(), Some(&mine)), Superseded);
}

#[test]
fn w3_a_refusal_without_the_key_is_about_another_unique_attribute() {
    assert_eq!(resolve(&generated_insert(), &unique(), None), NotExecuted);
    // A first copy may have been executed, and its document removed.
    assert_eq!(resolve(&generated_insert(), &unique().after_ambiguous_attempt(), None), NotSeen);
}

#[test]
fn a_natural_key_shows_the_insert_only_by_its_content() {
    let insert = natural_insert();
    for (document, concluded) in [
        (Some(stored("_b", &json!({ "a": 1 }))), Executed(Evidence::Content)),
        (Some(stored("_b", &json!({ "a": 1, "computed": 2 }))), CannotTell),
        (Some(stored("_b", &json!({ "a": 2 }))), Superseded),
        (None, NotSeen),
    ] {
        assert_eq!(resolve(&insert, &lost(), document.as_ref()), concluded, "{document:?}");
    }
}

#[test]
fn overwriting_inserts_are_seen_by_content_or_version() {
    let (ignore, update) = (OverwriteMode::Ignore, OverwriteMode::Update);
    let other = stored("_b", &json!({ "a": 9 }));
    assert_eq!(resolve(&natural_insert().overwrite(ignore), &lost(), Some(&other)), Executed(Evidence::Key));
    let upsert = natural_insert().overwrite(update);
    assert_eq!(resolve(&upsert, &lost(), Some(&other)), NotSeen);
    let merged = stored("_b", &json!({ "a": 1, "b": 2 }));
    assert_eq!(resolve(&upsert, &lost(), Some(&merged)), Executed(Evidence::Content));
}

#[test]
fn w5_a_conditional_update_is_found_out_by_content_and_revision() {
    let update = update().if_revision(&revision());
    for failure in [lost(), precondition().after_ambiguous_attempt()] {
        let mine = stored("_b", &json!({ "a": 2, "b": 3 }));
        assert_eq!(resolve(&update, &failure, Some(&mine)), Executed(Evidence::Content), "{failure:?}");
    }
    // Another client has changed the document before: the only copy was not executed.
    assert_eq!(resolve(&update, &precondition(), None), NotAsked);
    // The revision is still there, and so a copy may still be executed; equal content proves nothing.
    assert_eq!(resolve(&update, &lost(), Some(&stored("_a", &json!({ "a": 1 })))), NotSeen);
    assert_eq!(resolve(&update, &lost(), Some(&stored("_a", &json!({ "a": 2 })))), NotSeen);
}

#[test]
fn w5a_content_that_another_client_may_have_computed_is_no_evidence() {
    let count = |id: Option<&str>| {
        let update = UpdateDocument::new(&name("books"), &key("dune"), &json!({ "count": 1 }));
        let update = update.if_revision(&"_a".parse().unwrap()).computed();
        id.map_or(update.clone(), |id| update.operation_id(OperationId::new("by", id)))
    };
    let stored = |count| json!({ "_key": "dune", "_id": "books/dune", "_rev": "_b", "count": count });
    assert_eq!(resolve(&count(None), &lost(), Some(&stored(1))), CannotTell);
    assert_eq!(resolve(&count(None), &lost(), Some(&stored(2))), Superseded);
    let mut own = stored(1);
    own["by"] = json!("7");
    assert_eq!(resolve(&count(Some("7")), &lost(), Some(&own)), Executed(Evidence::OperationId));
    assert_eq!(resolve(&count(Some("8")), &lost(), Some(&own)), Superseded);
}

#[test]
fn w6_a_third_writer_hides_an_update_without_an_operation_id() {
    let (update, failure) = (update().if_revision(&revision()), precondition().after_ambiguous_attempt());
    assert_eq!(resolve(&update, &failure, Some(&stored("_c", &json!({ "a": 3 })))), Superseded);
    assert_eq!(resolve(&update, &failure, None), Superseded);
    let marked = update.operation_id(id());
    let later = stored("_c", &json!({ "a": 3, "w": "7" }));
    assert_eq!(resolve(&marked, &failure, Some(&later)), Executed(Evidence::OperationId));
    assert_eq!(resolve(&marked, &precondition(), Some(&later)), Executed(Evidence::OperationId));
    assert_eq!(resolve(&marked, &failure, Some(&stored("_c", &json!({ "a": 3, "w": "8" })))), Superseded);
}

#[test]
fn w7_a_version_shows_whether_a_later_write_came_first() {
    let replace = ReplaceDocument::new(&name("books"), &key("k"), &json!({ "v": 3 })).version_attribute("v");
    for (document, concluded) in [
        (json!({ "v": 3 }), Executed(Evidence::Content)),
        (json!({ "v": 3, "a": 1 }), Superseded),
        (json!({ "v": 4 }), Superseded),
        (json!({ "v": 2 }), NotSeen),
        (json!({}), NotSeen),
    ] {
        assert_eq!(resolve(&replace, &lost(), Some(&stored("_b", &document))), concluded, "{document}");
    }
}

#[test]
fn an_unconditional_update_is_seen_by_content_or_not_at_all() {
    assert_eq!(
        resolve(&update(), &lost(), Some(&stored("_b", &json!({ "a": 2 })))),
        Executed(Evidence::Content)
    );
    assert_eq!(resolve(&update(), &lost(), Some(&stored("_b", &json!({ "a": 1 })))), NotSeen);
    assert_eq!(resolve(&update(), &lost(), None), NotSeen);
}

#[test]
fn w8_a_removal_is_executed_if_the_document_is_not_there() {
    let (natural, there) = (RemoveDocument::new(&name("books"), &key("k")), stored("_b", &json!({})));
    let conditional = natural.clone().if_revision(&revision());
    let unchanged = stored("_a", &json!({}));
    for (remove, failure, document, expected) in [
        (&natural, lost(), None, Executed(Evidence::Absence)),
        (&natural, lost(), Some(&there), NotSeen),
        (&conditional, lost(), None, Executed(Evidence::Absence)),
        (&conditional, lost(), Some(&unchanged), NotSeen),
        (&conditional, lost(), Some(&there), Superseded),
        (&conditional, precondition().after_ambiguous_attempt(), Some(&there), Superseded),
    ] {
        assert!(remove.question(&failure).is_some());
        let answer = document.map(|document| to_raw_value(document).unwrap());
        let conclusion = remove.conclusion(&failure, Ok(answer));
        assert_eq!(
            concluded(conclusion, |removed| removed.evidence.unwrap()),
            expected,
            "{remove:?} {document:?}"
        );
    }
    assert!(conditional.question(&precondition()).is_none());
}

#[test]
fn a_document_that_is_not_found_may_be_the_result_of_an_earlier_copy() {
    let number = Some(ErrorNumber::DOCUMENT_NOT_FOUND);
    let missing = Failure::new(ErrorKind::DocumentNotFound, Outcome::NotExecuted, number);
    let again = missing.after_ambiguous_attempt();
    let remove = RemoveDocument::new(&name("books"), &key("k")).if_revision(&revision()).must_exist();
    assert!(remove.question(&missing).is_none() && remove.question(&again).is_some());
    // As the transport reports what an operation reads from an accepted status.
    let read = Failure::new(ErrorKind::DocumentNotFound, Outcome::Unknown, number);
    assert!(remove.question(&read).is_none());
    let conclusion = remove.conclusion(&again, Ok(None));
    assert_eq!(concluded(conclusion, |removed| removed.evidence.unwrap()), Executed(Evidence::Absence));
    let update = update().if_revision(&revision());
    assert_eq!(resolve(&update, &missing, None), NotAsked);
    assert_eq!(resolve(&update, &again, None), Superseded);
}

#[test]
fn w20_the_question_is_never_a_dirty_read() {
    let question = natural_insert().question(&lost()).unwrap();
    assert_request(&question, "GET", "/_api/document/books/k");
    assert!(question.request().unwrap().headers().is_empty());
}

#[test]
fn w21_an_insert_under_a_key_of_the_server_is_not_asked_about() {
    let insert = InsertDocument::new(&name("books"), &json!({ "a": 1 })).operation_id(id());
    assert_eq!(resolve(&insert, &lost(), None), NotAsked);
    assert!(insert.ticket(0).is_none());
}

#[test]
fn w23_an_insert_that_was_found_out_says_so_and_a_missing_document_proves_nothing() {
    let found = stored("_b", &json!({ "a": 1 }));
    let conclusion = generated_insert().conclusion(&lost(), Ok(Some(to_raw_value(&found).unwrap())));
    let Conclusion::Executed(written) = conclusion else { panic!("{conclusion:?}") };
    assert_eq!((written.evidence, written.revision.as_str()), (Some(Evidence::Key), "_b"));
    assert_eq!(resolve(&generated_insert(), &lost(), None), NotSeen);
}

#[test]
fn a_proved_refusal_is_not_asked_about() {
    let refused = Failure::new(ErrorKind::SchemaViolation, Outcome::NotExecuted, None);
    let unsent = Failure::new(ErrorKind::ConnectRefused, Outcome::NotExecuted, None);
    for failure in [refused, unsent] {
        assert_eq!(resolve(&generated_insert(), &failure, None), NotAsked);
        assert_eq!(resolve(&update().if_revision(&revision()), &failure, None), NotAsked);
    }
}

#[test]
fn an_answer_that_is_an_error_tells_nothing() {
    let object = ErrorObject::parse(br#"{"error":true,"code":403,"errorNum":11}"#).unwrap();
    assert_eq!(generated_insert().conclusion(&lost(), Err(&object)), Conclusion::CannotTell);
}

#[test]
fn the_new_document_is_returned_from_what_is_stored() {
    let found = to_raw_value(&stored("_b", &json!({ "a": 1 }))).unwrap();
    let insert = generated_insert().return_new::<Value>();
    let Conclusion::Executed(written) = insert.conclusion(&lost(), Ok(Some(found.clone()))) else { panic!() };
    assert_eq!(written.new.unwrap()["a"], 1);
    // A type that does not fit is no proof that the write failed.
    let insert = generated_insert().return_new::<u8>();
    assert_eq!(insert.conclusion(&lost(), Ok(Some(found))), Conclusion::CannotTell);
}

#[test]
fn a_ticket_concludes_in_another_process_without_the_document() {
    let ask = |ticket: DocumentTicket, document: Option<Value>| {
        let text = serde_json::to_string(&ticket).unwrap();
        let ticket: DocumentTicket = serde_json::from_str(&text).unwrap();
        concluded(ticket.conclusion(Ok(document.map(|document| to_raw_value(&document).unwrap()))), |it| it)
    };
    let there = || Some(stored("_b", &json!({ "a": 1 })));
    assert_eq!(ask(generated_insert().ticket(1).unwrap(), there()), Executed(Evidence::Key));
    assert_eq!(ask(generated_insert().ticket(1).unwrap(), None), NotSeen);
    assert_eq!(ask(natural_insert().ticket(1).unwrap(), there()), CannotTell);
    assert_eq!(ask(update().ticket(1).unwrap(), there()), CannotTell);
    assert_eq!(ask(update().if_revision(&revision()).ticket(1).unwrap(), there()), Superseded);
    let remove = RemoveDocument::new(&name("books"), &key("k"));
    assert_eq!(ask(remove.ticket(1), None), Executed(Evidence::Absence));
    let marked = natural_insert().operation_id(id()).ticket(1).unwrap();
    assert_eq!(ask(marked, Some(stored("_b", &json!({ "w": "7" })))), Executed(Evidence::OperationId));
}

#[test]
fn versions_above_2_to_the_53rd_are_compared_as_integers() {
    let version: u64 = (1 << 53) + 1;
    let replace = ReplaceDocument::new(&name("books"), &key("k"), &json!({ "v": version, "a": 1 }));
    let replace = replace.version_attribute("v");
    let lost = Failure::new(ErrorKind::ConnectionLost, Outcome::Unknown, None);
    let ticket: DocumentTicket = replace.ticket(0).unwrap().to_string().parse().unwrap();
    for (stored, expected) in [
        (json!(version - 1), NotSeen),
        (json!(version), Superseded),
        (json!(version + 1), Superseded),
        (json!(9_007_199_254_740_994.0), Superseded),
    ] {
        let stored = json!({ "_key": "k", "_id": "books/k", "_rev": "_b", "v": stored, "a": 2 });
        assert_eq!(resolve(&replace, &lost, Some(&stored)), expected, "{stored}");
        let answer = Ok(Some(to_raw_value(&stored).unwrap()));
        let later = concluded(ticket.conclusion(answer), |evidence| evidence);
        assert_eq!(later, expected, "{stored}");
    }
}
