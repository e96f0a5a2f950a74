//! Metrics as Prometheus text.

mod server;
mod usage;

use std::fmt;

use serde::Serialize;

use arango_protocol::{ApiResponse, OutputError};

use crate::types::no_payload::is_empty_of_arangodb;

pub use server::{GetMetrics, GetServerMetrics, MetricsMode};
pub use usage::{GetServerUsageMetrics, GetUsageMetrics};

/// Metrics in the text format of Prometheus.
///
/// Since 3.10.6 there is a space between labels and value. The text is returned unparsed.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Metrics(String);

impl Metrics {
    /// Parses metrics that may be empty, if the head names ArangoDB.
    #[inline]
    fn parse_or_empty(response: &ApiResponse) -> Result<Self, OutputError> {
        if is_empty_of_arangodb(response) { Ok(Self(String::new())) } else { Self::parse(response) }
    }

    #[inline]
    fn parse(response: &ApiResponse) -> Result<Self, OutputError> {
        let text = response.text()?;
        match text.lines().find(|line| !is_sample(line) && !is_comment(line)) {
            None if text.lines().any(is_sample) => Ok(Self(text)),
            _ => Err(response.invalid("text that is not metrics")),
        }
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the owned text.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Returns whether a line is a comment or blank.
#[inline]
fn is_comment(line: &str) -> bool {
    line.starts_with('#') || line.trim().is_empty()
}

/// Returns whether a line contains a sample: a name, optional labels in braces, and a number.
#[inline]
fn is_sample(line: &str) -> bool {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':';
    let name = line.bytes().take_while(|byte| is_of_name(*byte)).count();
    let rest = &line[name..];
    let value =
        if rest.starts_with('{') { rest.rsplit_once('}').map_or("", |(_, value)| value) } else { rest };
    let is_number = value.split_whitespace().next().is_some_and(|value| value.parse::<f64>().is_ok());
    name > 0 && !line.starts_with(|first: char| first.is_ascii_digit()) && is_number
}

impl fmt::Display for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Metrics {
    // The text can have thousands of lines.
    #[inline]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metrics({} lines)", self.0.lines().count())
    }
}
