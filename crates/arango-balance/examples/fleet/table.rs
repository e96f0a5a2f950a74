//! Rows for people, and for programs.

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

use crate::plan::Size;
use crate::target::{Back, Row, Target};
use crate::world::seconds;

const HEADER: [&str; 12] = [
    "SCENARIO", "LOAD", "OF", "POLICY", "P50", "P99", "P99.9", "x EQUAL", "REFUSED", "FAILED", "SHARES",
    "BACK",
];

/// The lines of a table of worlds of one size; whether each keeps what is promised, if anything is.
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

/// What stands above a table.
pub(crate) fn title(size: Size) -> String {
    let Size { clients, coordinators, workers } = size;
    format!("{clients} clients, {coordinators} coordinators of {workers} workers")
}

fn cells(row: &Row) -> Vec<String> {
    let (plan, summary) = (&row.plan, &row.summary);
    let milliseconds = |time: f64| format!("{time:.1}");
    vec![
        plan.scenario.name().to_owned(),
        format!("{} %", plan.load),
        format!("{:.0} %", plan.pressure()),
        plan.strategy.name().to_owned(),
        milliseconds(summary.p50),
        milliseconds(summary.p99),
        milliseconds(summary.p999),
        row.ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")),
        summary.refused.to_string(),
        summary.failed.to_string(),
        shares(row),
        row.back.map_or_else(String::new, |back| back.to_string()),
        row.target.map_or("", Target::name).to_owned(),
    ]
}

/// All shares of a few coordinators; of many the least and the most, and that of the one that is not as the others.
fn shares(row: &Row) -> String {
    let percent = |share: &f64| format!("{:.1}", share * 100.0);
    let shares = &row.summary.shares;
    if shares.len() <= 5 {
        return shares.iter().map(percent).collect::<Vec<_>>().join(" ");
    }
    let odd = row.plan.odd();
    let others = shares.iter().enumerate().filter(|(index, _)| Some(*index) != odd).map(|(_, share)| *share);
    let (least, most) = (others.clone().fold(1.0, f64::min), others.fold(0.0, f64::max));
    let span = format!("{}..{}", percent(&least), percent(&most));
    odd.map_or(span.clone(), |odd| format!("{span} {}", percent(&shares[odd])))
}

/// One row as an object.
pub(crate) fn json(row: &Row, seed: u64) -> Value {
    let (plan, summary) = (&row.plan, &row.summary);
    json!({
        "seed": seed,
        "clients": plan.size.clients,
        "coordinators": plan.size.coordinators,
        "workers": plan.size.workers,
        "scenario": plan.scenario.name(),
        "load_percent": plan.load,
        "of_what_is_there_percent": plan.pressure(),
        "policy": plan.strategy.name(),
        "calls": summary.calls,
        "failed": summary.failed,
        "refused_attempts": summary.refused,
        "p50_ms": summary.p50,
        "p99_ms": summary.p99,
        "p999_ms": summary.p999,
        "p99_to_all_equal": row.ratio,
        "shares": summary.shares,
        "p99_ms_by_window": summary.p99_by_window,
        "back_after_s": row.back.and_then(|back| match back {
            Back::After(time) => Some(seconds(time)),
            Back::Never => None,
        }),
        "is_back": row.back.map(|back| back != Back::Never),
        "target": row.target.map(Target::name),
    })
}
