//! Importing any number of documents.

mod lines;
mod options;
mod progress;
mod report;
mod request;
mod sink;
mod window;

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::pin;

use arango_data::{InsertDocuments, OverwriteMode, Silent};
use arango_transport::protocol::BuildError;
use arango_transport::{BoxFuture, CoordinatorState, Error};
use futures_util::{Stream, StreamExt};
use serde::Serialize;
use tokio::io::AsyncBufRead;

use crate::data::bulk::import::lines::{Line, LineReader};
use crate::data::bulk::import::options::ImportOptions;
use crate::data::collection::{Collection, Keys};
use crate::handles::data_support::invalid_request;

pub use progress::ImportProgress;
pub use report::{ImportFailure, ImportFailures, ImportReport, ImportStop};
pub use sink::{ImportSink, ImportStopped};

impl Collection {
    /// Imports any number of documents, several requests at the same time, through all coordinators.
    ///
    /// The memory is that of the requests in progress and of one more. Documents without a `_key` get one of the client,
    /// so that requests can be repeated and no document is stored twice.
    ///
    /// ```no_run
    /// use serde_json::json;
    ///
    /// # async fn example(books: &arango::Collection) -> Result<(), Box<dyn std::error::Error>> {
    /// let rows = (0..1_000_000).map(|number| json!({ "number": number }));
    /// let report = books.import(rows).progress(|so_far| println!("{} stored", so_far.stored)).await?;
    /// println!("{} stored, {} failed", report.stored, report.failed);
    /// let complete = report.into_result()?; // an error if an item failed
    /// println!("{:?}", complete.elapsed);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "import_bulk")]
    pub fn import<'a, I>(&self, documents: I) -> Import<'a>
    where
        I: IntoIterator<Item: Serialize + Send + Sync, IntoIter: Send> + Send + 'a,
    {
        Import::new(
            self,
            ImportSource(Box::new(move |mut sink| {
                Box::pin(async move {
                    for document in documents {
                        if sink.feed(&document).await.is_err() {
                            break;
                        }
                    }
                    sink.finish().await
                })
            })),
        )
    }

    /// Imports the documents of a stream. Otherwise as [`import`](Self::import).
    pub fn import_stream<'a, S>(&self, documents: S) -> Import<'a>
    where
        S: Stream<Item: Serialize + Send + Sync> + Send + 'a,
    {
        Import::new(
            self,
            ImportSource(Box::new(move |mut sink| {
                Box::pin(async move {
                    let mut documents = pin!(documents);
                    while let Some(document) = documents.next().await {
                        if sink.feed(&document).await.is_err() {
                            break;
                        }
                    }
                    sink.finish().await
                })
            })),
        )
    }

    /// Imports JSON lines: each line is a document. Otherwise as [`import`](Self::import).
    ///
    /// The lines are checked, and passed on without being decoded. A line that is no document is a failed item, and blank
    /// lines are skipped. A line may have 128 MiB.
    ///
    /// ```no_run
    /// # async fn example(books: &arango::Collection, file: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    /// // `file` may be a `tokio::io::BufReader` of a `tokio::fs::File`.
    /// let report = books.import_jsonl(file).stop_after(100).await?;
    /// for failed in &report.failures {
    ///     println!("line {}: {}", failed.position, failed.error);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "arangoimport")]
    pub fn import_jsonl<'a, R>(&self, lines: R) -> Import<'a>
    where
        R: AsyncBufRead + Unpin + Send + 'a,
    {
        Import::new(
            self,
            ImportSource(Box::new(move |sink| Box::pin(feed_lines(sink, LineReader::new(lines))))),
        )
    }

    /// Imports the documents that are passed to a sink. Otherwise as [`import`](Self::import).
    ///
    /// ```no_run
    /// use serde_json::json;
    ///
    /// # async fn example(books: &arango::Collection) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut sink = books.import_sink().start().await?;
    /// for number in 0..1_000_000 {
    ///     sink.feed(&json!({ "number": number })).await?;
    /// }
    /// let complete = sink.finish().await.into_result()?;
    /// println!("{} stored", complete.stored);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn import_sink(&self) -> Import<'static, ImportWithoutSource> {
        Import::new(self, ImportWithoutSource(()))
    }
}

/// The documents of an import: those of an iterator or of a stream, or JSON lines.
pub struct ImportSource<'a>(Feed<'a>);

/// Passes all documents to a sink, and finishes it.
type Feed<'a> = Box<dyn FnOnce(ImportSink) -> BoxFuture<'a, ImportReport> + Send + 'a>;

/// An import whose documents are passed to a sink.
#[derive(Debug)]
pub struct ImportWithoutSource(());

/// An import, begun when it is awaited, or by [`start`](Self::start) if it has a sink.
///
/// It needs a runtime. Dropping the future stops the import: the requests in progress are abandoned, and their items
/// [may be executed](ImportProgress::in_flight); the [`progress`](Self::progress) is shown for the last time.
///
/// # Errors
///
/// Only if nothing was sent: the name of the collection or an option is invalid, or its properties cannot be read. Otherwise the
/// [`ImportReport`] says what became of the items, and [why it stopped](ImportReport::stopped).
#[must_use = "an import begins when it is awaited"]
pub struct Import<'a, S = ImportSource<'a>> {
    collection: Collection,
    source: S,
    write: Result<InsertDocuments<Silent>, BuildError>,
    options: ImportOptions,
    lifetime: PhantomData<&'a ()>,
}

impl<S> Import<'_, S> {
    fn new(collection: &Collection, source: S) -> Self {
        let write = collection.operation(|name| Ok(InsertDocuments::new(name).silent()));
        let options = ImportOptions::default();
        Self { collection: collection.clone(), source, write, options, lifetime: PhantomData }
    }

    /// Sets what happens if a document with a key exists; by default the item fails.
    ///
    /// With [`Ignore`](OverwriteMode::Ignore) requests whose documents have keys of the program can be repeated, too.
    pub fn overwrite(mut self, mode: OverwriteMode) -> Self {
        self.write = self.write.map(|write| write.overwrite(mode));
        self
    }

    /// Overwrites an existing document only if this attribute has a higher number in the new one.
    ///
    /// The request can then be repeated. Only with [`overwrite`](Self::overwrite) by `Replace` or `Update`; otherwise the import
    /// fails with [`Request`](crate::ErrorKind::Request), and nothing is sent. Since 3.12.
    pub fn version(mut self, attribute: impl Into<String>) -> Self {
        self.write = self.write.map(|write| write.version_attribute(attribute));
        self
    }

    /// Waits until the writes are on disk.
    pub fn wait_for_sync(mut self) -> Self {
        self.write = self.write.map(InsertDocuments::wait_for_sync);
        self
    }

    /// Sets how many requests may be in progress, at least one.
    ///
    /// Default: twice the number of coordinators, at most 16. If a coordinator is overloaded, only half as many are, and
    /// one more after each round without that.
    pub fn in_flight(mut self, requests: usize) -> Self {
        self.options.in_flight = Some(requests.max(1));
        self
    }

    /// Sets the longest body of a request, in bytes, unless one document alone is longer.
    ///
    /// Default: 8 MiB.
    pub fn chunk_bytes(mut self, bytes: usize) -> Self {
        self.options.chunk_bytes = bytes;
        self
    }

    /// Sets the most documents of a request, at least one.
    ///
    /// Default: 10,000.
    pub fn chunk_items(mut self, items: usize) -> Self {
        self.options.chunk_items = items.max(1);
        self
    }

    /// Calls a function after each request, and at the end.
    ///
    /// It should return soon: the import waits for it.
    pub fn progress(mut self, show: impl Fn(&ImportProgress) + Send + Sync + 'static) -> Self {
        self.options.progress = Some(Box::new(show));
        self
    }

    /// Stops as soon as so many items have failed.
    ///
    /// Requests in progress are awaited, so more may fail. By default it does not stop.
    pub fn stop_after(mut self, failures: u64) -> Self {
        self.options.stop_after = Some(failures);
        self
    }

    /// Sets how many failed items the report keeps. The others are only counted.
    ///
    /// Default: 1,000.
    pub fn keep_failures(mut self, failures: usize) -> Self {
        self.options.kept_failures = failures;
        self
    }

    /// Begins the import: reads whether the collection accepts the keys of the client.
    async fn begin(self) -> Result<(ImportSink, S), Error> {
        let write = self.write.and_then(|write| write.check().map(|()| write));
        let write = write.map_err(invalid_request::<InsertDocuments<Silent>>)?;
        let mut collection = self.collection;
        if collection.keys() == Keys::Client {
            // The time that is left after it does not limit the requests.
            if !collection.clone().accepts_generated_keys::<InsertDocuments<Silent>>().await? {
                collection.set_keys(Keys::Server);
            }
        }
        let states = collection.database().transport.coordinators();
        let coordinators = states.iter().filter(|state| CoordinatorState::is_member(state)).count();
        let in_flight = self.options.in_flight(coordinators);
        Ok((ImportSink::new(collection, write, in_flight, self.options), self.source))
    }
}

impl Import<'_, ImportWithoutSource> {
    /// Begins the import.
    ///
    /// # Errors
    ///
    /// If the name of the collection is invalid, or if its properties cannot be read.
    #[inline]
    pub async fn start(self) -> Result<ImportSink, Error> {
        Ok(self.begin().await?.0)
    }
}

impl<'a> IntoFuture for Import<'a> {
    type Output = Result<ImportReport, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    #[inline]
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let (sink, ImportSource(feed)) = self.begin().await?;
            Ok(feed(sink).await)
        })
    }
}

/// Passes all lines to the sink, and finishes it.
async fn feed_lines<R: AsyncBufRead + Unpin>(mut sink: ImportSink, mut lines: LineReader<R>) -> ImportReport {
    while sink.make_room().await.is_ok() {
        match lines.next().await {
            Ok(None) => break,
            Ok(Some(Line::Text(_, line))) if line.trim_ascii().is_empty() => sink.record_blank_line(),
            Ok(Some(Line::Text(number, line))) => sink.add_json(number, line),
            Ok(Some(Line::TooLong(number))) => {
                let reason = "is longer than 128 MiB";
                sink.add(number, Err(BuildError::Field { field: "line", reason }));
            }
            Err(error) => sink.stop_reading(error),
        }
    }
    sink.finish().await
}

impl fmt::Debug for ImportSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImportSource").finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for Import<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import")
            .field("write", &self.write)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
