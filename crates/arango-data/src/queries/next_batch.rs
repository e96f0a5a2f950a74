//! Reading on from a cursor.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use arango_protocol::{
    Affinity, ApiResponse, BuildError, Metadata, Operation, OutputError, RequestBuilder, RequestClass,
    RequestProperties, Scope,
};
use bytes::Bytes;
use http::Request;
use serde::{Deserialize, Serialize};

use super::batch::Batch;
use super::ids::{BatchId, CursorId};
use super::row::Row;

/// Reads the next batch of a cursor.
///
/// With [`allow_retry`](crate::QueryOptions::allow_retry) the same batch is read again if its response was lost.
/// Without, since 3.11.1 a repeated request is refused with 400, which proves that rows were lost; before, they are
/// lost unnoticed.
///
/// The cursor is on the coordinator that created it. Only one batch is read at a time.
///
/// # Errors
///
/// 404 with error 1600 if the cursor does not exist any more; 409 with error 1601 while an earlier request reads from
/// it; those of [`CreateCursor`](crate::CreateCursor), also in a response with the status 200.
///
/// It can be serialised, for another process that reads on. It contains the [id](CursorId) of the cursor, a secret.
#[derive(Serialize, Deserialize)]
#[serde(bound = "")]
pub struct NextBatch<T> {
    cursor: CursorId,
    batch: Option<BatchId>,
    is_repeatable: bool,
    max_runtime: Option<Duration>,
    #[serde(skip)]
    rows: PhantomData<fn() -> T>,
}

impl<T> NextBatch<T> {
    /// Reads the batch after this one; `None` if it was the last.
    #[must_use]
    pub fn after(batch: &Batch<T>) -> Option<Self> {
        let cursor = batch.cursor.clone().filter(|_| batch.has_more)?;
        Some(Self {
            cursor,
            batch: batch.next_batch_id.clone(),
            is_repeatable: batch.is_repeatable,
            max_runtime: batch.max_runtime,
            rows: PhantomData,
        })
    }

    /// Reads the batch with this number.
    ///
    /// For a cursor that another process has created with [`allow_retry`](crate::QueryOptions::allow_retry).
    #[must_use]
    pub fn numbered(cursor: &CursorId, batch: &BatchId) -> Self {
        Self {
            cursor: cursor.clone(),
            batch: Some(batch.clone()),
            is_repeatable: true,
            max_runtime: None,
            rows: PhantomData,
        }
    }

    /// Decodes the rows into another type.
    #[must_use]
    pub fn rows_as<U>(self) -> NextBatch<U> {
        let Self { cursor, batch, is_repeatable, max_runtime, rows: _ } = self;
        NextBatch { cursor, batch, is_repeatable, max_runtime, rows: PhantomData }
    }

    /// Returns whether the batch can be read again.
    pub fn is_repeatable(&self) -> bool {
        self.is_repeatable
    }

    /// Returns the cursor.
    pub fn cursor(&self) -> &CursorId {
        &self.cursor
    }

    /// Returns the number of the batch; `None` before 3.11.
    pub fn batch(&self) -> Option<&BatchId> {
        self.batch.as_ref()
    }
}

impl<T: Row> Operation for NextBatch<T> {
    type Output = Batch<T>;

    // `position` is the id of the cursor, and since 3.11 the number of the batch.
    const METADATA: Metadata =
        Metadata::post("query.next_batch", "/_api/cursor/{position}").without_body().scope(Scope::Database);

    #[inline]
    fn properties(&self) -> RequestProperties {
        let class = if self.is_repeatable { RequestClass::Fenced } else { RequestClass::NonIdempotent };
        let properties = RequestProperties::of(&Self::METADATA)
            .class(class)
            .affinity(Affinity::OwnerThenForward)
            .without_hedging()
            .without_time_sharing()
            .without_measuring();
        match self.max_runtime {
            Some(limit) => properties.server_timeout(limit),
            None => properties,
        }
    }

    #[inline]
    fn request(&self) -> Result<Request<Bytes>, BuildError> {
        let position = match &self.batch {
            Some(batch) => format!("{}/{batch}", self.cursor),
            None => self.cursor.to_string(),
        };
        RequestBuilder::new(Self::METADATA).path_segments("position", &position).build()
    }

    #[inline]
    fn output(&self, response: ApiResponse) -> Result<Batch<T>, OutputError> {
        let mut batch = T::read_batch(&response)?;
        batch.is_repeatable = self.is_repeatable && batch.next_batch_id.is_some();
        batch.max_runtime = self.max_runtime;
        match (&self.batch, &batch.next_batch_id) {
            (Some(this), Some(next)) if !this.is_followed_by(next) => {
                Err(response.invalid("`nextBatchId` is not the number after this one"))
            }
            (Some(_), None) if batch.has_more => Err(response.invalid("more rows, but no `nextBatchId`")),
            _ => Ok(batch),
        }
    }
}

impl<T> Clone for NextBatch<T> {
    fn clone(&self) -> Self {
        Self { cursor: self.cursor.clone(), batch: self.batch.clone(), ..*self }
    }
}

impl<T> fmt::Debug for NextBatch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NextBatch")
            .field("cursor", &self.cursor)
            .field("batch", &self.batch)
            .field("is_repeatable", &self.is_repeatable)
            .field("max_runtime", &self.max_runtime)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queries::{CreateCursor, QueryOptions};
    use crate::testing::{assert_request, read, response};

    fn first(next: &str, options: &QueryOptions) -> Batch<u8> {
        let body = format!(r#"{{"result":[1],"hasMore":true,"id":"3517",{next}"error":false,"code":201}}"#);
        read(&CreateCursor::new("RETURN 1").options(options.clone()), &body)
    }

    #[test]
    fn a_batch_is_read_by_its_number_and_again_only_if_the_query_allows_it() {
        let next = |options| NextBatch::after(&first(r#""nextBatchId":"2","#, &options)).unwrap();
        let (repeatable, plain) = (next(QueryOptions::new().allow_retry()), next(QueryOptions::new()));
        assert_request(&repeatable, "POST", "/_api/cursor/3517/2");
        assert_request(&plain, "POST", "/_api/cursor/3517/2");
        assert_eq!(repeatable.properties().class, RequestClass::Fenced);
        assert_eq!(plain.properties().class, RequestClass::NonIdempotent);
        assert_eq!(plain.properties().affinity, Affinity::OwnerThenForward);
        let third = r#"{"result":[2],"hasMore":true,"id":"3517","nextBatchId":"3","error":false,"code":200}"#;
        let third = NextBatch::after(&read(&repeatable, third)).unwrap();
        assert_request(&third, "POST", "/_api/cursor/3517/3");
        assert_eq!(third.properties().class, RequestClass::Fenced);
    }

    #[test]
    fn a_server_before_3_11_has_no_numbers_and_repeats_nothing() {
        let next = NextBatch::after(&first("", &QueryOptions::new().allow_retry())).unwrap();
        assert_request(&next, "POST", "/_api/cursor/3517");
        assert_eq!(next.properties().class, RequestClass::NonIdempotent);
    }

    #[test]
    fn there_is_nothing_after_the_last_batch() {
        let next = NextBatch::numbered(&"3517".into(), &"2".into());
        let last = read(&next, r#"{"result":[2],"hasMore":false,"error":false,"code":200}"#);
        assert!(NextBatch::<u8>::after(&last).is_none());
    }

    #[test]
    fn a_batch_out_of_order_is_refused() {
        let next = NextBatch::<u8>::numbered(&"3517".into(), &"2".into());
        for number in [r#""nextBatchId":"4","#, r#""nextBatchId":"2","#, ""] {
            let body = format!(r#"{{"result":[2],"hasMore":true,"id":"3517",{number}"error":false}}"#);
            assert!(next.output(response(200, &body)).is_err(), "{number}");
        }
    }
}
