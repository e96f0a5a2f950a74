//! Documents and queries: from an empty database to a typed result.
//!
//! ```text
//! cargo xtask test-cluster run -- cargo run -p arango --example documents
//! ```
//!
//! It creates and drops the database `arango_example_documents`.

use anyhow::{Context, Result};
use arango::data::{Aql, Document, Index};
use arango::{Client, Collection, Database, ErrorKind};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Book {
    title: String,
    year: u16,
    #[serde(default)]
    edition: u32,
}

#[tokio::main]
async fn main() -> Result<()> {
    let client = Client::from_env()?;

    let library = client.create_database("arango_example_documents").await?;
    library.create_collection("books").shards(3).ensure().await?.into_result()?;
    let books = library.collection("books");
    books.ensure_index(Index::persistent(["year"])).await?.into_result()?;

    insert(&books).await?;
    change(&books).await?;
    refuse(&books).await;
    query(&library).await?;

    client.drop_database("arango_example_documents").await?;
    Ok(())
}

/// The client makes the keys, so an insert whose response is lost is repeated and stores one document.
async fn insert(books: &Collection) -> Result<()> {
    for year in 1900..2000 {
        books.insert(&Book { title: format!("Book of {year}"), year, edition: 1 }).await?;
    }
    books.insert(&Book { title: "Dune".to_owned(), year: 1956, edition: 1 }).key("dune").await?;
    anstream::println!("{} books", books.count().await?);
    Ok(())
}

/// Three ways to change a document without undoing the changes of others.
async fn change(books: &Collection) -> Result<()> {
    let dune = books.get::<Document<Book>>("dune").await?.context("there is no such book")?;
    let update = serde_json::json!({ "year": 1965 });
    books.update("dune", &update).if_revision(&dune.revision).await?;

    books.modify("dune", |book: &mut Book| book.title.push_str(" (novel)")).await?;

    // Only a higher edition is written. It needs a server since 3.12.
    let next = Book { title: "Dune".to_owned(), year: 1965, edition: 2 };
    match books.upsert("dune", &next).version("edition").await {
        Err(error) if error.kind() == ErrorKind::NotSupported => anstream::println!("{error}"),
        result => drop(result?),
    }
    anstream::println!("after three changes: {:?}", books.get::<Book>("dune").await?);
    Ok(())
}

/// Errors say what went wrong, and whether the request was executed.
async fn refuse(books: &Collection) {
    let book = Book { title: "Dune".to_owned(), year: 1965, edition: 1 };
    match books.insert(&book).key("dune").await {
        Err(error) if error.kind() == ErrorKind::UniqueViolation => {
            anstream::println!("a second document with the key `dune` is refused: the key is in use");
        }
        Err(error) => anstream::println!("{} ({})", error, error.outcome()),
        Ok(written) => anstream::println!("inserted as {}", written.key),
    }
}

/// Rows are read batch by batch, and decoded into the type of the program.
async fn query(library: &Database) -> Result<()> {
    let query = Aql::new("FOR b IN books FILTER b.year >= @from SORT b.year RETURN b").bind("from", 1990);
    let mut rows = library.query::<Book>(query).batch_size(4).await?;
    anstream::println!("books since 1990:");
    while let Some(book) = rows.try_next().await? {
        anstream::println!("{} {}", book.year, book.title);
    }
    let decades = Aql::new(
        "FOR b IN books COLLECT decade = FLOOR(b.year / 10) * 10 WITH COUNT INTO n RETURN [decade, n]",
    );
    let decades: Vec<(u16, u64)> = library.query(decades).all().await?;
    anstream::println!("books of {} decades", decades.len());
    Ok(())
}
