//! Measures the throughput while one of three coordinators takes 50 ms longer for each response.

use std::error::Error;
use std::time::{Duration, Instant};

use arango::{Client, LoadBalancing};
use arango_test_cluster::Fault;
use indicatif::ProgressBar;
use tokio::time::sleep;

use crate::check::{Check, Threshold, Unit};
use crate::load::Load;
use crate::{client, three_coordinators};

const CASE: &str = "one of three 50 ms slower, 64 concurrent calls";
const CONCURRENCY: usize = 64;
const ADDED_LATENCY: Duration = Duration::from_millis(50);
/// The setups take turns, so that other load on the machine affects all of them.
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(2_500);

pub(crate) async fn checks(seed: u64, steps: &ProgressBar) -> Result<Vec<Check>, Box<dyn Error>> {
    let cluster = three_coordinators().await?;
    let _slow = cluster.coordinator(2).inject(Fault::latency(ADDED_LATENCY));
    let urls = cluster.urls();
    let setups = [
        (
            "only the two fast coordinators",
            client(&cluster, &urls[..2], LoadBalancing::LeastLoaded, seed).build()?,
        ),
        ("least loaded, all three", client(&cluster, &urls, LoadBalancing::LeastLoaded, seed).build()?),
        ("round robin, all three", client(&cluster, &urls, LoadBalancing::RoundRobin, seed).build()?),
    ];
    let mut rates = [const { Vec::new() }; 3];
    for round in 1..=ROUNDS {
        for ((name, client), rates) in setups.iter().zip(&mut rates) {
            steps.set_message(format!("one coordinator is slow: {name}, round {round} of {ROUNDS}"));
            rates.push(rate(client).await);
        }
    }
    let [fast_only, least_loaded, round_robin] = rates.map(median);
    let relative = |metric, rate, threshold| Check {
        case: CASE,
        metric,
        measured: rate / fast_only,
        unit: Unit::Ratio,
        threshold,
    };
    Ok(vec![
        Check {
            case: CASE,
            metric: "only the two fast coordinators",
            measured: fast_only,
            unit: Unit::CallsPerSecond,
            threshold: None,
        },
        relative("least loaded, relative to that", least_loaded, Some(Threshold::AtLeast(0.9))),
        relative("round robin, relative to that", round_robin, None),
    ])
}

/// Returns the number of successful calls per second.
#[expect(clippy::cast_precision_loss, reason = "some thousands of calls")]
async fn rate(client: &Client) -> f64 {
    let (start, load) = (Instant::now(), Load::start(client, CONCURRENCY));
    sleep(ROUND).await;
    let samples = load.stop().await;
    samples.iter().filter(|sample| !sample.failed).count() as f64 / start.elapsed().as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_unstable_by(f64::total_cmp);
    rates[rates.len() / 2]
}
