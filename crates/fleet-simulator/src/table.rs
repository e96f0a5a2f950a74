//! Output of results as tables and as JSON.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

use crate::run_config::Size;
use crate::target::{Recovery, Row, Target};
use crate::world::seconds;

const HEADER: [&str; 12] = [
    "SCENARIO", "LOAD", "USED", "POLICY", "P50", "P99", "P99.9", "x EQUAL", "REFUSED", "FAILED", "SHARES",
    "RECOVERY",
];

/// Returns the lines of a table of one size, and whether each result meets its target, if it has one.
pub(crate) fn lines(rows: &[Row]) -> Vec<(String, Option<Target>)> {
    let mut header = HEADER.to_vec();
    header.push("TARGET");
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header).add_rows(rows.iter().map(cells));
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if matches!(index, 1 | 2 | 4..=9 | 11) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let targets = [None].into_iter().chain(rows.iter().map(|row| row.target));
    table.lines().map(|line| line.trim_end().to_owned()).zip(targets).collect()
}

/// Returns the title of a table.
pub(crate) fn title(size: Size) -> String {
    let Size { clients, coordinators, workers } = size;
    format!("{clients} clients, {coordinators} coordinators of {workers} workers")
}

fn cells(row: &Row) -> Vec<String> {
    let (config, summary) = (&row.config, &row.summary);
    let milliseconds = |time: f64| format!("{time:.1}");
    vec![
        config.scenario.name().to_owned(),
        format!("{} %", config.load),
        format!("{:.0} %", config.utilization()),
        config.strategy.name().to_owned(),
        milliseconds(summary.p50),
        milliseconds(summary.p99),
        milliseconds(summary.p999),
        row.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")),
        summary.rejected.to_string(),
        summary.failed.to_string(),
        shares(row),
        row.recovery.map_or_else(String::new, |recovery| recovery.to_string()),
        row.target.map_or("", Target::name).to_owned(),
    ]
}

/// Formats the shares of the coordinators, in percent.
///
/// For more than five coordinators these are the range, and the share of the odd one.
fn shares(row: &Row) -> String {
    let percent = |share: &f64| format!("{:.1}", share * 100.0);
    let shares = &row.summary.shares;
    if shares.len() <= 5 {
        return shares.iter().map(percent).collect::<Vec<_>>().join(" ");
    }
    let odd = row.config.odd_coordinator();
    let others = shares.iter().enumerate().filter(|(index, _)| Some(*index) != odd).map(|(_, share)| *share);
    let (min, max) = (others.clone().fold(1.0, f64::min), others.fold(0.0, f64::max));
    let span = format!("{}..{}", percent(&min), percent(&max));
    odd.map_or(span.clone(), |odd| format!("{span} {}", percent(&shares[odd])))
}

/// Returns a result as a JSON object.
pub(crate) fn json(row: &Row, seed: u64) -> Value {
    let (config, summary) = (&row.config, &row.summary);
    json!({
        "seed": seed,
        "clients": config.size.clients,
        "coordinators": config.size.coordinators,
        "workers": config.size.workers,
        "scenario": config.scenario.name(),
        "load_percent": config.load,
        "of_what_is_there_percent": config.utilization(),
        "policy": config.strategy.name(),
        "calls": summary.calls,
        "failed": summary.failed,
        "refused_attempts": summary.rejected,
        "p50_ms": summary.p50,
        "p99_ms": summary.p99,
        "p999_ms": summary.p999,
        "p99_to_all_equal": row.ratio,
        "shares": summary.shares,
        "p99_ms_by_window": summary.p99_by_window,
        "back_after_s": row.recovery.and_then(|recovery| match recovery {
            Recovery::After(time) => Some(seconds(time)),
            Recovery::Never => None,
        }),
        "is_back": row.recovery.map(|recovery| recovery != Recovery::Never),
        "target": row.target.map(Target::name),
    })
}
