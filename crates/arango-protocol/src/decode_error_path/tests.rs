use std::collections::BTreeMap;
use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, de};
use serde_json::Value;

use super::*;

/// Refuses a value only after it was read.
struct Small;

impl<'de> Deserialize<'de> for Small {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            0..10 => Ok(Self),
            _ => Err(de::Error::custom("too large")),
        }
    }
}

/// Has any type, but is no array or object.
struct Scalar;

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a scalar")
    }

    fn visit_str<E: de::Error>(self, _: &str) -> std::result::Result<Scalar, E> {
        Ok(Scalar)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> std::result::Result<Scalar, E> {
        Ok(Scalar)
    }
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
enum Kind {
    Plain,
    Sized(u8),
}

#[derive(Deserialize)]
#[serde(untagged)]
#[expect(dead_code, reason = "only decoded")]
enum Either {
    Number(u8),
    Text(String),
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only decoded")]
struct Inner {
    small: Small,
    list: Vec<Small>,
    either: Option<Either>,
    scalars: Vec<Scalar>,
    kind: Kind,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only decoded")]
struct Outer {
    name: String,
    inner: Inner,
    rows: Vec<Inner>,
    map: BTreeMap<u16, Vec<bool>>,
    pair: (i8, String),
    #[serde(flatten)]
    more: BTreeMap<String, Value>,
    float: f32,
}

const INNER: &str = r#"{"small":1,"list":[1,2],"either":"a","scalars":[1,"a"],"kind":{"sized":3}}"#;

fn outer() -> String {
    format!(
        r#"{{"map":{{"1":[true,false],"2":[]}},"name":"a\"b","inner":{INNER},"new":[1,{{"a":"}}"}}],
        "rows":[{INNER},{INNER}],"pair":[-1,"x"],"float":-1.5e3}}"#
    )
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only decoded")]
struct Plain {
    inner: Inner,
    map: BTreeMap<Kind, u8>,
    rows: Vec<Inner>,
    last: Small,
}

fn plain() -> String {
    format!(r#"{{"inner":{INNER},"map":{{"plain":1}},"new":[{{}}],"rows":[{INNER},{INNER}],"last":5}}"#)
}

fn found<'a, T: Deserialize<'a>>(text: &'a str) -> Option<(String, String)> {
    fn decode<'a, T: Deserialize<'a>>(text: &'a str) -> Result<()> {
        serde_json::from_str::<T>(text).map(drop)
    }
    let error = decode::<T>(text).err()?;
    Some((decode_error_path(text, &error, decode::<T>), error.to_string()))
}

fn tracked<'a, T: Deserialize<'a>>(text: &'a str) -> Option<(String, String)> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let error = serde_path_to_error::deserialize::<_, T>(&mut deserializer).err()?;
    Some((error.path().to_string(), error.into_inner().to_string()))
}

/// The places of all values in a text, keys included, and the text with each of them replaced.
fn mutations(text: &str) -> impl Iterator<Item = String> {
    const WRONG: [&str; 12] = [
        "7",
        "700",
        "-70000",
        "1.5",
        "null",
        "true",
        r#""x""#,
        r#""\"}""#,
        "[]",
        "[700]",
        "{}",
        r#"{"a":1}"#,
    ];
    let starts = text.char_indices().filter(|(at, c)| {
        let before = text[..*at].trim_end().as_bytes().last();
        !matches!(c, ' ' | '\n' | ':' | ',' | ']' | '}') && before.is_none_or(|byte| b":,[{".contains(byte))
    });
    let places: Vec<_> = starts
        .filter_map(|(start, _)| {
            let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<de::IgnoredAny>();
            values.next()?.ok()?;
            Some(start..start + values.byte_offset())
        })
        .collect();
    assert!(places.len() > 20, "{places:?}");
    places.into_iter().flat_map(move |place| {
        WRONG.map(|wrong| {
            let mut text = text.to_owned();
            text.replace_range(place.clone(), wrong);
            text
        })
    })
}

/// Puts white space around the marks of a text: the parser skips it before it notes a position.
fn spaced(text: &str) -> String {
    let (mut spaced, mut in_string, mut escaped) = (String::new(), false, false);
    for c in text.chars() {
        match c {
            ',' | ':' | '}' | ']' | '[' if !in_string => spaced.extend([' ', c, '\n']),
            _ => spaced.push(c),
        }
        in_string ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
    }
    spaced
}

/// Whether both are the same error. What is wrong with a key, or below a key that is not a string of the program,
/// may be named more closely.
fn agree(found: Option<&(String, String)>, tracked: Option<&(String, String)>) -> bool {
    let (Some((found, message)), Some((tracked, expected))) = (found, tracked) else {
        return found.is_none() && tracked.is_none();
    };
    let about_key = message.contains("key") || message.contains("variant") || tracked.ends_with('?');
    message == expected
        && (found == tracked || about_key && found.starts_with(tracked.trim_end_matches(['.', '?'])))
}

fn compare<T: de::DeserializeOwned>(text: &str) -> usize {
    assert!(serde_json::from_str::<T>(text).is_ok(), "{text}");
    let mut failures = 0;
    for text in mutations(text).flat_map(|text| [spaced(&text), text]) {
        let (found, tracked) = (found::<T>(&text), tracked::<T>(&text));
        assert!(agree(found.as_ref(), tracked.as_ref()), "{found:?} {tracked:?} {text}");
        failures += usize::from(found.is_some());
    }
    failures
}

#[test]
fn the_path_is_that_which_a_decoder_finds_that_tracks_it() {
    assert!(compare::<Plain>(&plain()) > 300);
    assert!(compare::<Outer>(&outer()) > 300);
}

#[test]
fn a_text_that_breaks_off_has_the_path_of_its_end() {
    assert_eq!(found::<Plain>(r#"{"inner":{"list":[1,"#).unwrap().0, "inner.list");
    assert_eq!(found::<Plain>(r#"{"inner":{"list":[1,2],"either":"a"#).unwrap().0, "inner.either");
    assert_eq!(found::<Plain>(r#"{"new":[1,{"a":"b"#).unwrap().0, "new[1].a");
}

#[test]
fn a_value_that_was_refused_without_a_position_is_the_whole_text() {
    assert_eq!(found::<Small>(" 70 ").unwrap().0, ".");
    assert_eq!(found::<Small>("[]").unwrap().0, ".");
    assert_eq!(found::<Vec<Small>>("[1, 70]").unwrap().0, "[1]");
}

/// Has a text that is JSON itself, whose errors have positions in that text.
#[derive(Deserialize)]
#[expect(dead_code, reason = "only decoded")]
struct Nested {
    #[serde(default)]
    title: String,
    #[serde(deserialize_with = "nested")]
    inner: u8,
    #[serde(default)]
    last: String,
}

fn nested<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<u8, D::Error> {
    serde_json::from_str(&String::deserialize(deserializer)?).map_err(de::Error::custom)
}

#[test]
fn a_position_in_another_text_is_not_taken_for_one_in_this_text() {
    for inner in ["x", "\n\n\n  x", "       x", "         [", "                           7x", "   300"] {
        let inner = Value::from(inner);
        for body in [
            format!(r#"{{"title":"ééééééé","inner":{inner},"last":"é"}}"#),
            format!(r#"{{"inner":{inner},"title":"é","last":"éé"}}"#),
            format!(r#"{{"é":1,"inner":{inner}}}"#),
        ] {
            let (path, _) = found::<Nested>(&body).unwrap();
            assert!([".", "inner"].contains(&&*path), "{path} {body}");
        }
    }
}

#[test]
fn bytes_that_are_no_text_are_named() {
    let (path, error) = syntax_error(b"{\"a\":[1,\"\xff\"]}").unwrap();
    assert_eq!((path.as_str(), error.is_syntax()), ("a[1]", true));
}
