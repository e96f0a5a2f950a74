//! Texts shared by errors and attempts.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use arango_protocol::{ErrorKind, ErrorNumber};
use http::StatusCode;

use super::{Error, causes};
use crate::types::printable::Printable;

/// The maximum number of characters displayed of a server's message.
pub(crate) const MAX_MESSAGE_CHARS: usize = 300;
/// A text shorter than this is displayed even if the text before it already contains it.
const SHORT_TEXT: usize = 6;

/// The cause of a call that was in progress when its client was closed.
#[derive(Debug, thiserror::Error)]
#[error("the grace period ended before the response arrived")]
struct GraceEnded;

/// Returns the cause that explains why a call or an attempt failed.
///
/// A closed client ends its connections. hyper reports that a runtime dropped them.
pub(crate) fn shown_cause<'a>(
    kind: ErrorKind,
    cause: Option<&'a (dyn StdError + 'static)>,
) -> Option<&'a (dyn StdError + 'static)> {
    cause.map(|cause| if kind == ErrorKind::ClientClosed { &GraceEnded } else { cause })
}

/// Joins the kind, the server's message and the causes, without repetitions.
pub(crate) fn headline(
    kind: String,
    message: Option<&str>,
    cause: Option<&(dyn StdError + 'static)>,
) -> String {
    let mut text = kind;
    let message =
        message.map(|message| Printable::new(message, MAX_MESSAGE_CHARS).to_string()).unwrap_or_default();
    let cause = cause.map(causes::in_one_line).unwrap_or_default();
    if message.len() < SHORT_TEXT || !cause.contains(&message) {
        append_unless_contained(&mut text, &message);
    }
    append_unless_contained(&mut text, &cause);
    text
}

/// Removes the error number at the end of a headline, since the details that follow in parentheses have it.
pub(crate) fn without_number(mut headline: String, number: Option<ErrorNumber>) -> String {
    let end = number.map(|number| format!(" (error {number})"));
    if let Some(kept) = end.and_then(|end| headline.strip_suffix(&end).map(str::len)) {
        headline.truncate(kept);
    }
    headline
}

/// Appends a text unless it is already contained; many servers and libraries repeat the kind.
fn append_unless_contained(text: &mut String, addition: &str) {
    let (present, new) = (text.to_lowercase(), addition.to_lowercase());
    if addition.is_empty() || (addition.len() >= SHORT_TEXT && present.contains(&new)) {
        return;
    }
    // A kind of one word, such as "conflict", may have another meaning in a message.
    if new.starts_with(&present) || (present.contains(' ') && new.contains(&present)) {
        text.clear();
    } else {
        text.push_str(": ");
    }
    text.push_str(addition);
}

/// Returns the error of a login, if that is the cause.
pub(crate) fn login<'a>(cause: Option<&'a (dyn StdError + Send + Sync + 'static)>) -> Option<&'a Error> {
    (cause? as &(dyn StdError + 'static)).downcast_ref()
}

/// Status, error number and `Retry-After` of a response.
pub(crate) struct ServerDetails {
    pub(crate) status: Option<StatusCode>,
    pub(crate) number: Option<ErrorNumber>,
    pub(crate) retry_after: Option<Duration>,
}

impl ServerDetails {
    /// Writes each value that `text` does not contain, followed by a comma.
    pub(crate) fn write(&self, f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
        let status = self.status.map(|status| format!("status {}", status.as_u16()));
        let number = self.number.map(|number| format!("error {number}"));
        let retry_after = self.retry_after.map(|pause| format!("retry after {pause:?}"));
        for detail in
            [status, number, retry_after].into_iter().flatten().filter(|detail| !text.contains(detail))
        {
            write!(f, "{detail}, ")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_at_the_end_is_left_to_the_details() {
        let text = |number| without_number("not found: zzz (error 1203)".to_owned(), number);
        assert_eq!(text(Some(ErrorNumber(1203))), "not found: zzz");
        assert_eq!(text(Some(ErrorNumber(12))), "not found: zzz (error 1203)");
        assert_eq!(text(None), "not found: zzz (error 1203)");
    }

    #[test]
    fn repetitions_are_removed() {
        let text = |kind: &str, message| headline(kind.to_owned(), Some(message), None);
        assert_eq!(text("forbidden", "forbidden"), "forbidden");
        assert_eq!(text("the server's queue is full", "Queue is full"), "the server's queue is full");
        assert_eq!(
            text("not authorized", "not authorized to execute this"),
            "not authorized to execute this"
        );
        assert_eq!(
            text("collection not found", "AQL: collection not found: a"),
            "AQL: collection not found: a"
        );
        assert_eq!(text("conflict", "write-write conflict"), "conflict: write-write conflict");
        assert_eq!(text("conflict", "no"), "conflict: no");
        assert_eq!(text("aborted", ""), "aborted");
        let cause: Box<dyn StdError> = "an error object: out of memory (error 3)".into();
        let whole = headline("the server failed".to_owned(), Some("out of memory"), Some(&*cause));
        assert_eq!(whole, "the server failed: an error object: out of memory (error 3)");
    }
}
