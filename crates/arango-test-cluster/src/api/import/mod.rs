//! `/_api/import`: many documents at once.
//!
//! | module | what |
//! |---|---|
//! | `input` | the documents of a body, in each of its formats |
//! | `ends` | prefixes of the ends of edges |

mod ends;
mod input;

use arango_test_aql::Value;
use http::Method;
use serde_json::json;

use self::ends::EndPrefixes;
use self::input::{Failure, Input};
use super::collections::find;
use super::documents::{Operation, apply, require_legal_keys};
use super::modelled::Modelled;
use super::{Call, HandlerResult, Outcome};
use crate::http::reply::{ApiError, Reply};
use crate::http::request::TRANSACTION;
use crate::state::databases::Kind;
use crate::state::id_owner::owner;
use crate::state::transactions::Access;
use crate::store::error::DocumentError;
use crate::store::view::CollectionView;
use crate::store::write::DocumentOptions;

const PARAMETERS: &[&str] = &[
    "collection",
    "complete",
    "details",
    "fromPrefix",
    "ignoreMissing",
    "line",
    "onDuplicate",
    "overwrite",
    "overwriteCollectionPrefix",
    "toPrefix",
    "type",
    "waitForSync",
];

/// What is done with a document whose key exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OnDuplicate {
    Fail,
    Ignore,
    Change(Operation),
}

/// What became of the documents.
#[derive(Debug, Default)]
struct Counts {
    created: usize,
    updated: usize,
    ignored: usize,
}

pub(super) fn handle(call: &mut Call<'_>, rest: &[&str]) -> Result<Outcome, ApiError> {
    if let Some(outcome) = forward_to_owner(call)? {
        return Ok(outcome);
    }
    let name = call.request.query.get("collection").map(ToOwned::to_owned);
    let written = name.and_then(|name| find(call, &name).ok().map(|collection| collection.name.clone()));
    if let Some(access) = written.map(Access::to_write) {
        call.require_access(&access)?;
        if let Some(outcome) = call.wait_for_locks(access) {
            return Ok(outcome);
        }
    }
    respond(call, rest).map(Outcome::Now)
}

/// Lets the owner of a transaction that a header names execute the import, although outside of the transaction.
fn forward_to_owner(call: &mut Call<'_>) -> Result<Option<Outcome>, ApiError> {
    let id = call.request.transaction().and_then(|id| id.parse::<u64>().ok()).filter(|id| *id > 0);
    let Some(id) = id else { return Ok(None) };
    match owner(id).filter(|index| *index < call.state.coordinators.len()) {
        Some(owner) if owner == call.index => Ok(None),
        Some(owner) => Ok(Some(call.forward_request(owner))),
        None => Err(ApiError::of_number(1655, "cannot find target server for transaction id")),
    }
}

fn respond(call: &mut Call<'_>, rest: &[&str]) -> HandlerResult {
    call.require_modelled(&Modelled::parameters(PARAMETERS).headers(&[TRANSACTION]))?;
    if call.request.method != Method::POST {
        return Err(ApiError::new(501, 9, "ILLEGAL /_api/import"));
    }
    if !rest.is_empty() {
        return Err(ApiError::new(
            400,
            601,
            "superfluous suffix, expecting /_api/import?collection=<identifier>",
        ));
    }
    let query = &call.request.query;
    let name = query.get("collection").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| ApiError::new(400, 1204, "'collection' is missing"))?.to_owned();
    let collection = find(call, &name)?;
    let prefixes = (collection.kind == Kind::Edge).then(|| EndPrefixes::read(query, call.version));
    let mut input = Input::read(query, &call.request.body, prefixes.as_ref())?;
    let (is_complete, overwrites) = (query.is_true("complete"), query.is_true("overwrite"));
    if let Some(failure) = input.failures.first().filter(|_| is_complete) {
        return Err(ApiError::of_number(failure.number, failure.message.clone()));
    }
    require_legal_keys(call, input.documents.iter())?;
    let mut import = Import::start(call, name, is_complete, overwrites)?;
    import.insert_all(&mut input)?;
    let counts = import.finish()?;
    let mut result = json!({
        "error": false, "created": counts.created, "errors": input.failures.len(), "empty": input.empty,
        "updated": counts.updated, "ignored": counts.ignored,
    });
    if call.request.query.is_true("details") {
        result["details"] = input.failures.into_iter().map(|failure| failure.message).collect();
    }
    Ok(Reply::raw(201, &result))
}

/// An import in progress.
struct Import<'c, 'a> {
    call: &'c mut Call<'a>,
    collection: String,
    on_duplicate: OnDuplicate,
    /// All changes, if they are made together or not at all.
    whole: Option<CollectionView>,
    counts: Counts,
}

impl<'c, 'a> Import<'c, 'a> {
    fn start(
        call: &'c mut Call<'a>,
        collection: String,
        is_complete: bool,
        overwrites: bool,
    ) -> Result<Self, ApiError> {
        let on_duplicate = match call.request.query.get("onDuplicate") {
            Some("update") => OnDuplicate::Change(Operation::Update),
            Some("replace") => OnDuplicate::Change(Operation::Replace),
            Some("ignore") => OnDuplicate::Ignore,
            // Any other value counts as none.
            _ => OnDuplicate::Fail,
        };
        let mut view = call.view(&collection)?;
        if overwrites {
            view.require_all_leaders()?;
            for document in view.by_key() {
                view.remove(document.key(), &DocumentOptions::default())?;
            }
        }
        let whole = if is_complete {
            Some(view)
        } else {
            call.commit(view)?;
            None
        };
        Ok(Self { call, collection, on_duplicate, whole, counts: Counts::default() })
    }

    /// Inserts all documents, and after that changes those that exist.
    fn insert_all(&mut self, input: &mut Input) -> Result<(), ApiError> {
        let mut existing = Vec::new();
        let mut unreachable = None;
        for (position, document) in input.documents.iter().enumerate() {
            match self.write(document, Operation::Insert)? {
                Ok(()) => self.counts.created += 1,
                Err(error) if error.number == 1210 && is_ignorable(document, self.on_duplicate) => {
                    self.counts.ignored += 1;
                }
                Err(error) => match (self.on_duplicate, document.attribute("_key").as_str()) {
                    (OnDuplicate::Change(operation), Some(_)) if error.number == 1210 => {
                        existing.push((position, operation));
                    }
                    _ => self.fail(&mut input.failures, &mut unreachable, position, document, error)?,
                },
            }
        }
        for (position, operation) in existing {
            let document = &input.documents[position];
            match self.write(document, operation)? {
                Ok(()) => self.counts.updated += 1,
                Err(error) => {
                    // Its key does not exist, so the insert failed because of another unique index.
                    let number = if error.number == 1202 { 1210 } else { error.number };
                    let error = DocumentError { number, ..error };
                    self.fail(&mut input.failures, &mut unreachable, position, document, error)?;
                }
            }
        }
        // A leader that does not respond fails the whole request, although the other shards have written.
        unreachable.map_or(Ok(()), Err)
    }

    /// Records the error of a document. A complete import ends with it.
    fn fail(
        &self,
        failures: &mut Vec<Failure>,
        unreachable: &mut Option<ApiError>,
        position: usize,
        document: &Value,
        error: DocumentError,
    ) -> Result<(), ApiError> {
        if self.whole.is_some() {
            return Err(error.into());
        }
        failures.push(Failure::of_write(position, &error, document));
        if error.number == 1478 {
            unreachable.get_or_insert(error.into());
        }
        Ok(())
    }

    fn write(
        &mut self,
        document: &Value,
        operation: Operation,
    ) -> Result<Result<(), DocumentError>, ApiError> {
        let mut options = DocumentOptions::default();
        (options.common.keep_null, options.common.merge_objects) = (true, true);
        let key = document.attribute("_key");
        let key = key.as_str().filter(|_| operation != Operation::Insert);
        if let Some(view) = &mut self.whole {
            return Ok(apply(view, key, document, operation, &options).map(drop));
        }
        let mut view = self.call.view(&self.collection)?;
        let written = apply(&mut view, key, document, operation, &options);
        Ok(written.and_then(|_| self.call.commit(view)))
    }

    fn finish(self) -> Result<Counts, ApiError> {
        if let Some(view) = self.whole {
            self.call.commit(view)?;
        }
        Ok(self.counts)
    }
}

/// Returns whether an import passes over a document whose key exists. Without a key it is an error.
fn is_ignorable(document: &Value, on_duplicate: OnDuplicate) -> bool {
    on_duplicate == OnDuplicate::Ignore && document.attribute("_key").as_str().is_some()
}
