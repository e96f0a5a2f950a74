//! Calls long after all faults, each of which has to succeed.

use std::time::Duration;

use arango::data::Document;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::Completed;
use super::calls::{Consumer, QueryCall, QueryText};
use super::queries;
use super::setup::{BOOKS, ROW_COUNT};
use super::step::{Caller, StepKind, StepRunner};

/// Time after which nothing is left of any fault: late copies, logins that wait, rejected passwords.
const SETTLE_TIME: Duration = Duration::from_secs(100);

/// Makes calls with each client, one after the other.
pub(super) async fn run(callers: &[Caller], completed: &mut Completed) {
    sleep(SETTLE_TIME).await;
    for (index, caller) in callers.iter().enumerate() {
        let mut runner = StepRunner::late(caller.clone(), &format!("c{index}-late"));
        write(&mut runner).await;
        completed.steps.extend(runner.into_steps());
        for (number, consumer) in
            [Consumer::Reads(Duration::ZERO), Consumer::Drops(3, Duration::ZERO)].into_iter().enumerate()
        {
            let runner = StepRunner::late(caller.clone(), &format!("c{index}-late-{number}"));
            let query = QueryCall {
                text: QueryText::Sorted,
                rows: ROW_COUNT,
                batch_size: 5,
                is_stream: number == 1,
                consumer,
            };
            completed.queries.push(queries::run(&runner, &query).await);
        }
    }
}

/// Inserts a document, reads it and changes it.
async fn write(runner: &mut StepRunner) -> Option<()> {
    let books = runner.collection(BOOKS);
    let insert = books.insert(&json!({ "inserted_by": runner.marker }));
    let inserted = runner.call("", StepKind::Insert, insert).await?;
    let found = runner.call("r", StepKind::Read, books.get::<Document<Value>>(&inserted.key)).await?;
    if found.is_none_or(|found| found.revision != inserted.revision) {
        runner.report_wrong("another document than the one that was inserted".to_owned());
    }
    let update = books.update(&inserted.key, &json!({ "last": runner.marker }));
    runner.call("u", StepKind::Conditional, update.if_revision(&inserted.revision)).await.map(drop)
}
