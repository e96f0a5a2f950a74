//! Prints differences: as a table on a terminal, as lines with tabs in a pipe, or as JSON.

use std::io::IsTerminal as _;

use anyhow::Result;
use owo_colors::OwoColorize as _;

use super::{Difference, Grade};
use crate::columns::lines;

/// Cells that are longer are cut in a table.
const WIDTH: usize = 60;

/// Prints the differences, those that matter most first within each operation, and a line that counts them.
///
/// # Errors
/// None are known: everything can be serialized.
pub(crate) fn print(differences: &[Difference], as_json: bool) -> Result<()> {
    let mut differences: Vec<_> = differences.to_vec();
    differences.sort_by(|one, two| {
        (&one.operation, two.grade, &one.step).cmp(&(&two.operation, one.grade, &two.step))
    });
    if as_json {
        anstream::println!("{}", serde_json::to_string_pretty(&differences)?);
        return Ok(());
    }
    if std::io::stdout().is_terminal() {
        for (index, line) in table(&differences).into_iter().enumerate() {
            match index {
                0 => anstream::println!("{}", line.dimmed()),
                index if differences[index - 1].grade == Grade::Shape => anstream::println!("{}", line.red()),
                _ => anstream::println!("{line}"),
            }
        }
    } else {
        for one in &differences {
            anstream::println!("{}", cells(one).join("\t"));
        }
    }
    anstream::println!("{}", count(&differences));
    Ok(())
}

fn cells(difference: &Difference) -> [String; 6] {
    let Difference { operation, step, place, grade, expected, found } = difference.clone();
    [operation, grade.name(), step, place, expected, found]
}

fn table(differences: &[Difference]) -> Vec<String> {
    let cut = |cell: String| match cell.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &cell[..end]),
        None => cell,
    };
    let rows = differences.iter().map(|one| cells(one).map(cut)).collect();
    let mut lines = lines(["OPERATION", "GRADE", "REQUEST", "PLACE", "EXPECTED", "FOUND"], rows);
    if differences.is_empty() {
        lines.clear();
    }
    lines
}

fn count(differences: &[Difference]) -> String {
    let of = |grade| differences.iter().filter(|one| one.grade == grade).count();
    let grades = [Grade::Shape, Grade::Error, Grade::Extra, Grade::Value];
    let counts: Vec<_> = grades.map(|grade| format!("{} {}", of(grade), grade.name())).into();
    format!("differences: {} ({})", differences.len(), counts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_aligned_and_long_cells_are_cut() {
        let long = "x".repeat(100);
        let differences = [
            Difference::new("a.b: first", "/c", Grade::Shape, "integer", "string"),
            Difference::new("a.bcd: second", "/c", Grade::Value, "=A", long),
        ];
        let table = table(&differences);
        let column = table[0].find("GRADE").unwrap();

        assert_eq!((table[1][column..].find("shape"), table[2][column..].find("value")), (Some(0), Some(0)));
        assert!(table[2].ends_with("x…"), "{}", table[2]);
        assert_eq!(count(&differences), "differences: 2 (1 shape, 0 error, 0 extra, 1 value)");
    }
}
