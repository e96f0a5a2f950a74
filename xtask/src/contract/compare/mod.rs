//! Compares what is expected with what was found, and grades the differences.

mod bodies;
mod grade;
mod report;

use std::collections::{BTreeMap, BTreeSet};

pub(crate) use self::grade::{Difference, Grade};
pub(crate) use self::report::print;
use super::recording::{Recorded, Recording};
use super::shape::{Field, Scalar, Shape};

/// Compares two recordings.
pub(crate) fn recordings(expected: &Recording, found: &Recording) -> Vec<Difference> {
    let ids: BTreeSet<&str> = expected.ids().chain(found.ids()).collect();
    let mut differences = Vec::new();
    for id in ids {
        match (expected.get(id), found.get(id)) {
            (Some(expected), Some(found)) => differences.extend(responses(id, &expected, &found)),
            // What was skipped says nothing.
            (Some(_), None) if found.skipped.contains_key(id) => {}
            (None, Some(_)) if expected.skipped.contains_key(id) => {}
            (one, _) => {
                let presence = |is_there: bool| if is_there { "sent" } else { "not sent" };
                let (expected, found) = (presence(one.is_some()), presence(one.is_none()));
                differences.push(Difference::new(id, "request", Grade::Error, expected, found));
            }
        }
    }
    differences
}

/// Compares two responses to the same request.
pub(crate) fn responses(id: &str, expected: &Recorded, found: &Recorded) -> Vec<Difference> {
    let is_other_error = match (error_number(&expected.body), error_number(&found.body)) {
        (Some(expected), found) => found != Some(expected),
        // Any number is expected.
        (None, Some(_)) => !has_error_number(&expected.body),
        (None, None) => false,
    };
    if expected.status != found.status || is_other_error {
        // Their bodies have nothing in common.
        return vec![Difference::new(
            id,
            "status",
            Grade::Error,
            status_text(expected.status, &expected.body),
            status_text(found.status, &found.body),
        )];
    }
    let mut differences = bodies::compare(id, &expected.body, &found.body);
    differences.extend(headers(id, &expected.headers, &found.headers));
    differences
}

fn headers(
    id: &str,
    expected: &BTreeMap<String, String>,
    found: &BTreeMap<String, String>,
) -> Vec<Difference> {
    let names: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let difference = |name: &String| {
        let place = format!("header {name}");
        let (grade, expected, found) = match (expected.get(name), found.get(name)) {
            (Some(one), Some(two)) if one == two => return None,
            (Some(one), Some(two)) => (Grade::Value, one.as_str(), two.as_str()),
            (Some(one), None) => (Grade::Shape, one.as_str(), "missing"),
            (None, Some(two)) => (Grade::Extra, "missing", two.as_str()),
            (None, None) => return None,
        };
        Some(Difference::new(id, place, grade, expected, found))
    };
    names.into_iter().filter_map(difference).collect()
}

fn has_error_number(body: &Shape) -> bool {
    body.object.as_ref().is_some_and(|fields| fields.contains_key("errorNum"))
}

/// The number of the error in a body.
pub(crate) fn error_number(body: &Shape) -> Option<&str> {
    let Field { shape, .. } = body.object.as_ref()?.get("errorNum")?;
    match shape.scalars.first()? {
        Scalar::Exactly(number) => Some(number),
        _ => None,
    }
}

/// A status with the number of the error, such as `404/1203`.
pub(crate) fn status_text(status: u16, body: &Shape) -> String {
    match (status, error_number(body)) {
        (0, _) => "no response".to_owned(),
        (status, Some(number)) => format!("{status}/{number}"),
        (status, None) => status.to_string(),
    }
}
