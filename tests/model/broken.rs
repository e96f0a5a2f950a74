//! Writes that are broken on purpose, which the model must find.

use arango::data::{
    CollectionName, Document, InsertDocument, OverwriteMode, ReadDocument, UpdateDocument, Written,
};
use arango::protocol::{
    ApiResponse, BuildError, Conclusion, ErrorNumber, ErrorObject, Failure, Metadata, Operation, OutputError,
    RequestClass, RequestProperties, Resolve,
};
use arango::{Error, Outcome};
use bytes::Bytes;
use http::Request;
use http::header::IF_MATCH;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::document::{generated_key, revision_text};
use crate::writes::{self, FIRST_REVISION, Kind, Write, chosen_key, first_revision, operation_id, text};

/// What is wrong with a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Defect {
    /// A key that is in use is not looked into.
    KeyInUseIsFinal,
    /// A missing document counts as proof that nothing was executed.
    MissingIsProof,
    /// A document with the expected revision counts as proof that nothing was executed.
    OldRevisionIsProof,
    /// Any document counts as proof of the execution.
    AnyDocumentIsProof,
    /// It is repeated, whether or not a late copy is harmless.
    IsRepeated,
    /// Its revision or its version is not sent.
    ConditionIsLost,
}

/// A write with a defect.
struct Broken<O> {
    operation: O,
    defect: Defect,
}

impl<O: Operation> Operation for Broken<O> {
    type Output = O::Output;

    const METADATA: Metadata = O::METADATA;

    fn properties(&self) -> RequestProperties {
        let properties = self.operation.properties();
        if self.defect == Defect::IsRepeated { properties.class(RequestClass::Fenced) } else { properties }
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let mut request = self.operation.request()?;
        if self.defect == Defect::ConditionIsLost {
            request.headers_mut().remove(IF_MATCH);
            let uri = request.uri().to_string().replace("versionAttribute", "other");
            *request.uri_mut() = uri.parse().expect("a path");
        }
        Ok(request)
    }

    fn output(&self, response: ApiResponse) -> Result<O::Output, OutputError> {
        self.operation.output(response)
    }
}

impl<O: Resolve<Output = Written, Question = ReadDocument<Box<RawValue>>>> Resolve for Broken<O> {
    type Question = O::Question;

    fn question(&self, failure: &Failure) -> Option<Self::Question> {
        let is_key_in_use = failure.number == Some(ErrorNumber::UNIQUE_CONSTRAINT_VIOLATED);
        if self.defect == Defect::KeyInUseIsFinal && is_key_in_use {
            return None;
        }
        self.operation.question(failure)
    }

    fn conclusion(
        &self,
        failure: &Failure,
        answer: Result<Option<Box<RawValue>>, &ErrorObject>,
    ) -> Conclusion<Written> {
        let stored = answer.as_ref().ok().map(Option::as_deref);
        match (self.defect, stored) {
            (Defect::MissingIsProof, Some(None)) => Conclusion::NotExecuted,
            (Defect::OldRevisionIsProof, Some(Some(stored)))
                if stored.get().contains(&revision_text(FIRST_REVISION)) =>
            {
                Conclusion::NotExecuted
            }
            (Defect::AnyDocumentIsProof, Some(Some(stored))) => {
                Conclusion::Executed(serde_json::from_str(stored.get()).expect("a document"))
            }
            _ => self.operation.conclusion(failure, answer),
        }
    }
}

/// Replaces the call of a correct write by that of an operation with a defect.
fn broken<O>(
    mut correct: Write,
    defect: Defect,
    operation: impl Fn(&CollectionName) -> O + Send + Sync + 'static,
) -> Write
where
    O: Resolve<Output = Written, Question = ReadDocument<Box<RawValue>>> + Send + Sync + 'static,
{
    let books = writes::books();
    let run = move |library: arango::Database| {
        let operation = Broken { operation: operation(&books), defect };
        async move { library.execute_resolving(operation).await }
    };
    correct.run = Write::new("", correct.kind, correct.writer, run).run;
    correct
}

pub(crate) fn insert_with_own_key(writer: u8, defect: Defect) -> Write {
    broken(writes::insert_with_own_key(writer, 7), defect, move |books| {
        InsertDocument::new(books, &json!({ "text": writer, "isbn": 7 })).key(&generated_key(writer))
    })
}

pub(crate) fn insert_with_operation_id(writer: u8, defect: Defect) -> Write {
    broken(writes::insert_with_operation_id(writer), defect, move |books| {
        InsertDocument::new(books, &text(writer)).key(&chosen_key()).operation_id(operation_id(writer))
    })
}

pub(crate) fn insert_with_server_key(writer: u8, defect: Defect) -> Write {
    broken(writes::insert_with_server_key(writer), defect, move |books| {
        InsertDocument::new(books, &text(writer))
    })
}

pub(crate) fn update(writer: u8, defect: Defect) -> Write {
    broken(writes::update(writer), defect, move |books| {
        UpdateDocument::new(books, &chosen_key(), &text(writer))
    })
}

pub(crate) fn update_if_revision(writer: u8, defect: Defect) -> Write {
    broken(writes::update_if_revision(writer), defect, move |books| {
        UpdateDocument::new(books, &chosen_key(), &text(writer)).if_revision(&first_revision())
    })
}

pub(crate) fn upsert_with_version(writer: u8, edition: u8, defect: Defect) -> Write {
    broken(writes::upsert_with_version(writer, edition, OverwriteMode::Update), defect, move |books| {
        let book = json!({ "text": writer, "edition": edition });
        InsertDocument::new(books, &book)
            .key(&chosen_key())
            .overwrite(OverwriteMode::Update)
            .version_attribute("edition")
    })
}

/// Adds one to the count, and takes a count that is one higher for this change.
pub(crate) fn modify_by_content(writer: u8) -> Write {
    Write::new("a broken change", Kind::Modify, writer, |library| async move { add_one(&library).await })
}

async fn add_one(library: &arango::Database) -> Result<Written, Error> {
    let books = writes::books();
    loop {
        let read = ReadDocument::<Document<Value>>::new(&books, &chosen_key()).must_exist();
        let book = library.execute(read).await?;
        let count = book.data["count"].as_u64().expect("a count") + 1;
        let patch = UpdateDocument::new(&books, &chosen_key(), &json!({ "count": count }));
        match library.execute_resolving(patch.if_revision(&book.revision)).await {
            Err(error) if error.outcome() == Outcome::NotExecuted => {}
            result => return result,
        }
    }
}

/// An insert whose ticket is that of another write.
pub(crate) fn insert_with_foreign_ticket(writer: u8, other: u8) -> Write {
    let ticket = writes::insert_with_operation_id(other).ticket;
    writes::insert_with_operation_id(writer).with_ticket(ticket)
}
