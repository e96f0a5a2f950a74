//! What the rows of a query are decoded into.

use std::fmt;
use std::ops::Range;

use arango_protocol::{ApiResponse, OutputError};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::batch::{Batch, Body};
use super::large_batch::read_large_batch;
use crate::json::array;

/// What the rows of a query are decoded into: any type that owns its values, or [`RawRows`].
pub trait Row: Sized {
    /// Decodes a batch.
    #[doc(hidden)]
    fn read_batch(response: &ApiResponse) -> Result<Batch<Self>, OutputError>;

    /// Returns how many rows of the query this is.
    #[doc(hidden)]
    fn row_count(&self) -> u64;
}

impl<T: DeserializeOwned> Row for T {
    /// In one pass, straight into the rows.
    fn read_batch(response: &ApiResponse) -> Result<Batch<Self>, OutputError> {
        if let Some(batch) = read_large_batch(response) {
            return Ok(batch);
        }
        let body = Body::<Vec<T>>::read(response).map_err(|error| {
            let is_batch = Body::<Vec<IgnoredAny>>::read(response).is_ok();
            error.with_success_shape(is_batch)
        })?;
        Ok(body.into_batch(response, |rows| rows))
    }

    fn row_count(&self) -> u64 {
        1
    }
}

/// All rows of a batch, not decoded yet.
///
/// Rows may be decoded into types that borrow from the batch, such as `&str`: that needs neither a copy nor memory for each
/// row. Values that are escaped in the JSON cannot be borrowed as `&str`; a `Cow<str>` with `#[serde(borrow)]` can hold both.
///
/// ```
/// use arango_data::{NextBatch, RawRows};
/// use arango_protocol::Operation;
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Book<'a> {
///     title: &'a str,
/// }
///
/// # let body = r#"{"result":[{"title":"Dune"},{"title":"Ubik"}],"hasMore":false,"error":false,"code":200}"#;
/// # let response = arango_protocol::ApiResponse::new(http::StatusCode::OK, http::HeaderMap::new(), body.into());
/// # let next = NextBatch::<RawRows>::numbered(&"3517".into(), &"2".into());
/// let batch = next.output(response)?;
/// for book in batch.rows[0].iter::<Book<'_>>() {
///     println!("{}", book?.title);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct RawRows {
    response: ApiResponse,
    /// Where each row is in the body.
    rows: Vec<Range<usize>>,
}

impl RawRows {
    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Decodes each row when it is asked for.
    ///
    /// # Errors
    ///
    /// A row that cannot be decoded: the error names the row and the field.
    pub fn iter<'a, T: Deserialize<'a>>(
        &'a self,
    ) -> impl ExactSizeIterator<Item = Result<T, OutputError>> + 'a {
        let rows = self.rows.iter().cloned().enumerate();
        rows.map(|(index, row)| self.response.json_part(row, || format!("result[{index}]")))
    }
}

impl Row for RawRows {
    #[inline]
    fn read_batch(response: &ApiResponse) -> Result<Batch<Self>, OutputError> {
        let json = response.bytes();
        let Some(result) = array(json, "result") else {
            // Returns why it is no batch.
            return Ok(Body::<Vec<IgnoredAny>>::read(response)?.into_batch(response, |_| Vec::new()));
        };
        // Without the rows, which are decoded when they are read.
        let envelope = [&json[..result.span.start], b"[]", &json[result.span.end..]].concat();
        let envelope = ApiResponse::new(response.status(), response.headers().clone(), envelope.into());
        let rows = result.elements;
        Ok(Body::<Vec<IgnoredAny>>::read(&envelope)?.into_batch(response, |_| {
            // A batch without rows has nothing to return.
            if rows.is_empty() { Vec::new() } else { vec![Self { response: response.clone(), rows }] }
        }))
    }

    fn row_count(&self) -> u64 {
        self.rows.len().try_into().unwrap_or(u64::MAX)
    }
}

impl fmt::Debug for RawRows {
    // Without the rows, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRows").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::response;
    use serde_json::value::RawValue;
    use std::borrow::Cow;

    const BODY: &str = r#"{"hasMore":true,"result":[ {"title":"Dune"} ,{"title":"J\u00fcrgen"},{"title":7},null ],
        "id":"3517","nextBatchId":"2","error":false,"code":201}"#;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Book<'a> {
        #[serde(borrow)]
        title: Cow<'a, str>,
    }

    #[test]
    fn rows_borrow_from_the_batch() {
        let response = response(201, BODY);
        let batch = RawRows::read_batch(&response).unwrap();
        assert_eq!((batch.has_more, batch.cursor), (true, Some("3517".into())));
        let rows = &batch.rows[0];
        assert_eq!((rows.len(), rows.is_empty(), rows.row_count()), (4, false, 4));
        let books: Vec<_> = rows.iter::<Book<'_>>().collect();
        let Book { title: Cow::Borrowed(title) } = books[0].as_ref().unwrap() else {
            panic!("it was copied")
        };
        assert_eq!(*title, "Dune");
        assert!(response.bytes().as_ptr_range().contains(&title.as_ptr()));
        assert_eq!(books[1].as_ref().unwrap().title, "Jürgen");
        assert_eq!(books[2].as_ref().unwrap_err().path(), "result[2].title");
        assert_eq!(books[3].as_ref().unwrap_err().path(), "result[3]");
        assert_eq!(rows.iter::<&RawValue>().next().unwrap().unwrap().get(), r#"{"title":"Dune"}"#);
    }

    #[test]
    fn a_row_of_another_type_proves_that_the_query_was_executed() {
        let read = |body: &str| u8::read_batch(&response(200, body)).unwrap_err().proves_execution();
        assert!(read(BODY));
        for body in [
            r#"{"result":["x"],"hasMore":true,"error":false}"#,
            r#"{"result":["x"],"hasMore":false}"#,
            r#"{"result":"x","hasMore":false,"error":false}"#,
            r#"{"status":"ok"}"#,
            "<html>",
        ] {
            assert!(!read(body), "{body}");
        }
    }

    #[test]
    fn a_batch_without_rows_has_none() {
        let empty = response(200, r#"{"result":[],"hasMore":false,"error":false,"code":200}"#);
        assert!(RawRows::read_batch(&empty).unwrap().rows.is_empty());
    }

    #[test]
    fn a_response_that_is_no_batch_is_refused_for_the_same_reason_as_with_typed_rows() {
        for body in [
            r#"{"error":true,"code":409,"errorNum":1200,"errorMessage":"conflict","result":[],"hasMore":false}"#,
            r#"{"result":[{"errorNum":1}],"hasMore":true,"error":false}"#,
            r#"{"result":[1],"hasMore":0,"error":false}"#,
            r#"{"result":[1],"hasMore":false}"#,
            r#"{"result":{},"hasMore":false,"error":false}"#,
            r#"{"hasMore":false,"error":false}"#,
            r#"{"result":[1],"hasMore":false,"error":false"#,
            "<html>",
            "[]",
            "",
        ] {
            let response = response(200, body);
            let (raw, typed) = (RawRows::read_batch(&response), serde_json::Value::read_batch(&response));
            let (raw, typed) = (raw.unwrap_err(), typed.unwrap_err());
            assert_eq!((raw.to_string(), raw.path()), (typed.to_string(), typed.path()), "{body}");
        }
    }

    #[test]
    fn rows_are_not_printed() {
        let batch = RawRows::read_batch(&response(201, BODY)).unwrap();
        assert!(!format!("{batch:?}").contains("Dune"));
    }
}
