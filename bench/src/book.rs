//! The document that is written and read.

use serde::{Deserialize, Serialize};

/// The key of the document that is read alone.
pub const KEY: &str = "01kb6c8v2n7xq4m9t0r5w3hzye";

/// A document of twelve attributes; about 580 bytes of JSON with those of the server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Book {
    pub title: String,
    pub isbn: String,
    pub year: u16,
    pub pages: u32,
    pub price: f64,
    pub is_available: bool,
    pub language: String,
    pub publisher: String,
    pub summary: String,
    pub authors: Vec<String>,
    pub keywords: Vec<String>,
    pub shelf: Shelf,
}

/// Where a book stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Shelf {
    pub room: String,
    pub row: u32,
    pub height: f64,
}

/// A book with the attributes that the server adds.
#[derive(Debug, Serialize)]
pub struct StoredBook {
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
    pub fn numbered(number: u32) -> Self {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self {
            title: format!("A Short History of Libraries, Volume {number}"),
            isbn: format!("978-3-16-{number:06}-{}", number % 10),
            year: 1950 + (number % 70) as u16,
            pages: 200 + number % 400,
            price: 12.25 + f64::from(number % 64) / 4.0,
            is_available: number.is_multiple_of(2),
            language: "en".to_owned(),
            publisher: "Harbour & Lindgren".to_owned(),
            summary:
                "How collections of clay tablets became reading rooms, who paid for them, and what was lost \
                      when they burned; with maps, plans and catalogues."
                    .to_owned(),
            authors: texts(&["Ines Okafor", "Jürgen Weiß"]),
            keywords: texts(&["history", "libraries", "architecture"]),
            shelf: Shelf { room: "north-2".to_owned(), row: number % 40, height: 0.375 },
        }
    }

    /// Returns the book as the server stores it.
    pub fn stored(self, key: &str) -> StoredBook {
        let (key, id) = (key.to_owned(), format!("books/{key}"));
        StoredBook { key, id, revision: "_kQ2bW7e---".to_owned(), book: self }
    }
}
