//! Finding the end of a value in JSON without decoding it.
//!
//! Each row that borrows from its batch is found this way before it is decoded.

use memchr::memchr2;

/// Returns where the next byte is that is no white space.
pub(super) fn skip_space(json: &[u8], mut at: usize) -> usize {
    while json.get(at).is_some_and(u8::is_ascii_whitespace) {
        at += 1;
    }
    at
}

/// Returns the end of the string that begins at `at`.
pub(super) fn skip_string(json: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while let Some(found) = json.get(end..).and_then(quote_or_backslash) {
        end += found;
        if json[end] == b'"' {
            return end + 1;
        }
        end += 2;
    }
    json.len()
}

/// Returns the end of the value that begins at `at`, of which the brackets need not fit each other.
pub(super) fn skip_value(json: &[u8], at: usize) -> usize {
    match json.get(at) {
        Some(b'"') => skip_string(json, at),
        Some(b'{' | b'[') => skip_nested(json, at),
        // A number or a word.
        _ => {
            let rest = json.get(at..).unwrap_or_default();
            let length = rest.iter().position(|byte| matches!(byte, b',' | b'}' | b']'));
            at + length.map_or(rest, |length| &rest[..length]).trim_ascii_end().len()
        }
    }
}

/// Returns the end of the object or array that begins at `at`.
fn skip_nested(json: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    loop {
        let rest = json.get(at..).unwrap_or_default();
        let Some(found) = rest.iter().position(|byte| IS_QUOTE_OR_BRACKET[usize::from(*byte)]) else {
            return json.len();
        };
        at += found;
        match json[at] {
            b'"' => {
                at = skip_string(json, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            _ => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
        }
        at += 1;
    }
}

/// A table, because each byte outside of strings is looked at.
static IS_QUOTE_OR_BRACKET: [bool; 256] = {
    let mut table = [false; 256];
    let (bytes, mut index) = (b"\"{}[]", 0);
    while index < bytes.len() {
        table[bytes[index] as usize] = true;
        index += 1;
    }
    table
};

/// Returns where the first quote or backslash is.
fn quote_or_backslash(text: &[u8]) -> Option<usize> {
    // Most names, and many values, end within the first 16 bytes. Searching those takes less time than calling `memchr2`.
    let mut at = 0;
    while at < 16
        && let Some(eight) = text.get(at..).and_then(<[u8]>::first_chunk)
    {
        if let Some(found) = quote_or_backslash_of_eight(*eight) {
            return Some(at + found);
        }
        at += 8;
    }
    memchr2(b'"', b'\\', &text[at..]).map(|found| at + found)
}

/// Returns where the first quote or backslash is among eight bytes, all of which are compared at once.
fn quote_or_backslash_of_eight(bytes: [u8; 8]) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHEST_BITS: u64 = 0x8080_8080_8080_8080;
    let word = u64::from_le_bytes(bytes);
    let marks = |byte: u8| {
        // Of a byte that is equal nothing is left. Of the marked bytes the first is certainly 0.
        let difference = word ^ (ONES * u64::from(byte));
        difference.wrapping_sub(ONES) & !difference & HIGHEST_BITS
    };
    let marked = marks(b'"') | marks(b'\\');
    (marked != 0).then(|| marked.trailing_zeros() as usize / 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_end_of_each_kind_of_value_is_found() {
        for (json, end) in [
            (r#""a\"b",1"#, 6),
            (r#""\\",1"#, 4),
            (r#"{"a":["}",{}]} ,1"#, 14),
            ("[] ]", 2),
            ("-1.5e3 }", 6),
            ("null", 4),
            (r#""unfinished"#, 11),
            (r#"["unfinished""#, 13),
            (r#""\"#, 2),
            (",", 0),
            ("", 0),
        ] {
            assert_eq!(skip_value(json.as_bytes(), 0), end, "{json}");
        }
    }

    proptest! {
        #[test]
        fn the_first_quote_or_backslash_is_found(text in "[ -~\u{80}-\u{17f}]{0,40}", bytes: Vec<u8>) {
            for text in [text.as_bytes(), &bytes] {
                let expected = text.iter().position(|byte| matches!(byte, b'"' | b'\\'));
                prop_assert_eq!(quote_or_backslash(text), expected);
            }
        }

        #[test]
        fn the_end_of_any_string_is_found(text: String, after: String) {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(skip_string(format!("{json}{after}").as_bytes(), 0), json.len());
        }
    }
}
