//! The charts of the documentation.

use std::path::Path;
use std::{fs, io};

use crate::chart::{Axis, Chart, Line, Scale, Shaded, TEXT_COLOUR};
use crate::run_config::{RunConfig, Size};
use crate::scenario::{END, Scenario};
use crate::statistics::{Summary, WINDOW};
use crate::strategy::Strategy;
use crate::time::Nanos;
use crate::world::{self, seconds};

const SIZE: Size = Size { clients: 100, coordinators: 3, workers: 16 };
const LOAD: u32 = 40;

/// Clients of the chart of throughput. Each makes one call after the other.
const CALLERS: Size = Size { clients: 40, ..SIZE };

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
    let charts = [
        ("one-slow", one_slow(&summary_of)),
        ("one-slow-at-times", p99_over_time(Scenario::OneSlowAtTimes, SLOW, &summary_of)),
        (
            "one-flapping",
            p99_over_time(Scenario::OneFlapping, "one coordinator refuses connections", &summary_of),
        ),
        ("scale-out", scale_out(&summary_of)),
        ("throughput", throughput(seed)),
    ];
    fs::create_dir_all(directory)?;
    for (name, chart) in charts {
        fs::write(directory.join(name).with_extension("svg"), chart.to_string())?;
    }
    Ok(())
}

const SLOW: &str = "one coordinator takes ten times as long";

/// Finds the summary of a simulation.
type SummaryOf<'a> = dyn Fn(Scenario, Strategy) -> &'a Summary + 'a;

/// The colour of a policy in all charts.
fn colour(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::RoundRobin => "#e8590c",
        Strategy::LeastLoaded => "#2f9e44",
        _ => "#1c7ed6",
    }
}

fn lines(points: impl Fn(Strategy) -> Vec<(f64, f64)>) -> Vec<Line> {
    Strategy::SPREADING
        .map(|strategy| Line { name: strategy.name(), colour: colour(strategy), points: points(strategy) })
        .into()
}

fn one_slow(summary_of: &SummaryOf<'_>) -> Chart {
    let percentiles = [(500.0, "p50"), (100.0, "p90"), (10.0, "p99"), (1.0, "p99.9")];
    Chart {
        title: title("One takes ten times as long: how long calls take"),
        x: Axis {
            name: "percentile: of 1000 calls, 500 take longer than p50, 100 than p90, 10 than p99, 1 than p99.9",
            ticks: percentiles.map(|(slower, name)| (slower, name.to_owned())).into(),
            scale: Scale::Logarithmic,
        },
        y: Axis::new(
            MILLISECONDS,
            Scale::Logarithmic,
            &[5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0],
        ),
        shaded: None,
        reference: Some(Line {
            name: "the same with equal coordinators",
            colour: TEXT_COLOUR,
            points: by_percentile(summary_of(Scenario::AllEqual, Strategy::RoundRobin)),
        }),
        lines: lines(|strategy| by_percentile(summary_of(Scenario::OneSlow, strategy))),
    }
}

fn p99_over_time(scenario: Scenario, fault: &'static str, summary_of: &SummaryOf<'_>) -> Chart {
    Chart {
        title: title("99 of 100 calls take less than this"),
        x: time(),
        y: Axis::new(
            MILLISECONDS,
            Scale::Logarithmic,
            &[10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1_000.0, 2_000.0],
        ),
        shaded: Some(Shaded { name: fault, spans: spans(&scenario.flaps()) }),
        reference: None,
        lines: lines(|strategy| points(&summary_of(scenario, strategy).p99_by_window)),
    }
}

fn scale_out(summary_of: &SummaryOf<'_>) -> Chart {
    Chart {
        title: title("Two more from 8 s on: what they get of all calls"),
        x: time(),
        y: Axis::new("percent of all calls", Scale::Linear, &[0.0, 10.0, 20.0, 30.0, 40.0, 50.0]),
        shaded: None,
        reference: Some(Line {
            name: "their part of all coordinators",
            colour: TEXT_COLOUR,
            points: vec![(8.0, 0.0), (8.0, 40.0), (20.0, 40.0)],
        }),
        lines: lines(|strategy| points(&share_of_added(summary_of(Scenario::ScaleOut, strategy)))),
    }
}

/// Runs clients that make one call after the other, as a program with a fixed number of tasks does.
fn throughput(seed: u64) -> Chart {
    let Size { clients, coordinators, .. } = CALLERS;
    let run = |strategy| {
        let config = RunConfig { size: CALLERS, scenario: Scenario::OneSlowAtTimes, strategy, load: LOAD };
        points(&world::run_back_to_back(&config, seed).summary().throughput_by_window)
    };
    let line =
        |strategy: Strategy| Line { name: strategy.name(), colour: colour(strategy), points: run(strategy) };
    Chart {
        title: format!(
            "Throughput: {clients} clients that make one call after the other, {coordinators} coordinators"
        ),
        x: time(),
        y: Axis::new("calls per second", Scale::Linear, &[0.0, 2_000.0, 4_000.0, 6_000.0, 8_000.0]),
        shaded: Some(Shaded { name: SLOW, spans: spans(&Scenario::OneSlowAtTimes.flaps()) }),
        reference: None,
        lines: vec![line(Strategy::RoundRobin), line(Strategy::LeastLoaded)],
    }
}

const MILLISECONDS: &str = "milliseconds, logarithmic";

fn title(what: &str) -> String {
    let Size { clients, coordinators, .. } = SIZE;
    format!("{what}; {clients} clients, {coordinators} coordinators, load {LOAD} %")
}

fn time() -> Axis {
    Axis::new("seconds since the start", Scale::Linear, &[0.0, 5.0, 10.0, 15.0, 20.0])
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
