//! Output: steps, entries, tables and bars; plain text without a terminal.

use std::io::IsTerminal;

use anstream::println;
use comfy_table::{Cell, CellAlignment, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::OwoColorize;

/// The longest bar of a chart, in characters.
const MAX_BAR_WIDTH: u64 = 40;

/// Prints the tour and counts its steps.
#[derive(Default)]
pub(crate) struct TourOutput {
    steps: usize,
}

impl TourOutput {
    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    /// Starts the next step.
    pub(crate) fn step(&mut self, title: &str) {
        self.steps += 1;
        println!("\n{} {}", format!("{:>2}.", self.steps).cyan().bold(), title.bold());
    }

    /// Prints one named value.
    #[expect(clippy::unused_self, reason = "output belongs to a step in progress")]
    pub(crate) fn entry(&self, name: &str, value: &str) {
        println!("    {} {value}", format!("{:<22}", format!("{name}:")).dimmed());
    }

    /// Prints a table; numbers are right-aligned. `paint` colours each row after the layout.
    #[expect(clippy::unused_self, reason = "output belongs to a step in progress")]
    pub(crate) fn table(&self, head: &[&str], rows: Vec<Vec<String>>, paint: fn(&str) -> String) {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        table.set_header(head.to_vec());
        for row in rows {
            table.add_row(row.into_iter().map(|text| {
                let number = text.chars().next().is_some_and(|first| first.is_ascii_digit());
                let aligned = text.parse::<f64>().is_ok() && number;
                Cell::new(text).set_alignment(if aligned {
                    CellAlignment::Right
                } else {
                    CellAlignment::Left
                })
            }));
        }
        // Coloured after the layout: the table would count the escape sequences as characters.
        for (index, line) in table.lines().enumerate() {
            let line = line.trim_end();
            if index == 0 {
                println!("   {}", line.dimmed());
            } else {
                println!("   {}", paint(line));
            }
        }
    }

    /// Prints one bar per row, the longest for the largest count.
    #[expect(clippy::unused_self, reason = "output belongs to a step in progress")]
    pub(crate) fn chart(&self, bars: &[(String, u64)]) {
        let most = bars.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
        let widest = bars.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, count) in bars {
            let length = usize::try_from(count * MAX_BAR_WIDTH / most).unwrap_or(0);
            println!("    {name:<widest$}  {} {count}", "█".repeat(length).green());
        }
    }

    /// Returns a progress bar; hidden without a terminal.
    #[expect(clippy::unused_self, reason = "output belongs to a step in progress")]
    pub(crate) fn progress(&self, total: u64, what: &'static str) -> ProgressBar {
        let bar = ProgressBar::new(total).with_message(what);
        let style = ProgressStyle::with_template("    {msg:<22} [{bar:40.green}] {pos}/{len}");
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
        }
        if !std::io::stderr().is_terminal() {
            bar.set_draw_target(indicatif::ProgressDrawTarget::hidden());
        }
        bar
    }

    /// Prints the result of the tour, and a line for each summary.
    pub(crate) fn finish(&self, summaries: &[String]) {
        println!("\n{} {} steps ok", "tour:".green().bold(), self.steps);
        for summary in summaries {
            println!("    {summary}");
        }
    }
}

/// Returns the row without colour.
pub(crate) fn plain(row: &str) -> String {
    row.to_owned()
}
