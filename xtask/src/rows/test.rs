//! The tests, as they tell of themselves.

use crate::rows::document::is_id;

/// A class of request, as tests are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Safe,
    Idempotent,
    NotIdempotent,
}

impl Class {
    pub(crate) const ALL: [Self; 3] = [Self::Safe, Self::Idempotent, Self::NotIdempotent];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Idempotent => "idempotent",
            Self::NotIdempotent => "not_idempotent",
        }
    }
}

/// How a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Green,
    Red,
    Ignored,
}

/// One test that was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Test {
    /// Its whole name.
    pub(crate) name: String,
    /// The row that its name begins with, written as the page does.
    pub(crate) row: Option<String>,
    /// The class that its name ends with.
    pub(crate) class: Option<Class>,
    pub(crate) ended: Ended,
}

impl Test {
    /// Reads a line such as `test rows::connecting::t03_a_refused_…::safe ... ok`.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let (name, ended) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
        let ended = match ended.split(',').next()? {
            "ok" => Ended::Green,
            "ignored" => Ended::Ignored,
            _ => Ended::Red,
        };
        let parts: Vec<_> = name.split("::").collect();
        let class = Class::ALL.into_iter().find(|class| parts.last() == Some(&class.name()));
        let promise = parts.iter().rev().nth(usize::from(class.is_some()))?;
        Some(Self { name: name.to_owned(), row: row_of(promise), class, ended })
    }

    /// Its name without what all have in common, and without its class.
    pub(crate) fn short(&self) -> &str {
        let name = self.name.strip_prefix("rows::").unwrap_or(&self.name);
        let class = self.class.map_or("", Class::name);
        name.strip_suffix(class).and_then(|name| name.strip_suffix("::")).unwrap_or(name)
    }
}

/// The row that a promise speaks of: `t03_a_refused_…` of T03.
fn row_of(promise: &str) -> Option<String> {
    let id = promise.split('_').next()?;
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
        let test = read("test rows::connecting::t03_a_refused_connection::not_idempotent ... ok");

        assert_eq!((test.row.as_deref(), test.class), (Some("T03"), Some(Class::NotIdempotent)));
        assert_eq!((test.short(), test.ended), ("connecting::t03_a_refused_connection", Ended::Green));
    }

    #[test]
    fn a_row_that_was_put_in_between_has_a_small_letter() {
        assert_eq!(read("test rows::x::r29a_a_stranger::safe ... FAILED").row.as_deref(), Some("R29a"));
        assert_eq!(read("test rows::x::c10_a_client::safe ... ok").row.as_deref(), Some("C10"));
    }

    #[test]
    fn a_name_without_a_number_is_of_no_row() {
        let test = read("test rows::login::a_handle_may_log_in ... ignored, slow");

        assert_eq!((test.row, test.class, test.ended), (None, None, Ended::Ignored));
        assert_eq!(read("test rows::login::connections::safe ... ok").row, None);
    }

    #[test]
    fn what_is_not_a_result_is_not_read() {
        for line in ["running 3 tests", "test result: ok. 3 passed; 0 failed", "", "thread 'x' panicked"] {
            assert_eq!(Test::read(line), None, "{line}");
        }
    }
}
