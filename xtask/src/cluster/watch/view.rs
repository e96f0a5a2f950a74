//! A snapshot on a terminal.

use ratatui::Frame;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize as _};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Cell, Paragraph, Row as TableRow, Sparkline, Table};

use super::lines::{connections, place, rate, share, total};
use super::snapshot::{Snapshot, name};

/// Width of a bar that shows a share of all requests.
const BAR: u16 = 16;

/// Height of the chart with its title.
const CHART: u16 = 5;

/// Draws the whole view.
pub(super) fn draw(frame: &mut Frame<'_>, snapshot: &Snapshot) {
    let rows = |count: usize, frame| u16::try_from(count).unwrap_or(u16::MAX).saturating_add(frame);
    let coordinators = rows(snapshot.coordinators.len(), 3);
    let faults = rows(snapshot.faults.as_ref().map_or(0, Vec::len).clamp(1, 6), 2);
    let left = frame.area().height.saturating_sub(1).saturating_sub(coordinators).saturating_sub(faults);
    // The chart is what can be spared, if a terminal is small or nothing is counted.
    let chart = if left >= CHART + 3 && snapshot.is_counted { CHART } else { 0 };
    let areas = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(coordinators),
        Constraint::Length(chart),
        Constraint::Length(faults),
        Constraint::Fill(1),
    ]);
    let [head, table, chart, fault_list, failures] = areas.areas(frame.area());
    draw_head(frame, head, snapshot);
    draw_coordinators(frame, table, snapshot);
    draw_chart(frame, chart, snapshot);
    draw_faults(frame, fault_list, snapshot);
    draw_failures(frame, failures, snapshot);
}

fn draw_head(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let version = snapshot.version.as_deref().unwrap_or("unknown");
    let mut parts = vec![format!("Test cluster {version} ({})", snapshot.backend).bold(), "   ".into()];
    match &snapshot.problem {
        Some(problem) => parts.push(problem.clone().red()),
        None => parts.push(total(snapshot).into()),
    }
    frame.render_widget(Line::from(parts), area);
    frame.render_widget(Line::from("q ends".dim()).alignment(Alignment::Right), area);
}

fn draw_coordinators(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let rows = snapshot.coordinators.iter().map(|row| {
        let state = match row.state {
            "up" => row.state.green(),
            "paused" => row.state.yellow(),
            state => state.red(),
        };
        TableRow::new([
            Cell::from(row.name.clone()),
            Cell::from(state),
            Cell::from(Line::from(rate(row)).alignment(Alignment::Right)),
            Cell::from(Line::from(share(row)).alignment(Alignment::Right)),
            Cell::from(bar(row.share).cyan()),
            Cell::from(Line::from(connections(row)).alignment(Alignment::Right)),
            Cell::from(row.url.clone()),
        ])
    });
    let widths = [
        Constraint::Length(13),
        Constraint::Length(6),
        Constraint::Length(10),
        Constraint::Length(5),
        Constraint::Length(BAR),
        Constraint::Length(5),
        Constraint::Min(10),
    ];
    let head = ["", "state", "requests/s", "share", "", "conn.", "URL"];
    let table = Table::new(rows, widths)
        .header(TableRow::new(head).style(Style::new().dim()))
        .block(Block::new().title(" Coordinators ").borders(Borders::TOP));
    frame.render_widget(table, area);
}

/// A bar for a share, in eighths of a character.
fn bar(share: Option<f64>) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.unwrap_or_default().clamp(0.0, 1.0) * f64::from(BAR) * 8.0).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most 128, and not negative"
    )]
    let eighths = eighths as usize;
    "█".repeat(eighths / 8) + EIGHTHS[eighths % 8]
}

fn draw_chart(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let highest = snapshot.rates.iter().copied().fold(0.0, f64::max);
    let title = format!(" Requests/s of all coordinators, highest {highest:.0}, now at the right ");
    let block = Block::new().title(title).borders(Borders::TOP);
    // The latest, as many as fit, at the right.
    let width = usize::from(area.width);
    let latest = &snapshot.rates[snapshot.rates.len().saturating_sub(width)..];
    let missing = std::iter::repeat_n(None, width - latest.len());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rates are small and not negative"
    )]
    let values = latest.iter().map(|rate| Some(rate.round() as u64));
    let chart = Sparkline::default().data(missing.chain(values).collect::<Vec<_>>()).absent_value_symbol(" ");
    frame.render_widget(chart.style(Style::new().fg(Color::Cyan)).block(block), area);
}

fn draw_faults(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let lines = match &snapshot.faults {
        None => vec![Line::from("not known for this back end".dim())],
        Some(faults) if faults.is_empty() => vec![Line::from("none".dim())],
        Some(faults) => faults
            .iter()
            .map(|fault| {
                Line::from(vec![
                    Span::from(format!("{:>3}  ", fault.id)).dim(),
                    format!("{:<13} ", place(fault.coordinator)).into(),
                    format!("{:>6} requests  ", fault.hits).into(),
                    Span::from(fault.injected.to_string()).yellow(),
                ])
            })
            .collect(),
    };
    let block = Block::new().title(" Faults in force ").borders(Borders::TOP);
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn draw_failures(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let lines = match &snapshot.failures {
        None => vec![Line::from("not known for this back end".dim())],
        Some(failures) if failures.is_empty() => vec![Line::from("none".dim())],
        Some(failures) => failures
            .iter()
            .rev()
            .map(|failure| {
                Line::from(vec![
                    Span::from(format!("{:>3}  ", failure.status)).red(),
                    format!("{:<13} {:<7}", name(failure.coordinator), failure.method).into(),
                    failure.path.escape_debug().to_string().into(),
                ])
            })
            .collect(),
    };
    let block = Block::new().title(" Errors sent, latest first ").borders(Borders::TOP);
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::cluster::watch::snapshot::tests::{sample, servers_only};

    fn drawn(snapshot: &Snapshot, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, snapshot)).unwrap();
        let text = terminal.backend().to_string();
        // Without the quotes around each line, and what would trail.
        text.lines().map(|line| line.trim_matches('"').trim_end().to_owned() + "\n").collect()
    }

    #[test]
    fn the_view_has_coordinators_rates_faults_and_errors() {
        expect![[r#"
            Test cluster 3.12.5 (embedded)   400.0 requests/s                                   q ends
             Coordinators ────────────────────────────────────────────────────────────────────────────
                          state  requests/s share                  conn. URL
            coordinator1  up          300.0  75 % ████████████        12 http://127.0.0.1:8529
            coordinator2  paused      100.0  25 % ████                 3 http://127.0.0.1:8539
            coordinator3  down          0.0   0 %                      0 http://127.0.0.1:8549

             Requests/s of all coordinators, highest 400, now at the right ───────────────────────────
                                                                                                    ██
                                                                                                  ▆ ██
                                                                                                  █▁██
                                                                                                  ████
             Faults in force ─────────────────────────────────────────────────────────────────────────
              1  coordinator1       7 requests  {"kind":"latency","ms":50}
              3  cluster            0 requests  {"kind":"agency-down"}

             Errors sent, latest first ───────────────────────────────────────────────────────────────
            503  coordinator2  POST   /_api/collection
            409  coordinator1  POST   /_api/document/books

        "#]]
        .assert_eq(&drawn(&sample(), 90, 20));
    }

    #[test]
    fn a_back_end_without_counters_is_shown_with_its_servers() {
        expect![[r"
            Test cluster 3.12.5 (process)   requests are not counted by the back end process    q ends
             Coordinators ────────────────────────────────────────────────────────────────────────────
                          state  requests/s share                  conn. URL
            coordinator1  up              -     -                      - http://127.0.0.1:8529
            coordinator2  paused          -     -                      - http://127.0.0.1:8539
            coordinator3  down            -     -                      - http://127.0.0.1:8549

             Faults in force ─────────────────────────────────────────────────────────────────────────
            not known for this back end

             Errors sent, latest first ───────────────────────────────────────────────────────────────
            not known for this back end




        "]]
        .assert_eq(&drawn(&servers_only(), 90, 16));
    }

    #[test]
    fn a_problem_is_shown_in_the_first_line() {
        let snapshot = Snapshot { problem: Some("no response within 2s".into()), ..sample() };

        assert!(drawn(&snapshot, 90, 20).lines().next().unwrap().contains("no response within 2s"));
    }

    #[test]
    fn a_tiny_terminal_is_drawn_without_a_panic() {
        for (width, height) in [(1, 1), (10, 3), (300, 2), (5, 60)] {
            drawn(&sample(), width, height);
        }
    }

    #[test]
    fn a_bar_is_as_long_as_its_share() {
        assert_eq!(bar(Some(1.0)).chars().count(), usize::from(BAR));
        assert_eq!(
            (bar(Some(0.5)), bar(Some(0.0)), bar(None)),
            ("█".repeat(8), String::new(), String::new())
        );
        assert_eq!(bar(Some(1.0 / 32.0)), "▌");
    }
}
