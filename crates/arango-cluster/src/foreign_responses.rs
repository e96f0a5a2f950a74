//! Bodies that no operation may accept: other services' responses, errors, and other operations' successes.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use arango_protocol::{ApiResponse, ErrorObject, Operation};
use serde_json::Value;

use crate::fixtures::{VERSIONS, responses_of};
use crate::for_each_operation::{OperationVisitor, for_each_operation};
use crate::testing::{arangodb_response, response};

/// Bodies that other services send with a success status.
pub(crate) const FOREIGN: [(&str, &str); 17] = [
    ("an HTML page", "<html><head><title>Welcome to nginx!</title></head></html>"),
    ("an HTML page after blanks", "\r\n <!DOCTYPE html><html></html>"),
    ("plain text", "ok"),
    ("several lines of text", "healthy\nready\n"),
    ("another service's JSON", r#"{"status":"ok"}"#),
    ("more of another service's JSON", r#"{"name":"billing","version":7,"id":3,"error":null,"data":[]}"#),
    ("a report of success", r#"{"success":true,"result":null}"#),
    ("an empty result", r#"{"result":{}}"#),
    ("an array", "[]"),
    ("an array of objects", r#"[{"status":"ok"}]"#),
    ("an array of strings", r#"["ok"]"#),
    ("a string", r#""healthy""#),
    ("a number", "7"),
    ("true", "true"),
    ("null", "null"),
    ("an error object", r#"{"error":true,"code":500,"errorNum":1}"#),
    (
        "an error object with a message",
        r#"{"code":404,"error":true,"errorMessage":"unknown path","errorNum":404}"#,
    ),
];

/// Decodes bodies with operations, and records which are accepted.
struct AcceptedBodies<'a> {
    bodies: &'a BTreeMap<String, String>,
    response: fn(u16, &str) -> ApiResponse,
    accepted: BTreeSet<(String, String)>,
}

impl OperationVisitor for AcceptedBodies<'_> {
    fn visit<O>(&mut self, operation: O)
    where
        O: Operation<Output: Send> + Send + Sync + 'static,
    {
        for (what, body) in self.bodies {
            for status in iter::once(200).chain(O::METADATA.success_statuses.iter().copied()) {
                // If an error status counts as a success, its error object is the expected body.
                let is_refusal = status >= 400 && ErrorObject::parse(body.as_bytes()).is_some();
                if !is_refusal && operation.output((self.response)(status, body)).is_ok() {
                    self.accepted.insert((O::METADATA.name.to_owned(), what.clone()));
                }
            }
        }
    }
}

fn accepted(bodies: &BTreeMap<String, String>) -> BTreeSet<(String, String)> {
    accepted_as(bodies, response)
}

fn accepted_as(
    bodies: &BTreeMap<String, String>,
    response: fn(u16, &str) -> ApiResponse,
) -> BTreeSet<(String, String)> {
    let mut accepts = AcceptedBodies { bodies, response, accepted: BTreeSet::new() };
    for_each_operation(&mut accepts);
    accepts.accepted
}

#[test]
fn no_operation_accepts_a_foreign_service_response() {
    let bodies = FOREIGN.iter().map(|(what, body)| ((*what).to_owned(), (*body).to_owned())).collect();
    assert_eq!(accepted(&bodies), BTreeSet::new());
}

#[test]
fn an_empty_body_is_accepted_only_where_expected_and_only_of_arangodb() {
    let empty = BTreeMap::from([("empty".to_owned(), String::new())]);
    assert_eq!(accepted(&empty), BTreeSet::new());
    let expected = [
        "cluster.remove_server",
        // A server may have no usage to report.
        "cluster.server_usage_metrics",
        "server.usage_metrics",
        "user.delete_access_token",
    ];
    let expected = BTreeSet::from(expected.map(|name| (name.to_owned(), "empty".to_owned())));
    assert_eq!(accepted_as(&empty, arangodb_response), expected);
}

/// The rows of `docs/operations.md`: an operation, and those whose success it cannot distinguish from its own. A test of
/// the workspace compares them with the page, which is no part of this package.
const LOOK_ALIKE: &str = include_str!("../fixtures/look_alike.txt");

/// Successes that are `{"error": false}` with other keys, or with other keys than `result`.
fn envelopes(successes: &BTreeMap<String, String>, has_result: bool) -> BTreeSet<String> {
    let is_one = |body: &str| {
        let Ok(Value::Object(object)) = serde_json::from_str(body) else { return false };
        object.get("error") == Some(&Value::Bool(false)) && (has_result || !object.contains_key("result"))
    };
    successes.iter().filter(|(_, body)| is_one(body)).map(|(name, _)| name.clone()).collect()
}

/// Summarises successes of a common shape, instead of listing each of them.
fn summarized(
    mut others: BTreeSet<String>,
    name: &str,
    successes: &BTreeMap<String, String>,
) -> BTreeSet<String> {
    for (has_result, what) in [(true, "every envelope"), (false, "every envelope without result")] {
        let mut envelopes = envelopes(successes, has_result);
        envelopes.retain(|other| other != name && successes[other] != successes[name]);
        if envelopes.is_subset(&others) {
            others.retain(|other| !envelopes.contains(other));
            others.insert(what.to_owned());
            break;
        }
    }
    others
}

#[test]
fn an_operation_accepts_the_response_of_another_only_where_documented() {
    let mut found = BTreeMap::<String, BTreeSet<String>>::new();
    for (version, _) in VERSIONS {
        let successes = responses_of(version);
        let mut others = BTreeMap::<String, BTreeSet<String>>::new();
        for (name, of) in accepted(&successes) {
            // Identical responses come from the same handler.
            if name != of && successes.get(&name) != successes.get(&of) {
                others.entry(name).or_default().insert(of);
            }
        }
        for (name, others) in others {
            let others = summarized(others, &name, &successes);
            found.entry(name).or_default().extend(others);
        }
    }
    let rows = found.iter().map(|(name, others)| {
        let others: Vec<_> = others.iter().map(String::as_str).collect();
        format!("| `{name}` | `{}` |", others.join("`, `"))
    });
    let rows: Vec<_> = rows.collect();
    assert_eq!(
        rows.join("\n"),
        LOOK_ALIKE.trim_end(),
        "fixtures/look_alike.txt and docs/operations.md list the pairs that cannot be distinguished"
    );
}
