//! Reads the rows of `docs/failure-semantics.md`.

use anyhow::{Result, ensure};

/// One row of a table of failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// `T03`, `R29a`, `S1`, `C1`, `Q2`.
    pub(crate) id: String,
    /// What the client observes.
    pub(crate) what: String,
    /// Why it is not implemented, if it is not.
    pub(crate) not_implemented: Option<String>,
}

/// Reads the rows in the order of the page.
///
/// A line is a row if its first cell is a row id. Its last cell says whether it is implemented.
///
/// # Errors
/// If there are no rows, or an id occurs twice.
pub(crate) fn read(page: &str) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    for row in page.lines().filter_map(parse_row) {
        ensure!(rows.iter().all(|other| other.id != row.id), "{} occurs twice on the page", row.id);
        rows.push(row);
    }
    ensure!(!rows.is_empty(), "the page has no rows");
    Ok(rows)
}

fn parse_row(line: &str) -> Option<Row> {
    let cells: Vec<_> =
        line.strip_prefix('|')?.trim_end().strip_suffix('|')?.split('|').map(str::trim).collect();
    let (id, last) = (cells.first()?, cells.last()?);
    if !is_id(id) {
        return None;
    }
    // Rows of responses have the status in a separate column.
    let what = if id.starts_with('R') { cells.get(1..3)?.join(": ") } else { (*cells.get(1)?).to_owned() };
    let not_built = last.strip_prefix("not yet").map(|why| why.trim_start_matches([':', ' ']).to_owned());
    Some(Row { id: (*id).to_owned(), what: plain(&what), not_implemented: not_built })
}

/// Whether a text is a row id: a letter, a number, and a lower-case letter for rows inserted later.
pub(crate) fn is_id(text: &str) -> bool {
    let Some(number) = text.strip_prefix(['T', 'R', 'S', 'C', 'Q']) else { return false };
    let digits = number.strip_suffix(|last: char| last.is_ascii_lowercase()).unwrap_or(number);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Removes the Markdown marks for bold, italic and code.
fn plain(text: &str) -> String {
    text.replace(['*', '`'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
| mark | means |
|---|---|
| **proved** | a test |

| row | what is seen | kind | |
|---|---|---|---|
| T03 | refused, *or* no way | `ConnectRefused` | **proved** |
| T05 | TLS | | not yet: no TLS |

| row | status | what | |
|---|---|---|---|
| R03a | **4xx** | cut off | part: a little |
";

    #[test]
    fn rows_are_distinguished_from_other_tables_and_keep_their_order() {
        let rows = read(PAGE).unwrap();

        let ids: Vec<_> = rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids, ["T03", "T05", "R03a"]);
        assert_eq!([&rows[0].what, &rows[2].what], ["refused, or no way", "4xx: cut off"]);
    }

    #[test]
    fn a_row_that_is_not_implemented_gives_the_reason() {
        let rows = read(PAGE).unwrap();

        assert_eq!(rows[0].not_implemented, None);
        assert_eq!(rows[1].not_implemented.as_deref(), Some("no TLS"));
    }

    #[test]
    fn a_duplicate_row_id_is_rejected() {
        assert!(read(&PAGE.replace("T05", "T03")).is_err());
    }

    #[test]
    fn a_page_without_rows_is_rejected() {
        assert!(read("# Nothing\n").is_err());
    }

    #[test]
    fn the_page_has_rows_with_each_letter() {
        let rows = read(include_str!("../../../docs/failure-semantics.md")).unwrap();

        for letter in ['T', 'R', 'S', 'C', 'Q'] {
            assert!(rows.iter().any(|row| row.id.starts_with(letter)), "{letter}");
        }
    }
}
