//! One coordinator is killed under load, and comes back.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail, ensure};
use arango::balance::MemberState;
use arango::transport::AttemptError;
use arango::{Client, Outcome};
use tokio::task::JoinSet;
use tower::util::MapErrLayer;

use crate::Place;
use crate::books::{CreateBooks, InsertBook};
use crate::control::Control;
use crate::terminal::Guide;

/// The least number of calls without effect.
const CALLS: u64 = 5_000;
/// How many of them are on their way at any moment.
const IN_FLIGHT: usize = 32;
/// How many tasks write beside them.
const WRITERS: usize = 4;
/// The longest that the step may take.
const LONGEST: Duration = Duration::from_secs(60);

/// Calls without effect, of which none may fail.
#[derive(Default)]
struct Safe {
    done: AtomicU64,
    /// Attempts that the kill cut after they were sent. Since no call failed, each was sent again.
    cut: AtomicU64,
    enough: AtomicBool,
}

pub(crate) async fn under_load(
    guide: &mut Guide,
    place: &Place,
    control: &Control,
) -> Result<(String, String)> {
    guide.step("Lose a coordinator under load, and have it back");
    let safe = Arc::new(Safe::default());
    let counting = Arc::clone(&safe);
    // A layer around attempts sees those that the client then makes up for.
    let client = place
        .client()
        .attempt_layer(MapErrLayer::new(move |error: AttemptError| {
            if error.outcome() != Outcome::NotExecuted {
                counting.cut.fetch_add(1, Ordering::Relaxed);
            }
            error
        }))
        .build()?;
    let writer = place.client().build()?;
    writer.db("_system").execute(CreateBooks).await?;

    let coordinators = client.coordinators().len();
    ensure!(coordinators > 1, "a cluster of one coordinator has nothing to fall back on");
    for index in 0..coordinators {
        control.delay(index, 3).await?;
    }

    let began = Instant::now();
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
    let bar = guide.progress(CALLS, "calling");
    reach(&safe, &bar, CALLS / 4, began).await?;
    control.kill(victim).await?;
    let killed = Instant::now();
    reach(&safe, &bar, CALLS / 2, began).await?;
    let out = client.coordinators()[victim].standing;
    control.restart(victim).await?;
    reach(&safe, &bar, CALLS, began).await?;
    while client.coordinators()[victim].standing != MemberState::Healthy {
        ensure!(began.elapsed() < LONGEST, "the coordinator did not come back into the rotation");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let away = killed.elapsed();
    safe.enough.store(true, Ordering::Relaxed);
    bar.finish_and_clear();

    let mut slowest = Duration::ZERO;
    while let Some(reader) = readers.join_next().await {
        slowest = slowest.max(reader??);
    }
    let mut fates = BTreeMap::new();
    while let Some(writer) = writers.join_next().await {
        fates.append(&mut writer?);
    }
    control.clear_faults().await?;

    let (calls, cut) = (safe.done.load(Ordering::Relaxed), safe.cut.load(Ordering::Relaxed));
    guide.fact(
        "killed",
        &format!("{}, found {} while it was away", client.coordinators()[victim].address, standing(out)),
    );
    guide.fact("back in the rotation", &format!("{away:.1?} after the kill"));
    guide.fact(
        "calls without effect",
        &format!("{calls}, {IN_FLIGHT} in flight: 0 failed, {cut} cut by the kill and sent again"),
    );
    guide.fact("slowest call", &format!("{slowest:.1?}"));
    ensure!(calls >= CALLS, "only {calls} calls were made");
    ensure!(cut > 0, "the kill met no call on its way");
    let verdict = judge(guide, &fates, &control.executions(&run).await?)?;
    Ok((format!("safe: {calls} calls, 0 failed, {cut} re-sent"), verdict))
}

fn standing(standing: MemberState) -> &'static str {
    match standing {
        MemberState::Healthy => "well",
        MemberState::Ejected => "dead and left out",
        MemberState::HalfOpen => "back on trial",
        _ => "neither well nor left out",
    }
}

/// Reads until there is enough; the slowest of its calls.
async fn read(client: Client, safe: Arc<Safe>) -> Result<Duration, arango::Error> {
    let database = client.db("_system");
    let mut slowest = Duration::ZERO;
    while !safe.enough.load(Ordering::Relaxed) {
        let began = Instant::now();
        database.version().await?;
        slowest = slowest.max(began.elapsed());
        safe.done.fetch_add(1, Ordering::Relaxed);
    }
    Ok(slowest)
}

/// Writes until there is enough; what the client says became of each.
async fn write(client: Client, safe: Arc<Safe>, prefix: String) -> BTreeMap<String, Option<Outcome>> {
    let database = client.db("_system");
    let mut fates = BTreeMap::new();
    while !safe.enough.load(Ordering::Relaxed) {
        let marker = format!("{prefix}{}", fates.len());
        let written = database.execute(InsertBook { marker: marker.clone() }).await;
        fates.insert(marker, written.err().map(|error| error.outcome()));
    }
    fates
}

/// Waits until so many calls were made.
async fn reach(safe: &Safe, bar: &indicatif::ProgressBar, calls: u64, began: Instant) -> Result<()> {
    loop {
        let done = safe.done.load(Ordering::Relaxed);
        bar.set_position(done.min(CALLS));
        if done >= calls {
            return Ok(());
        }
        if began.elapsed() > LONGEST {
            bail!("only {done} calls in {LONGEST:?}");
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Holds what the client said against what the cluster's journal says.
///
/// A write of unknown fate may or may not have been executed, and the journal knows which; one that
/// was acknowledged was executed once, one that is said not to be was not, and none was twice.
fn judge(
    guide: &Guide,
    fates: &BTreeMap<String, Option<Outcome>>,
    journal: &[(String, u64)],
) -> Result<String> {
    let executed: BTreeMap<&str, u64> =
        journal.iter().map(|(marker, times)| (marker.as_str(), *times)).collect();
    let times = |marker: &str| executed.get(marker).copied().unwrap_or(0);
    let (mut acknowledged, mut unknown, mut unknown_executed, mut refused) = (0_u64, 0_u64, 0_u64, 0_u64);
    for (marker, fate) in fates {
        let times = times(marker);
        ensure!(times <= 1, "{marker} was executed {times} times");
        match fate {
            None => {
                ensure!(times == 1, "{marker} was acknowledged and is not in the journal");
                acknowledged += 1;
            }
            Some(Outcome::NotExecuted) => {
                ensure!(times == 0, "{marker} was said not to be executed, and was");
                refused += 1;
            }
            Some(_) => {
                unknown += 1;
                unknown_executed += times;
            }
        }
    }
    let all: u64 = executed.values().sum();
    ensure!(
        all == acknowledged + unknown_executed,
        "the journal holds {all} executions that nobody asked for"
    );
    guide.fact("writes", &format!(
        "{all} executed = {acknowledged} acknowledged + {unknown_executed} of {unknown} reported as unknown; \
         {refused} reported as not executed; 0 doubled"
    ));
    Ok(format!("writes: {all} executed, 0 doubled"))
}
