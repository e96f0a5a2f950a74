//! The place in a query that the server does not understand.

use arango_transport::{Error, ErrorKind};

/// Characters of a line that are shown before and after the place.
const AROUND: usize = 60;

/// Adds the place in the query that the server does not understand.
pub(super) fn with_excerpt(error: Error, query: &str) -> Error {
    let message = error.server_message().filter(|_| error.kind() == ErrorKind::InvalidQuery);
    match message.and_then(|message| excerpt(query, message)) {
        Some(excerpt) => error.with_excerpt(excerpt),
        None => error,
    }
}

/// Returns the line of the query that an error message is about, and below it a mark at the place.
///
/// `None` if the message names no place in the query.
fn excerpt(query: &str, message: &str) -> Option<String> {
    let (line, column) = position(message)?;
    let line: Vec<char> = query.lines().nth(line.checked_sub(1)?)?.chars().collect();
    let column = column.checked_sub(1).filter(|column| *column <= line.len())?;
    let begin = column.saturating_sub(AROUND);
    let shown = line.iter().skip(begin).take(2 * AROUND).collect::<String>();
    // A tab before the place moves the mark as far as the text above it.
    let padding = line.iter().take(column).skip(begin).map(|letter| if *letter == '\t' { '\t' } else { ' ' });
    Some(format!("{}\n{}^", shown.trim_end(), padding.collect::<String>()))
}

/// Returns line and column, both from 1 on, of `… at position 2:17`.
fn position(message: &str) -> Option<(usize, usize)> {
    let (_, rest) = message.rsplit_once("at position ")?;
    let end = rest.find(|letter: char| letter != ':' && !letter.is_ascii_digit()).unwrap_or(rest.len());
    let (line, column) = rest[..end].split_once(':')?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_marked_below_its_line() {
        let query = "FOR b IN books\n\tFITLER b.year > 1\n  RETURN b";
        let message = "syntax error, unexpected identifier near 'FITLER b.year > 1' at position 2:2";
        assert_eq!(excerpt(query, message).unwrap(), "\tFITLER b.year > 1\n\t^");
        assert_eq!(
            excerpt("RETURN é +", "unexpected end at position 1:11").unwrap(),
            "RETURN é +\n          ^"
        );
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let query = format!("RETURN [{}]", "1, ".repeat(200));
        let shown = excerpt(&query, "syntax error at position 1:300").unwrap();
        let (line, mark) = shown.split_once('\n').unwrap();
        assert!(line.chars().count() <= 2 * AROUND && mark == " ".repeat(AROUND) + "^", "{shown}");
    }

    #[test]
    fn a_message_without_a_place_in_the_query_has_no_excerpt() {
        for message in
            ["", "at position", "at position 1:", "at position 9:1", "at position 1:99", "at position 0:0"]
        {
            assert_eq!(excerpt("RETURN 1", message), None, "{message}");
        }
    }
}
