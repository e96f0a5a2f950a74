//! Progress of a run: a bar on a terminal, otherwise one line per size.

use std::io::IsTerminal as _;
use std::time::Duration;

use anstream::eprintln;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::run_config::RunConfig;
use crate::table;

/// Progress of the simulations of one size.
pub(crate) struct Progress {
    bar: ProgressBar,
    label: String,
    is_terminal: bool,
}

impl Progress {
    pub(crate) fn begin(configs: &[RunConfig]) -> Self {
        let label = configs.first().map(|config| table::title(config.size)).unwrap_or_default();
        let bar = ProgressBar::new(configs.len() as u64).with_message(label.clone());
        let is_terminal = std::io::stderr().is_terminal();
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:30.green}] {pos}/{len} runs, {elapsed}")
        {
            bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
        }
        if is_terminal {
            // The first simulation of a huge fleet takes half a minute.
            bar.enable_steady_tick(Duration::from_secs(1));
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        Self { bar, label, is_terminal }
    }

    pub(crate) fn increment(&self) {
        self.bar.inc(1);
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
        if !self.is_terminal {
            let (runs, elapsed) = (self.bar.position(), HumanDuration(self.bar.elapsed()));
            eprintln!("{}: {runs} runs in {elapsed:#}", self.label);
        }
    }
}
