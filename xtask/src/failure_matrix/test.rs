//! Test results, parsed from the output of the tests.

use crate::failure_matrix::document::is_id;

/// A class of request, as written in test names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Safe,
    Fenced,
    Idempotent,
    NotIdempotent,
}

impl Class {
    pub(crate) const ALL: [Self; 4] = [Self::Safe, Self::Fenced, Self::Idempotent, Self::NotIdempotent];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Fenced => "fenced",
            Self::Idempotent => "idempotent",
            Self::NotIdempotent => "not_idempotent",
        }
    }
}

/// The result of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TestResult {
    Passed,
    Failed,
    Ignored,
}

/// One test that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Test {
    /// Its full path.
    pub(crate) name: String,
    /// The row id at the start of its name, in the page's spelling.
    pub(crate) row: Option<String>,
    /// The class at the end of its path.
    pub(crate) class: Option<Class>,
    pub(crate) result: TestResult,
}

impl Test {
    /// Parses a line such as `test failure_matrix::connecting::t03_a_refused_…::safe ... ok`.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let (name, result) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
        let result = match result.split(',').next()? {
            "ok" => TestResult::Passed,
            "ignored" => TestResult::Ignored,
            _ => TestResult::Failed,
        };
        let parts: Vec<_> = name.split("::").collect();
        let class = Class::ALL.into_iter().find(|class| parts.last() == Some(&class.name()));
        let test_name = parts.iter().rev().nth(usize::from(class.is_some()))?;
        Some(Self { name: name.to_owned(), row: row_of(test_name), class, result })
    }

    /// Its path without the common prefix and without its class.
    pub(crate) fn short(&self) -> &str {
        let name = self.name.strip_prefix("failure_matrix::").unwrap_or(&self.name);
        let class = self.class.map_or("", Class::name);
        name.strip_suffix(class).and_then(|name| name.strip_suffix("::")).unwrap_or(name)
    }
}

/// The row id of a test name: T03 for `t03_a_refused_…`.
fn row_of(test_name: &str) -> Option<String> {
    let id = test_name.split('_').next()?;
    let (letter, number) = id.split_at_checked(1)?;
    Some(letter.to_ascii_uppercase() + number).filter(|id| is_id(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Test {
        Test::read(line).unwrap()
    }

    #[test]
    fn a_name_begins_with_its_row_and_ends_with_its_class() {
        let test = read("test failure_matrix::connecting::t03_a_refused_connection::not_idempotent ... ok");

        assert_eq!((test.row.as_deref(), test.class), (Some("T03"), Some(Class::NotIdempotent)));
        assert_eq!((test.short(), test.result), ("connecting::t03_a_refused_connection", TestResult::Passed));
    }

    #[test]
    fn inserted_rows_have_a_letter_suffix() {
        assert_eq!(
            read("test failure_matrix::x::r29a_an_untrusted_host::safe ... FAILED").row.as_deref(),
            Some("R29a")
        );
        assert_eq!(read("test failure_matrix::x::c10_a_client::safe ... ok").row.as_deref(), Some("C10"));
    }

    #[test]
    fn a_name_without_a_row_id_belongs_to_no_row() {
        let test = read("test failure_matrix::login::a_handle_may_log_in ... ignored, slow");

        assert_eq!((test.row, test.class, test.result), (None, None, TestResult::Ignored));
        assert_eq!(read("test failure_matrix::login::connections::safe ... ok").row, None);
    }

    #[test]
    fn other_lines_are_not_results() {
        for line in ["running 3 tests", "test result: ok. 3 passed; 0 failed", "", "thread 'x' panicked"] {
            assert_eq!(Test::read(line), None, "{line}");
        }
    }
}
