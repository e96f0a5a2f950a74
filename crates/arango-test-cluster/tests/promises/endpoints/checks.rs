//! Whether an answer is what a row says.

use serde_json::Value;

use super::row::{Absent, Row, Shape};
use crate::session::Answer;

pub(super) fn present(row: &Row, answer: &Answer, what: &str) {
    let text = String::from_utf8_lossy(&answer.body);
    assert_eq!(answer.status, row.status, "{what}: {text}");
    match row.shape {
        Shape::Refused(number) => {
            same_keys(&answer.json(), &["code", "error", "errorMessage", "errorNum"], what);
            assert_eq!(answer.error_num(), number, "{what}");
        }
        Shape::Body(body) => assert_eq!(text, body, "{what}"),
        Shape::Text => {
            assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8", "{what}");
            assert!(!text.is_empty(), "{what}");
        }
        Shape::Flat(keys) => {
            same_keys(&enveloped(answer, row.status, what), &[keys, &["code", "error"]].concat(), what);
        }
        Shape::Done => same_keys(&enveloped(answer, row.status, what), &["code", "error"], what),
        Shape::AnyResult => {
            same_keys(&enveloped(answer, row.status, what), &["code", "error", "result"], what);
        }
        Shape::Result(keys) => {
            let body = enveloped(answer, row.status, what);
            same_keys(&body, &["code", "error", "result"], what);
            same_keys(&body["result"], keys, what);
        }
        Shape::Raw(keys) => same_keys(&answer.json(), keys, what),
        Shape::RawWith(keys) => {
            let body = answer.json();
            assert!(keys.iter().all(|key| body.get(*key).is_some()), "{what}: {body}");
            assert_eq!(body.get("code"), None, "{what}: {body}");
        }
    }
}

/// A body with the envelope of a success.
fn enveloped(answer: &Answer, status: u16, what: &str) -> Value {
    let body = answer.json();
    assert_eq!((&body["error"], &body["code"]), (&false.into(), &status.into()), "{what}");
    body
}

fn same_keys(body: &Value, keys: &[&str], what: &str) {
    let mut expected = keys.to_vec();
    expected.sort_unstable();
    let keys = body.as_object().map(|object| object.keys().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(keys, Some(expected), "{what}: {body}");
}

pub(super) fn absent(absent: Absent, answer: &Answer, what: &str) {
    let text = String::from_utf8_lossy(&answer.body);
    let seen = || (answer.status, answer.error_num());
    match absent {
        Absent::NoHandler => {
            assert_eq!((answer.status, &*text), (404, ""), "{what}");
            assert_eq!(answer.headers["connection"], "Close", "{what}");
        }
        Absent::Command => {
            assert_eq!(seen(), (400, 400), "{what}: {text}");
            let message = answer.json()["errorMessage"].clone();
            assert!(
                message.as_str().is_some_and(|text| text.starts_with("invalid command '")),
                "{what}: {message}"
            );
        }
        Absent::Path => assert_eq!(seen(), (404, 404), "{what}: {text}"),
        Absent::Method => assert_eq!(seen(), (405, 405), "{what}: {text}"),
    }
}
