//! A snapshot as plain lines.

use std::fmt::Write as _;

use super::snapshot::{Row, Snapshot, name};
use crate::columns;

/// Returns a block of lines: the total, a line for each coordinator, the faults in force, and new failures.
pub(super) fn lines(snapshot: &Snapshot) -> String {
    let mut text = format!("after {} s: {}", snapshot.at.as_secs(), total(snapshot));
    if let Some(problem) = &snapshot.problem {
        _ = write!(text, "; {problem}");
    }
    text.push('\n');
    let rows = snapshot.coordinators.iter().map(|row| {
        [row.name.clone(), row.state.to_owned(), rate(row), share(row), connections(row), row.url.clone()]
    });
    let header = ["COORDINATOR", "STATE", "REQUESTS/S", "SHARE", "CONNECTIONS", "URL"];
    for line in columns::lines(header, rows.collect()) {
        _ = writeln!(text, "  {line}");
    }
    for fault in snapshot.faults.iter().flatten() {
        let place = place(fault.coordinator);
        _ = writeln!(
            text,
            "  fault {} in force: {place} {} ({} requests)",
            fault.id, fault.injected, fault.hits
        );
    }
    let failures = snapshot.failures.iter().flatten();
    for failure in failures.filter(|failure| failure.number >= snapshot.new_from) {
        let place = name(failure.coordinator);
        // Quoted, since a client has chosen it.
        let path = failure.path.escape_debug();
        _ = writeln!(text, "  error: {place} {} {path}: {}", failure.method, failure.status);
    }
    text
}

/// The requests per second of the cluster, in words.
pub(super) fn total(snapshot: &Snapshot) -> String {
    match snapshot.rate {
        Some(rate) => format!("{rate:.1} requests/s"),
        None if !snapshot.is_counted => {
            format!("requests are not counted by the back end {}", snapshot.backend)
        }
        None => "requests/s not measured yet".to_owned(),
    }
}

pub(super) fn rate(row: &Row) -> String {
    row.rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.1}"))
}

pub(super) fn share(row: &Row) -> String {
    row.share.map_or_else(|| "-".to_owned(), |share| format!("{:.0} %", share * 100.0))
}

pub(super) fn connections(row: &Row) -> String {
    row.connections.map_or_else(|| "-".to_owned(), |count| count.to_string())
}

/// Where a fault is.
pub(super) fn place(coordinator: Option<usize>) -> String {
    coordinator.map_or_else(|| "cluster".to_owned(), name)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::cluster::watch::snapshot::tests::{sample, servers_only};

    #[test]
    fn a_block_has_rates_shares_faults_and_new_failures() {
        expect![[r#"
            after 8 s: 400.0 requests/s
              COORDINATOR   STATE   REQUESTS/S  SHARE  CONNECTIONS  URL
              coordinator1  up      300.0       75 %   12           http://127.0.0.1:8529
              coordinator2  paused  100.0       25 %   3            http://127.0.0.1:8539
              coordinator3  down    0.0         0 %    0            http://127.0.0.1:8549
              fault 1 in force: coordinator1 {"kind":"latency","ms":50} (7 requests)
              fault 3 in force: cluster {"kind":"agency-down"} (0 requests)
              error: coordinator2 POST /_api/collection: 503
        "#]]
        .assert_eq(&lines(&sample()));
    }

    #[test]
    fn what_a_back_end_does_not_report_is_said_to_be_unknown() {
        expect![[r"
            after 1 s: requests are not counted by the back end process
              COORDINATOR   STATE   REQUESTS/S  SHARE  CONNECTIONS  URL
              coordinator1  up      -           -      -            http://127.0.0.1:8529
              coordinator2  paused  -           -      -            http://127.0.0.1:8539
              coordinator3  down    -           -      -            http://127.0.0.1:8549
        "]]
        .assert_eq(&lines(&servers_only()));
    }

    #[test]
    fn a_path_cannot_write_to_the_terminal() {
        let mut snapshot = sample();
        for failure in snapshot.failures.iter_mut().flatten() {
            failure.path = "/\u{1b}[2J\n".into();
        }

        assert!(!lines(&snapshot).contains('\u{1b}'));
    }
}
