//! Rows and tests, put together.

use crate::rows::document::Row;
use crate::rows::test::{Class, Ended, Test};

/// What there is to say of all rows.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Row, class, result and test.
    pub(crate) lines: Vec<Line>,
    /// Row, what is seen, and why it is not built.
    pub(crate) not_built: Vec<[String; 3]>,
    /// Where the page and the tests contradict each other.
    pub(crate) contradictions: Vec<String>,
    /// Rows that are built.
    pub(crate) rows: usize,
    /// Those of them that lack a test for one of the classes.
    pub(crate) without: usize,
    /// Tests that failed.
    pub(crate) red: usize,
}

/// One test, or the place where one is missing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) cells: [String; 4],
    pub(crate) is_well: bool,
}

impl Findings {
    /// Looks for the tests of each row, and for the row of each test.
    pub(crate) fn of(rows: &[Row], tests: &[Test]) -> Self {
        let mut findings = Self::default();
        for row in rows {
            let of_row: Vec<_> = tests.iter().filter(|test| test.row.as_ref() == Some(&row.id)).collect();
            findings.add_row(row, &of_row);
        }
        for test in tests {
            findings.add_stray(rows, test);
        }
        findings.red = tests.iter().filter(|test| test.ended == Ended::Red).count();
        findings
    }

    pub(crate) fn are_well(&self) -> bool {
        self.without == 0 && self.red == 0 && self.contradictions.is_empty()
    }

    pub(crate) fn summary(&self) -> String {
        format!("{} rows, {} without a test, {} red", self.rows, self.without, self.red)
    }

    fn add_row(&mut self, row: &Row, tests: &[&Test]) {
        if let Some(why) = &row.not_built {
            self.not_built.push([row.id.clone(), row.what.clone(), why.clone()]);
            if !tests.is_empty() {
                self.contradictions.push(format!("{} has a test, and the page says `not yet`", row.id));
            }
            return;
        }
        self.rows += 1;
        let mut complete = true;
        for class in Class::ALL {
            let of_class: Vec<_> = tests.iter().filter(|test| test.class == Some(class)).collect();
            complete &= of_class.iter().any(|test| test.ended != Ended::Ignored);
            if of_class.is_empty() {
                self.lines.push(Line::new(&row.id, Some(class), "missing", &row.what));
            }
            self.lines.extend(of_class.into_iter().map(|test| Line::of(&row.id, test)));
        }
        self.without += usize::from(!complete);
    }

    fn add_stray(&mut self, rows: &[Row], test: &Test) {
        match &test.row {
            None => self.lines.push(Line::of("-", test)),
            Some(id) if rows.iter().all(|row| row.id != *id) => {
                self.lines.push(Line::of("-", test));
                self.contradictions.push(format!("`{}` names {id}, which is not on the page", test.name));
            }
            Some(id) if test.class.is_none() => {
                self.lines.push(Line::of(id, test));
                self.contradictions.push(format!("`{}` names {id} and no class", test.name));
            }
            Some(_) => {}
        }
    }
}

impl Line {
    fn of(row: &str, test: &Test) -> Self {
        let result = match test.ended {
            Ended::Green => "ok",
            Ended::Red => "FAILED",
            Ended::Ignored => "ignored",
        };
        Self::new(row, test.class, result, test.short())
    }

    fn new(row: &str, class: Option<Class>, result: &str, test: &str) -> Self {
        let class = class.map_or("-", Class::name);
        Self { cells: [row, class, result, test].map(str::to_owned), is_well: result == "ok" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, not_built: Option<&str>) -> Row {
        Row { id: id.to_owned(), what: "what".to_owned(), not_built: not_built.map(str::to_owned) }
    }

    fn tests(lines: &[&str]) -> Vec<Test> {
        lines.iter().map(|line| Test::read(&format!("test rows::x::{line}")).unwrap()).collect()
    }

    fn all_of(promise: &str) -> [String; 3] {
        Class::ALL.map(|class| format!("{promise}::{} ... ok", class.name()))
    }

    fn find(rows: &[Row], lines: &[&str]) -> Findings {
        Findings::of(rows, &tests(lines))
    }

    #[test]
    fn a_row_with_a_green_test_for_each_class_is_well() {
        let [one, two, three] = all_of("t03_x");
        let findings = find(&[row("T03", None)], &[&one, &two, &three, "a_test_of_no_row ... ok"]);

        assert!(findings.are_well(), "{findings:?}");
        assert_eq!(findings.summary(), "1 rows, 0 without a test, 0 red");
        assert_eq!(findings.lines.len(), 4);
    }

    #[test]
    fn a_row_that_lacks_one_class_is_without_a_test() {
        let [one, two, _] = all_of("t03_x");
        let findings = find(&[row("T03", None)], &[&one, &two]);

        assert_eq!((findings.without, findings.are_well()), (1, false));
        assert_eq!(findings.lines[2].cells, ["T03", "not_idempotent", "missing", "what"]);
    }

    #[test]
    fn a_test_that_is_ignored_proves_nothing() {
        let [one, two, _] = all_of("t03_x");
        let findings = find(&[row("T03", None)], &[&one, &two, "t03_x::not_idempotent ... ignored"]);

        assert_eq!((findings.without, findings.red), (1, 0));
    }

    #[test]
    fn a_red_test_is_not_made_up_for_by_a_green_one() {
        let [one, two, three] = all_of("t03_x");
        let findings =
            find(&[row("T03", None)], &[&one, &two, &three, "t03_y::safe ... FAILED", "plain ... FAILED"]);

        assert_eq!((findings.without, findings.red, findings.are_well()), (0, 2, false));
    }

    #[test]
    fn a_test_of_a_row_that_is_not_there_is_a_contradiction() {
        let findings = find(&[row("T05", Some("no TLS"))], &["t99_x::safe ... ok"]);

        assert_eq!((findings.contradictions.len(), findings.are_well()), (1, false));
        assert_eq!(findings.rows, 0);
    }

    #[test]
    fn a_test_that_names_no_class_ties_nothing() {
        let findings = find(&[row("T03", None)], &["t03_x ... ok"]);

        assert_eq!((findings.without, findings.contradictions.len()), (1, 1));
    }

    #[test]
    fn a_row_that_is_not_built_is_listed_and_not_counted_and_has_no_tests() {
        let built = find(&[row("T05", Some("no TLS"))], &[]);
        assert!(built.are_well());
        assert_eq!((built.rows, built.not_built.len()), (0, 1));

        let [one, ..] = all_of("t05_x");
        assert!(!find(&[row("T05", Some("no TLS"))], &[&one]).are_well());
    }
}
