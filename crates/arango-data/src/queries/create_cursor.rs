//! Executing a query.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use arango_protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, RequestClass,
    RequestProperties, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::Serialize;
use serde_json::value::RawValue;

use super::aql::Aql;
use super::batch::Batch;
use super::options::QueryOptions;
use super::row::Row;
use super::tag::QueryTag;
use crate::documents::ALLOW_DIRTY_READ;

/// Executes a query and returns its first batch of rows.
///
/// More rows are read by [`NextBatch`](crate::NextBatch), and a cursor that is not read to its end is closed by
/// [`CloseCursor`](crate::CloseCursor).
///
/// A query whose text proves that it [only reads](Aql::is_read_only) is sent again after a broken connection. Any other
/// query is not, since it may have been executed. Without [`stream`](QueryOptions::stream) a query has been executed
/// and committed before the response begins.
///
/// ```
/// use arango_data::{Aql, CreateCursor, QueryOptions};
/// use arango_protocol::{Operation, RequestClass};
///
/// let query = Aql::new("FOR b IN books FILTER b.year >= @from RETURN b.title").bind("from", 1960);
/// let create = CreateCursor::<String>::new(query).options(QueryOptions::new().batch_size(100));
/// assert_eq!(create.properties().class, RequestClass::Safe);
///
/// # let body = r#"{"result":["Dune"],"hasMore":false,"error":false,"code":201}"#;
/// # let response = arango_protocol::ApiResponse::new(http::StatusCode::CREATED, http::HeaderMap::new(), body.into());
/// let batch = create.output(response)?;
/// assert_eq!(batch.rows, ["Dune"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// 400 with error 1501 and others if the query is invalid; 404 with error 1203 if a collection does not exist; 409 with
/// error 1200 after a conflict with another write, and with error 1210 if a unique value is in use; 410 with error 1500
/// if it was killed or ran for too long; 500 with error 32 if it would use too much memory.
pub struct CreateCursor<T> {
    query: Aql,
    options: QueryOptions,
    tag: Option<QueryTag>,
    rows: PhantomData<fn() -> T>,
}

impl<T> CreateCursor<T> {
    /// Executes this query.
    #[must_use]
    pub fn new(query: impl Into<Aql>) -> Self {
        Self { query: query.into(), options: QueryOptions::new(), tag: None, rows: PhantomData }
    }

    /// Sets how the query is executed.
    #[must_use]
    pub fn options(mut self, options: QueryOptions) -> Self {
        self.options = options;
        self
    }

    /// Adds a label by which the query is found while it runs.
    ///
    /// A tag with a nonce makes the text another one for each run, so that the cache of plans has no effect.
    #[must_use]
    pub fn tagged(mut self, tag: QueryTag) -> Self {
        self.tag = Some(tag);
        self
    }

    /// Returns the text as it is sent: behind its label, if it has one.
    pub fn text(&self) -> Cow<'_, str> {
        match &self.tag {
            Some(tag) => (tag.comment() + self.query.text()).into(),
            None => self.query.text().into(),
        }
    }

    /// Returns whether batches may be read again, if the server supports it.
    pub(super) fn allows_retry(&self) -> bool {
        self.options.allows_retry
    }
}

/// The body that executes or explains a query.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    query: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    bind_vars: &'a BTreeMap<String, Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_size: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<f64>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    count: bool,
    #[serde(skip_serializing_if = "QueryOptions::is_default")]
    options: &'a QueryOptions,
}

impl<T: Row> Operation for CreateCursor<T> {
    type Output = Batch<T>;

    const METADATA: Metadata =
        Metadata::post("query.create_cursor", "/_api/cursor").scope(Scope::Database).collections_in_body();

    #[inline]
    fn properties(&self) -> RequestProperties {
        let class = if self.query.is_read_only() { RequestClass::Safe } else { RequestClass::NonIdempotent };
        // A second copy would take as long, beside the first one, and would leave a cursor.
        let properties = RequestProperties::of(&Self::METADATA)
            .class(class)
            .without_hedging()
            .without_time_sharing()
            .without_timeout_retry()
            .without_measuring();
        let properties = if self.query.proof.has_no_loop || self.options.commits_once() {
            properties
        } else {
            // A large query commits in parts, and those before an error stay.
            properties.without_rollback()
        };
        self.options.add_properties(properties)
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.query.check()?;
        self.options.check()?;
        let mut builder = RequestBuilder::new(Self::METADATA).json(&Body {
            query: &self.text(),
            bind_vars: &self.query.binds,
            batch_size: self.options.batch_size,
            ttl: self.options.sent_ttl(),
            count: self.options.counts,
            options: &self.options,
        });
        if self.options.allows_dirty_reads {
            builder = builder.header(ALLOW_DIRTY_READ, "true");
        }
        builder.build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Batch<T>, OutputError> {
        let mut batch = T::read_batch(&response)?;
        batch.is_repeatable = self.allows_retry() && batch.next_batch_id.is_some();
        batch.max_runtime = self.options.max_runtime.filter(|_| self.options.is_stream);
        Ok(batch)
    }
}

impl<T> Clone for CreateCursor<T> {
    fn clone(&self) -> Self {
        Self {
            query: self.query.clone(),
            options: self.options.clone(),
            tag: self.tag.clone(),
            rows: PhantomData,
        }
    }
}

impl<T> fmt::Debug for CreateCursor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CreateCursor")
            .field("query", &self.query)
            .field("options", &self.options)
            .field("tag", &self.tag)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_rejected, assert_request_with_body, name};
    use serde_json::Value;
    use std::time::Duration;

    fn create(query: &Aql) -> CreateCursor<Value> {
        CreateCursor::new(query)
    }

    #[test]
    fn a_query_that_may_commit_in_parts_is_not_rolled_back() {
        let is_rolled_back = |text: &'static str, options: &QueryOptions| {
            CreateCursor::<Value>::new(text).options(options.clone()).properties().is_rolled_back
        };
        let (default, once) = (QueryOptions::new(), QueryOptions::new().without_intermediate_commits());
        assert!(!is_rolled_back("FOR d IN c REMOVE d IN c", &default));
        assert!(is_rolled_back("FOR d IN c REMOVE d IN c", &once));
        assert!(is_rolled_back("INSERT {} INTO c", &default));
        assert!(!is_rolled_back("FOR d IN c REMOVE d IN c", &once.intermediate_commit_count(1000)));
    }

    #[test]
    fn a_query_is_sent_with_its_parameters_and_what_was_set() {
        let query = Aql::new("FOR b IN @@books FILTER b.year == @year RETURN b")
            .collection("books", name("books"))
            .bind("year", 1965);
        let create = create(&query);
        let text = r#""query":"FOR b IN @@books FILTER b.year == @year RETURN b""#;
        let binds = r#""bindVars":{"@books":"books","year":1965}"#;
        assert_request_with_body(&create, "POST", "/_api/cursor", &format!("{{{text},{binds}}}"));
        let options = QueryOptions::new().batch_size(10).ttl(Duration::from_secs(120)).count();
        let body = format!(r#"{{{text},{binds},"batchSize":10,"ttl":120.0,"count":true}}"#);
        assert_request_with_body(&create.clone().options(options), "POST", "/_api/cursor", &body);
        let stream = create.options(QueryOptions::new().stream().allow_retry().allow_dirty_reads());
        let body = format!(r#"{{{text},{binds},"ttl":60.0,"options":{{"stream":true,"allowRetry":true}}}}"#);
        assert_request_with_body(&stream, "POST", "/_api/cursor", &body);
        assert_eq!(stream.request().unwrap().headers()[ALLOW_DIRTY_READ], "true");
    }

    #[test]
    fn a_tag_is_a_comment_before_the_query() {
        let tag = QueryTag::new("report-for-ada").unwrap();
        let text = r#"{"query":"/* arango:report-for-ada: */ RETURN 1"}"#;
        assert_request_with_body(
            &create(&Aql::new("RETURN 1")).tagged(tag.clone()),
            "POST",
            "/_api/cursor",
            text,
        );
        // What the text proves does not depend on it.
        let upsert = create(&Aql::new("INSERT {} INTO c")).tagged(tag);
        assert!(upsert.properties().is_rolled_back);
    }

    #[test]
    fn only_a_query_that_reads_may_be_sent_again_and_none_is_hedged_or_measured() {
        for (text, class) in
            [("RETURN 1", RequestClass::Safe), ("REMOVE 'k' IN c", RequestClass::NonIdempotent)]
        {
            let properties = create(&Aql::new(text)).properties();
            assert_eq!(properties.class, class, "{text}");
            assert!(!properties.is_hedgeable && !properties.shares_time && !properties.is_measured);
            assert!(properties.requires.is_none());
        }
        let required = create(&Aql::new("RETURN 1")).options(QueryOptions::new().require_retry());
        assert_eq!(required.properties().requires.unwrap().since, "3.11.0");
    }

    #[test]
    fn a_fault_of_a_parameter_or_option_is_reported_before_sending() {
        assert_rejected(
            &create(&Aql::new("RETURN @a").bind("a", f64::NAN)),
            "the query is invalid: the bind parameter `a` cannot be serialised: the value is not a finite number",
        );
        let zero = create(&Aql::new("RETURN 1")).options(QueryOptions::new().batch_size(0));
        assert_rejected(&zero, "`batch_size` is zero");
    }
}
