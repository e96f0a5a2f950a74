//! What was measured, beside what it is to be.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

/// One figure.
#[derive(Debug)]
pub(crate) struct Check {
    /// Where, and what.
    pub(crate) case: &'static str,
    pub(crate) what: &'static str,
    pub(crate) measured: f64,
    pub(crate) unit: Unit,
    /// `None`: it is only there to be compared with.
    pub(crate) bar: Option<Bar>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Bar {
    AtLeast(f64),
    AtMost(f64),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Unit {
    Calls,
    CallsPerSecond,
    Seconds,
    /// So many times as much.
    Times,
}

impl Check {
    /// Whether it is as good as it is to be.
    pub(crate) fn is_met(&self) -> Option<bool> {
        self.bar.map(|bar| match bar {
            Bar::AtLeast(bar) => self.measured >= bar,
            Bar::AtMost(bar) => self.measured <= bar,
        })
    }

    fn verdict(&self) -> &'static str {
        match self.is_met() {
            Some(true) => "met",
            Some(false) => "missed",
            None => "",
        }
    }

    pub(crate) fn json(&self, seed: u64) -> Value {
        let (bar, is) = match self.bar {
            Some(Bar::AtLeast(bar)) => (Some(bar), Some("at least")),
            Some(Bar::AtMost(bar)) => (Some(bar), Some("at most")),
            None => (None, None),
        };
        json!({
            "case": self.case,
            "what": self.what,
            "measured": self.measured,
            "unit": self.unit.name(),
            "bar": bar,
            "bar_is": is,
            "met": self.is_met(),
            "seed": seed,
        })
    }

    fn cells(&self) -> [String; 5] {
        let bar = match self.bar {
            Some(Bar::AtLeast(bar)) => format!("at least {}", self.unit.shown(bar)),
            Some(Bar::AtMost(bar)) => format!("at most {}", self.unit.shown(bar)),
            None => String::new(),
        };
        let measured = self.unit.shown(self.measured);
        [self.case.to_owned(), self.what.to_owned(), measured, bar, self.verdict().to_owned()]
    }
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::Calls => "calls",
            Self::CallsPerSecond => "calls/s",
            Self::Seconds => "s",
            Self::Times => "x",
        }
    }

    fn shown(self, figure: f64) -> String {
        match self {
            Self::Calls | Self::CallsPerSecond => format!("{figure:.0} {}", self.name()),
            Self::Seconds => format!("{figure:.3} {}", self.name()),
            Self::Times => format!("{figure:.2} {}", self.name()),
        }
    }
}

/// The lines of a table, and whether each is met, if there is a bar.
pub(crate) fn lines(checks: &[Check]) -> Vec<(String, Option<bool>)> {
    let mut table = Table::new();
    let header = ["CASE", "WHAT", "MEASURED", "BAR", "RESULT"];
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
