//! Finding the bind parameters in the text of a query.

use std::ops::Range;

/// Returns where the names of bind parameters stand in a query, without strings, quoted names and comments.
///
/// The name of a collection parameter begins with `@`: of `@@books` it is `@books`.
pub(super) fn bind_parameters(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        at = match &bytes[at..] {
            [b'"', ..] => skip_quoted(bytes, at + 1, b"\""),
            [b'\'', ..] => skip_quoted(bytes, at + 1, b"'"),
            [b'`', ..] => skip_quoted(bytes, at + 1, b"`"),
            // A forward tick, U+00B4.
            [0xc2, 0xb4, ..] => skip_quoted(bytes, at + 2, &[0xc2, 0xb4]),
            [b'/', b'/', ..] => skip_until(bytes, at + 2, b"\n"),
            [b'/', b'*', ..] => skip_until(bytes, at + 2, b"*/"),
            [b'@', ..] => {
                let end = name_end(bytes, at + 1);
                found.push(at + 1..end);
                end
            }
            _ => at + 1,
        };
    }
    found.retain(|name| !text[name.clone()].trim_start_matches('@').is_empty());
    found
}

/// Returns the end of a name that may begin with `@`.
fn name_end(bytes: &[u8], start: usize) -> usize {
    let start = if bytes.get(start) == Some(&b'@') { start + 1 } else { start };
    start + bytes[start..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count()
}

/// Returns the end of a quoted part, in which a backslash escapes the next character.
fn skip_quoted(bytes: &[u8], mut at: usize, quote: &[u8]) -> usize {
    while at < bytes.len() {
        if bytes[at..].starts_with(quote) {
            return at + quote.len();
        }
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    bytes.len()
}

fn skip_until(bytes: &[u8], at: usize, end: &[u8]) -> usize {
    let rest = &bytes[at..];
    rest.windows(end.len()).position(|part| part == end).map_or(bytes.len(), |found| at + found + end.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(text: &str) -> Vec<&str> {
        bind_parameters(text).into_iter().map(|name| &text[name]).collect()
    }

    #[test]
    fn parameters_are_found_outside_of_strings_quoted_names_and_comments() {
        let text = "FOR d IN @@books // @no\nFILTER d.`@no` == @a AND d.´@no\"´ == '@no\\'@no' /* @no */ OR d.x == \"@no\" RETURN d[@b_1]";
        assert_eq!(names(text), ["@books", "a", "b_1"]);
        assert!(names("RETURN '@a").is_empty() && names("@ @@").is_empty());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_search_panic(text: String, hard in "[@'\"`´/*\\\\\n a1_é]{0,24}") {
            for text in [text, hard] {
                for name in bind_parameters(&text) {
                    prop_assert!(text.get(name).is_some());
                }
            }
        }
    }
}
