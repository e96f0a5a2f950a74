//! The headers that a client reads, with values that vary masked.

use std::collections::BTreeMap;

use hyper::header::HeaderMap;

use crate::contract::shape::Masks;

/// Names that are recorded, besides all that begin with `x-arango-`.
const RECORDED: [&str; 8] = [
    "allow",
    "content-encoding",
    "content-type",
    "etag",
    "location",
    "server",
    "www-authenticate",
    "x-content-type-options",
];

/// Reads the headers of a response. Several of one name are joined by commas.
pub(super) fn read(headers: &HeaderMap, masks: &Masks) -> BTreeMap<String, String> {
    let mut read = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        let name = name.as_str();
        if !RECORDED.contains(&name) && !name.starts_with("x-arango-") {
            continue;
        }
        let value = masked(name, &String::from_utf8_lossy(value.as_bytes()), masks);
        read.entry(name.to_owned()).and_modify(|all| *all = format!("{all}, {value}")).or_insert(value);
    }
    read
}

fn masked(name: &str, value: &str, masks: &Masks) -> String {
    match name {
        "x-arango-queue-time-seconds" => "seconds".to_owned(),
        "x-arango-async-id" => "digits".to_owned(),
        "x-arango-request-forwarded-to" => "server id".to_owned(),
        "etag" if value.len() > 1 && value.starts_with('"') && value.ends_with('"') => {
            "\"revision\"".to_owned()
        }
        "etag" => "revision".to_owned(),
        "location" => numbers_masked(&masks.apply(value)),
        _ => value.to_owned(),
    }
}

/// Replaces each number.
fn numbers_masked(text: &str) -> String {
    let mut masked = String::new();
    for letter in text.chars() {
        match letter {
            '0'..='9' if masked.ends_with('#') => {}
            '0'..='9' => masked.push('#'),
            letter => masked.push(letter),
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_headers_with_a_meaning_are_kept_and_what_varies_is_masked() {
        let masks = Masks { names: [("own".to_owned(), "database".to_owned())].into(), ..Masks::default() };
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("date", "today"),
            ("server", "ArangoDB"),
            ("etag", "\"_abc\""),
            ("x-arango-queue-time-seconds", "0.000001"),
            ("location", "/_db/own/_api/document/c/4711"),
            ("www-authenticate", "Basic"),
            ("www-authenticate", "Bearer"),
        ] {
            headers.append(name, value.parse().unwrap());
        }
        let read: Vec<_> = read(&headers, &masks).into_iter().collect();
        let expected = [
            ("etag", "\"revision\""),
            ("location", "/_db/{database}/_api/document/c/#"),
            ("server", "ArangoDB"),
            ("www-authenticate", "Basic, Bearer"),
            ("x-arango-queue-time-seconds", "seconds"),
        ];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
