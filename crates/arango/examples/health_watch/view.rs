//! A snapshot on a terminal.

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Style, Stylize};
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders, Cell, Paragraph, Row, Table, Wrap};

use crate::plain::{COORDINATORS, SERVERS, latency, probe, shards, weight};
use crate::snapshot::Snapshot;

/// Draws the whole view.
pub(crate) fn draw(frame: &mut Frame<'_>, snapshot: &Snapshot) {
    let height = |rows: usize| u16::try_from(rows).unwrap_or(u16::MAX).saturating_add(3);
    let areas = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(height(snapshot.coordinators.len())),
        Constraint::Length(height(snapshot.servers.len())),
        Constraint::Fill(1),
    ]);
    let [head, coordinators, servers, problems] = areas.areas(frame.area());
    let (good, all) =
        (snapshot.servers.iter().filter(|server| server.is_good).count(), snapshot.servers.len());
    frame.render_widget(Line::from(format!("{good} of {all} servers are good")).bold(), head);
    frame.render_widget(Line::from("q ends").dim().alignment(Alignment::Right), head);
    draw_coordinators(frame, coordinators, snapshot);
    draw_servers(frame, servers, snapshot);
    let lines: Vec<_> = snapshot.problems.iter().map(|problem| Line::from(problem.as_str()).red()).collect();
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: true }), problems);
}

fn draw_coordinators(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let rows = snapshot.coordinators.iter().map(|row| {
        let state = Cell::from(row.state.clone());
        Row::new([
            Cell::from(row.address.clone()),
            Cell::from(row.response.clone()),
            if row.is_healthy { state.green() } else { state.yellow() },
            right(latency(row)),
            right(weight(row)),
            right(row.connections.to_string()),
            right(probe(row)),
        ])
    });
    let mut widths = [0, 11, 10, 9, 6, 5, 8].map(Constraint::Length);
    widths[0] = name_width(snapshot.coordinators.iter().map(|row| row.address.as_str()));
    let block = Block::new().title(" Coordinators, as this client sees them ").borders(Borders::TOP);
    let head = Row::new(COORDINATORS).style(Style::new().dim());
    frame.render_widget(Table::new(rows, widths).header(head).block(block), area);
}

fn draw_servers(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let rows = snapshot.servers.iter().map(|server| {
        let (leaders, followers) = shards(server);
        let status = Cell::from(server.status.clone());
        Row::new([
            Cell::from(server.role.clone()),
            Cell::from(server.name.clone()),
            if server.is_good { status.green() } else { status.red() },
            Cell::from(server.version.clone()),
            right(leaders),
            right(followers),
        ])
    });
    let mut widths = [11, 0, 7, 9, 7, 9].map(Constraint::Length);
    widths[1] = name_width(snapshot.servers.iter().map(|server| server.name.as_str()));
    let block = Block::new().title(" Servers, as the cluster sees them ").borders(Borders::TOP);
    let head = Row::new(SERVERS).style(Style::new().dim());
    frame.render_widget(Table::new(rows, widths).header(head).block(block), area);
}

/// In a narrow terminal the other columns become narrower, because a row without its name says nothing.
fn name_width<'a>(names: impl Iterator<Item = &'a str>) -> Constraint {
    let longest = names.map(|name| name.chars().count()).max().unwrap_or_default();
    Constraint::Min(u16::try_from(longest).unwrap_or(u16::MAX))
}

/// A right-aligned cell.
fn right(text: String) -> Cell<'static> {
    Cell::from(Line::from(text).alignment(Alignment::Right))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::snapshot::sample;

    fn drawn(snapshot: &Snapshot, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, snapshot)).unwrap();
        let text = terminal.backend().to_string();
        // Without the quotes around each line, and what would trail.
        text.lines().map(|line| line.trim_matches('"').trim_end().to_owned() + "\n").collect()
    }

    #[test]
    fn every_server_and_every_coordinator_has_a_line() {
        expect![[r"
            3 of 5 servers are good                                                   q ends
             Coordinators, as this client sees them ────────────────────────────────────────
            coordinator               says        state      latency   weight conn. probe in
            http://127.0.0.1:8529     available   healthy       1.2 ms  100 %     2
            http://127.0.0.1:8539     refused     ejected            -    0 %     2    1.5 s

             Servers, as the cluster sees them ─────────────────────────────────────────────
            role        name                             status  version   leaders followers
            Agent       AGNT-1                           GOOD    3.12.5      leads
            Coordinator Coordinator0001                  GOOD    3.12.5
            Coordinator Coordinator0002                  FAILED  3.12.5
            DBServer    DBServer0001                     GOOD    3.12.5         18         3
            DBServer    DBServer0002                     BAD     3.12.5          0        18



        "]]
        .assert_eq(&drawn(&sample(), 80, 16));
    }

    #[test]
    fn what_could_not_be_read_is_said_below() {
        let snapshot =
            Snapshot { problems: vec!["servers: no answer".into()], servers: Vec::new(), ..sample() };

        let text = drawn(&snapshot, 96, 16);
        assert!(text.contains("\nservers: no answer\n"), "{text}");
    }

    #[test]
    fn a_narrow_terminal_shows_which_coordinator_and_which_server_it_is() {
        let text = drawn(&sample(), 50, 16);
        for name in ["http://127.0.0.1:8529", "http://127.0.0.1:8539", "Coordinator0001", "DBServer0002"] {
            assert!(text.contains(name), "{text}");
        }
    }

    #[test]
    fn a_tiny_terminal_is_drawn_without_a_panic() {
        for (width, height) in [(1, 1), (10, 3), (300, 2), (5, 60)] {
            drawn(&sample(), width, height);
        }
    }
}
