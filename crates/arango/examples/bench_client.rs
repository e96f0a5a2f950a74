//! Calls a cluster in a closed loop and prints one line of JSON with the results.
//!
//! For comparison with other clients in the same harness:
//!
//! ```text
//! bench_client --hosts http://127.0.0.1:8529,http://127.0.0.1:8539 --endpoint health --concurrency 64 --duration 3
//! ```
//!
//! It uses one thread, one client, and `--concurrency` loops with one call in flight each. It exits with 0 even if
//! calls failed; the line contains the number of errors and their kinds.

use std::alloc::System;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use arango::data::Aql;
use arango::{Client, Database, Error, LoadBalancing, PoolLimits};
use clap::{Parser, ValueEnum};
use serde::Deserialize;
use serde_json::json;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::sync::Mutex;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Calls a cluster in a closed loop and prints one line of JSON with the results.
#[derive(Debug, Parser)]
struct Arguments {
    /// The coordinators, comma-separated.
    #[arg(long)]
    hosts: String,
    /// The endpoint of each call.
    #[arg(long, value_enum, default_value = "version")]
    endpoint: Endpoint,
    /// The load balancing strategy: `roundrobin`, `least-loaded`, …
    #[arg(long, default_value_t = LoadBalancing::RoundRobin)]
    balancing: LoadBalancing,
    /// Loops with one call in flight each.
    #[arg(long, default_value_t = 1)]
    concurrency: usize,
    /// Stop after this many calls in total.
    #[arg(long, required_unless_present = "duration")]
    requests: Option<u64>,
    /// Stop after this many seconds.
    #[arg(long)]
    duration: Option<f64>,
    /// Calls before the measurement.
    #[arg(long, default_value_t = 0)]
    warmup: u64,
    /// Do not measure latencies, so that instructions can be counted.
    #[arg(long)]
    no_latency: bool,
    /// The user to log in as.
    #[arg(long, default_value = "root")]
    user: String,
    /// The user's password.
    #[arg(long, default_value = "passwd", env = "ARANGO_ROOT_PASSWORD", hide_env_values = true)]
    password: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Endpoint {
    Version,
    Health,
    Cursor,
}

/// One document, as the harness defines it.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "decoded as a program would")]
struct Doc {
    #[serde(rename = "_key")]
    key: String,
    #[serde(rename = "_id")]
    id: String,
    #[serde(rename = "_rev")]
    rev: String,
    name: String,
    value: i64,
    active: bool,
}

async fn call(database: &Database, endpoint: Endpoint) -> Result<usize, Error> {
    Ok(match endpoint {
        Endpoint::Version => database.version().await?.version.map_or(0, |version| version.len()),
        Endpoint::Health => database.cluster().health().await?.servers().count(),
        Endpoint::Cursor => database.query::<Doc>(Aql::new("FOR d IN docs RETURN d")).all().await?.len(),
    })
}

/// The state shared by the loops of one phase.
struct Phase {
    left: AtomicU64,
    until: Option<Instant>,
    latency: bool,
    totals: Mutex<Totals>,
}

#[derive(Default)]
struct Totals {
    ok: u64,
    errors: u64,
    latencies: Vec<Duration>,
    kinds: BTreeMap<String, u64>,
    first_error: Option<f64>,
    last_error: Option<f64>,
}

/// Runs `concurrency` loops until all calls are sent or the time is up.
async fn run_phase(database: &Database, arguments: &Arguments, calls: u64, until: Option<Instant>) -> Totals {
    let shared = Arc::new(Phase {
        left: AtomicU64::new(calls),
        until,
        latency: !arguments.no_latency,
        totals: Mutex::default(),
    });
    let endpoint = arguments.endpoint;
    let loops: Vec<_> = (0..arguments.concurrency)
        .map(|_| tokio::spawn(run_loop(Arc::clone(&shared), database.clone(), endpoint)))
        .collect();
    for one in loops {
        one.await.expect("a loop does not panic");
    }
    std::mem::take(&mut *shared.totals.lock().await)
}

async fn run_loop(phase: Arc<Phase>, database: Database, endpoint: Endpoint) {
    let mut local = Totals::default();
    loop {
        let taken = phase.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if taken.is_err() || phase.until.is_some_and(|until| Instant::now() >= until) {
            break;
        }
        let started_at = phase.latency.then(Instant::now);
        match call(&database, endpoint).await {
            Ok(_) => local.ok += 1,
            Err(error) => {
                let now = unix_time();
                local.errors += 1;
                local.first_error.get_or_insert(now);
                local.last_error = Some(now);
                *local.kinds.entry(error.kind().to_string()).or_default() += 1;
                // Like a real caller: no busy loop on a refused connection.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        local.latencies.extend(started_at.map(|started_at| started_at.elapsed()));
    }
    let mut all = phase.totals.lock().await;
    all.ok += local.ok;
    all.errors += local.errors;
    all.latencies.append(&mut local.latencies);
    for (kind, count) in local.kinds {
        *all.kinds.entry(kind).or_default() += count;
    }
    all.first_error = [all.first_error, local.first_error].into_iter().flatten().reduce(f64::min);
    all.last_error = [all.last_error, local.last_error].into_iter().flatten().reduce(f64::max);
}

fn unix_time() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// The resources used by the process so far, if the system reports them.
struct Usage {
    user: f64,
    system: f64,
    peak_kb: u64,
}

fn usage() -> Option<Usage> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The program name, in parentheses, may contain spaces.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let seconds = |ticks: &str| Some(f64::from(ticks.parse::<u32>().ok()?) / 100.0);
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(Usage {
        user: seconds(fields.get(11)?)?,
        system: seconds(fields.get(12)?)?,
        peak_kb: peak.split_whitespace().next()?.parse().ok()?,
    })
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts far below the limits of a double"
)]
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let client = Client::builder()
        .hosts(&*arguments.hosts)
        .load_balancing(arguments.balancing.clone())
        .jwt_auth(&arguments.user, &arguments.password)
        .pool(PoolLimits::default().connections(arguments.concurrency))
        .build()?;
    let database = client.db("_system");

    run_phase(&database, &arguments, arguments.warmup, None).await;
    let before = usage();
    let allocations = Region::new(ALLOCATOR);
    let started_at = Instant::now();
    let until = arguments.duration.map(|seconds| started_at + Duration::from_secs_f64(seconds));
    let mut totals = run_phase(&database, &arguments, arguments.requests.unwrap_or(u64::MAX), until).await;
    let elapsed = started_at.elapsed().as_secs_f64();
    let allocated = allocations.change();
    let after = usage();

    let calls = totals.ok + totals.errors;
    let each = |total: usize| total as f64 / calls.max(1) as f64;
    totals.latencies.sort_unstable();
    let at = |share: f64| {
        let last = totals.latencies.len().checked_sub(1)?;
        let index = (totals.latencies.len() as f64 * share) as usize;
        Some(totals.latencies[index.min(last)].as_secs_f64() * 1e6)
    };
    let used = before.as_ref().zip(after.as_ref());
    let line = json!({
        "client": "arango",
        "endpoint": format!("{:?}", arguments.endpoint).to_lowercase(),
        "balancing": arguments.balancing.to_string(),
        "concurrency": arguments.concurrency,
        "requests": calls,
        "errors": totals.errors,
        "elapsed_s": elapsed,
        "rps": totals.ok as f64 / elapsed,
        "p50_us": at(0.5), "p90_us": at(0.9), "p99_us": at(0.99), "p999_us": at(0.999), "max_us": at(1.0),
        "cpu_user_s": used.map(|(before, after)| after.user - before.user),
        "cpu_sys_s": used.map(|(before, after)| after.system - before.system),
        "max_rss_kb": after.as_ref().map(|usage| usage.peak_kb),
        "allocs_per_req": each(allocated.allocations + allocated.reallocations),
        "alloc_bytes_per_req": each(allocated.bytes_allocated),
        "first_error_unix": totals.first_error,
        "last_error_unix": totals.last_error,
        "error_kinds": totals.kinds,
    });
    anstream::println!("{line}");
    Ok(())
}
