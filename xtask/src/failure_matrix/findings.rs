//! Matches rows and tests.

use crate::failure_matrix::document::Row;
use crate::failure_matrix::test::{Class, Test, TestResult};

/// The results of all rows.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Row, class, result and test.
    pub(crate) lines: Vec<Line>,
    /// Row, observation, and the reason why it is not implemented.
    pub(crate) not_implemented: Vec<[String; 3]>,
    /// Contradictions between the page and the tests.
    pub(crate) contradictions: Vec<String>,
    /// Number of rows that are implemented.
    pub(crate) rows: usize,
    /// Number of those without a test for one of the classes.
    pub(crate) untested: usize,
    /// Number of tests that failed.
    pub(crate) failed: usize,
}

/// One test, or a missing one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) cells: [String; 4],
    pub(crate) is_ok: bool,
}

impl Findings {
    /// Assigns the tests to the rows, and looks for a row for each test.
    pub(crate) fn new(rows: &[Row], tests: &[Test]) -> Self {
        let mut findings = Self::default();
        for row in rows {
            let of_row: Vec<_> = tests.iter().filter(|test| test.row.as_ref() == Some(&row.id)).collect();
            findings.add_row(row, &of_row);
        }
        for test in tests {
            findings.add_unmatched(rows, test);
        }
        findings.failed = tests.iter().filter(|test| test.result == TestResult::Failed).count();
        findings
    }

    pub(crate) fn are_ok(&self) -> bool {
        self.untested == 0 && self.failed == 0 && self.contradictions.is_empty()
    }

    pub(crate) fn summary(&self) -> String {
        format!("{} rows, {} untested, {} failed", self.rows, self.untested, self.failed)
    }

    fn add_row(&mut self, row: &Row, tests: &[&Test]) {
        if let Some(why) = &row.not_implemented {
            self.not_implemented.push([row.id.clone(), row.what.clone(), why.clone()]);
            if !tests.is_empty() {
                self.contradictions.push(format!("{} has a test, but the page says `not yet`", row.id));
            }
            return;
        }
        self.rows += 1;
        let mut complete = true;
        for class in Class::ALL {
            let of_class: Vec<_> = tests.iter().filter(|test| test.class == Some(class)).collect();
            complete &= of_class.iter().any(|test| test.result != TestResult::Ignored);
            if of_class.is_empty() {
                self.lines.push(Line::new(&row.id, Some(class), "missing", &row.what));
            }
            self.lines.extend(of_class.into_iter().map(|test| Line::for_test(&row.id, test)));
        }
        self.untested += usize::from(!complete);
    }

    fn add_unmatched(&mut self, rows: &[Row], test: &Test) {
        match &test.row {
            None => self.lines.push(Line::for_test("-", test)),
            Some(id) if rows.iter().all(|row| row.id != *id) => {
                self.lines.push(Line::for_test("-", test));
                self.contradictions.push(format!("`{}` names {id}, which is not on the page", test.name));
            }
            Some(id) if test.class.is_none() => {
                self.lines.push(Line::for_test(id, test));
                self.contradictions.push(format!("`{}` names {id}, but no class", test.name));
            }
            Some(_) => {}
        }
    }
}

impl Line {
    fn for_test(row: &str, test: &Test) -> Self {
        let result = match test.result {
            TestResult::Passed => "ok",
            TestResult::Failed => "FAILED",
            TestResult::Ignored => "ignored",
        };
        Self::new(row, test.class, result, test.short())
    }

    fn new(row: &str, class: Option<Class>, result: &str, test: &str) -> Self {
        let class = class.map_or("-", Class::name);
        Self { cells: [row, class, result, test].map(str::to_owned), is_ok: result == "ok" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, not_built: Option<&str>) -> Row {
        Row { id: id.to_owned(), what: "what".to_owned(), not_implemented: not_built.map(str::to_owned) }
    }

    fn tests(lines: &[&str]) -> Vec<Test> {
        lines.iter().map(|line| Test::read(&format!("test failure_matrix::x::{line}")).unwrap()).collect()
    }

    fn all_of(test_name: &str) -> [String; 4] {
        Class::ALL.map(|class| format!("{test_name}::{} ... ok", class.name()))
    }

    fn find(rows: &[Row], lines: &[&str]) -> Findings {
        Findings::new(rows, &tests(lines))
    }

    #[test]
    fn a_row_with_a_passing_test_for_each_class_is_ok() {
        let [one, two, three, four] = all_of("t03_x");
        let findings = find(&[row("T03", None)], &[&one, &two, &three, &four, "a_test_of_no_row ... ok"]);

        assert!(findings.are_ok(), "{findings:?}");
        assert_eq!(findings.summary(), "1 rows, 0 untested, 0 failed");
        assert_eq!(findings.lines.len(), 5);
    }

    #[test]
    fn a_row_that_lacks_one_class_is_untested() {
        let [one, two, three, _] = all_of("t03_x");
        let findings = find(&[row("T03", None)], &[&one, &two, &three]);

        assert_eq!((findings.untested, findings.are_ok()), (1, false));
        assert_eq!(findings.lines[3].cells, ["T03", "not_idempotent", "missing", "what"]);
    }

    #[test]
    fn an_ignored_test_does_not_count() {
        let [one, two, three, _] = all_of("t03_x");
        let findings = find(&[row("T03", None)], &[&one, &two, &three, "t03_x::not_idempotent ... ignored"]);

        assert_eq!((findings.untested, findings.failed), (1, 0));
    }

    #[test]
    fn a_failing_test_is_not_offset_by_a_passing_one() {
        let [one, two, three, four] = all_of("t03_x");
        let findings = find(
            &[row("T03", None)],
            &[&one, &two, &three, &four, "t03_y::safe ... FAILED", "plain ... FAILED"],
        );

        assert_eq!((findings.untested, findings.failed, findings.are_ok()), (0, 2, false));
    }

    #[test]
    fn a_test_of_an_unknown_row_is_a_contradiction() {
        let findings = find(&[row("T05", Some("no TLS"))], &["t99_x::safe ... ok"]);

        assert_eq!((findings.contradictions.len(), findings.are_ok()), (1, false));
        assert_eq!(findings.rows, 0);
    }

    #[test]
    fn a_test_without_a_class_does_not_count() {
        let findings = find(&[row("T03", None)], &["t03_x ... ok"]);

        assert_eq!((findings.untested, findings.contradictions.len()), (1, 1));
    }

    #[test]
    fn a_row_that_is_not_implemented_is_listed_and_not_counted_and_has_no_tests() {
        let built = find(&[row("T05", Some("no TLS"))], &[]);
        assert!(built.are_ok());
        assert_eq!((built.rows, built.not_implemented.len()), (0, 1));

        let [one, ..] = all_of("t05_x");
        assert!(!find(&[row("T05", Some("no TLS"))], &[&one]).are_ok());
    }
}
