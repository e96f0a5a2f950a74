//! Queries and their cursors, as a program writes them that needs them.

use arango::protocol::{
    ApiResponse, BuildError, DecodeError, Metadata, Operation, RequestBuilder, RequestClass,
};
use bytes::Bytes;
use http::{HeaderValue, Request};
use serde::Deserialize;

/// Runs a query.
#[derive(Debug, Clone)]
pub(super) struct Query {
    text: String,
    batch_size: usize,
    allow_retry: bool,
    marker: &'static str,
}

/// A query whose result comes in one batch.
pub(super) fn query(text: &str) -> Query {
    Query { text: text.to_owned(), batch_size: 1000, allow_retry: false, marker: "query" }
}

impl Query {
    pub(super) fn marked(mut self, marker: &'static str) -> Self {
        self.marker = marker;
        self
    }

    pub(super) fn batches_of(mut self, rows: usize) -> Self {
        self.batch_size = rows;
        self
    }

    /// The latest batch may be asked for again.
    pub(super) fn allow_retry(mut self) -> Self {
        self.allow_retry = true;
        self
    }
}

/// A part of a result, and what the rest is called.
#[derive(Debug, Clone, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(super) struct Batch {
    pub(super) result: Vec<u64>,
    pub(super) has_more: bool,
    pub(super) id: Option<String>,
    pub(super) next_batch_id: Option<String>,
}

impl Operation for Query {
    type Output = ApiResponse;
    const METADATA: Metadata = Metadata::post("query.run", "/_api/cursor");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let draft = RequestBuilder::new(Self::METADATA).json(&serde_json::json!({
            "query": self.text, "batchSize": self.batch_size, "options": { "allowRetry": self.allow_retry },
        }));
        marked(draft, self.marker)
    }

    fn output(&self, answer: ApiResponse) -> Result<ApiResponse, DecodeError> {
        Ok(answer)
    }
}

/// Fetches a batch by its name: the latest as often as one likes if the cursor allows retries, and otherwise once.
#[derive(Debug, Clone)]
pub(super) struct FetchBatch {
    pub(super) cursor: String,
    pub(super) batch: String,
    pub(super) class: RequestClass,
}

impl Operation for FetchBatch {
    type Output = Batch;
    const METADATA: Metadata =
        Metadata::post("cursor.fetch_batch", "/_api/cursor/{id}/{batch}").since("3.11.0");

    fn class(&self) -> RequestClass {
        self.class
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        marked(
            RequestBuilder::new(Self::METADATA)
                .path_param("id", &self.cursor)
                .path_param("batch", &self.batch),
            "fetch",
        )
    }

    fn output(&self, answer: ApiResponse) -> Result<Batch, DecodeError> {
        answer.json()
    }
}

/// Fetches the next batch, whichever that is: said twice it skips one.
#[derive(Debug, Clone)]
pub(super) struct FetchNext {
    pub(super) cursor: String,
}

impl Operation for FetchNext {
    type Output = Batch;
    const METADATA: Metadata = Metadata::post("cursor.fetch_next", "/_api/cursor/{id}");

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        marked(RequestBuilder::new(Self::METADATA).path_param("id", &self.cursor), "fetch")
    }

    fn output(&self, answer: ApiResponse) -> Result<Batch, DecodeError> {
        answer.json()
    }
}

/// Ends a cursor. One that is gone already is ended too.
#[derive(Debug, Clone)]
pub(super) struct EndCursor {
    pub(super) cursor: String,
}

impl Operation for EndCursor {
    type Output = u16;
    const METADATA: Metadata =
        Metadata::delete("cursor.end", "/_api/cursor/{id}").idempotent().accept_statuses(&[404]);

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        RequestBuilder::new(Self::METADATA).path_param("id", &self.cursor).build()
    }

    fn output(&self, answer: ApiResponse) -> Result<u16, DecodeError> {
        Ok(answer.status().as_u16())
    }
}

fn marked(draft: RequestBuilder, marker: &'static str) -> Result<Request<Bytes>, BuildError> {
    let mut request = draft.build()?;
    request.headers_mut().insert("x-sim-marker", HeaderValue::from_static(marker));
    Ok(request)
}
