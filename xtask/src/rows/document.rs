//! The rows, as `docs/failure-semantics.md` has them.

use anyhow::{Result, ensure};

/// One line of a table of failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// `T03`, `R29a`, `C1`.
    pub(crate) id: String,
    /// What is seen.
    pub(crate) what: String,
    /// Why there is nothing to test, if there is not.
    pub(crate) not_built: Option<String>,
}

/// Reads the rows in the order in which they stand.
///
/// A line is a row if its first cell is the number of one; its last cell says whether it is built.
///
/// # Errors
/// If there are none, or a number stands twice.
pub(crate) fn read(page: &str) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    for row in page.lines().filter_map(row) {
        ensure!(rows.iter().all(|other| other.id != row.id), "{} stands twice on the page", row.id);
        rows.push(row);
    }
    ensure!(!rows.is_empty(), "the page has no rows");
    Ok(rows)
}

fn row(line: &str) -> Option<Row> {
    let cells: Vec<_> =
        line.strip_prefix('|')?.trim_end().strip_suffix('|')?.split('|').map(str::trim).collect();
    let (id, last) = (cells.first()?, cells.last()?);
    if !is_id(id) {
        return None;
    }
    // Answers have their status in a column of its own.
    let what = if id.starts_with('R') { cells.get(1..3)?.join(": ") } else { (*cells.get(1)?).to_owned() };
    let not_built = last.strip_prefix("not yet").map(|why| why.trim_start_matches([':', ' ']).to_owned());
    Some(Row { id: (*id).to_owned(), what: plain(&what), not_built })
}

/// Whether this is how a row is called: a letter, a number, and a small letter where one was put in between.
pub(crate) fn is_id(text: &str) -> bool {
    let Some(number) = text.strip_prefix(['T', 'R', 'C']) else { return false };
    let digits = number.strip_suffix(|last: char| last.is_ascii_lowercase()).unwrap_or(number);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Text without the marks that make it bold, slanted or code.
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
    fn rows_are_told_from_other_tables_and_keep_their_order() {
        let rows = read(PAGE).unwrap();

        let ids: Vec<_> = rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids, ["T03", "T05", "R03a"]);
        assert_eq!([&rows[0].what, &rows[2].what], ["refused, or no way", "4xx: cut off"]);
    }

    #[test]
    fn what_is_not_built_says_why() {
        let rows = read(PAGE).unwrap();

        assert_eq!(rows[0].not_built, None);
        assert_eq!(rows[1].not_built.as_deref(), Some("no TLS"));
    }

    #[test]
    fn a_number_that_stands_twice_is_refused() {
        assert!(read(&PAGE.replace("T05", "T03")).is_err());
    }

    #[test]
    fn a_page_without_rows_is_refused() {
        assert!(read("# Nothing\n").is_err());
    }

    #[test]
    fn ours_has_rows_of_all_three_letters() {
        let rows = read(include_str!("../../../docs/failure-semantics.md")).unwrap();

        for letter in ['T', 'R', 'C'] {
            assert!(rows.iter().any(|row| row.id.starts_with(letter)), "{letter}");
        }
    }
}
