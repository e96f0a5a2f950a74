//! How far a run has come: a bar where somebody looks at it, a line for each size where not.

use std::io::IsTerminal as _;
use std::time::Duration;

use anstream::eprintln;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::plan::Plan;
use crate::table;

/// That of the worlds of one size.
pub(crate) struct Progress {
    bar: ProgressBar,
    of: String,
    is_seen: bool,
}

impl Progress {
    pub(crate) fn begin(plans: &[Plan]) -> Self {
        let of = plans.first().map(|plan| table::title(plan.size)).unwrap_or_default();
        let bar = ProgressBar::new(plans.len() as u64).with_message(of.clone());
        let is_seen = std::io::stderr().is_terminal();
        if let Ok(style) =
            ProgressStyle::with_template("{msg} [{bar:30.green}] {pos}/{len} worlds, {elapsed}")
        {
            bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
        }
        if is_seen {
            // Of a huge world the first one takes half a minute.
            bar.enable_steady_tick(Duration::from_secs(1));
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        Self { bar, of, is_seen }
    }

    pub(crate) fn one_more(&self) {
        self.bar.inc(1);
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
        if !self.is_seen {
            let (worlds, took) = (self.bar.position(), HumanDuration(self.bar.elapsed()));
            eprintln!("{}: {worlds} worlds in {took:#}", self.of);
        }
    }
}
