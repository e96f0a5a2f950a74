//! Tables with aligned columns.

use comfy_table::{Table, presets};

/// The lines of a table without borders, the header first.
///
/// Cells must not contain colours: escape sequences would be counted as width. The caller colours whole lines.
pub(crate) fn lines<const N: usize>(header: [&str; N], rows: Vec<[String; N]>) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header).add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_nothing_trails() {
        let rows = vec![["T01".to_owned(), "x".to_owned()], ["R03a".to_owned(), "y".to_owned()]];

        assert_eq!(lines(["ROW", "CLASS"], rows), ["ROW   CLASS", "T01   x", "R03a  y"]);
    }
}
