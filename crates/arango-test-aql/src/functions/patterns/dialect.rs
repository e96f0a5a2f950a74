//! Where patterns mean something else for a server, which uses ICU.

/// Returns what in a pattern this crate does not have, or would understand in another way than a server.
pub(super) fn difference(pattern: &str) -> Option<&'static str> {
    let mut in_class = false;
    let mut after_quantifier = false;
    let mut rest = pattern;
    while let Some(char) = rest.chars().next() {
        let length = char.len_utf8();
        let mut skipped = length;
        let mut is_quantifier = false;
        match char {
            '\\' => {
                let escaped = rest[length..].chars().next();
                skipped += escaped.map_or(0, char::len_utf8);
                match escaped {
                    Some('1'..='9' | 'k') if !in_class => return Some("a back-reference in a pattern"),
                    Some('<' | '>') => return Some("an escaped angle bracket in a pattern"),
                    _ => {}
                }
            }
            '[' if in_class && !rest.starts_with("[:") => return Some("a nested set in a pattern"),
            '[' => in_class = true,
            ']' if in_class => in_class = false,
            '-' | '&' | '~' if in_class && rest[length..].starts_with(char) => {
                return Some("an operator of sets in a pattern");
            }
            '(' if !in_class => {
                if ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|begin| rest.starts_with(begin)) {
                    return Some("a look-ahead or look-behind in a pattern");
                }
                if ["(?>", "(?P", "(?#"].iter().any(|begin| rest.starts_with(begin)) {
                    return Some("a group of another dialect in a pattern");
                }
                // The question mark of `(?:` is no quantifier.
                skipped += usize::from(rest.starts_with("(?"));
            }
            '+' if !in_class && after_quantifier => return Some("a possessive quantifier in a pattern"),
            '*' | '+' | '?' | '}' if !in_class => is_quantifier = true,
            _ => {}
        }
        after_quantifier = is_quantifier;
        rest = &rest[skipped..];
    }
    None
}

/// Returns what in a text a pattern would treat in another way than a server does.
pub(super) fn difference_in_text(pattern: &str, text: &str) -> Option<&'static str> {
    if text.contains(['\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']) {
        return Some("an unusual end of a line in the text");
    }
    // There `$` matches before it as well.
    let ends_line = text.ends_with(['\n', '\r']);
    (ends_line && pattern.contains('$')).then_some("an end of a line at the end of the text")
}

/// Whether a pattern that cannot be compiled is wrong in every dialect.
pub(super) fn is_surely_invalid(error: &regex::Error) -> bool {
    const CERTAIN: &[&str] = &[
        "unclosed group",
        "unopened group",
        "unclosed character class",
        "repetition operator missing expression",
        "incomplete escape sequence",
        "invalid character class range",
        "invalid repetition count range",
    ];
    let text = error.to_string();
    CERTAIN.iter().any(|certain| text.contains(certain))
}

#[cfg(test)]
mod tests {
    use super::{difference, is_surely_invalid};

    #[test]
    fn constructs_of_another_dialect_are_found() {
        for pattern in ["(?=a)", "(?<!a)b", r"(a)\1", "a++", "a{2}+", "(?>a)", r"\<a", "[a-z&&b]", "[a[b]]"] {
            assert!(difference(pattern).is_some(), "{pattern}");
        }
    }

    #[test]
    fn common_patterns_have_the_same_meaning() {
        for pattern in
            ["^a.*b$", "(?:a|b)+?", r"\d+\s*\w", "[a-z+*?]+", r"\(\+\+", "[[:alpha:]]", "(?i)x", "a?b+"]
        {
            assert_eq!(difference(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn unbalanced_patterns_are_invalid_in_every_dialect() {
        for pattern in ["(a", "a)", "[a", "*a", "a{2,1}", "\\"] {
            #[allow(clippy::invalid_regex, reason = "that it is invalid is the point")]
            let error = regex::Regex::new(pattern).unwrap_err();
            assert!(is_surely_invalid(&error), "{error}");
        }
    }
}
