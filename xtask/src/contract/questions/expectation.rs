//! What is believed of one response.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::contract::compare::status_text;
use crate::contract::session::Exchange;

/// What is believed of one response. What is not named is not compared.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expectation {
    /// A status, with the error number if there is one: `404/1203`. Several are possible.
    #[serde(default)]
    status: Vec<String>,
    /// Values by their JSON pointers.
    #[serde(default)]
    values: BTreeMap<String, Value>,
    /// JSON pointers to what has to be there.
    #[serde(default)]
    present: Vec<String>,
    /// JSON pointers to what must not be there.
    #[serde(default)]
    absent: Vec<String>,
    /// The keys of the body, and no others.
    #[serde(default)]
    keys: Vec<String>,
    /// Headers with their values; `null` for one that must not be there.
    #[serde(default)]
    headers: BTreeMap<String, Option<String>>,
    /// A part of the body's text.
    #[serde(default)]
    contains: Option<String>,
}

impl Expectation {
    /// What differs, each in a few words.
    pub(super) fn differences<'a>(&'a self, exchange: &'a Exchange) -> impl Iterator<Item = String> + 'a {
        let found = status_text(exchange.recorded.status, &exchange.recorded.body);
        let is_status = self.status.is_empty() || self.status.contains(&found);
        let status = (!is_status).then(|| format!("status {found} instead of {}", self.status.join(" or ")));
        let values =
            self.values.iter().filter_map(|(pointer, expected)| match exchange.body.pointer(pointer) {
                Some(value) if value == expected => None,
                Some(value) => Some(format!("{pointer} is {value} instead of {expected}")),
                None => Some(format!("{pointer} is missing instead of {expected}")),
            });
        let present = self.present.iter().filter(|pointer| exchange.body.pointer(pointer).is_none());
        let absent =
            self.absent.iter().filter_map(|pointer| Some((pointer, exchange.body.pointer(pointer)?)));
        let keys = self.keys_differ(&exchange.body);
        let headers = self.headers.iter().filter_map(|(name, expected)| {
            let found = exchange.recorded.headers.get(name);
            let text =
                |value: Option<&String>| value.map_or("missing".to_owned(), |value| format!("`{value}`"));
            let differs = found != expected.as_ref();
            differs
                .then(|| format!("header {name} is {} instead of {}", text(found), text(expected.as_ref())))
        });
        let text = self.contains.iter().filter(|text| !exchange.text.contains(*text));
        status
            .into_iter()
            .chain(values)
            .chain(present.map(|pointer| format!("{pointer} is missing")))
            .chain(absent.map(|(pointer, value)| format!("{pointer} is there: {value}")))
            .chain(keys)
            .chain(headers)
            .chain(text.map(|text| format!("the body does not contain `{text}`")))
    }

    fn keys_differ(&self, body: &Value) -> Option<String> {
        let mut found: Vec<_> =
            body.as_object().into_iter().flat_map(|object| object.keys()).cloned().collect();
        found.sort();
        let differs = !self.keys.is_empty() && found != self.keys;
        differs.then(|| format!("the keys are {} instead of {}", found.join(" "), self.keys.join(" ")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::recording::Recorded;
    use crate::contract::shape::{Masks, Shape};

    fn differences(expectation: Value, body: &Value) -> Vec<String> {
        let expectation: Expectation = serde_json::from_value(expectation).unwrap();
        let recorded = Recorded {
            request: "GET /".to_owned(),
            status: 404,
            headers: BTreeMap::new(),
            body: Shape::of(body, &Masks::default()),
        };
        let exchange = Exchange { recorded, body: body.clone(), text: body.to_string() };
        expectation.differences(&exchange).collect()
    }

    #[test]
    fn what_is_believed_does_not_differ() {
        let body = json!({ "errorNum": 1203, "a": [1], "b": null });
        let expectation = json!({ "status": ["200", "404/1203"], "values": { "/a/0": 1 }, "present": ["/b"], "absent": ["/c"], "contains": "1203" });
        assert_eq!(differences(expectation, &body), Vec::<String>::new());
    }

    #[test]
    fn each_difference_is_said_in_a_few_words() {
        let body = json!({ "errorNum": 1600, "a": [1.0] });
        let expectation = json!({ "status": ["404/1203"], "values": { "/a/0": 1, "/x": "y" }, "present": ["/p"], "absent": ["/a"], "keys": ["a"], "headers": { "etag": "\"x\"" }, "contains": "z" });
        assert_eq!(
            differences(expectation, &body),
            [
                "status 404/1600 instead of 404/1203",
                "/a/0 is 1.0 instead of 1",
                "/x is missing instead of \"y\"",
                "/p is missing",
                "/a is there: [1.0]",
                "the keys are a errorNum instead of a",
                "header etag is missing instead of `\"x\"`",
                "the body does not contain `z`",
            ]
        );
    }
}
