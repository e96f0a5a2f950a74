//! One of three is killed while calls are under way, and started again: who notices, and for how long?

use std::error::Error;
use std::time::{Duration, Instant};

use arango::balance::{MemberState, ProbeResult, Reason, StateChanges};
use arango::{Client, Coordinator, Limits, LoadBalancing};
use indicatif::ProgressBar;
use tokio::time::{sleep, timeout};

use crate::check::{Bar, Check, Unit};
use crate::load::{Load, Made};
use crate::{client, three};

const CASE: &str = "one of three killed and started again";
const AT_A_TIME: usize = 16;
const KILLED: usize = 2;
const CALM: Duration = Duration::from_secs(3);
const AWAY: Duration = Duration::from_secs(3);
/// How long a connection may take to be opened: the default.
const CONNECT: Duration = Duration::from_secs(3);
/// The longest term of an ejection, its jitter, and the time for a probe.
const PROBED_WITHIN: Duration = Duration::from_secs(40);
/// Shares are those of the last window, and looked at once in a step.
const WINDOW: usize = 5;
const STEP: Duration = Duration::from_millis(50);
/// Nine tenths of a third.
const FULL: f64 = 0.3;
const FULL_WITHIN: Duration = Duration::from_secs(20);

pub(crate) async fn checks(seed: u64, steps: &ProgressBar) -> Result<Vec<Check>, Box<dyn Error>> {
    let cluster = three().await?;
    let builder = client(&cluster, &cluster.urls(), LoadBalancing::RoundRobin, seed);
    let client = builder.limits(Limits::default().connect(CONNECT)).build()?;
    let mut changes = client.subscribe();

    steps.set_message("all are well");
    let load = Load::begin(&client, AT_A_TIME);
    sleep(CALM).await;
    steps.set_message("one was killed");
    let killed = Instant::now();
    cluster.coordinator(KILLED).kill();
    sleep(AWAY).await;
    steps.set_message("it was started again");
    cluster.coordinator(KILLED).restart().await?;
    timeout(PROBED_WITHIN, found_well(&mut changes)).await.map_err(|_| "no probe found it well in time")?;
    let probed = Instant::now();
    steps.set_message("a probe found it well");
    let full = timeout(FULL_WITHIN, has_its_share(&client)).await;
    let full = if full.is_ok() { probed.elapsed() } else { FULL_WITHIN };
    let made = load.end().await;

    let check =
        |what, measured, unit, bar| Check { case: CASE, what, measured, unit, bar: Some(Bar::AtMost(bar)) };
    Ok(vec![
        Check { case: CASE, what: "calls in all", measured: count(made.len()), unit: Unit::Calls, bar: None },
        check("calls that failed", count(made.iter().filter(|made| made.failed).count()), Unit::Calls, 0.0),
        check(
            "the longest call, beyond the longest before",
            added(&made, killed).as_secs_f64(),
            Unit::Seconds,
            CONNECT.as_secs_f64(),
        ),
        check("from its first good probe to its full share", full.as_secs_f64(), Unit::Seconds, 3.0),
    ])
}

/// How much longer the longest call since then has taken, its attempts together, than the longest before.
fn added(made: &[Made], since: Instant) -> Duration {
    let longest =
        |made: &mut dyn Iterator<Item = &Made>| made.map(|made| made.took).max().unwrap_or_default();
    let before = longest(&mut made.iter().filter(|made| made.began + made.took < since));
    longest(&mut made.iter().filter(|made| made.began + made.took >= since)).saturating_sub(before)
}

async fn found_well(changes: &mut StateChanges<Coordinator>) {
    while let Some(change) = changes.next().await {
        // What was missed was of no other coordinator, and the last ones are kept.
        if change.is_ok_and(|change| {
            change.after == MemberState::HalfOpen && change.reason == Reason::Probe(ProbeResult::Available)
        }) {
            return;
        }
    }
}

/// Waits until it takes its part of the calls.
async fn has_its_share(client: &Client) {
    let mut counts: Vec<Vec<u64>> = Vec::new();
    loop {
        counts.push(client.coordinators().iter().map(|state| state.requests).collect());
        if let Some(before) = counts.len().checked_sub(1 + WINDOW) {
            let sent = |index: usize| count(counts[before + WINDOW][index] - counts[before][index]);
            if sent(KILLED) >= FULL * (0..counts[before].len()).map(sent).sum::<f64>() {
                return;
            }
        }
        sleep(STEP).await;
    }
}

#[expect(clippy::cast_precision_loss, reason = "some hundred thousand calls")]
fn count(calls: impl TryInto<u64, Error: std::fmt::Debug>) -> f64 {
    calls.try_into().expect("fewer than memory holds") as f64
}
