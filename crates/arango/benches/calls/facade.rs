//! The measured client, used as a program would use it.

use arango::data::{Aql, RawRows};
use arango::{Client, Collection, Database, Tls};

use crate::book::{Book, BorrowedBook, ISBN, KEY, QUERY};
use crate::client::{Calls, Task};
use crate::endpoint::{BATCH_ROWS, Endpoint};
use crate::protocol::Protocol;

pub(crate) struct Facade {
    database: Database,
    books: Collection,
    book: Book,
    /// The documents of one request of an import.
    imported: Vec<Book>,
    endpoint: Endpoint,
}

impl Facade {
    pub(crate) fn new(task: &Task) -> anyhow::Result<Self> {
        let urls = |scheme| -> Vec<String> {
            task.addresses.iter().map(|address| format!("{scheme}://{address}")).collect()
        };
        let builder = Client::builder().basic_auth("root", "passwd");
        let builder = match task.protocol {
            Protocol::Plain => builder.hosts(urls("http")),
            Protocol::Tls => {
                let tls =
                    Tls::new().ca_pem(task.authority.clone().unwrap_or_default()).given_authorities_only();
                builder.hosts(urls("https")).tls(tls)
            }
            #[cfg(feature = "http2")]
            Protocol::Http2 => builder.hosts(urls("http")).http2(arango::Http2::PriorKnowledge),
        };
        let database = builder.build()?.db("_system");
        Ok(Self {
            books: database.collection("books"),
            database,
            book: Book::numbered(7),
            imported: (0..BATCH_ROWS).map(Book::numbered).collect(),
            endpoint: task.endpoint,
        })
    }
}

impl Calls for Facade {
    async fn call(&mut self) -> anyhow::Result<usize> {
        Ok(match self.endpoint {
            Endpoint::Version => self.database.version().await?.version.map_or(0, |version| version.len()),
            Endpoint::Health => self.database.cluster().health().await?.servers().len(),
            Endpoint::Insert => self.books.insert(&self.book).await?.key.as_str().len(),
            Endpoint::Get => self.books.get::<Book>(KEY).await?.map_or(0, |book| book.pages as usize),
            Endpoint::Query => {
                let query = Aql::new(QUERY).bind("isbn", ISBN);
                self.database.query::<Book>(query).one().await?.pages as usize
            }
            Endpoint::Rows | Endpoint::BorrowedRows => self.rows(BATCH_ROWS.into()).await?.try_into()?,
            Endpoint::Import => self.import(BATCH_ROWS.into()).await?.try_into()?,
        })
    }

    async fn rows(&mut self, rows: u64) -> anyhow::Result<u64> {
        let query = Aql::new("FOR b IN books LIMIT @rows RETURN b").bind("rows", rows);
        let mut pages = 0;
        if self.endpoint == Endpoint::BorrowedRows {
            let mut rows = self.database.query::<RawRows>(query).batch_size(BATCH_ROWS.into()).await?;
            while let Some(batch) = rows.next_batch().await? {
                for book in batch.rows::<BorrowedBook<'_>>() {
                    pages += u64::from(book?.pages);
                }
            }
            return Ok(pages);
        }
        let mut rows = self.database.query::<Book>(query).batch_size(BATCH_ROWS.into()).await?;
        while let Some(book) = rows.try_next().await? {
            pages += u64::from(book.pages);
        }
        Ok(pages)
    }

    async fn import(&mut self, documents: u64) -> anyhow::Result<u64> {
        let documents = self.imported.iter().cycle().take(documents.try_into()?);
        let import = self.books.import(documents).chunk_items(BATCH_ROWS as usize).in_flight(1);
        Ok(import.await?.into_result()?.stored)
    }
}
