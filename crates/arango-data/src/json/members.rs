//! The members of a JSON object, found without decoding their values.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr2;

/// One member of an object, by its place in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member<'a> {
    /// The name, with its quotes removed and its escapes resolved.
    pub(crate) name: Cow<'a, str>,
    /// Where the value stands in the text.
    pub(crate) value: Range<usize>,
    /// Where the member stands in the text, from its name to the end of its value.
    pub(crate) span: Range<usize>,
}

/// Returns the members at the top level of `json`, which must be valid JSON.
///
/// `None` if it is not an object.
pub(crate) fn members(json: &[u8]) -> Option<Members<'_>> {
    let at = skip_space(json, 0);
    (json.get(at) == Some(&b'{')).then_some(Members { json, at: at + 1 })
}

/// The members of one object.
pub(crate) struct Members<'a> {
    json: &'a [u8],
    at: usize,
}

impl Members<'_> {
    /// Returns where the value of the member with this name begins.
    pub(super) fn find_value(mut self, wanted: &str) -> Option<usize> {
        loop {
            let (quoted, value) = self.begin()?;
            if name(&self.json[quoted])? == wanted {
                return Some(value);
            }
            self.at = skip_value(self.json, value);
        }
    }

    /// Returns where the name of the next member stands, with its quotes, and where the value begins.
    fn begin(&self) -> Option<(Range<usize>, usize)> {
        let mut start = skip_space(self.json, self.at);
        if self.json.get(start) == Some(&b',') {
            start = skip_space(self.json, start + 1);
        }
        if self.json.get(start) != Some(&b'"') {
            return None;
        }
        let end = skip_string(self.json, start);
        // After the name there are a colon and perhaps spaces.
        Some((start..end, skip_space(self.json, skip_space(self.json, end) + 1)))
    }
}

/// Returns whether the object has a member at its top level whose name stands there as it is, without escapes.
///
/// `json` must be valid JSON.
pub(crate) fn has_plain_member(json: &[u8], name: &str) -> bool {
    let Some(mut members) = members(json) else { return false };
    while let Some((quoted, value)) = members.begin() {
        if unquoted(&json[quoted]) == Some(name.as_bytes()) {
            return true;
        }
        members.at = skip_value(json, value);
    }
    false
}

impl<'a> Iterator for Members<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        let (quoted, value_start) = self.begin()?;
        let start = quoted.start;
        let name = name(&self.json[quoted])?;
        let value_end = skip_value(self.json, value_start);
        self.at = value_end;
        Some(Member { name, value: value_start..value_end, span: start..value_end })
    }
}

fn skip_space(json: &[u8], mut at: usize) -> usize {
    while json.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// Returns the name that stands in quotes.
fn name(quoted: &[u8]) -> Option<Cow<'_, str>> {
    let inner = unquoted(quoted)?;
    if inner.contains(&b'\\') {
        return Some(Cow::Owned(serde_json::from_slice(quoted).ok()?));
    }
    Some(Cow::Borrowed(std::str::from_utf8(inner).ok()?))
}

/// Returns what stands between the quotes; `None` if the second one is missing.
fn unquoted(quoted: &[u8]) -> Option<&[u8]> {
    quoted.get(1..quoted.len().checked_sub(1)?)
}

/// Returns the end of the string that begins at `at`.
fn skip_string(json: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while let Some(found) = json.get(end..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        end += found;
        if json[end] == b'"' {
            return end + 1;
        }
        end += 2;
    }
    json.len()
}

/// Returns the end of the value that begins at `at`.
fn skip_value(json: &[u8], at: usize) -> usize {
    let mut end = at;
    let mut depth = 0_usize;
    while let Some(byte) = json.get(end) {
        match byte {
            b'"' => {
                end = skip_string(json, end);
                if depth == 0 {
                    return end;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            // The end of the object around a number or a word.
            b'}' | b']' if depth == 0 => return trim_space(json, at, end),
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return end + 1;
                }
            }
            b',' if depth == 0 => return trim_space(json, at, end),
            _ => {}
        }
        end += 1;
    }
    json.len()
}

/// Returns the first value at or after `at`; an empty range if there is none.
pub(super) fn first_value(json: &[u8], at: usize) -> Range<usize> {
    let start = skip_space(json, at);
    start..skip_value(json, start)
}

fn trim_space(json: &[u8], start: usize, end: usize) -> usize {
    start + json[start..end].trim_ascii_end().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    fn found(json: &str) -> Vec<(String, &str)> {
        members(json.as_bytes())
            .unwrap()
            .map(|member| (member.name.into_owned(), &json[member.value]))
            .collect()
    }

    #[test]
    fn members_are_found_among_spaces_escapes_and_nested_values() {
        let json = " { \"a\" : [1,{\"_key\":\"x\"}] ,\"\\u005fkey\":\"}\\\"\", \"n\": -1.5e3 ,\"b\":null}";
        let expected = [("a", "[1,{\"_key\":\"x\"}]"), ("_key", "\"}\\\"\""), ("n", "-1.5e3"), ("b", "null")];
        assert_eq!(found(json), expected.map(|(name, value)| (name.to_owned(), value)));
        assert!(found("{}").is_empty() && found(" { } ").is_empty());
    }

    #[test]
    fn a_member_is_found_by_its_plain_name_at_the_top_level_only() {
        let has = |json: &str| has_plain_member(json.as_bytes(), "_rev");
        assert!(has(r#"{"_key":"a,\"_rev\":","x":{"_rev":1},"_rev":"_a"}"#) && has(" { \"_rev\" : 1 } "));
        for json in [r#"{"x":{"_rev":1}}"#, r#"{"_revs":1,"x":"_rev"}"#, r#"["_rev"]"#, "{}", "", r#"{"_rev"#]
        {
            assert!(!has(json), "{json}");
        }
    }

    #[test]
    fn only_an_object_has_members() {
        for json in ["[]", "1", "\"{\"", "null", ""] {
            assert!(members(json.as_bytes()).is_none(), "{json}");
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            "[\\\\\"{}\\[\\],:]{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 32, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[\\\\\"{}a]{0,2}", inner, 0..4)
                    .prop_map(|map| Value::from(map.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_members_are_those_that_serde_json_reads(value in json(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
            let text = text.unwrap();
            match value {
                Value::Object(map) => {
                    let read: Map<_, _> = found(&text)
                        .into_iter()
                        .map(|(name, value)| (name, serde_json::from_str(value).unwrap()))
                        .collect();
                    prop_assert_eq!(read, map);
                }
                _ => prop_assert!(members(text.as_bytes()).is_none()),
            }
        }

        #[test]
        fn no_bytes_make_the_search_panic(bytes: Vec<u8>, text in "[{}\\[\\]\"\\\\:, a1]{0,24}") {
            assert!(members(&bytes).is_none_or(|found| found.count() <= 24 + bytes.len()));
            assert!(members(text.as_bytes()).is_none_or(|found| found.count() <= 24 + bytes.len()));
            _ = (has_plain_member(&bytes, "a"), has_plain_member(text.as_bytes(), "a"));
        }
    }
}
