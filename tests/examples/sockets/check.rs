//! Measured values and their thresholds.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

/// A measured value.
#[derive(Debug)]
pub(crate) struct Check {
    /// Scenario and name of the measured value.
    pub(crate) case: &'static str,
    pub(crate) metric: &'static str,
    pub(crate) measured: f64,
    pub(crate) unit: Unit,
    /// `None` if the value is only a baseline.
    pub(crate) threshold: Option<Threshold>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Threshold {
    AtLeast(f64),
    AtMost(f64),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    Calls,
    CallsPerSecond,
    Seconds,
    /// A ratio of two values.
    Ratio,
}

impl Check {
    /// Returns whether the value meets its threshold, if there is one.
    pub(crate) fn is_met(&self) -> Option<bool> {
        self.threshold.map(|threshold| match threshold {
            Threshold::AtLeast(threshold) => self.measured >= threshold,
            Threshold::AtMost(threshold) => self.measured <= threshold,
        })
    }

    fn result(&self) -> &'static str {
        match self.is_met() {
            Some(true) => "met",
            Some(false) => "missed",
            None => "",
        }
    }

    pub(crate) fn json(&self, seed: u64) -> Value {
        let (threshold, direction) = match self.threshold {
            Some(Threshold::AtLeast(threshold)) => (Some(threshold), Some("at least")),
            Some(Threshold::AtMost(threshold)) => (Some(threshold), Some("at most")),
            None => (None, None),
        };
        json!({
            "case": self.case,
            "what": self.metric,
            "measured": self.measured,
            "unit": self.unit.name(),
            "threshold": threshold,
            "threshold_is": direction,
            "met": self.is_met(),
            "seed": seed,
        })
    }

    fn cells(&self) -> [String; 5] {
        let threshold = match self.threshold {
            Some(Threshold::AtLeast(threshold)) => format!("at least {}", self.unit.format(threshold)),
            Some(Threshold::AtMost(threshold)) => format!("at most {}", self.unit.format(threshold)),
            None => String::new(),
        };
        let measured = self.unit.format(self.measured);
        [self.case.to_owned(), self.metric.to_owned(), measured, threshold, self.result().to_owned()]
    }
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::CallsPerSecond => "calls/s",
            Self::Seconds => "s",
            Self::Ratio => "x",
        }
    }

    fn format(self, value: f64) -> String {
        match self {
            Self::Calls | Self::CallsPerSecond => format!("{value:.0} {}", self.name()),
            Self::Seconds => format!("{value:.3} {}", self.name()),
            Self::Ratio => format!("{value:.2} {}", self.name()),
        }
    }
}

/// Returns the lines of a table, each with the result of its check.
pub(crate) fn table_lines(checks: &[Check]) -> Vec<(String, Option<bool>)> {
    let mut table = Table::new();
    let header = ["CASE", "METRIC", "MEASURED", "THRESHOLD", "RESULT"];
    table.load_style(presets::NOTHING).set_header(header).add_rows(checks.iter().map(Check::cells));
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if matches!(index, 2 | 3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let met = [None].into_iter().chain(checks.iter().map(Check::is_met));
    table.lines().map(|line| line.trim_end().to_owned()).zip(met).collect()
}
