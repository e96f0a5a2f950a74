//! The client of this repository.

use arango::Client;
use arango::data::Aql;
use arango_bench::book::{Book, KEY};
use arango_bench::task::{BATCH_ROWS, Scenario, Task};

fn main() -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run(&Task::from_arguments()?))
}

async fn run(task: &Task) -> anyhow::Result<()> {
    let client = Client::builder().hosts(task.url.as_str()).basic_auth("root", "passwd").build()?;
    let database = client.db("bench");
    let (books, book) = (database.collection("books"), Book::numbered(7));
    let many: Vec<Book> = (0..BATCH_ROWS).map(Book::numbered).collect();
    task.measure(async |units| {
        let mut sum = 0;
        match task.scenario {
            Scenario::Insert => {
                for _ in 0..units {
                    sum += books.insert(&book).await?.key.as_str().len() as u64;
                }
            }
            Scenario::Get => {
                for _ in 0..units {
                    sum += books.get::<Book>(KEY).await?.map_or(0, |book| u64::from(book.pages));
                }
            }
            Scenario::Rows => {
                let query = Aql::new("FOR b IN books LIMIT @rows RETURN b").bind("rows", units);
                let mut rows = database.query::<Book>(query).batch_size(BATCH_ROWS.into()).await?;
                while let Some(book) = rows.try_next().await? {
                    sum += u64::from(book.pages);
                }
            }
            Scenario::Bulk => {
                for _ in 0..units / u64::from(BATCH_ROWS) {
                    sum += books.insert_many(&many).await?.into_result()?.len() as u64;
                }
            }
            Scenario::Import => {
                let documents = many.iter().cycle().take(usize::try_from(units)?);
                let import = books.import(documents).chunk_items(BATCH_ROWS as usize).in_flight(1);
                sum = import.await?.into_result()?.stored;
            }
        }
        Ok(sum)
    })
    .await
}
