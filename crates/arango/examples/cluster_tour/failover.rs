//! Kills a coordinator under load, and restarts it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail, ensure};
use arango::balance::MemberState;
use arango::data::Aql;
use arango::transport::AttemptError;
use arango::{Client, Outcome};
use tokio::task::JoinSet;
use tower::util::MapErrLayer;

use crate::Environment;
use crate::control::Control;
use crate::operations::{CreateBooks, InsertBook};
use crate::terminal::TourOutput;

/// The minimum number of safe calls.
const CALLS: u64 = 3_000;
/// The number of safe calls in flight at any moment.
const IN_FLIGHT: usize = 32;
/// The number of concurrent writers.
const WRITERS: usize = 4;
/// The time limit of the step.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Safe calls, of which none may fail.
#[derive(Default)]
struct ReadCounters {
    completed: AtomicU64,
    /// Attempts that the kill interrupted after they were sent. Since no call failed, each was retried.
    interrupted: AtomicU64,
    stop: AtomicBool,
}

pub(crate) async fn under_load(
    output: &mut TourOutput,
    environment: &Environment,
    control: &Control,
) -> Result<(String, String)> {
    output.step("Kill a coordinator under load, and restart it");
    let safe = Arc::new(ReadCounters::default());
    let counting = Arc::clone(&safe);
    // A layer around attempts also sees the failures that the client retries.
    let client = environment
        .client()
        .attempt_layer(MapErrLayer::new(move |error: AttemptError| {
            if error.outcome() != Outcome::NotExecuted {
                counting.interrupted.fetch_add(1, Ordering::Relaxed);
            }
            error
        }))
        .build()?;
    let writer = environment.client().build()?;
    writer.db("_system").execute(CreateBooks).await?;

    let coordinators = client.coordinators().len();
    ensure!(coordinators > 1, "a cluster with one coordinator cannot fail over");
    for index in 0..coordinators {
        control.delay(index, 3).await?;
    }

    let started_at = Instant::now();
    let mut readers = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        readers.spawn(read(client.clone(), Arc::clone(&safe)));
    }
    let run = format!("tour-{:x}-", SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros());
    let mut writers = JoinSet::new();
    for task in 0..WRITERS {
        writers.spawn(write(writer.clone(), Arc::clone(&safe), format!("{run}{task}-")));
    }

    let victim = coordinators - 1;
    let bar = output.progress(CALLS, "calling");
    wait_for_calls(&safe, &bar, CALLS / 4, started_at).await?;
    control.kill(victim).await?;
    let killed = Instant::now();
    wait_for_calls(&safe, &bar, CALLS / 2, started_at).await?;
    let out = client.coordinators()[victim].state;
    control.restart(victim).await?;
    wait_for_calls(&safe, &bar, CALLS, started_at).await?;
    while client.coordinators()[victim].state != MemberState::Healthy {
        ensure!(started_at.elapsed() < TIMEOUT, "the coordinator did not return to the rotation");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let downtime = killed.elapsed();
    safe.stop.store(true, Ordering::Relaxed);
    bar.finish_and_clear();

    let mut slowest = Duration::ZERO;
    while let Some(reader) = readers.join_next().await {
        slowest = slowest.max(reader??);
    }
    let mut outcomes = BTreeMap::new();
    while let Some(writer) = writers.join_next().await {
        outcomes.append(&mut writer?);
    }
    control.clear_faults().await?;

    let (calls, interrupted) =
        (safe.completed.load(Ordering::Relaxed), safe.interrupted.load(Ordering::Relaxed));
    output.entry(
        "killed",
        &format!("{}, {} while it was down", client.coordinators()[victim].address, state_label(out)),
    );
    output.entry("back in the rotation", &format!("{downtime:.1?} after the kill"));
    output.entry(
        "safe calls",
        &format!(
            "{calls}, {IN_FLIGHT} in flight: 0 failed, {interrupted} interrupted by the kill and retried"
        ),
    );
    output.entry("slowest call", &format!("{slowest:.1?}"));
    ensure!(calls >= CALLS, "only {calls} calls were made");
    ensure!(interrupted > 0, "the kill interrupted no call");
    let executions = if let Some(executions) = control.executions(&run).await? {
        executions
    } else {
        output.entry("executions", "counted in the data, since no journal has them");
        stored_books(&client, &run).await?
    };
    let summary = verify_writes(output, &outcomes, &executions)?;
    Ok((format!("safe: {calls} calls, 0 failed, {interrupted} retried"), summary))
}

/// Counts the books of this run by their markers: each execution has stored one.
async fn stored_books(client: &Client, run: &str) -> Result<Vec<(String, u64)>> {
    let query =
        Aql::new("FOR b IN tour_books FILTER STARTS_WITH(b.title, @run) RETURN b.title").bind("run", run);
    let mut stored = BTreeMap::<String, u64>::new();
    for title in client.db("_system").query::<String>(query).all().await? {
        *stored.entry(title).or_default() += 1;
    }
    Ok(stored.into_iter().collect())
}

fn state_label(state: MemberState) -> &'static str {
    match state {
        MemberState::Healthy => "healthy",
        MemberState::Ejected => "ejected",
        MemberState::HalfOpen => "half-open",
        _ => "in another state",
    }
}

/// Reads until stopped; returns the latency of the slowest call.
async fn read(client: Client, safe: Arc<ReadCounters>) -> Result<Duration, arango::Error> {
    let database = client.db("_system");
    let mut slowest = Duration::ZERO;
    while !safe.stop.load(Ordering::Relaxed) {
        let started_at = Instant::now();
        database.version().await?;
        slowest = slowest.max(started_at.elapsed());
        safe.completed.fetch_add(1, Ordering::Relaxed);
    }
    Ok(slowest)
}

/// Writes until stopped; returns the outcome of each write.
async fn write(client: Client, safe: Arc<ReadCounters>, prefix: String) -> BTreeMap<String, Option<Outcome>> {
    let database = client.db("_system");
    let mut outcomes = BTreeMap::new();
    while !safe.stop.load(Ordering::Relaxed) {
        let marker = format!("{prefix}{}", outcomes.len());
        let written = database.execute(InsertBook { marker: marker.clone() }).await;
        outcomes.insert(marker, written.err().map(|error| error.outcome()));
    }
    outcomes
}

/// Waits until this many calls were made.
async fn wait_for_calls(
    safe: &ReadCounters,
    bar: &indicatif::ProgressBar,
    calls: u64,
    started_at: Instant,
) -> Result<()> {
    loop {
        let done = safe.completed.load(Ordering::Relaxed);
        bar.set_position(done.min(CALLS));
        if done >= calls {
            return Ok(());
        }
        if started_at.elapsed() > TIMEOUT {
            bail!("only {done} calls in {TIMEOUT:?}");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Compares the outcomes reported by the client with what was executed.
///
/// A write with an unknown outcome may or may not have been executed, as the counts show. An acknowledged write was
/// executed once, one that was reported as not executed was not, and none was executed twice.
fn verify_writes(
    output: &TourOutput,
    outcomes: &BTreeMap<String, Option<Outcome>>,
    journal: &[(String, u64)],
) -> Result<String> {
    let executed: BTreeMap<&str, u64> =
        journal.iter().map(|(marker, times)| (marker.as_str(), *times)).collect();
    let times = |marker: &str| executed.get(marker).copied().unwrap_or(0);
    let (mut acknowledged, mut unknown, mut unknown_executed, mut refused) = (0_u64, 0_u64, 0_u64, 0_u64);
    for (marker, outcome) in outcomes {
        let times = times(marker);
        ensure!(times <= 1, "{marker} was executed {times} times");
        match outcome {
            None => {
                ensure!(times == 1, "{marker} was acknowledged and was not executed");
                acknowledged += 1;
            }
            Some(Outcome::NotExecuted) => {
                ensure!(times == 0, "{marker} was reported as not executed, and was executed");
                refused += 1;
            }
            Some(_) => {
                unknown += 1;
                unknown_executed += times;
            }
        }
    }
    let all: u64 = executed.values().sum();
    ensure!(all == acknowledged + unknown_executed, "{all} executions do not match the reported outcomes");
    output.entry("writes", &format!(
        "{all} executed = {acknowledged} acknowledged + {unknown_executed} of {unknown} reported as unknown; \
         {refused} reported as not executed; 0 doubled"
    ));
    Ok(format!("writes: {all} executed, 0 doubled"))
}
