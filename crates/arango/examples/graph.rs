//! Edges and traversals: who wrote which books, and which books cite each other.
//!
//! ```text
//! cargo xtask test-cluster run -- cargo run -p arango --example graph
//! ```
//!
//! It creates and drops the database `arango_example_graph`.

use anyhow::Result;
use arango::data::{Aql, Document, OverwriteMode, UniqueVertices};
use arango::{Client, Database};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, Serialize, Deserialize)]
struct Book {
    title: String,
    year: u16,
}

#[derive(Debug, Serialize, Deserialize)]
struct Wrote {
    year: u16,
}

#[tokio::main]
async fn main() -> Result<()> {
    let client = Client::from_env()?;

    let library = client.create_database("arango_example_graph").await?;
    for name in ["authors", "books"] {
        library.create_collection(name).shards(3).ensure().await?.into_result()?;
    }
    for name in ["wrote", "cites"] {
        library.create_collection(name).edge().shards(3).ensure().await?.into_result()?;
    }
    link(&library).await?;
    read(&library).await?;
    traverse(&library).await?;

    client.drop_database("arango_example_graph").await?;
    Ok(())
}

/// However often it runs, and whichever responses are lost: each link is stored once.
async fn link(library: &Database) -> Result<()> {
    let (authors, books) = (library.collection("authors"), library.collection("books"));
    let (wrote, cites) = (library.edges("wrote"), library.edges("cites"));
    for _ in 0..2 {
        let herbert = authors.upsert("herbert", &json!({ "name": "Frank Herbert" })).await?;
        let mut before = None;
        for (key, title, year) in
            [("dune", "Dune", 1965), ("messiah", "Dune Messiah", 1969), ("heretics", "Heretics", 1984)]
        {
            let book = books.upsert(key, &Book { title: title.to_owned(), year }).await?;
            wrote.link_once(&herbert, &book, &Wrote { year }).await?;
            if let Some(cited) = before.replace(book.clone()) {
                cites
                    .link_once(&book, &cited, &json!({ "pages": 3 }))
                    .overwrite(OverwriteMode::Update)
                    .await?;
            }
        }
    }
    let counts = (wrote.collection().count().await?, cites.collection().count().await?);
    anstream::println!("{} links from authors to books, {} between books", counts.0, counts.1);
    Ok(())
}

/// The edges of one vertex, typed and in any direction.
async fn read(library: &Database) -> Result<()> {
    let wrote = library.edges("wrote");
    let mut edges = wrote.of("authors/herbert").outbound::<Wrote>().stream().await?;
    while let Some(edge) = edges.try_next().await? {
        anstream::println!("{} → {} ({})", edge.from, edge.to, edge.data.year);
    }
    let author = wrote.of("books/dune").inbound::<Wrote>().one().await?.from;
    anstream::println!("books/dune was written by {author}");
    Ok(())
}

/// Vertices and paths. A cluster needs to know the collections of the vertices.
async fn traverse(library: &Database) -> Result<()> {
    let vertices = ["authors", "books"];
    let recent = Aql::new("v.year >= @from").bind("from", 1969);
    let from_herbert = library.traverse(["wrote"], "authors/herbert").declare(vertices);
    let books: Vec<Book> = from_herbert.filter(recent).and("SORT v.year").vertices().all().await?;
    let titles: Vec<&str> = books.iter().map(|book| book.title.as_str()).collect();
    anstream::println!("books since 1969: {}", titles.join(", "));

    let reachable = library.traverse(["wrote", "cites"], "authors/herbert").declare(vertices).outbound(1..=9);
    let query = reachable.unique_vertices(UniqueVertices::Global).paths::<Document<Value>, Value>();
    anstream::println!(
        "all that can be reached from authors/herbert, by this query:\n{}",
        query.aql().text()
    );
    for path in query.all().await? {
        let keys: Vec<_> = path.vertices.iter().map(|vertex| vertex.id.as_str()).collect();
        anstream::println!("{}", keys.join(" → "));
    }
    Ok(())
}
