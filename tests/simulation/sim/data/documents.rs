//! Makes the calls that read and write documents.

use arango::data::{Document, OperationId, OverwriteMode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::calls::{DocumentCall, Overwrite};
use super::setup::{BOOKS, COUNTERS, LOANS, NUMBERED, ROW_COUNT, ROWS};
use super::step::{StepKind, StepRunner};

/// A counter, as far as the client knows its attributes.
#[derive(Serialize, Deserialize)]
struct Counter {
    sum: u64,
}

/// Makes a call, or several that belong together. If one fails, the others are not made.
pub(super) async fn run(runner: &mut StepRunner, call: &DocumentCall) {
    // Each call is recorded, whether or not all were made.
    let _ = match call {
        DocumentCall::Insert { is_silent: true } => {
            let insert = runner.collection(BOOKS).insert(&inserted(&runner.marker)).silent();
            runner.call("", StepKind::Insert, insert).await.map(drop)
        }
        DocumentCall::Insert { is_silent: false } => {
            let insert = runner.collection(BOOKS).insert(&inserted(&runner.marker));
            runner.call("", StepKind::Insert, insert).await.map(drop)
        }
        DocumentCall::InsertAndRemove => insert_and_remove(runner).await,
        DocumentCall::InsertWithId(key) => insert_with_id(runner, &format!("i{key}"), StepKind::Insert).await,
        DocumentCall::InsertOwnKey(key) => {
            let insert = runner.collection(LOANS).insert(&inserted(&runner.marker)).key(format!("o{key}"));
            runner.call("", StepKind::Once, insert).await.map(drop)
        }
        DocumentCall::InsertServerKey { by_collection } => {
            let collection = match by_collection {
                true => runner.collection(NUMBERED),
                false => runner.collection(LOANS).server_keys(),
            };
            let insert = collection.insert(&inserted(&runner.marker));
            runner.call("", StepKind::Once, insert).await.map(drop)
        }
        DocumentCall::InsertIfMissing(key) => {
            let insert = runner.collection(BOOKS).insert(&inserted(&runner.marker)).key(format!("m{key}"));
            runner.call("", StepKind::Ignore, insert.overwrite(OverwriteMode::Ignore)).await.map(drop)
        }
        DocumentCall::Upsert { key, version } => {
            let document = json!({ "last": runner.marker, "version": version });
            let upsert = runner.collection(BOOKS).upsert(format!("v{key}"), &document).version("version");
            runner.call("", StepKind::Versioned, upsert).await.map(|_| {
                runner.record_version(&format!("v{key}"), *version);
            })
        }
        DocumentCall::Change { key, how, has_id } => change(runner, &format!("u{key}"), *how, *has_id).await,
        DocumentCall::Overwrite { key, how } => overwrite(runner, &format!("p{key}"), *how).await,
        DocumentCall::Remove(key) => {
            let remove = runner.collection(LOANS).remove(format!("p{key}"));
            runner.call("", StepKind::Once, remove).await.map(drop)
        }
        DocumentCall::RemoveOrInsert(key) => remove_or_insert(runner, &format!("x{key}")).await,
        DocumentCall::Modify(key) => {
            let counters = runner.collection(COUNTERS);
            let modify = counters.modify(format!("n{key}"), |counter: &mut Counter| counter.sum += 1);
            runner.call("", StepKind::Modify, modify).await.map(drop)
        }
        DocumentCall::Read(number) => read(runner, *number).await,
    };
}

/// The document of an insert. No other call writes the same.
fn inserted(marker: &str) -> Value {
    json!({ "inserted_by": marker })
}

async fn insert_and_remove(runner: &mut StepRunner) -> Option<()> {
    let books = runner.collection(BOOKS);
    let key = books.new_key();
    let insert = books.insert(&inserted(&format!("{}a", runner.marker))).key(&key);
    runner.call("a", StepKind::InsertRemovable, insert).await?;
    runner.call("b", StepKind::RemoveOwn, books.remove(&key)).await.map(drop)
}

async fn insert_with_id(runner: &mut StepRunner, key: &str, kind: StepKind) -> Option<()> {
    let id = OperationId::new("operation", &*runner.marker);
    let insert = runner.collection(BOOKS).insert(&inserted(&runner.marker)).key(key).operation_id(id);
    runner.call("", kind, insert).await.map(drop)
}

async fn change(runner: &mut StepRunner, key: &str, how: Overwrite, has_id: bool) -> Option<()> {
    let books = runner.collection(BOOKS);
    let found = runner.call("r", StepKind::Read, books.get::<Document<Value>>(key)).await?;
    let Some(found) = found else {
        runner.report_wrong(format!("{key} is not there"));
        return None;
    };
    let document = json!({ "last": runner.marker });
    let id = OperationId::new("operation", &*runner.marker);
    match how {
        Overwrite::Replace => {
            let replace = books.replace(key, &document).if_revision(&found.revision);
            let replace = if has_id { replace.operation_id(id) } else { replace };
            runner.call("", StepKind::Conditional, replace).await.map(drop)
        }
        Overwrite::Update | Overwrite::Upsert => {
            let update = books.update(key, &document).if_revision(&found.revision);
            let update = if has_id { update.operation_id(id) } else { update };
            runner.call("", StepKind::Conditional, update).await.map(drop)
        }
    }
}

async fn overwrite(runner: &mut StepRunner, key: &str, how: Overwrite) -> Option<()> {
    let (loans, document) = (runner.collection(LOANS), json!({ "last": runner.marker }));
    match how {
        Overwrite::Update => runner.call("", StepKind::Once, loans.update(key, &document)).await,
        Overwrite::Replace => runner.call("", StepKind::Once, loans.replace(key, &document)).await,
        Overwrite::Upsert => runner.call("", StepKind::Once, loans.upsert(key, &document)).await,
    }
    .map(drop)
}

async fn remove_or_insert(runner: &mut StepRunner, key: &str) -> Option<()> {
    let books = runner.collection(BOOKS);
    match runner.call("r", StepKind::Read, books.get::<Document<Value>>(key)).await? {
        Some(found) => {
            let remove = books.remove(key).if_revision(&found.revision);
            runner.call("", StepKind::Conditional, remove).await.map(drop)
        }
        None => insert_with_id(runner, key, StepKind::InsertRemovable).await,
    }
}

async fn read(runner: &mut StepRunner, number: Option<u64>) -> Option<()> {
    let (rows, key) = (runner.collection(ROWS), format!("r{}", number.unwrap_or(ROW_COUNT)));
    let found = runner.call("g", StepKind::Read, rows.get::<Document<Value>>(&key)).await?;
    let found = found.map(|found| found.data["n"].as_u64().unwrap_or_default());
    if found != number {
        runner.report_wrong(format!("{key} has {found:?}"));
    }
    let exists = runner.call("e", StepKind::Read, rows.exists(&key)).await?;
    if exists != number.is_some() {
        runner.report_wrong(format!("{key} exists: {exists}"));
    }
    Some(())
}
