//! arangors: its asynchronous client on reqwest. A cursor is read batch by batch, since `aql_query` keeps all rows.

use arango_bench::book::{Book, KEY};
use arango_bench::task::{BATCH_ROWS, Scenario, Task};
use arangors::document::options::InsertOptions;
use arangors::{AqlQuery, Connection, Cursor};

fn main() -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run(&Task::from_arguments()?))
}

async fn run(task: &Task) -> anyhow::Result<()> {
    let connection = Connection::establish_basic_auth(&task.url, "root", "passwd").await?;
    let database = connection.db("bench").await?;
    let (books, book) = (database.collection("books").await?, Book::numbered(7));
    task.measure(async |units| {
        let mut sum = 0;
        match task.scenario {
            Scenario::Insert => {
                for _ in 0..units {
                    // It takes the document by value, of a type that can also be read.
                    let written = books.create_document(book.clone(), InsertOptions::default()).await?;
                    sum += written.header().map_or(0, |header| header._key.len() as u64);
                }
            }
            Scenario::Get => {
                for _ in 0..units {
                    sum += u64::from(books.document::<Book>(KEY).await?.document.pages);
                }
            }
            Scenario::Rows => {
                let query = AqlQuery::builder()
                    .query("FOR b IN books LIMIT @rows RETURN b")
                    .bind_var("rows", units)
                    .batch_size(BATCH_ROWS)
                    .build();
                let mut batch: Cursor<Book> = database.aql_query_batch(query).await?;
                loop {
                    sum += batch.result.iter().map(|book| u64::from(book.pages)).sum::<u64>();
                    let Some(id) = batch.id.filter(|_| batch.more) else { break };
                    batch = database.aql_next_batch(&id).await?;
                }
            }
            Scenario::Bulk | Scenario::Import => anyhow::bail!("arangors has no call for many documents"),
        }
        Ok(sum)
    })
    .await
}
