//! Reading, changing and writing a document.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;

use arango_data::{
    Document, Key, OperationId, ReadDocument, ReadExistingDocument, UpdateDocument, Written, write_document,
};
use arango_transport::protocol::{BuildError, ErrorKind, Outcome};
use arango_transport::{BoxFuture, Error};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::time::sleep;

use crate::data::collection::Collection;
use crate::handles::data_support::invalid_request;
use crate::handles::pauses::Pauses;
use crate::handles::time_limit::TimeLimit;

/// How often a document is read and written before another write counts as a conflict.
const ATTEMPTS: u32 = 8;

/// A change of a document, made when it is awaited.
///
/// It sends only what the closure has changed: attributes that `T` does not name stay as they are, and an attribute that is
/// removed, or becomes `null`, is removed. The closure may run up to eight times, each time with the document as it is then.
///
/// # Errors
///
/// [`DocumentNotFound`](crate::ErrorKind::DocumentNotFound); [`PreconditionFailed`](crate::ErrorKind::PreconditionFailed) or
/// [`Conflict`](crate::ErrorKind::Conflict) if other writes were faster eight times. With the outcome
/// [`Unknown`](crate::Outcome::Unknown) the change may have been made: it is not made again. That the document is as the
/// change would have made it does not show that it was this change: another client may have made the same one. An
/// [operation id](Self::operation_id) does.
#[must_use = "the document is changed when it is awaited"]
pub struct Modify<T, F> {
    collection: Collection,
    key: Result<Key, BuildError>,
    change: F,
    operation_id: Option<OperationId>,
    document: PhantomData<fn() -> T>,
}

impl<T, F> Modify<T, F> {
    pub(super) fn new(collection: &Collection, key: Result<Key, BuildError>, change: F) -> Self {
        Self { collection: collection.clone(), key, change, operation_id: None, document: PhantomData }
    }

    /// Adds an attribute that tells this change from all others.
    ///
    /// If a response is lost, it shows whether the change was made.
    pub fn operation_id(mut self, id: OperationId) -> Self {
        self.operation_id = Some(id);
        self
    }
}

impl<T, F> Modify<T, F>
where
    T: Serialize + DeserializeOwned + Send + 'static,
    F: FnMut(&mut T) + Send + 'static,
{
    async fn run(mut self) -> Result<Written, Error> {
        let key = self.key.map_err(invalid_request::<UpdateDocument>)?;
        let read: ReadExistingDocument<Document<T>> =
            ReadDocument::new(self.collection.name()?, &key).must_exist();
        let limit = TimeLimit::start(self.collection.database(), &read);
        let mut conflicts = 0;
        loop {
            let mut document = match limit.apply(self.collection.database()).execute(&read).await {
                Ok(document) => document,
                // Before the first write nothing is changed, whatever became of the read.
                Err(error) if conflicts == 0 => return Err(error.before_execution()),
                Err(error) => return Err(error),
            };
            let before = value(&document.data)?;
            (self.change)(&mut document.data);
            let patch = changes(before, value(&document.data)?);
            let mut update = UpdateDocument::new(self.collection.name()?, &key, &patch)
                .remove_nulls()
                .if_revision(&document.revision)
                .computed();
            if let Some(id) = &self.operation_id {
                update = update.operation_id(id.clone());
            }
            match limit.apply(self.collection.database()).execute_resolving(update).await {
                Err(error) if is_other_write(&error) && conflicts + 1 < ATTEMPTS => {
                    let random = self.collection.database().transport.random();
                    let pause = Pauses::AFTER_CONFLICT.pause(conflicts, random);
                    conflicts += 1;
                    if pause >= limit.left() {
                        return Err(error);
                    }
                    sleep(pause).await;
                }
                result => return result,
            }
        }
    }
}

/// Returns whether a write was refused, without an effect, because of another one.
fn is_other_write(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::PreconditionFailed | ErrorKind::Conflict)
        && error.outcome() == Outcome::NotExecuted
}

/// Returns a document as a value.
fn value<T: Serialize>(document: &T) -> Result<Value, Error> {
    // A value would have `null` for a number that JSON does not have, and the patch would remove the attribute.
    write_document(document, None)
        .and_then(|_| serde_json::to_value(document).map_err(BuildError::Body))
        .map_err(invalid_request::<UpdateDocument>)
}

/// Returns the patch that makes the second object of the first one. What is `null` in it is removed.
#[inline]
fn changes(before: Value, after: Value) -> Value {
    let (Value::Object(mut before), Value::Object(after)) = (before, after) else { return Value::Null };
    let mut patch = Map::new();
    for (name, new) in after {
        match before.remove(&name) {
            Some(old) if old == new => {}
            Some(old @ Value::Object(_)) if new.is_object() => {
                patch.insert(name, changes(old, new));
            }
            _ => {
                patch.insert(name, new);
            }
        }
    }
    patch.extend(before.into_iter().map(|(name, _)| (name, Value::Null)));
    Value::Object(patch)
}

impl<T, F> IntoFuture for Modify<T, F>
where
    T: Serialize + DeserializeOwned + Send + 'static,
    F: FnMut(&mut T) + Send + 'static,
{
    type Output = Result<Written, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<T, F> fmt::Debug for Modify<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Modify").field("key", &self.key).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_contains_only_what_was_changed() {
        let before = json!({ "title": "Dune", "year": 1965, "at": { "x": 1, "y": 2 }, "old": true });
        let after = json!({ "title": "Dune", "year": 1966, "at": { "x": 1, "y": 3 }, "new": [1] });
        assert_eq!(
            changes(before, after),
            json!({ "year": 1966, "at": { "y": 3 }, "old": null, "new": [1] })
        );
    }
}
