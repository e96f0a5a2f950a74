//! Metrics, as text for those who collect them.

mod server;
mod usage;

use std::fmt;

use arango_protocol::{Answer, DecodeError};

pub use server::{GetMetrics, GetServerMetrics, MetricsMode};
pub use usage::{GetServerUsageMetrics, GetUsageMetrics};

/// Metrics in the text format of Prometheus.
///
/// Since 3.10.6 a blank stands between labels and value. Collectors read it as it is; there is no other view of it here.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Metrics(String);

impl Metrics {
    fn of(answer: &Answer) -> Result<Self, DecodeError> {
        answer.text().map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, taken out.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Display for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Metrics {
    // Thousands of lines help nobody.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Metrics({} lines)", self.0.lines().count())
    }
}
