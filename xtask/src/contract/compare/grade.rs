//! How much a difference matters.

use clap::ValueEnum;
use serde::Serialize;

/// How much a difference matters to a client, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Grade {
    /// Another value of the same type.
    Value,
    /// A key or a header that was not expected.
    Extra,
    /// Another status or error number.
    Error,
    /// A wrong type, or a missing key: this breaks a client.
    Shape,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    /// The operation of the step.
    pub(crate) operation: String,
    pub(crate) step: String,
    /// Where in the response, such as `/result/*/id` or `header etag`.
    pub(crate) place: String,
    pub(crate) grade: Grade,
    pub(crate) expected: String,
    pub(crate) found: String,
}

impl Grade {
    /// The name on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

impl Difference {
    pub(crate) fn new(
        id: &str,
        place: impl Into<String>,
        grade: Grade,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        let (operation, step) = id.split_once(": ").unwrap_or((id, ""));
        Self {
            operation: operation.to_owned(),
            step: step.to_owned(),
            place: place.into(),
            grade,
            expected: expected.into(),
            found: found.into(),
        }
    }

    /// The id of the step.
    pub(crate) fn id(&self) -> String {
        format!("{}: {}", self.operation, self.step)
    }
}
