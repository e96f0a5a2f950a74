//! `LIKE`: `%` stands for any characters, `_` for one, and a backslash escapes both.

use regex::Regex;

use super::{Case, Result, case};
use crate::functions::arguments::text;
use crate::functions::context::Context;
use crate::value::Value;

pub(in crate::functions) fn like(context: &mut Context<'_>, arguments: &[Value]) -> Result {
    let (text, pattern) = (text(arguments, 0), text(arguments, 1));
    let options = if case(arguments, 2) == Case::Ignored { "(?si)" } else { "(?s)" };
    let key = format!("{options}{pattern}");
    if let Some(regex) = context.environment.likes.get(&key) {
        return Ok(regex.is_match(&text).into());
    }
    let regex = Regex::new(&format!("{options}^{}$", translate(&pattern)))
        .map_err(|_| context.not_implemented("such a long pattern"))?;
    let is_match = regex.is_match(&text);
    context.environment.likes.insert(key, regex);
    Ok(is_match.into())
}

/// Translates a pattern of `LIKE` into a regular expression.
fn translate(pattern: &str) -> String {
    let mut regex = String::with_capacity(pattern.len());
    let mut is_escaped = false;
    for char in pattern.chars() {
        match char {
            '\\' if !is_escaped => {
                is_escaped = true;
                continue;
            }
            '%' if !is_escaped => regex.push_str(".*"),
            '_' if !is_escaped => regex.push('.'),
            _ => {
                // A backslash before an ordinary character stands for itself.
                let is_ordinary = !"\\%_?+[(){}^$|.*".contains(char);
                if is_escaped && is_ordinary {
                    regex.push_str(r"\\");
                }
                regex.push_str(&regex::escape(char.encode_utf8(&mut [0; 4])));
            }
        }
        is_escaped = false;
    }
    regex
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[test]
    fn wildcards_are_translated_and_all_else_is_literal() {
        assert_eq!(translate("a%b_c"), "a.*b.c");
        assert_eq!(translate(r"100\%"), "100%");
        assert_eq!(translate(r"\a\\\_"), r"\\a\\_");
        assert_eq!(translate("(a.b)*"), r"\(a\.b\)\*");
        assert_eq!(translate(r"\."), r"\.");
    }
}
