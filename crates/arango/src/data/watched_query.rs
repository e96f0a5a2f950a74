//! Keeps the id of a cursor whose first batch cannot be decoded, so that it can be closed.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use arango_data::{Batch, CreateCursor, CursorId, Row, Transactional};
use arango_transport::protocol::{
    ApiResponse, BuildError, Metadata, Operation, OutputError, RequestProperties,
};
use bytes::Bytes;
use http::Request;
use serde::Deserialize;

/// Executes a query, and keeps the id of the cursor if its first batch cannot be decoded.
pub(super) struct WatchedQuery<T> {
    create: CreateCursor<T>,
    /// Whether it is committed with its last batch.
    commits_last: bool,
    undecoded: Mutex<Option<CursorId>>,
}

impl<T> WatchedQuery<T> {
    pub(super) fn new(create: CreateCursor<T>, commits_last: bool) -> Self {
        Self { create, commits_last, undecoded: Mutex::new(None) }
    }

    /// Returns the cursor whose first batch could not be decoded.
    pub(super) fn undecoded(&self) -> Option<CursorId> {
        self.undecoded.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Returns the text as it is sent.
    pub(super) fn text(&self) -> Cow<'_, str> {
        self.create.text()
    }
}

impl<T: Row> Operation for WatchedQuery<T> {
    type Output = Batch<T>;

    const METADATA: Metadata = CreateCursor::<T>::METADATA;

    fn properties(&self) -> RequestProperties {
        self.create.properties()
    }

    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        self.create.request()
    }

    fn output(&self, response: ApiResponse) -> Result<Batch<T>, OutputError> {
        let body = response.bytes().clone();
        self.create.output(response).map_err(|error| {
            let cursor = cursor_of(&body);
            // Closing the cursor undoes what is not committed yet.
            let is_undone = self.commits_last && cursor.is_some();
            *self.undecoded.lock().unwrap_or_else(PoisonError::into_inner) = cursor;
            if is_undone { error.with_success_shape(false) } else { error }
        })
    }
}

impl<T: Row> Transactional for WatchedQuery<T> {}

/// Returns the cursor of a batch, whatever its rows are.
fn cursor_of(body: &[u8]) -> Option<CursorId> {
    #[derive(Deserialize)]
    struct Envelope {
        id: Option<CursorId>,
    }
    serde_json::from_slice::<Envelope>(body).ok()?.id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_behind_any_rows_is_found() {
        assert_eq!(
            cursor_of(br#"{"result":[1,{"id":2}],"id":"17","hasMore":true}"#).unwrap(),
            CursorId::new("17")
        );
        assert_eq!(cursor_of(br#"{"result":[],"hasMore":false}"#), None);
        assert_eq!(cursor_of(b"<html>"), None);
    }
}
