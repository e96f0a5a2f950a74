//! The path of the value in a JSON text that cannot be decoded.

use std::fmt;
use std::io::Read;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Error, Result};

/// Returns the path of the value at which decoding a text has failed, such as `rows[17].title`. `.` is the whole text.
///
/// `decode` is what has failed. The path is found by its errors and by reading parts of the text as [`Any`]: a
/// decoder that tracks the path would be a second decoder for each type, as large as the first.
#[cold]
pub(crate) fn decode_error_path<'a>(
    text: &'a str,
    error: &Error,
    decode: fn(&'a str) -> Result<()>,
) -> String {
    if !error.is_data()
        && let Some((path, _)) = syntax_error(text.as_bytes())
    {
        return path;
    }
    let Some(read) = text_before(text, error) else { return root() };
    if !error.is_data() {
        // JSON in which the parser looked for another value. It had seen the first byte of the one that is there.
        return path_at_end(read.get(..read.len().saturating_sub(1)).unwrap_or(read).trim_ascii_end());
    }
    let is_refused = |part| decode(part).is_err_and(|error| error.is_data());
    let mut read = read.trim_ascii_end();
    // If the last value of an array or object is refused only after it was read, the parser reads the end of the array
    // or object too before it notes the position. Without that end, the value is then refused as well.
    while let Some(shorter) = read.strip_suffix([',', ']', '}']).map(str::trim_ascii_end)
        && is_refused(shorter)
    {
        read = shorter;
    }
    match read.strip_suffix(['[', '{']) {
        // Not the first value in an array or object, but the array or object.
        Some(before) if is_refused(read) => path_at_end(before.trim_ascii_end()),
        // The last value is refused, but not without its end; or the next array or object is, of which nothing was read.
        _ if is_refused(read) && !is_refused(without_end(read)) => path_at_end(read),
        _ if !is_refused(read) && is_refused(with_next(text, read)) => path_at_end(read),
        // The position is that of another text, which a string of this one contains.
        _ => root(),
    }
}

/// Returns the first syntax error in a text, and its path.
pub(crate) fn syntax_error(text: &[u8]) -> Option<(String, Error)> {
    syntax_error_before(text, b"")
}

/// Returns the first syntax error in a text that goes on with `end`, and its path. The text, which may be large, is not copied.
fn syntax_error_before(text: &[u8], end: &[u8]) -> Option<(String, Error)> {
    let mut deserializer = serde_json::Deserializer::from_reader(text.chain(end));
    match serde_path_to_error::deserialize::<_, Any>(&mut deserializer) {
        Ok(_) => deserializer.end().err().map(|error| (root(), error)),
        Err(error) => Some((error.path().to_string(), error.into_inner())),
    }
}

/// Returns the path of the last value of a text that ends with it, or just before it.
fn path_at_end(text: &str) -> String {
    /// What stands for a key that was not read to its end.
    const UNKNOWN_KEY: &str = "?";

    let (start, end) = match text.as_bytes().last() {
        Some(b'0'..=b'9') => (without_end(text), "!"),
        Some(b'"' | b'}' | b']' | b'a'..=b'z') => (without_end(text), ""),
        _ => (text, "!"),
    };
    let Some((path, _)) = syntax_error_before(start.as_bytes(), end.as_bytes()) else { return root() };
    match path.strip_suffix(UNKNOWN_KEY) {
        Some(object) if text.ends_with('"') => match syntax_error_before(text.as_bytes(), b":!") {
            Some((key, _)) => key,
            None => object.to_owned(),
        },
        Some("") => root(),
        Some(object) => object.strip_suffix('.').unwrap_or(object).to_owned(),
        None => path,
    }
}

/// Returns a text without the number that it ends with, or else without its last character: its last value is then not whole.
fn without_end(text: &str) -> &str {
    let number = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
    let mut characters = text.chars();
    match characters.next_back() {
        // A number needs no end: without its last digit it is another one.
        Some('0'..='9') => text.trim_end_matches(number),
        _ => characters.as_str(),
    }
}

/// Returns the start of a text with one more character that is no white space.
fn with_next<'a>(text: &'a str, start: &str) -> &'a str {
    let rest = text.get(start.len()..).unwrap_or_default();
    let next = rest.char_indices().find(|(_, c)| !c.is_ascii_whitespace());
    next.map_or(text, |(at, c)| &text[..start.len() + at + c.len_utf8()])
}

/// Returns the part of a text that was read when an error was noticed, or `None` if its position is not known.
fn text_before<'a>(text: &'a str, error: &Error) -> Option<&'a str> {
    let line_start = match error.line().checked_sub(2) {
        Some(breaks) => memchr::memchr_iter(b'\n', text.as_bytes()).nth(breaks)? + 1,
        None => 0,
    };
    text.get(..line_start.checked_add(error.column())?).filter(|_| error.line() > 0)
}

fn root() -> String {
    ".".to_owned()
}

/// Any JSON value, which is read and not kept: what is kept of a large text would be larger than the text.
struct Any;

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Any {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> std::result::Result<Self, E> {
        Ok(Self)
    }

    fn visit_bool<E>(self, _: bool) -> std::result::Result<Self, E> {
        Ok(Self)
    }

    fn visit_i64<E>(self, _: i64) -> std::result::Result<Self, E> {
        Ok(Self)
    }

    fn visit_u64<E>(self, _: u64) -> std::result::Result<Self, E> {
        Ok(Self)
    }

    fn visit_f64<E>(self, _: f64) -> std::result::Result<Self, E> {
        Ok(Self)
    }

    fn visit_str<E>(self, _: &str) -> std::result::Result<Self, E> {
        Ok(Self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> std::result::Result<Self, A::Error> {
        while elements.next_element::<Self>()?.is_some() {}
        Ok(Self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> std::result::Result<Self, A::Error> {
        while members.next_entry::<Self, Self>()?.is_some() {}
        Ok(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, de};
    use serde_json::Value;
    use std::collections::BTreeMap;

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
            !matches!(c, ' ' | '\n' | ':' | ',' | ']' | '}')
                && before.is_none_or(|byte| b":,[{".contains(byte))
        });
        let places: Vec<_> = starts
            .filter_map(|(start, _)| {
                let mut values =
                    serde_json::Deserializer::from_str(&text[start..]).into_iter::<de::IgnoredAny>();
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
}
