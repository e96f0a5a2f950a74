//! The rows that one response contains.

use std::time::Duration;

use arango_protocol::{ApiResponse, ErrorObject, OutputError};
use http::HeaderName;
use serde::Deserialize;

use super::extra::Extra;
use super::ids::{BatchId, CursorId};

/// Tells that the server was allowed to read from followers.
const POTENTIAL_DIRTY_READ: HeaderName = HeaderName::from_static("x-arango-potential-dirty-read");

/// The rows that one response contains, and how to get more.
#[expect(clippy::struct_excessive_bools, reason = "the facts are independent")]
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Batch<T> {
    /// The rows, at most as many as the batch size.
    pub rows: Vec<T>,
    /// Whether there are more rows.
    ///
    /// The next batch may nevertheless be empty.
    pub has_more: bool,
    /// The id of the cursor; `None` in the last batch.
    ///
    /// With [`allow_retry`](crate::QueryOptions::allow_retry) the cursor exists until it is closed: keep the id of the
    /// first batch.
    pub cursor: Option<CursorId>,
    /// The number of the next batch.
    ///
    /// `None` in the last batch, and before 3.11.
    pub next_batch_id: Option<BatchId>,
    /// The number of all rows, if it was [asked for](crate::QueryOptions::count).
    pub count: Option<u64>,
    /// Whether the rows come from a cache.
    pub is_cached: bool,
    /// What the server says about the query.
    ///
    /// In every batch or only in the first one; of a stream only in the last one.
    pub extra: Option<Box<Extra>>,
    /// Whether rows may come from followers, and be older.
    ///
    /// `false` for a batch that was read again, although the first one may have said `true`.
    pub is_potentially_dirty: bool,
    /// Whether the next batch can be read again.
    pub(super) is_repeatable: bool,
    /// How long the server may take for the next batch, if it computes rows when they are read.
    pub(super) max_runtime: Option<Duration>,
}

/// The body, in any order. `R` are its rows.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<R> {
    result: R,
    error: bool,
    has_more: bool,
    id: Option<CursorId>,
    next_batch_id: Option<BatchId>,
    count: Option<u64>,
    #[serde(default)]
    cached: bool,
    extra: Option<Box<Extra>>,
}

impl<'a, R: Deserialize<'a>> Body<R> {
    /// Decodes a body in one pass.
    pub(super) fn read(response: &'a ApiResponse) -> Result<Self, OutputError> {
        let body: Self = response.json()?;
        // A stored error is repeated with the status 200.
        if body.error {
            let object = ErrorObject::parse(response.bytes());
            return Err(match object {
                Some(object) => OutputError::server(response, object),
                None => response.invalid("`error` is true"),
            });
        }
        if body.has_more && body.id.is_none() {
            return Err(response.invalid("there are more rows, but no `id`"));
        }
        Ok(body)
    }

    /// Returns the batch, of these rows.
    pub(super) fn into_batch<T>(self, response: &ApiResponse, rows: impl FnOnce(R) -> Vec<T>) -> Batch<T> {
        let dirty = response.headers().get(POTENTIAL_DIRTY_READ);
        Batch {
            rows: rows(self.result),
            has_more: self.has_more,
            cursor: self.id,
            next_batch_id: self.next_batch_id,
            count: self.count,
            is_cached: self.cached,
            extra: self.extra,
            is_potentially_dirty: dirty.is_some_and(|value| value == "true"),
            is_repeatable: false,
            max_runtime: None,
        }
    }
}

impl<T> Batch<T> {
    /// Returns whether the next batch can be read again.
    ///
    /// It can if the query was created with [`allow_retry`](crate::QueryOptions::allow_retry), since 3.11.
    pub fn is_repeatable(&self) -> bool {
        self.is_repeatable
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queries::Row;
    use crate::testing::response;
    use http::{HeaderMap, HeaderValue, StatusCode};
    use serde::de::DeserializeOwned;
    use serde_json::Value;
    use serde_json::value::RawValue;
    use std::time::Duration;

    const FIRST: &str = r#"{"result":[1,2],"hasMore":true,"id":"3517","nextBatchId":"2","count":5,"cached":false,
        "extra":{"warnings":[{"code":1562,"message":"division by zero"}],
        "stats":{"writesExecuted":0,"writesIgnored":0,"documentLookups":0,"seeks":0,"scannedFull":7,"scannedIndex":0,
        "cursorsCreated":0,"cursorsRearmed":0,"cacheHits":0,"cacheMisses":0,"filtered":0,"httpRequests":0,
        "executionTime":0.5,"peakMemoryUsage":32768,"intermediateCommits":0,"fullCount":5},
        "profile":{"initializing":0,"optimizing ast":0.25},"plan":{}},"error":false,"code":201}"#;

    fn read<T: DeserializeOwned>(body: &str) -> Result<Batch<T>, OutputError> {
        T::read_batch(&response(200, body))
    }

    #[test]
    fn a_first_batch_has_rows_a_cursor_and_statistics() {
        let batch = read::<u8>(FIRST).unwrap();
        assert_eq!((batch.rows.as_slice(), batch.has_more, batch.count), (&[1, 2][..], true, Some(5)));
        assert_eq!((batch.cursor, batch.next_batch_id), (Some("3517".into()), Some("2".into())));
        let extra = batch.extra.unwrap();
        assert_eq!((extra.warnings[0].code.0, extra.profile["optimizing ast"]), (1562, 0.25));
        let stats = extra.stats.unwrap();
        assert_eq!((stats.scanned_full, stats.full_count), (7, Some(5)));
        assert_eq!(stats.execution_time, Some(Duration::from_millis(500)));
    }

    #[test]
    fn the_envelope_is_read_in_any_order_and_with_numbers_for_ids() {
        let body = r#"{"code":200,"extra":{},"nextBatchId":3,"id":3517,"hasMore":true,"new":[],"error":false,"result":[]}"#;
        let batch = read::<Value>(body).unwrap();
        assert_eq!((batch.cursor, batch.next_batch_id), (Some("3517".into()), Some("3".into())));
        assert_eq!(*batch.extra.unwrap(), Extra::default());
    }

    #[test]
    fn a_last_batch_has_no_cursor_and_a_cached_one_no_statistics() {
        let body = r#"{"result":[null],"hasMore":false,"cached":true,"extra":{"warnings":[]},"error":false,"code":201}"#;
        let batch = read::<Option<u8>>(body).unwrap();
        assert_eq!((batch.rows.as_slice(), batch.cursor.is_none()), (&[None][..], true));
        assert!(batch.is_cached && batch.extra.unwrap().stats.is_none());
    }

    #[test]
    fn a_stored_error_with_the_status_200_is_an_error() {
        let body = r#"{"error":true,"code":409,"errorNum":1200,"errorMessage":"conflict","result":[],"hasMore":false}"#;
        let error = read::<Value>(body).unwrap_err();
        assert_eq!(error.error_object().unwrap().number.0, 1200);
        // Also in a body that is larger than an error object.
        let large = body.replace("conflict", &"x".repeat(100_000));
        assert_eq!(read::<Value>(&large).unwrap_err().error_object().unwrap().number.0, 1200);
    }

    #[test]
    fn a_row_that_does_not_fit_is_named_by_its_index_and_path() {
        #[derive(Debug, Deserialize)]
        struct Person {
            #[serde(rename = "addr")]
            _address: Address,
        }
        #[derive(Debug, Deserialize)]
        struct Address {
            #[serde(rename = "zip")]
            _zip: String,
        }
        let body = r#"{"error":false,"hasMore":false,"result":[{"addr":{"zip":"1"}},{"addr":{"zip":2}}]}"#;
        assert_eq!(read::<Person>(body).unwrap_err().path(), "result[1].addr.zip");
    }

    #[test]
    fn a_response_of_another_service_is_no_batch() {
        for body in ["[]", "{}", r#"{"result":[]}"#, r#"{"result":[],"hasMore":true,"error":false}"#] {
            assert!(read::<Value>(body).is_err(), "{body}");
        }
    }

    #[test]
    fn rows_may_stay_json() {
        let batch =
            read::<Box<RawValue>>(r#"{"result":[{"a": 1.50}],"hasMore":false,"error":false}"#).unwrap();
        assert_eq!(batch.rows[0].get(), r#"{"a": 1.50}"#);
    }

    #[test]
    fn rows_of_followers_are_marked() {
        let headers = HeaderMap::from_iter([(POTENTIAL_DIRTY_READ, HeaderValue::from_static("true"))]);
        let body = r#"{"result":[],"hasMore":false,"error":false}"#;
        let response = ApiResponse::new(StatusCode::CREATED, headers, body.into());
        assert!(u8::read_batch(&response).unwrap().is_potentially_dirty);
        assert!(!read::<u8>(body).unwrap().is_potentially_dirty);
    }
}
