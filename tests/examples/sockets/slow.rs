//! One of three takes 50 ms longer for each answer: how much of what the two others can do is left?

use std::error::Error;
use std::time::{Duration, Instant};

use arango::{Client, LoadBalancing};
use arango_test_cluster::Fault;
use indicatif::ProgressBar;
use tokio::time::sleep;

use crate::check::{Bar, Check, Unit};
use crate::load::Load;
use crate::{client, three};

const CASE: &str = "one of three 50 ms slower, 64 calls at a time";
const AT_A_TIME: usize = 64;
const SLOWER: Duration = Duration::from_millis(50);
/// The three ways in turn, so that what else the machine does falls on all of them.
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(2_500);

pub(crate) async fn checks(seed: u64, steps: &ProgressBar) -> Result<Vec<Check>, Box<dyn Error>> {
    let cluster = three().await?;
    let _slow = cluster.coordinator(2).inject(Fault::latency(SLOWER));
    let urls = cluster.urls();
    let ways = [
        ("the two quick ones alone", client(&cluster, &urls[..2], LoadBalancing::LeastLoaded, seed).build()?),
        ("least loaded, all three", client(&cluster, &urls, LoadBalancing::LeastLoaded, seed).build()?),
        ("round robin, all three", client(&cluster, &urls, LoadBalancing::RoundRobin, seed).build()?),
    ];
    let mut rates = [const { Vec::new() }; 3];
    for round in 1..=ROUNDS {
        for ((name, client), rates) in ways.iter().zip(&mut rates) {
            steps.set_message(format!("one is slow: {name}, round {round} of {ROUNDS}"));
            rates.push(rate(client).await);
        }
    }
    let [alone, least_loaded, round_robin] = rates.map(median);
    let beside_alone =
        |what, rate, bar| Check { case: CASE, what, measured: rate / alone, unit: Unit::Times, bar };
    Ok(vec![
        Check {
            case: CASE,
            what: "the two quick ones alone",
            measured: alone,
            unit: Unit::CallsPerSecond,
            bar: None,
        },
        beside_alone("least loaded beside that", least_loaded, Some(Bar::AtLeast(0.9))),
        beside_alone("round robin beside that", round_robin, None),
    ])
}

/// How many calls are answered in a second.
#[expect(clippy::cast_precision_loss, reason = "some thousands of calls")]
async fn rate(client: &Client) -> f64 {
    let (began, load) = (Instant::now(), Load::begin(client, AT_A_TIME));
    sleep(ROUND).await;
    let made = load.end().await;
    made.iter().filter(|made| !made.failed).count() as f64 / began.elapsed().as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_unstable_by(f64::total_cmp);
    rates[rates.len() / 2]
}
