//! Reading a whole collection in the order of its keys, page by page.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::vec;

use arango_data::{Aql, CreateCursor, Key};
use arango_transport::protocol::BuildError;
use arango_transport::{BoxFuture, Error};
use futures_util::{Stream, TryStreamExt};
use serde::de::DeserializeOwned;

use crate::data::collection::Collection;
use crate::handles::data_support::invalid_request;

/// The documents of a page, and how many the collection has up to its last key.
///
/// The second number is less than the first only if the server merges shards in another order than that of the keys'
/// bytes, in which the next page begins. A document would then be passed over.
const PAGE: &str = "LET page = (FOR d IN @@collection FILTER d._key > @after SORT d._key LIMIT @size RETURN [d._key, d])
LET end = LAST(page)[0]
LET within = (FOR d IN @@collection FILTER d._key > @after AND d._key <= end COLLECT WITH COUNT INTO n RETURN n)
RETURN [page, FIRST(within)]";

/// A key that is within a page but not in it.
const PASSED_OVER: &str =
    "FOR d IN @@collection FILTER d._key > @after AND d._key <= @end AND d._key NOT IN @keys
SORT d._key LIMIT 1 RETURN d._key";

/// How many documents a page has by default.
const PAGE_SIZE: u64 = 1000;

impl Collection {
    /// Reads all documents in the order of their keys, in short queries of one page each.
    ///
    /// Unlike a [`Cursor`](crate::data::Cursor), it survives the loss of every coordinator, and can be continued after
    /// any key, also by another process. `T` is the document itself, or [`Document<T>`](arango_data::Document) to get
    /// its key, id and revision, too.
    ///
    /// ```no_run
    /// use arango::data::ScanError;
    /// # use serde_json::Value;
    ///
    /// # async fn example(books: &arango::Collection) -> Result<(), ScanError> {
    /// let mut scan = books.scan::<Value>().page_size(10_000);
    /// while let Some(book) = scan.try_next().await? {
    ///     println!("{:?}: {book}", scan.position());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn scan<T: DeserializeOwned>(&self) -> Scan<T> {
        Scan {
            collection: self.clone(),
            page_size: PAGE_SIZE,
            position: None,
            rows: Vec::new().into_iter(),
            page: None,
            is_last_page: false,
        }
    }
}

/// All documents of a collection in the order of their keys: a [`Stream`] that reads page by page.
///
/// Each page is a query that only reads, so it is sent again after any failure, to another coordinator. There is no common
/// snapshot: a document that is neither inserted nor removed meanwhile is returned once; one that is inserted or removed
/// may be returned or not; each is returned as it is when its page is read.
///
/// Keys may consist of digits and of lower case letters of ASCII, as those that the client makes. The order of other keys
/// depends on the language of the server, so that a page might pass over documents: the scan ends with
/// [`ScanError::UnsortableKey`] before the page. Read such a collection with a
/// [stream](crate::data::Query::stream) query.
///
/// Nothing is sent before the first row is asked for. Dropping it leaves nothing on the server. Nothing follows an error.
///
/// It was tested against the embedded cluster only, and not against a real server.
#[must_use = "nothing is read before the first row is asked for"]
pub struct Scan<T> {
    collection: Collection,
    page_size: u64,
    position: Option<Key>,
    rows: vec::IntoIter<(Key, T)>,
    page: Option<BoxFuture<'static, Page<T>>>,
    is_last_page: bool,
}

/// The documents of a page.
type Page<T> = Result<Vec<(Key, T)>, ScanError>;

/// Why a scan ended before the end of its collection.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// A page could not be read.
    #[error("a page of the scan could not be read")]
    Page(#[source] Error),
    /// The place of this key in the order depends on the language of the server.
    ///
    /// Either it contains another character than digits and lower case letters, or the server sorts these otherwise than
    /// their bytes. No row of its page was returned.
    #[error(
        "the scan ends before the key `{0}`: its place depends on the language of the server; use a stream query"
    )]
    UnsortableKey(Key),
}

impl<T> Scan<T> {
    /// Begins after this key; by default before the first one.
    ///
    /// For the [`position`](Self::position) of an earlier scan. The key need not exist any more.
    pub fn after(mut self, key: &Key) -> Self {
        self.position = Some(key.clone());
        self
    }

    /// Sets how many documents are read with one query, at least 1; by default 1,000.
    ///
    /// A page is in memory as a whole, at the client and at the coordinator.
    pub fn page_size(mut self, documents: u64) -> Self {
        self.page_size = documents;
        self
    }

    /// Returns the key of the last document that was returned.
    ///
    /// Before the first one, the key that the scan began [after](Self::after).
    pub fn position(&self) -> Option<&Key> {
        self.position.as_ref()
    }
}

impl<T: DeserializeOwned + Send + 'static> Scan<T> {
    /// Returns the next document; `None` at the end.
    ///
    /// # Errors
    ///
    /// As [`ScanError`]. Nothing follows an error.
    pub async fn try_next(&mut self) -> Result<Option<T>, ScanError> {
        TryStreamExt::try_next(self).await
    }
}

impl<T: DeserializeOwned + Send + 'static> Stream for Scan<T> {
    type Item = Result<T, ScanError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some((key, row)) = this.rows.next() {
                this.position = Some(key);
                return Poll::Ready(Some(Ok(row)));
            }
            if this.is_last_page && this.page.is_none() {
                return Poll::Ready(None);
            }
            let (collection, after, size) = (&this.collection, &this.position, this.page_size);
            let page =
                this.page.get_or_insert_with(|| Box::pin(read_page(collection.clone(), after.clone(), size)));
            let page = ready!(page.as_mut().poll(cx));
            this.page = None;
            match page {
                Ok(rows) => {
                    this.is_last_page = u64::try_from(rows.len()).is_ok_and(|rows| rows < size);
                    this.rows = rows.into_iter();
                }
                Err(error) => {
                    this.is_last_page = true;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

/// Reads the documents after a key, at most `size`, and checks that none is passed over.
async fn read_page<T: DeserializeOwned + Send + 'static>(
    collection: Collection,
    after: Option<Key>,
    size: u64,
) -> Page<T> {
    if let Some(key) = after.as_ref().filter(|key| !is_sortable(key)) {
        return Err(ScanError::UnsortableKey(key.clone()));
    }
    if size == 0 {
        let zero = BuildError::Field { field: "page_size", reason: "is zero" };
        return Err(ScanError::Page(invalid_request::<CreateCursor<T>>(zero)));
    }
    let name = collection.name().map_err(ScanError::Page)?.clone();
    let after = after.as_ref().map_or("", Key::as_str);
    let query = Aql::new(PAGE).collection("collection", name.clone()).bind("after", after).bind("size", size);
    let (page, within): (Vec<(Key, T)>, usize) =
        collection.database().query(query).one().await.map_err(ScanError::Page)?;
    let keys: Vec<&Key> = page.iter().map(|(key, _)| key).collect();
    if let Some(key) = keys.iter().find(|key| !is_sortable(key)) {
        return Err(ScanError::UnsortableKey((*key).clone()));
    }
    if within > keys.len() {
        let query = Aql::new(PASSED_OVER).collection("collection", name).bind("after", after);
        let query = query.bind("end", keys.last()).bind("keys", &keys);
        let passed_over = collection.database().query(query).optional().await.map_err(ScanError::Page)?;
        if let Some(key) = passed_over {
            return Err(ScanError::UnsortableKey(key));
        }
    }
    Ok(page)
}

/// Returns whether all languages sort a key by its bytes.
#[inline]
fn is_sortable(key: &Key) -> bool {
    key.as_str().bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase())
}

impl<T> Unpin for Scan<T> {}

impl<T> fmt::Debug for Scan<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scan")
            .field("collection", &self.collection)
            .field("page_size", &self.page_size)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}
