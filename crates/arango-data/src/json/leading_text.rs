//! Texts that stand where a server always writes them, found without a JSON parser.

use memchr::memchr2;

/// Takes the text that `before` precedes off the beginning of `json`, up to its closing quote.
///
/// `before` ends with the opening quote. `None` if `json` begins in another way, or if the text has an escape.
///
/// It is for valid JSON that is likely to begin like that. Anything else needs a parser.
pub(crate) fn take_text<'a>(json: &mut &'a [u8], before: &[u8]) -> Option<&'a [u8]> {
    let rest = json.strip_prefix(before)?;
    let (text, rest) = rest.split_at(memchr2(b'"', b'\\', rest)?);
    *json = rest;
    rest.starts_with(b"\"").then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_taken_one_after_the_other() {
        let mut json: &[u8] = br#"{"a":"x","b":"","c":1}"#;
        assert_eq!(take_text(&mut json, br#"{"a":""#), Some(&b"x"[..]));
        assert_eq!(take_text(&mut json, br#"","b":""#), Some(&b""[..]));
        assert_eq!(take_text(&mut json, br#"","c":""#), None);
        assert_eq!(json, br#"","c":1}"#);
    }

    #[test]
    fn a_text_with_an_escape_or_without_an_end_is_left_to_a_parser() {
        for text in [r#"{"a":"x\"y"}"#, r#"{"a":"x\u0062"}"#, r#"{"a":"x"#, r#"{ "a":"x"}"#, ""] {
            assert_eq!(take_text(&mut text.as_bytes(), br#"{"a":""#), None, "{text}");
        }
    }
}
