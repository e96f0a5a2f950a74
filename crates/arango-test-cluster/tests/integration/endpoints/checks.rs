//! Compares a response with the expectation of a row.

use serde_json::Value;

use super::endpoint::{Absent, Endpoint, Shape};
use crate::client::TestResponse;

pub(super) fn present(row: &Endpoint, response: &TestResponse, what: &str) {
    let text = String::from_utf8_lossy(&response.body);
    assert_eq!(response.status, row.status, "{what}: {text}");
    match row.shape {
        Shape::Refused(number) => {
            same_keys(&response.json(), &["code", "error", "errorMessage", "errorNum"], what);
            assert_eq!(response.error_num(), number, "{what}");
        }
        Shape::Body(body) => assert_eq!(text, body, "{what}"),
        Shape::Text => {
            assert_eq!(response.headers["content-type"], "text/plain; charset=utf-8", "{what}");
            assert!(!text.is_empty(), "{what}");
        }
        Shape::Flat(keys) => {
            same_keys(&enveloped(response, row.status, what), &[keys, &["code", "error"]].concat(), what);
        }
        Shape::NoResult => same_keys(&enveloped(response, row.status, what), &["code", "error"], what),
        Shape::AnyResult => {
            same_keys(&enveloped(response, row.status, what), &["code", "error", "result"], what);
        }
        Shape::Result(keys) => {
            let body = enveloped(response, row.status, what);
            same_keys(&body, &["code", "error", "result"], what);
            same_keys(&body["result"], keys, what);
        }
        Shape::Raw(keys) => same_keys(&response.json(), keys, what),
        Shape::RawWith(keys) => {
            let body = response.json();
            assert!(keys.iter().all(|key| body.get(*key).is_some()), "{what}: {body}");
            assert_eq!(body.get("code"), None, "{what}: {body}");
        }
    }
}

/// A body with the envelope of a success.
fn enveloped(response: &TestResponse, status: u16, what: &str) -> Value {
    let body = response.json();
    assert_eq!((&body["error"], &body["code"]), (&false.into(), &status.into()), "{what}");
    body
}

fn same_keys(body: &Value, keys: &[&str], what: &str) {
    let mut expected = keys.to_vec();
    expected.sort_unstable();
    let keys = body.as_object().map(|object| object.keys().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(keys, Some(expected), "{what}: {body}");
}

pub(super) fn absent(absent: Absent, response: &TestResponse, what: &str) {
    let text = String::from_utf8_lossy(&response.body);
    let seen = || (response.status, response.error_num());
    match absent {
        Absent::NoHandler if !what.starts_with("4.") => {
            assert_eq!(seen(), (404, 404), "{what}: {text}");
            let message = response.json()["errorMessage"].clone();
            assert!(
                message.as_str().is_some_and(|text| text.starts_with("unknown path '")),
                "{what}: {message}"
            );
        }
        Absent::NoHandler => {
            assert_eq!((response.status, &*text), (404, ""), "{what}");
            assert_eq!(response.headers["connection"], "Close", "{what}");
        }
        Absent::Command => {
            assert_eq!(seen(), (400, 400), "{what}: {text}");
            let message = response.json()["errorMessage"].clone();
            assert!(
                message.as_str().is_some_and(|text| text.starts_with("invalid command '")),
                "{what}: {message}"
            );
        }
        Absent::Path => assert_eq!(seen(), (404, 404), "{what}: {text}"),
        Absent::Method => assert_eq!(seen(), (405, 405), "{what}: {text}"),
    }
}
