//! The order of strings, and how sure it is.

use std::cmp::Ordering;

/// Punctuation and symbols in the order of a server's collation; digits and letters follow.
const PUNCTUATION: &[u8] = b"\t\n\x0b\x0c\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

/// Compares strings, and remembers whether a server might order some of them otherwise.
///
/// A server orders strings by the rules of its language: punctuation, digits, letters; `a` and `A` differ only if all
/// else is equal, and then `A` comes first. This crate has these rules for ASCII. Other characters follow by code point,
/// which a server does not do: a comparison that depends on them is [uncertain](Self::is_uncertain).
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Collation {
    uncertain: bool,
}

impl Collation {
    /// Whether some comparison may differ from that of a server.
    pub(crate) fn is_uncertain(self) -> bool {
        self.uncertain
    }

    pub(crate) fn compare(&mut self, left: &str, right: &str) -> Ordering {
        if left == right {
            return Ordering::Equal;
        }
        let common = left.chars().zip(right.chars()).take_while(|(left, right)| left == right);
        let common: usize = common.map(|(char, _)| char.len_utf8()).sum();
        let (left, right) = (&left[common..], &right[common..]);
        self.uncertain |= !(left.chars().all(has_known_order) && right.chars().all(has_known_order));

        let letters = left.chars().map(weight).cmp(right.chars().map(weight));
        // Capital letters have smaller code points.
        letters.then_with(|| left.cmp(right))
    }
}

fn has_known_order(char: char) -> bool {
    char.is_ascii_graphic() || char == ' ' || ('\t'..='\r').contains(&char)
}

/// Returns the place of a character in the order, which is the same for both cases of a letter.
fn weight(char: char) -> u32 {
    const DIGITS: u32 = 0x100;
    const OTHERS: u32 = 0x1000;
    match u8::try_from(char) {
        Ok(byte) if byte.is_ascii_alphanumeric() => DIGITS + u32::from(byte.to_ascii_lowercase()),
        Ok(byte) => match PUNCTUATION.iter().position(|known| *known == byte) {
            Some(position) => u32::try_from(position + 1).unwrap_or_default(),
            None => OTHERS + u32::from(byte),
        },
        Err(_) => OTHERS + u32::from(char),
    }
}

#[cfg(test)]
mod tests {
    use super::Collation;

    fn sorted(text: &str) -> (String, bool) {
        let mut collation = Collation::default();
        let mut words: Vec<&str> = text.split(' ').collect();
        words.sort_by(|left, right| collation.compare(left, right));
        (words.join(" "), collation.is_uncertain())
    }

    #[test]
    fn the_case_of_letters_matters_only_if_all_else_is_equal() {
        assert_eq!(sorted("b B a A ab Aa"), ("A a Aa ab B b".to_owned(), false));
    }

    #[test]
    fn punctuation_precedes_digits_and_digits_precede_letters() {
        assert_eq!(sorted("a 1 $ _ - z9 z_1 z-1"), ("_ - $ 1 a z_1 z-1 z9".to_owned(), false));
    }

    #[test]
    fn characters_beyond_ascii_make_an_order_uncertain() {
        assert!(sorted("ü a").1);
        assert!(sorted("aü ab").1);
    }

    #[test]
    fn what_strings_have_in_common_at_their_begin_is_certain() {
        assert_eq!(sorted("ü2 ü1"), ("ü1 ü2".to_owned(), false));
    }
}
