//! A query whose rows are streamed while coordinators are killed.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use arango::data::{Aql, CollectionName, Cursor};
use arango::{CallOptions, Client, Database};

use crate::control::Control;
use crate::documents::{COLLECTION, DOCUMENTS};
use crate::terminal::TourOutput;

/// The number of rows of a response.
const BATCH: u64 = 500;
/// When coordinators are killed, in rows.
const KILLED_AT: u64 = 2_000;
/// How long the client waits for a batch after the owner of the cursor was killed.
///
/// Another coordinator is asked for the batch. A server does not find out for minutes that the owner is down, so this is
/// waited for until its end.
const LIMIT: Duration = Duration::from_secs(2);

/// Streams the documents of the step before. Returns a summary.
pub(crate) async fn stream(
    output: &mut TourOutput,
    client: &Client,
    control: Option<&Control>,
) -> Result<String> {
    output.step("Stream the rows of a query");
    let control = control.filter(|_| client.coordinators().len() > 1);
    let database = client.db("_system");
    let mut cursor = query(&database).await?;
    let owner = owner(client, &cursor)?;
    let others: Vec<_> = (0..client.coordinators().len()).filter(|index| *index != owner).collect();
    let rows = read(output, &mut cursor, control.map(|control| (control, &*others))).await?;
    let Ok(rows) = rows else { bail!("the cursor was lost: {:?}", cursor.lost()) };
    let killed = if control.is_some() {
        format!(", {} other coordinators killed", others.len())
    } else {
        String::new()
    };
    output.entry("rows", &format!("{} of {DOCUMENTS}, each once{killed}", rows.len()));
    ensure!(u64::try_from(rows.len())? == DOCUMENTS, "rows are missing");
    let Some(control) = control else { return Ok(format!("rows: {}", rows.len())) };
    restart(control, &others).await?;

    let mut cursor = query(&database.clone().options(CallOptions::default().attempt(LIMIT))).await?;
    let owner = self::owner(client, &cursor)?;
    let lost = match read(output, &mut cursor, Some((control, &[owner]))).await? {
        Ok(rows) if !control.ends_processes() => {
            output.entry(
                "way to owner closed",
                &format!("{} rows, the rest through another coordinator", rows.len()),
            );
            ensure!(u64::try_from(rows.len())? == DOCUMENTS, "rows are missing");
            restart(control, &[owner]).await?;
            return Ok(format!("rows: {}, 0 twice, 0 missing", rows.len()));
        }
        Ok(_) => bail!("the cursor outlived its coordinator"),
        Err(received) => (received, cursor.lost().context("the cursor does not say how far it came")?),
    };
    output.entry("owner killed", &format!("{} rows received, {} reported", lost.0, lost.1.rows));
    ensure!(lost.0 == lost.1.rows, "the reported rows are not those that were received");
    restart(control, &[owner]).await?;
    let again = query(&database).await?.all().await?;
    output.entry("run again", &format!("{} rows", again.len()));
    ensure!(u64::try_from(again.len())? == DOCUMENTS, "rows are missing");
    Ok(format!("rows: {}, 0 twice, 0 missing", rows.len()))
}

async fn query(database: &Database) -> Result<Cursor<u64>> {
    let books = CollectionName::new(COLLECTION)?;
    let query = Aql::new("FOR b IN @@books SORT b.number RETURN b.number").collection("books", &books);
    Ok(database.query(query).batch_size(BATCH).await?)
}

/// Returns the index of the coordinator on which a cursor lives.
fn owner(client: &Client, cursor: &Cursor<u64>) -> Result<usize> {
    let owner = cursor.coordinator().context("the cursor has no coordinator")?;
    let position = client.coordinators().iter().position(|state| state.address == *owner);
    position.context("the coordinator of the cursor is not in the list")
}

/// Reads all rows, and kills coordinators on the way. Returns the rows, or how many came before an error.
async fn read(
    output: &TourOutput,
    cursor: &mut Cursor<u64>,
    kill: Option<(&Control, &[usize])>,
) -> Result<Result<HashSet<u64>, u64>> {
    let bar = output.progress(DOCUMENTS, "reading");
    let mut rows = HashSet::new();
    let received = loop {
        let row = match cursor.try_next().await {
            Ok(Some(row)) => row,
            Ok(None) => break Ok(rows),
            Err(_) => break Err(u64::try_from(rows.len())?),
        };
        ensure!(rows.insert(row), "the row {row} was received twice");
        let count = u64::try_from(rows.len())?;
        bar.set_position(count);
        if let Some((control, victims)) = kill.filter(|_| count == KILLED_AT) {
            for victim in victims {
                control.kill(*victim).await?;
            }
        }
    };
    bar.finish_and_clear();
    Ok(received)
}

/// Restarts coordinators.
///
/// The client may still have them ejected, and finds out by itself when they can be used again.
async fn restart(control: &Control, killed: &[usize]) -> Result<()> {
    for index in killed {
        control.restart(*index).await?;
    }
    Ok(())
}
