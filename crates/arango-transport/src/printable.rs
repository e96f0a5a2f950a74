//! Text from outside, as it can be shown in one line.

use std::fmt::{self, Write as _};

/// Foreign text in one line: control characters and runs of blanks are one blank, and what is too long
/// is cut.
pub(crate) struct Printable<'a> {
    text: &'a str,
    most: usize,
}

impl<'a> Printable<'a> {
    /// Shows at most `most` characters of `text`.
    pub(crate) fn new(text: &'a str, most: usize) -> Self {
        Self { text, most }
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
            if shown == self.most {
                return f.write_char('…');
            }
            f.write_char(if blank { ' ' } else { character })?;
            (shown, is_blank) = (shown + 1, blank);
        }
        Ok(())
    }
}

/// Characters that change the direction of what follows, or are not seen at all.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_and_escape_sequences_become_blanks_and_the_rest_is_cut() {
        let shown = |text, most| Printable::new(text, most).to_string();
        assert_eq!(shown("a\r\nb\t \u{1b}[31mc", 80), "a b [31mc");
        assert_eq!(shown("abcdef", 3), "abc…");
        assert_eq!(shown("  abc", 3), "abc");
        assert_eq!(shown("a\u{202e}b", 80), "a b");
        assert_eq!(shown("", 3), "");
    }

    proptest! {
        #[test]
        fn whatever_is_said_is_one_short_line(text: String, most in 1..50_usize) {
            let shown = Printable::new(&text, most).to_string();
            prop_assert!(shown.chars().count() <= most + 1);
            prop_assert!(!shown.chars().any(char::is_control));
        }
    }
}
