//! A snapshot as plain text.

use comfy_table::{CellAlignment, Table, presets};

use crate::snapshot::{CoordinatorRow, Server, Snapshot};

/// Returns two tables, and the problems.
pub(crate) fn text(snapshot: &Snapshot) -> String {
    let servers = snapshot.servers.iter().map(|server| {
        let (leaders, followers) = shards(server);
        [
            server.role.clone(),
            server.name.clone(),
            server.status.clone(),
            server.version.clone(),
            leaders,
            followers,
        ]
    });
    let coordinators = snapshot.coordinators.iter().map(|row| {
        [
            row.address.clone(),
            row.response.clone(),
            row.state.clone(),
            latency(row),
            weight(row),
            row.connections.to_string(),
            probe(row),
        ]
    });
    let mut text = table(SERVERS, servers, 4);
    text.push('\n');
    text += &table(COORDINATORS, coordinators, 3);
    for problem in &snapshot.problems {
        text.extend(["\n", problem, "\n"]);
    }
    text
}

pub(crate) const SERVERS: [&str; 6] = ["role", "name", "status", "version", "leaders", "followers"];
pub(crate) const COORDINATORS: [&str; 7] =
    ["coordinator", "says", "state", "latency", "weight", "conn.", "probe in"];

/// The numbers of leaders and followers of a DB-Server, and which agent leads.
pub(crate) fn shards(server: &Server) -> (String, String) {
    match server.shards {
        Some((leaders, followers)) => (leaders.to_string(), followers.to_string()),
        None if server.leads => ("leads".to_owned(), String::new()),
        None => (String::new(), String::new()),
    }
}

pub(crate) fn latency(row: &CoordinatorRow) -> String {
    row.latency.map_or_else(|| "-".to_owned(), |time| format!("{:.1} ms", time.as_secs_f64() * 1e3))
}

pub(crate) fn weight(row: &CoordinatorRow) -> String {
    format!("{:.0} %", row.weight * 100.0)
}

pub(crate) fn probe(row: &CoordinatorRow) -> String {
    row.next_probe_in.map(|time| format!("{:.1} s", time.as_secs_f64())).unwrap_or_default()
}

/// A table without borders. Columns from `numbers` on are right-aligned.
fn table<const N: usize>(head: [&str; N], rows: impl Iterator<Item = [String; N]>, numbers: usize) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(head).add_rows(rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if index >= numbers {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::snapshot::sample;

    #[test]
    fn every_server_and_every_coordinator_has_a_line() {
        expect![[r"
            role         name             status  version  leaders  followers
            Agent        AGNT-1           GOOD    3.12.5     leads
            Coordinator  Coordinator0001  GOOD    3.12.5
            Coordinator  Coordinator0002  FAILED  3.12.5
            DBServer     DBServer0001     GOOD    3.12.5        18          3
            DBServer     DBServer0002     BAD     3.12.5         0         18

            coordinator            says       state    latency  weight  conn.  probe in
            http://127.0.0.1:8529  available  healthy   1.2 ms   100 %      2
            http://127.0.0.1:8539  refused    ejected        -     0 %      2     1.5 s
        "]]
        .assert_eq(&text(&sample()));
    }

    #[test]
    fn what_could_not_be_read_is_said_below() {
        let snapshot = Snapshot { problems: vec!["servers: no answer".into()], ..sample() };

        assert!(text(&snapshot).ends_with("\nservers: no answer\n"));
    }
}
