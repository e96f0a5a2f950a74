//! Untrusted text, displayed on one line.

use std::fmt::{self, Write as _};

/// Untrusted text that is displayed on one line.
///
/// Each run of control characters, blanks and invisible characters becomes one blank. Text that is too long is cut.
pub(crate) struct Printable<'a> {
    text: &'a str,
    max: usize,
}

impl<'a> Printable<'a> {
    /// Displays at most `most` characters of `text`.
    pub(crate) fn new(text: &'a str, most: usize) -> Self {
        Self { text, max: most }
    }
}

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut shown, mut is_blank) = (0, true);
        for character in self.text.chars() {
            let blank = character.is_control() || character.is_whitespace() || is_invisible(character);
            if blank {
                is_blank |= shown == 0;
                if is_blank {
                    continue;
                }
            }
            if shown == self.max {
                return f.write_char('…');
            }
            f.write_char(if blank { ' ' } else { character })?;
            (shown, is_blank) = (shown + 1, blank);
        }
        Ok(())
    }
}

/// Returns whether a character is invisible or changes the text direction.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn line_breaks_and_escape_characters_become_blanks_and_long_text_is_cut() {
        let shown = |text, most| Printable::new(text, most).to_string();
        assert_eq!(shown("a\r\nb\t \u{1b}[31mc", 80), "a b [31mc");
        assert_eq!(shown("abcdef", 3), "abc…");
        assert_eq!(shown("  abc", 3), "abc");
        assert_eq!(shown("a\u{202e}b", 80), "a b");
        assert_eq!(shown("", 3), "");
    }

    proptest! {
        #[test]
        fn any_text_becomes_one_short_line(text: String, most in 1..50_usize) {
            let shown = Printable::new(&text, most).to_string();
            prop_assert!(shown.chars().count() <= most + 1);
            prop_assert!(!shown.chars().any(char::is_control));
        }
    }
}
