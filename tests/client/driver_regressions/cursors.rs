//! Operations on queries and cursors, as an application would define them.

use arango::protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, RequestClass,
    RequestProperties,
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

/// Returns a query whose result fits into one batch.
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

    /// Allows fetching the latest batch again.
    pub(super) fn allow_retry(mut self) -> Self {
        self.allow_retry = true;
        self
    }
}

/// A part of a result, with the id of the next batch.
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
        let builder = RequestBuilder::new(Self::METADATA).json(&serde_json::json!({
            "query": self.text, "batchSize": self.batch_size, "options": { "allowRetry": self.allow_retry },
        }));
        marked(builder, self.marker)
    }

    fn output(&self, response: ApiResponse) -> Result<ApiResponse, OutputError> {
        Ok(response)
    }
}

/// Fetches a batch by its id. The latest batch can be fetched repeatedly if the cursor allows retries, otherwise once.
#[derive(Debug, Clone)]
pub(super) struct FetchBatch {
    pub(super) cursor: String,
    pub(super) batch: String,
    pub(super) class: RequestClass,
}

impl Operation for FetchBatch {
    type Output = Batch;
    const METADATA: Metadata =
        Metadata::post("cursor.fetch_batch", "/_api/cursor/{id}/{batch}").without_body().since("3.11.0");

    fn properties(&self) -> RequestProperties {
        RequestProperties::of(&Self::METADATA).class(self.class)
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        marked(
            RequestBuilder::new(Self::METADATA)
                .path_param("id", &self.cursor)
                .path_param("batch", &self.batch),
            "fetch",
        )
    }

    fn output(&self, response: ApiResponse) -> Result<Batch, OutputError> {
        response.json()
    }
}

/// Fetches the next batch. Sending it twice skips a batch.
#[derive(Debug, Clone)]
pub(super) struct FetchNext {
    pub(super) cursor: String,
}

impl Operation for FetchNext {
    type Output = Batch;
    const METADATA: Metadata = Metadata::post("cursor.fetch_next", "/_api/cursor/{id}").without_body();

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        marked(RequestBuilder::new(Self::METADATA).path_param("id", &self.cursor), "fetch")
    }

    fn output(&self, response: ApiResponse) -> Result<Batch, OutputError> {
        response.json()
    }
}

/// Deletes a cursor. A cursor that no longer exists counts as deleted.
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

    fn output(&self, response: ApiResponse) -> Result<u16, OutputError> {
        Ok(response.status().as_u16())
    }
}

fn marked(builder: RequestBuilder, marker: &'static str) -> Result<Request<Bytes>, BuildError> {
    let mut request = builder.build()?;
    request.headers_mut().insert("x-sim-marker", HeaderValue::from_static(marker));
    Ok(request)
}
