//! The array of a response: one element for each item.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use arango_protocol::{ApiResponse, ErrorNumber, OutputError};
use http::HeaderMap;
use memchr::memmem::Finder;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::json::members;

/// How many elements have failed, by error number: a JSON object, or pairs as `1210:2,1202:1`.
///
/// The server does not count elements of a shard that has not responded.
const ERROR_CODES: &str = "x-arango-error-codes";

/// One element of a response.
pub(super) enum Element<'a> {
    Success(&'a str),
    Error(ElementError),
}

/// The error of one element. It has no status, and not always a message.
#[derive(Debug, Deserialize)]
pub(super) struct ElementError {
    #[serde(rename = "errorNum")]
    pub(super) number: ErrorNumber,
    #[serde(rename = "errorMessage", default)]
    pub(super) message: Option<String>,
}

/// Returns the elements, as many as there are items.
#[inline]
pub(super) fn elements(response: &ApiResponse, items: usize) -> Result<Vec<Element<'_>>, OutputError> {
    let text = std::str::from_utf8(response.bytes()).ok();
    let Some(raw) = text.and_then(|text| serde_json::from_str::<Vec<&RawValue>>(text).ok()) else {
        response.json::<Vec<IgnoredAny>>()?;
        return Err(response.invalid("not an array with an element for each item"));
    };
    if raw.len() != items {
        return Err(response.invalid(format_args!("{} elements where {items} were sent", raw.len())));
    }
    let mut counts = BTreeMap::new();
    let mut elements = Vec::with_capacity(items);
    for (index, raw) in raw.into_iter().enumerate() {
        let json = raw.get();
        if !is_error(json) {
            elements.push(Element::Success(json));
            continue;
        }
        let error: ElementError = serde_json::from_str(json).map_err(|error| {
            response.invalid(format_args!("[{index}] is no error of the server: {error}"))
        })?;
        *counts.entry(error.number.0).or_insert(0) += 1;
        elements.push(Element::Error(error));
    }
    for (number, announced) in announced_errors(response.headers()) {
        let found = counts.get(&number).copied().unwrap_or(0);
        if announced > found {
            return Err(response.invalid(format_args!(
                "the header {ERROR_CODES} announces {announced} elements with error {number}, and there are {found}"
            )));
        }
    }
    Ok(elements)
}

/// Returns whether an element is an error. A document that is returned is not at this level.
#[inline]
fn is_error(json: &str) -> bool {
    static NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"error\""));
    NAME.find(json.as_bytes()).is_some()
        && members(json.as_bytes()).is_some_and(|mut members| {
            members.any(|member| member.name == "error" && &json[member.value] == "true")
        })
}

/// Returns the numbers of the header. One that cannot be read says nothing.
#[inline]
fn announced_errors(headers: &HeaderMap) -> BTreeMap<u32, u64> {
    let Some(text) = headers.get(ERROR_CODES).and_then(|value| value.to_str().ok()) else {
        return BTreeMap::new();
    };
    if let Ok(counts) = serde_json::from_str(text) {
        return counts;
    }
    let pair = |pair: &str| {
        let (number, count) = pair.split_once(':')?;
        Some((number.trim().parse().ok()?, count.trim().parse().ok()?))
    };
    text.split(',').map(pair).collect::<Option<_>>().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderValue, StatusCode};

    fn numbers(header: Option<&'static str>, body: &'static str, items: usize) -> Result<Vec<u32>, String> {
        let headers =
            header.map(|text| (http::HeaderName::from_static(ERROR_CODES), HeaderValue::from_static(text)));
        let response = ApiResponse::new(StatusCode::ACCEPTED, headers.into_iter().collect(), body.into());
        let found = elements(&response, items).map_err(|error| {
            std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string)
        })?;
        Ok(found
            .iter()
            .map(|element| match element {
                Element::Success(_) => 0,
                Element::Error(error) => error.number.0,
            })
            .collect())
    }

    const TWO: &str = r#"[{"_key":"a"},{"error":true,"errorNum":1210,"errorMessage":"x"}]"#;

    #[test]
    fn a_header_that_announces_more_errors_than_there_are_is_a_contradiction() {
        for header in [None, Some(r#"{"1210":1}"#), Some("1210:1"), Some(" 1210: 1"), Some("?")] {
            assert_eq!(numbers(header, TWO, 2).unwrap(), [0, 1210], "{header:?}");
        }
        for header in [r#"{"1210":2}"#, r#"{"1210":1,"1202":1}"#, "1210:2", "1210:1,1202:1"] {
            assert!(numbers(Some(header), TWO, 2).unwrap_err().contains("announces"), "{header}");
        }
    }

    #[test]
    fn elements_of_a_lost_shard_have_no_message_and_are_not_counted() {
        let body = r#"[{"error":true,"errorNum":1478},{"error":true,"errorNum":1210,"errorMessage":"x"}]"#;
        assert_eq!(numbers(Some(r#"{"1210":1}"#), body, 2).unwrap(), [1478, 1210]);
    }

    #[test]
    fn a_document_that_looks_like_an_error_is_none() {
        let body = r#"[{"_key":"a","new":{"error":true,"errorNum":7}},{"_key":"b","error":false}]"#;
        assert_eq!(numbers(None, body, 2).unwrap(), [0, 0]);
    }

    #[test]
    fn an_array_of_another_length_is_no_response() {
        for body in ["[]", "{}", "[1]", "<html>", r#"[{"error":true}, 1]"#] {
            assert!(numbers(None, body, 2).is_err(), "{body}");
        }
    }
}
