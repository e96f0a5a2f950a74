//! Whether ArangoDB wrote a response of which nothing else is known.

use arango_transport::protocol::{ApiResponse, OutputError, is_arangodb};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

/// What ArangoDB writes into the bodies of its successes. A document may have other values under the first three names.
#[derive(Deserialize)]
struct OriginFields {
    error: Option<Value>,
    code: Option<Value>,
    #[serde(rename = "errorNum")]
    error_number: Option<Value>,
    #[serde(rename = "_id")]
    id: Option<IgnoredAny>,
    #[serde(rename = "_key")]
    key: Option<IgnoredAny>,
    #[serde(rename = "_rev")]
    revision: Option<IgnoredAny>,
}

impl OriginFields {
    fn are_an_envelope(&self, status: u16) -> bool {
        self.error == Some(Value::Bool(false)) && self.code == Some(Value::from(status))
    }

    fn are_an_error(&self) -> bool {
        self.error == Some(Value::Bool(true)) && self.error_number.as_ref().is_some_and(Value::is_u64)
    }

    fn are_a_document(&self) -> bool {
        self.id.is_some() && self.key.is_some() && self.revision.is_some()
    }
}

/// Returns whether ArangoDB wrote a success with a body, by its headers or by what is in the body.
#[inline]
fn is_written_by_arangodb(response: &ApiResponse) -> bool {
    if is_arangodb(response) {
        return true;
    }
    let body = response.bytes();
    // serde would read the items of an array as the fields.
    if is_object(body) {
        let status = response.status().as_u16();
        return serde_json::from_slice::<OriginFields>(body)
            .is_ok_and(|fields| fields.are_an_envelope(status) || fields.are_a_document());
    }
    // The results of several documents.
    let results: Vec<serde_json::Map<_, _>> = serde_json::from_slice(body).unwrap_or_default();
    !results.is_empty()
        && results.into_iter().all(|result| {
            serde_json::from_value::<OriginFields>(result.into())
                .is_ok_and(|fields| fields.are_a_document() || fields.are_an_error())
        })
}

fn is_object(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"{")
}

/// Accepts a response that is JSON, or empty, and that ArangoDB wrote.
#[inline]
pub(super) fn accept(response: ApiResponse) -> Result<ApiResponse, OutputError> {
    if response.bytes().is_empty() {
        return Ok(response);
    }
    response.json::<IgnoredAny>()?;
    if is_written_by_arangodb(&response) { Ok(response) } else { Err(unrecognized(&response)) }
}

/// Decodes a response that ArangoDB wrote: an object that fits a type proves that, unless any object fits it.
#[expect(clippy::needless_pass_by_value, reason = "same signature as `accept`")]
pub(super) fn decode<T: DeserializeOwned>(response: ApiResponse) -> Result<T, OutputError> {
    let output = response
        .json()
        .map_err(|error: OutputError| error.with_success_shape(is_executed_by_arangodb(&response)))?;
    let requires_a_field = || is_object(response.bytes()) && serde_json::from_str::<T>("{}").is_err();
    if requires_a_field() || is_written_by_arangodb(&response) {
        Ok(output)
    } else {
        Err(unrecognized(&response))
    }
}

/// Returns whether ArangoDB wrote this JSON after it had executed the request, whatever type the program expects.
///
/// A job is accepted before it is executed. A query with further batches may be a stream, which is undone with its cursor.
fn is_executed_by_arangodb(response: &ApiResponse) -> bool {
    #[derive(Deserialize)]
    struct Cursor {
        #[serde(rename = "hasMore")]
        has_more: bool,
    }
    let body = response.bytes();
    let has_more = serde_json::from_slice::<Cursor>(body).is_ok_and(|cursor| cursor.has_more);
    let is_accepted_job = response.headers().contains_key("x-arango-async-id");
    serde_json::from_slice::<IgnoredAny>(body).is_ok()
        && is_written_by_arangodb(response)
        && !has_more
        && !is_accepted_job
}

fn unrecognized(response: &ApiResponse) -> OutputError {
    response.invalid("neither a header nor the body shows that ArangoDB has written it")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use arango_transport::protocol::ErrorObject;
    use bytes::Bytes;
    use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

    use super::*;

    fn response(body: &'static str) -> ApiResponse {
        ApiResponse::new(StatusCode::OK, HeaderMap::new(), Bytes::from_static(body.as_bytes()))
    }

    const FOREIGN: [&str; 8] = [
        "{}",
        "[]",
        "\"ok\"",
        "null",
        r#"{"status":"ok"}"#,
        r#"{"error":false}"#,
        r#"{"error":false,"code":0}"#,
        r#"[{"id":1}]"#,
    ];

    #[test]
    fn what_nothing_identifies_is_not_accepted_unless_its_head_names_arangodb() {
        for body in FOREIGN {
            assert!(accept(response(body)).is_err(), "{body}");
            assert!(decode::<Value>(response(body)).is_err(), "{body}");
            let headers =
                HeaderMap::from_iter([(http::header::SERVER, HeaderValue::from_static("ArangoDB"))]);
            let named = ApiResponse::new(StatusCode::OK, headers, Bytes::from_static(body.as_bytes()));
            assert!(accept(named).is_ok(), "{body}");
        }
        assert!(decode::<HashMap<String, u8>>(response("{\"a\":1}")).is_err());
        assert!(decode::<Vec<Value>>(response("[]")).is_err());
        assert!(decode::<String>(response("\"ok\"")).is_err());
        assert!(decode::<()>(response("null")).is_err());
    }

    #[test]
    fn arangodb_is_recognized_by_its_bodies_without_its_headers() {
        for body in [
            r#"{"error":false,"code":200,"result":[]}"#,
            r#"{"_id":"books/1","_key":"1","_rev":"_a"}"#,
            r#"{"_id":"books/1","_key":"1","_rev":"_a","code":"A7","error":"none","errorNum":-1.5}"#,
            r#"[{"_id":"books/1","_key":"1","_rev":"_a"},{"error":true,"errorNum":1210}]"#,
            r#"{"server":"arango","license":"enterprise","version":"3.12.5"}"#,
            "",
        ] {
            assert!(accept(response(body)).is_ok(), "{body}");
        }
        assert!(decode::<Value>(response(r#"{"error":false,"code":200}"#)).is_ok());
    }

    #[test]
    fn a_type_that_requires_a_field_is_proof_enough() {
        #[derive(Debug, Deserialize)]
        struct Tracking {
            enabled: bool,
        }
        assert!(decode::<Tracking>(response(r#"{"enabled":true}"#)).unwrap().enabled);
        assert!(decode::<Tracking>(response(r#"{"status":"ok"}"#)).is_err());
    }

    #[test]
    fn json_of_arangodb_of_another_type_proves_execution_unless_more_follows() {
        let is_executed = |status: u16, headers: &[(&'static str, &'static str)], body: &'static str| {
            let headers = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
                .collect();
            let status = StatusCode::from_u16(status).unwrap();
            let response = ApiResponse::new(status, headers, Bytes::from_static(body.as_bytes()));
            decode::<Vec<u8>>(response).unwrap_err().proves_execution()
        };
        let arangodb = ("server", "ArangoDB");
        let stored = r#"{"_id":"books/a","_key":"a","_rev":"_a"}"#;
        assert!(is_executed(202, &[arangodb], stored) && is_executed(202, &[], stored));
        assert!(is_executed(201, &[arangodb], r#"{"result":[],"hasMore":false}"#));
        assert!(!is_executed(201, &[arangodb], r#"{"result":[],"hasMore":true}"#), "a stream may be undone");
        assert!(!is_executed(202, &[arangodb, ("x-arango-async-id", "9")], "{}"), "a job runs later");
        assert!(!is_executed(202, &[arangodb], ""), "so does one without an id");
        assert!(!is_executed(202, &[arangodb], &stored[..20]), "it was cut off");
        assert!(!is_executed(200, &[], r#"{"status":"ok"}"#), "another service");
    }

    #[test]
    fn an_error_object_keeps_its_number() {
        let body = r#"{"error":true,"code":404,"errorNum":1203,"errorMessage":"unknown"}"#;
        let error = accept(response(body)).unwrap_err();
        assert_eq!(error.error_object().map(|object: &ErrorObject| object.number.0), Some(1203));
    }
}
