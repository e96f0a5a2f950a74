//! What a person sees: steps, facts, tables and bars. Plain text where there is no terminal.

use std::io::IsTerminal;

use anstream::println;
use comfy_table::{Cell, CellAlignment, Table, presets};
use indicatif::{ProgressBar, ProgressStyle};
use owo_colors::OwoColorize;

/// The longest bar of a chart, in characters.
const WIDEST: u64 = 40;

/// Leads through the tour and counts its steps.
#[derive(Default)]
pub(crate) struct Guide {
    steps: usize,
}

impl Guide {
    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    /// Begins the next step.
    pub(crate) fn step(&mut self, title: &str) {
        self.steps += 1;
        println!("\n{} {}", format!("{:>2}.", self.steps).cyan().bold(), title.bold());
    }

    /// Says one thing.
    #[expect(clippy::unused_self, reason = "only a step in progress has something to say")]
    pub(crate) fn fact(&self, name: &str, value: &str) {
        println!("    {} {value}", format!("{:<22}", format!("{name}:")).dimmed());
    }

    /// Shows a table; numbers stand to the right. `paint` colours each row once it is laid out.
    #[expect(clippy::unused_self, reason = "only a step in progress has something to show")]
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
        // Coloured only now: the table would count the colours as letters.
        for (index, line) in table.lines().enumerate() {
            let line = line.trim_end();
            if index == 0 {
                println!("   {}", line.dimmed());
            } else {
                println!("   {}", paint(line));
            }
        }
    }

    /// Shows one bar a row, the longest for the largest count.
    #[expect(clippy::unused_self, reason = "only a step in progress has something to show")]
    pub(crate) fn chart(&self, bars: &[(String, u64)]) {
        let most = bars.iter().map(|(_, count)| *count).max().unwrap_or(0).max(1);
        let widest = bars.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        for (name, count) in bars {
            let length = usize::try_from(count * WIDEST / most).unwrap_or(0);
            println!("    {name:<widest$}  {} {count}", "█".repeat(length).green());
        }
    }

    /// A bar that moves while something lasts; nothing is drawn where there is no terminal.
    #[expect(clippy::unused_self, reason = "only a step in progress lasts")]
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

    /// Ends the tour with its last line.
    pub(crate) fn done(&self, rest: &str) {
        println!("\n{} {} steps ok{rest}", "tour:".green().bold(), self.steps);
    }
}

/// A row without any colour.
pub(crate) fn plain(row: &str) -> String {
    row.to_owned()
}
