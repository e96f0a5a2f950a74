//! Decoding a large batch, with room for all of its rows from the start.

use std::fmt;
use std::marker::PhantomData;

use arango_protocol::ApiResponse;
use http::HeaderMap;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, SeqAccess, Visitor};
use simdutf8::basic::from_utf8;

use super::batch::{Batch, Body};
use crate::json::first_element;

/// The size of a large body, in bytes. Finding the first row of a smaller one may cost more than it saves.
const LARGE: usize = 4 << 10;

/// The most room that is made for an estimated number of rows, in bytes: as much as serde makes for a number that is announced.
const MAX_ROOM: usize = 1 << 20;

/// Decodes a batch in one pass, straight into the rows. `None` if it is not large, or if it cannot be decoded.
///
/// JSON does not announce the number of rows. It is estimated from the length of the first one: a list that grows is moved again and
/// again, and the memory that it leaves makes the allocator merge the small blocks beside it.
pub(super) fn read_large_batch<T: DeserializeOwned>(response: &ApiResponse) -> Option<Batch<T>> {
    let json = response.bytes();
    if json.len() < LARGE {
        return None;
    }
    let first = first_element(json, "result")?;
    let (before, json) = json.split_at(first.array);
    // After each row there is a comma.
    let mut deserializer = serde_json::Deserializer::from_str(from_utf8(json).ok()?);
    let rows = deserializer.deserialize_seq(Rows::estimated(json.len() / (first.len + 1))).ok()?;
    let end = deserializer.into_iter::<IgnoredAny>().byte_offset();
    let envelope = [before, b"[]", &json[end..]].concat();
    let envelope = ApiResponse::new(response.status(), HeaderMap::new(), envelope.into());
    Some(Body::<Vec<IgnoredAny>>::read(&envelope).ok()?.into_batch(response, |_| rows))
}

/// The rows of a batch, as they are decoded.
struct Rows<T> {
    room: usize,
    row: PhantomData<T>,
}

impl<T> Rows<T> {
    /// Expects about this number of rows.
    fn estimated(count: usize) -> Self {
        // An eighth more: room that is not used costs less than a list that grows.
        let room = (count + count / 8 + 1).min(MAX_ROOM / size_of::<T>().max(1));
        Self { room, row: PhantomData }
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for Rows<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
        let mut rows = Vec::with_capacity(self.room);
        loop {
            // Without `?`, which would move each row once more.
            match elements.next_element() {
                Ok(Some(row)) => rows.push(row),
                Ok(None) => return Ok(rows),
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::response;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// Decodes a body of any size as a small one.
    fn read_small(body: &str) -> Result<Batch<Value>, String> {
        let response = response(200, body);
        let body = Body::<Vec<Value>>::read(&response).map_err(|error| error.to_string())?;
        Ok(body.into_batch(&response, |rows| rows))
    }

    fn read_large(body: &str) -> Option<Batch<Value>> {
        read_large_batch(&response(200, body))
    }

    fn body(rows: &str) -> String {
        format!(r#"{{"hasMore":true,"result":{rows},"id":"3517","error":false,"code":201}}"#)
    }

    #[test]
    fn a_list_of_even_rows_never_grows() {
        let rows: Vec<_> = (0..1000).map(|number| json!({ "_key": number.to_string() })).collect();
        let batch = read_large(&body(&Value::from(rows.clone()).to_string())).unwrap();
        assert!(batch.rows == rows);
        // One that grows would have room for 1,024.
        assert!((1025..1400).contains(&batch.rows.capacity()), "{}", batch.rows.capacity());
    }

    #[test]
    fn room_is_limited_whatever_the_first_row_says() {
        let rows = format!("[1{}]", format!(",\"{}\"", "x".repeat(500)).repeat(4000));
        let batch = read_large(&body(&rows)).unwrap();
        assert_eq!(batch.rows.len(), 4001);
        assert!(batch.rows.capacity() <= MAX_ROOM / size_of::<Value>(), "{}", batch.rows.capacity());
    }

    #[test]
    fn what_is_no_large_batch_is_left_to_the_careful_way() {
        let rows = format!("[{}1]", "\"x\",".repeat(2000));
        assert!(read_large(&body(&rows)).is_some());
        let bodies = [
            body("[1]"),
            body(&rows).replace(":false", ":true"),
            body(&rows).replace("\"id\"", "\"no\""),
            body(&rows).replace("\"code\"", "\"result\":[],\"code\""),
            body(&rows).replace('}', ""),
            format!("{} {{}}", body(&rows)),
            body(&rows.replace('1', "x")),
            body(&rows.replace(']', ",]")),
            format!(r#"{{"error":true,"errorNum":1,"code":500,"errorMessage":"{}"}}"#, "x".repeat(LARGE)),
            "<".repeat(LARGE),
        ];
        for body in bodies {
            assert!(read_large(&body).is_none(), "{}", &body[..100]);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_left_to_the_careful_way() {
        let mut body = body(&format!("[\"{}\"]", "x".repeat(LARGE))).into_bytes();
        let last = body.iter().rposition(|byte| *byte == b'x').unwrap();
        body[last] = 0xff;
        let response = ApiResponse::new(http::StatusCode::OK, HeaderMap::new(), body.into());
        assert!(read_large_batch::<Value>(&response).is_none());
    }

    proptest! {
        #[test]
        fn a_large_batch_is_decoded_as_a_small_one(
            rows in prop::collection::vec(prop_oneof![any::<i64>().prop_map(Value::from), ".{0,9}".prop_map(Value::from),
                Just(json!({ "result": ["]"] }))], 1..20),
            pretty: bool,
            cut in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let padding = " ".repeat(LARGE);
            let rows = Value::from(rows);
            let rows = if pretty { format!("{rows:#}") } else { rows.to_string() };
            let mut body = body(&rows).replace(":true", &format!(":true{padding}"));
            if let Some(cut) = cut {
                let at = body.char_indices().nth(cut.index(body.chars().count())).unwrap().0;
                body.truncate(at);
            }
            if body.len() >= LARGE {
                prop_assert_eq!(read_large(&body), read_small(&body).ok());
            }
        }
    }
}
