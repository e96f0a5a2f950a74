//! The cause chain of an error on one line.

use std::error::Error;
use std::fmt::Write as _;

use crate::types::printable::Printable;

/// The maximum number of characters displayed of all causes.
const SHOWN: usize = 400;

/// Returns an error and its causes on one line, the outermost first.
///
/// Repetitions are removed, because many libraries repeat the text of their source. Of an error of this crate in the
/// chain, such as that of a login, only the headline is included; its details and advice are displayed elsewhere.
pub(crate) fn in_one_line(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    let mut cause = Some(error);
    while let Some(error) = cause {
        let own = error.downcast_ref::<crate::error::Error>();
        let words = own.map_or_else(|| error.to_string(), crate::error::Error::headline);
        if !words.is_empty() && !text.contains(&words) {
            let gap = if text.is_empty() { "" } else { ": " };
            // Writing to a string cannot fail.
            write!(text, "{gap}{words}").ok();
        }
        cause = if own.is_some() { None } else { error.source() };
    }
    Printable::new(&text, SHOWN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Layer(&'static str, #[source] Option<Box<Layer>>);

    #[test]
    fn causes_are_displayed_once_and_on_one_line() {
        let inner = Layer("refused\r\n(os error 111)", None);
        let middle = Layer("connecting: refused\r\n(os error 111)", Some(Box::new(inner)));
        let outer = Layer("the file cannot be read", Some(Box::new(middle)));
        assert_eq!(in_one_line(&outer), "the file cannot be read: connecting: refused (os error 111)");
    }
}
