//! Answers to the open questions.

use serde::{Deserialize, Serialize};

/// What was found out about an open question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answer {
    pub(crate) finding: Finding,
    /// What is different, or why it cannot be checked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) found: String,
}

/// Whether a question is answered as the project believes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Finding {
    AsBelieved,
    Different,
    NotChecked,
}
