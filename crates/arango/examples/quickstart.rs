//! The first program: a database, a collection, a document, a query.
//!
//! ```text
//! cargo xtask test-cluster run -- cargo run -p arango --example quickstart
//! ```
//!
//! It creates and drops the database `arango_example_quickstart`.

use anyhow::Result;
use arango::Client;
use arango::data::Aql;
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Book {
    title: String,
    year: u16,
}

#[tokio::main]
async fn main() -> Result<()> {
    // Elsewhere: Client::builder().hosts("http://host1:8529,http://host2:8529").basic_auth("root", password).build()?
    let client = Client::from_env()?;
    anstream::println!("ArangoDB {}", client.db("_system").version().await?);

    let library = client.create_database("arango_example_quickstart").await?; // unless it exists
    library.create_collection("books").ensure().await?.into_result()?;
    let books = library.collection("books");

    let written = books.insert(&Book { title: "Dune".to_owned(), year: 1965 }).await?;
    let book: Option<Book> = books.get(&written.key).await?;
    anstream::println!("{}: {book:?}", written.key);

    let query =
        Aql::new("FOR b IN books FILTER b.year < @year SORT b.title RETURN b.title").bind("year", 1970);
    let titles: Vec<String> = library.query(query).all().await?;
    anstream::println!("before 1970: {titles:?}");

    anstream::println!("{}", client.cluster().health().await?);
    client.drop_database("arango_example_quickstart").await?;
    Ok(())
}
