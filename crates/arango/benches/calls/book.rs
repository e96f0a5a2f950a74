//! The document that is written and read.

use serde::{Deserialize, Serialize};

/// The key of the document, of the same length as those that the client makes.
pub(crate) const KEY: &str = "01kb6c8v2n7xq4m9t0r5w3hzye";

/// The query that has one row.
pub(crate) const QUERY: &str = "FOR b IN books FILTER b.isbn == @isbn RETURN b";

/// What its parameter is bound to.
pub(crate) const ISBN: &str = "978-3-16-000007-7";

/// A document of twelve attributes; about 580 bytes of JSON with those of the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Book {
    title: String,
    isbn: String,
    year: u16,
    pub(crate) pages: u32,
    price: f64,
    is_available: bool,
    language: String,
    publisher: String,
    summary: String,
    authors: Vec<String>,
    keywords: Vec<String>,
    shelf: Shelf,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Shelf {
    room: String,
    row: u32,
    height: f64,
}

/// The same document, whose texts are borrowed from the JSON.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "decoded as a program would")]
pub(crate) struct BorrowedBook<'a> {
    title: &'a str,
    isbn: &'a str,
    year: u16,
    pub(crate) pages: u32,
    price: f64,
    is_available: bool,
    language: &'a str,
    publisher: &'a str,
    summary: &'a str,
    #[serde(borrow)]
    authors: Vec<&'a str>,
    #[serde(borrow)]
    keywords: Vec<&'a str>,
    #[serde(borrow)]
    shelf: BorrowedShelf<'a>,
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "decoded as a program would")]
struct BorrowedShelf<'a> {
    room: &'a str,
    row: u32,
    height: f64,
}

/// A book with the attributes that the server adds.
#[derive(Serialize)]
pub(crate) struct StoredBook {
    #[serde(rename = "_key")]
    key: String,
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_rev")]
    revision: String,
    #[serde(flatten)]
    book: Book,
}

impl Book {
    /// Returns one of many similar books.
    pub(crate) fn numbered(number: u32) -> Self {
        let text = |text: &str| text.to_owned();
        Self {
            title: format!("A Short History of Libraries, Volume {number}"),
            isbn: format!("978-3-16-{:06}-{}", number % 1_000_000, number % 10),
            year: 1950 + u16::try_from(number % 70).unwrap_or_default(),
            pages: 200 + number % 400,
            price: 12.25 + f64::from(number % 64) / 4.0,
            is_available: number.is_multiple_of(2),
            language: text("en"),
            publisher: text("Harbour & Lindgren"),
            summary: text(
                "How collections of clay tablets became reading rooms, who paid for them, and what was lost \
                 when they burned; with maps, plans and catalogues.",
            ),
            authors: vec![text("Ines Okafor"), text("Jürgen Weiß")],
            keywords: vec![text("history"), text("libraries"), text("architecture")],
            shelf: Shelf { room: text("north-2"), row: number % 40, height: 0.375 },
        }
    }

    /// Returns the book as the server stores it.
    pub(crate) fn stored(self, key: &str) -> StoredBook {
        let (key, id) = (key.to_owned(), format!("books/{key}"));
        StoredBook { key, id, revision: "_kQ2bW7e---".to_owned(), book: self }
    }
}
