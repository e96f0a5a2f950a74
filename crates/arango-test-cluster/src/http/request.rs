//! A parsed request: database, path, query, headers, body.

use std::borrow::Cow;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderMap, Method, Version};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::json;
use super::reply::ApiError;

/// The header that makes a request part of a stream transaction.
pub(crate) const TRANSACTION: &str = "x-arango-trx-id";

/// A whole request, without the prefixes of its path.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) version: Version,
    pub(crate) method: Method,
    /// The path with its prefixes, and the query, as they were sent.
    pub(crate) target: String,
    /// The address of the client, if the connection has one.
    pub(crate) client: Option<SocketAddr>,
    /// The segment after the prefix `/_arango/`, if any. It is `v1`, `experimental`, or invalid.
    pub(crate) api_version: Option<String>,
    /// Decoded; `_system` if the path has no database prefix.
    pub(crate) database: String,
    /// Without prefixes and query, still percent-encoded.
    pub(crate) path: String,
    /// The decoded segments of the path.
    pub(crate) segments: Vec<String>,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Request {
    pub(crate) fn new(head: &http::request::Parts, body: Bytes) -> Self {
        let path = without_repeated_slashes(head.uri.path());
        let target = Target::parse(&path);
        let segments = target.path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
        Self {
            version: head.version,
            method: head.method.clone(),
            target: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            client: None,
            api_version: target.api_version.map(str::to_owned),
            database: target.database.map_or_else(|| "_system".to_owned(), decode),
            path: target.path.to_owned(),
            segments,
            query: Query::parse(head.uri.query().unwrap_or_default()),
            headers: head.headers.clone(),
            body,
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Returns the marker that names it in the journal.
    pub(crate) fn marker(&self) -> Option<&str> {
        self.header("x-sim-marker")
    }

    /// Returns the header that makes it part of a stream transaction.
    pub(crate) fn transaction(&self) -> Option<&str> {
        self.header(TRANSACTION)
    }

    /// Parses the body as JSON.
    pub(crate) fn json(&self) -> Result<Value, ApiError> {
        json::parse(&self.body)
    }

    /// Parses the body as JSON. An empty body means `default`.
    pub(crate) fn json_or(&self, default: Value) -> Result<Value, ApiError> {
        if self.body.is_empty() { Ok(default) } else { self.json() }
    }

    /// Returns whether the body is `VelocyPack`. This binary format is not supported here.
    pub(crate) fn is_velocypack(&self) -> bool {
        !self.body.is_empty()
            && self.header("content-type").is_some_and(|kind| kind.starts_with("application/x-velocypack"))
    }

    /// Returns the segments of the path, to match them against string literals.
    pub(crate) fn parts(&self) -> Vec<&str> {
        self.segments.iter().map(String::as_str).collect()
    }
}

/// Returns a path as servers read it: several slashes in a row are one.
pub(crate) fn without_repeated_slashes(path: &str) -> Cow<'_, str> {
    if !path.contains("//") {
        return Cow::Borrowed(path);
    }
    let mut single = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !single.ends_with('/') {
            single.push(character);
        }
    }
    Cow::Owned(single)
}

/// The path of a request, split from its two optional prefixes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    pub(crate) api_version: Option<&'a str>,
    pub(crate) database: Option<&'a str>,
    pub(crate) path: &'a str,
}

impl<'a> Target<'a> {
    /// Splits a path without repeated slashes.
    pub(crate) fn parse(path: &'a str) -> Self {
        let (api_version, path) = take_prefix(path, "/_arango/");
        let (database, path) = take_prefix(path, "/_db/");
        Self { api_version, database, path }
    }
}

fn take_prefix<'a>(path: &'a str, prefix: &str) -> (Option<&'a str>, &'a str) {
    let Some(rest) = path.strip_prefix(prefix) else { return (None, path) };
    match rest.find('/') {
        Some(end) => (Some(&rest[..end]), &rest[end..]),
        None => (Some(rest), "/"),
    }
}

/// The parameters of a query, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query {
    text: String,
    pairs: Vec<(String, String)>,
}

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let pair = |part: &str| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(&name.replace('+', " ")), decode(&value.replace('+', " ")))
        };
        Self {
            text: text.to_owned(),
            pairs: text.split('&').filter(|part| !part.is_empty()).map(pair).collect(),
        }
    }

    /// Removes a parameter.
    pub(crate) fn remove(&mut self, name: &str) {
        self.pairs.retain(|(key, _)| key != name);
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the names of the parameters.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(name, _)| name.as_str())
    }

    /// Returns the value of a parameter. If it is given several times, the last one counts.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rfind(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns whether a parameter is true, in one of the server's spellings.
    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.flag(name, false)
    }

    /// Returns whether a parameter is true; `default` if it is missing.
    pub(crate) fn flag(&self, name: &str, default: bool) -> bool {
        let is_true = |text: &str| {
            let text = text.trim();
            ["true", "yes", "on", "y", "1", "✓"].iter().any(|word| text.eq_ignore_ascii_case(word))
        };
        self.get(name).map_or(default, is_true)
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_prefixes_are_taken_off_in_their_order() {
        let both = Target::parse("/_arango/v1/_db/shop/_api/version");
        assert_eq!(both, Target { api_version: Some("v1"), database: Some("shop"), path: "/_api/version" });

        let none = Target::parse("/_api/version");
        assert_eq!(none, Target { api_version: None, database: None, path: "/_api/version" });

        let bare = Target::parse("/_db/shop");
        assert_eq!(bare, Target { api_version: None, database: Some("shop"), path: "/" });
    }

    #[test]
    fn several_slashes_in_a_row_are_one() {
        let (head, ()) =
            http::Request::get("//_db///shop//_api//user///?x=a//b").body(()).unwrap().into_parts();
        let request = Request::new(&head, Bytes::new());

        assert_eq!((request.database.as_str(), request.path.as_str()), ("shop", "/_api/user/"));
        assert_eq!(request.parts(), ["_api", "user"]);
        assert_eq!(request.query.get("x"), Some("a//b"));
        assert_eq!(request.target, "//_db///shop//_api//user///?x=a//b");
    }

    #[test]
    fn a_parameter_is_true_in_each_spelling_of_a_server_and_false_in_any_other() {
        let query = Query::parse("a=true&b=TRUE&c=%20Yes+&d=on&e=Y&f=1&g=%E2%9C%93&h=false&i=0&j=&k=truee&l");
        for name in ["a", "b", "c", "d", "e", "f", "g"] {
            assert!(query.is_true(name), "{name}");
        }
        for name in ["h", "i", "j", "k", "l"] {
            assert!(!query.flag(name, true), "{name}");
        }
        assert!(query.flag("missing", true) && !query.is_true("missing"));
    }

    #[test]
    fn the_last_value_of_a_parameter_counts() {
        let query = Query::parse("silent=true&silent=false&x=1");
        assert_eq!((query.get("silent"), query.is_true("silent")), (Some("false"), false));
    }

    #[test]
    fn names_are_decoded_after_the_path_was_cut() {
        let (head, ()) =
            http::Request::get("/_db/a%2Fb/_api/collection/%C3%A4?x=1+2&flag").body(()).unwrap().into_parts();
        let request = Request::new(&head, Bytes::new());

        assert_eq!(request.database, "a/b");
        assert_eq!(request.parts(), ["_api", "collection", "ä"]);
        assert_eq!((request.query.get("x"), request.query.get("flag")), (Some("1 2"), Some("")));
    }
}
