//! The words that errors and attempts have in common.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use arango_protocol::ErrorNumber;
use http::StatusCode;

use super::{Error, causes};
use crate::printable::Printable;

/// The most characters of a server's message that are shown.
pub(crate) const MESSAGE: usize = 300;
/// Text that is shorter is shown even if it is part of what stands before it.
const SHORT: usize = 6;

/// What failed and why: the kind, the server's message and the causes, without repetitions.
pub(crate) fn headline(
    kind: String,
    message: Option<&str>,
    cause: Option<&(dyn StdError + 'static)>,
) -> String {
    let mut text = kind;
    let message = message.map(|message| Printable::new(message, MESSAGE).to_string()).unwrap_or_default();
    let cause = cause.map(causes::in_one_line).unwrap_or_default();
    if message.len() < SHORT || !cause.contains(&message) {
        add(&mut text, &message);
    }
    add(&mut text, &cause);
    text
}

/// Adds what does not stand there already; many servers and libraries say the kind once more.
fn add(text: &mut String, words: &str) {
    let (known, new) = (text.to_lowercase(), words.to_lowercase());
    if words.is_empty() || (words.len() >= SHORT && known.contains(&new)) {
        return;
    }
    if new.starts_with(&known) {
        text.clear();
    } else {
        text.push_str(": ");
    }
    text.push_str(words);
}

/// The error of a login, if that is the cause.
pub(crate) fn login<'a>(cause: Option<&'a (dyn StdError + Send + Sync + 'static)>) -> Option<&'a Error> {
    (cause? as &(dyn StdError + 'static)).downcast_ref()
}

/// What a server said in numbers.
pub(crate) struct ServerDetails {
    pub(crate) status: Option<StatusCode>,
    pub(crate) number: Option<ErrorNumber>,
    pub(crate) retry_after: Option<Duration>,
}

impl ServerDetails {
    /// Writes what does not stand in `text` already, with a comma behind each.
    pub(crate) fn write(&self, f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
        let status = self.status.map(|status| format!("status {}", status.as_u16()));
        let number = self.number.map(|number| format!("error {number}"));
        let retry_after = self.retry_after.map(|pause| format!("retry after {pause:?}"));
        for fact in [status, number, retry_after].into_iter().flatten().filter(|fact| !text.contains(fact)) {
            write!(f, "{fact}, ")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_twice() {
        let text = |kind: &str, message| headline(kind.to_owned(), Some(message), None);
        assert_eq!(text("forbidden", "forbidden"), "forbidden");
        assert_eq!(text("the server's queue is full", "Queue is full"), "the server's queue is full");
        assert_eq!(
            text("not authorized", "not authorized to execute this"),
            "not authorized to execute this"
        );
        assert_eq!(text("conflict", "no"), "conflict: no");
        assert_eq!(text("aborted", ""), "aborted");
        let cause: Box<dyn StdError> = "an error object: out of memory (error 3)".into();
        let whole = headline("the server failed".to_owned(), Some("out of memory"), Some(&*cause));
        assert_eq!(whole, "the server failed: an error object: out of memory (error 3)");
    }
}
