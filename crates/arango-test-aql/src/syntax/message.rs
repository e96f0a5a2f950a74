//! Messages of syntax errors, in the words of the server.

use crate::error::{Position, QueryError, number};

/// Number of characters of the query that a message shows.
const SHOWN: usize = 32;

/// Returns error 1501 for a place in the text.
pub(super) fn syntax_error(text: &str, start: usize, position: Position, problem: &str) -> QueryError {
    let rest = text.get(start..).unwrap_or_default();
    let end = rest.char_indices().nth(SHOWN).map_or(rest.len(), |(end, _)| end);
    let more = if end < rest.len() { "..." } else { "" };
    let shown = &rest[..end];
    let message = format!("{problem} near '{shown}{more}' at position {position}");
    QueryError::new(number::PARSE, message).at(position)
}
