//! The charts of the documentation.

use std::path::Path;
use std::{fs, io};

use crate::chart::{Axis, Chart, Line, Scale};
use crate::run_config::{RunConfig, Size};
use crate::scenario::{END, Scenario};
use crate::statistics::{Summary, WINDOW};
use crate::strategy::Strategy;
use crate::time::Nanos;
use crate::world::seconds;

const SIZE: Size = Size { clients: 100, coordinators: 3, workers: 16 };
const LOAD: u32 = 40;

/// Runs the simulations of the charts and writes each chart to an SVG file.
pub(crate) fn draw(directory: &Path, seed: u64) -> io::Result<()> {
    let scenarios = [
        Scenario::AllEqual,
        Scenario::OneSlow,
        Scenario::OneSlowAtTimes,
        Scenario::OneFlapping,
        Scenario::ScaleOut,
    ];
    let config = |scenario| move |strategy| RunConfig { size: SIZE, scenario, strategy, load: LOAD };
    let configs: Vec<RunConfig> =
        scenarios.iter().flat_map(|scenario| Strategy::SPREADING.map(config(*scenario))).collect();
    let summaries = crate::run(&configs, seed);
    let summary_of = |scenario, strategy| {
        let index = configs.iter().position(|other| *other == config(scenario)(strategy));
        &summaries[index.expect("it is one of the configurations")]
    };
    let lines = |points: &dyn Fn(Strategy) -> Vec<(f64, f64)>| {
        Strategy::SPREADING.map(|strategy| Line { name: strategy.name(), points: points(strategy) }).into()
    };
    let over_time = |scenario: Scenario| Chart {
        title: title(&format!("{}: p99 of 500 ms windows", scenario.name())),
        x: time(),
        y: Axis {
            name: "milliseconds",
            ticks: vec![10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0],
            scale: Scale::Logarithmic,
        },
        shaded: spans(&scenario.flaps()),
        lines: lines(&|strategy| points(&summary_of(scenario, strategy).p99_by_window)),
    };
    let mut percentiles = lines(&|strategy| by_percentile(summary_of(Scenario::OneSlow, strategy)));
    percentiles.push(Line {
        name: "all equal",
        points: by_percentile(summary_of(Scenario::AllEqual, Strategy::LeastLoaded)),
    });
    let charts = [
        (
            "one-slow",
            Chart {
                title: title("one 10x slower: latency by percentile"),
                x: Axis {
                    name: "how many of 1 000 calls are slower",
                    ticks: vec![1.0, 10.0, 100.0, 500.0],
                    scale: Scale::Logarithmic,
                },
                y: Axis {
                    name: "milliseconds",
                    ticks: vec![5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0],
                    scale: Scale::Logarithmic,
                },
                shaded: Vec::new(),
                lines: percentiles,
            },
        ),
        ("one-slow-at-times", over_time(Scenario::OneSlowAtTimes)),
        ("one-flapping", over_time(Scenario::OneFlapping)),
        (
            "scale-out",
            Chart {
                title: title("two more at 8 s: their share of all responses"),
                x: time(),
                y: Axis {
                    name: "percent",
                    ticks: vec![0.0, 10.0, 20.0, 30.0, 40.0, 50.0],
                    scale: Scale::Linear,
                },
                shaded: Vec::new(),
                lines: lines(&|strategy| points(&share_of_added(summary_of(Scenario::ScaleOut, strategy)))),
            },
        ),
    ];
    fs::create_dir_all(directory)?;
    for (name, chart) in charts {
        fs::write(directory.join(name).with_extension("svg"), chart.to_string())?;
    }
    Ok(())
}

fn title(what: &str) -> String {
    let Size { clients, coordinators, .. } = SIZE;
    format!("{what}; {clients} clients, {coordinators} coordinators, load {LOAD} %")
}

fn time() -> Axis {
    Axis { name: "seconds", ticks: vec![0.0, 5.0, 10.0, 15.0, 20.0], scale: Scale::Linear }
}

/// Returns one point per window, at the middle of the window.
fn points(values: &[f64]) -> Vec<(f64, f64)> {
    let middles = (0..).map(|index: Nanos| seconds(index * WINDOW + WINDOW / 2));
    middles.zip(values.iter().copied()).collect()
}

/// Returns latencies by the number of slower calls per thousand.
fn by_percentile(summary: &Summary) -> Vec<(f64, f64)> {
    summary.slower_than.iter().map(|(slower, latency)| (*slower, *latency)).collect()
}

/// Returns the share of the added coordinators, in percent.
fn share_of_added(summary: &Summary) -> Vec<f64> {
    let part = |shares: &Vec<f64>| shares[SIZE.coordinators..].iter().sum::<f64>() * 100.0;
    summary.shares_by_window.iter().map(part).collect()
}

/// Returns the spans in which the odd coordinator was faulty.
fn spans(flaps: &[(Nanos, bool)]) -> Vec<(f64, f64)> {
    let ends = flaps.iter().skip(1).map(|flap| flap.0).chain([END]);
    let faulty = flaps.iter().zip(ends).filter(|((_, is_faulty), _)| *is_faulty);
    faulty.map(|((start, _), end)| (seconds(*start), seconds(end))).collect()
}
