//! Measures the effect of killing and restarting one of three coordinators under load.

use std::error::Error;
use std::time::{Duration, Instant};

use arango::balance::{MemberState, ProbeResult, Reason, StateChanges};
use arango::{Client, Coordinator, Limits, LoadBalancing};
use indicatif::ProgressBar;
use tokio::time::{sleep, timeout};

use crate::check::{Check, Threshold, Unit};
use crate::load::{CallSample, Load};
use crate::{client, three_coordinators};

const CASE: &str = "one of three killed and restarted";
const CONCURRENCY: usize = 16;
const KILLED: usize = 2;
const BASELINE: Duration = Duration::from_secs(3);
const DOWNTIME: Duration = Duration::from_secs(3);
/// Connect timeout: the default.
const CONNECT: Duration = Duration::from_secs(3);
/// Maximum ejection time with jitter, plus the time for a probe.
const PROBE_TIMEOUT: Duration = Duration::from_secs(40);
/// Number of steps over which the share is computed.
const WINDOW: usize = 5;
const STEP: Duration = Duration::from_millis(50);
/// 90 % of a third.
const FULL_SHARE: f64 = 0.3;
const FULL_SHARE_TIMEOUT: Duration = Duration::from_secs(20);

pub(crate) async fn checks(seed: u64, steps: &ProgressBar) -> Result<Vec<Check>, Box<dyn Error>> {
    let cluster = three_coordinators().await?;
    let builder = client(&cluster, &cluster.urls(), LoadBalancing::RoundRobin, seed);
    let client = builder.limits(Limits::default().connect(CONNECT)).build()?;
    let mut changes = client.subscribe();

    steps.set_message("all coordinators are healthy");
    let load = Load::start(&client, CONCURRENCY);
    sleep(BASELINE).await;
    steps.set_message("one coordinator is down");
    let killed = Instant::now();
    cluster.coordinator(KILLED).kill();
    sleep(DOWNTIME).await;
    steps.set_message("the coordinator is restarted");
    cluster.coordinator(KILLED).restart().await?;
    timeout(PROBE_TIMEOUT, wait_for_successful_probe(&mut changes))
        .await
        .map_err(|_| "no probe succeeded in time")?;
    let probed = Instant::now();
    steps.set_message("a probe succeeded");
    let full_share_after = timeout(FULL_SHARE_TIMEOUT, wait_for_full_share(&client)).await;
    let full_share_after = if full_share_after.is_ok() { probed.elapsed() } else { FULL_SHARE_TIMEOUT };
    let samples = load.stop().await;

    let check = |metric, measured, unit, threshold| Check {
        case: CASE,
        metric,
        measured,
        unit,
        threshold: Some(Threshold::AtMost(threshold)),
    };
    Ok(vec![
        Check {
            case: CASE,
            metric: "total calls",
            measured: count(samples.len()),
            unit: Unit::Calls,
            threshold: None,
        },
        check("failed calls", count(samples.iter().filter(|sample| sample.failed).count()), Unit::Calls, 0.0),
        check(
            "longest call, compared with before the failure",
            added_latency(&samples, killed).as_secs_f64(),
            Unit::Seconds,
            CONNECT.as_secs_f64(),
        ),
        check(
            "time from the first successful probe to the full share",
            full_share_after.as_secs_f64(),
            Unit::Seconds,
            3.0,
        ),
    ])
}

/// Returns by how much calls take longer after `since`. It compares the longest call after it with the longest before,
/// including all attempts.
fn added_latency(samples: &[CallSample], since: Instant) -> Duration {
    let longest = |samples: &mut dyn Iterator<Item = &CallSample>| {
        samples.map(|sample| sample.duration).max().unwrap_or_default()
    };
    let before = longest(&mut samples.iter().filter(|sample| sample.started + sample.duration < since));
    longest(&mut samples.iter().filter(|sample| sample.started + sample.duration >= since))
        .saturating_sub(before)
}

async fn wait_for_successful_probe(changes: &mut StateChanges<Coordinator>) {
    while let Some(change) = changes.next().await {
        // Only one coordinator changes its state, and the latest changes are kept, so missed changes are irrelevant.
        if change.is_ok_and(|change| {
            change.after == MemberState::HalfOpen && change.reason == Reason::Probe(ProbeResult::Available)
        }) {
            return;
        }
    }
}

/// Waits until the restarted coordinator gets its full share of calls.
async fn wait_for_full_share(client: &Client) {
    let mut counts: Vec<Vec<u64>> = Vec::new();
    loop {
        counts.push(client.coordinators().iter().map(|state| state.requests).collect());
        if let Some(before) = counts.len().checked_sub(1 + WINDOW) {
            let sent = |index: usize| count(counts[before + WINDOW][index] - counts[before][index]);
            if sent(KILLED) >= FULL_SHARE * (0..counts[before].len()).map(sent).sum::<f64>() {
                return;
            }
        }
        sleep(STEP).await;
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most some hundred thousand calls")]
fn count(calls: impl TryInto<u64, Error: std::fmt::Debug>) -> f64 {
    calls.try_into().expect("the number of calls fits into u64") as f64
}
