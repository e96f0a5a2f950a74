//! Cost of picking a member for a request, by policy.
//!
//! ```text
//! cargo bench -p arango-balance --bench pick
//! ```
//!
//! A request passes the whole layer: degraded members are read, the policy picks, the request is counted as in flight,
//! a service responds at once, and the request ends. The request carries its time, as if the
//! client had already read the clock. The last two rows record a success, with and without measured load.
//!
//! Without `--bench`, which `cargo bench` adds and `cargo test` does not, it only checks that the benchmark runs.

use std::future::{Ready, ready};
use std::hint::black_box;
use std::io::Write as _;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant as Clock};

use arango_balance::{
    Balance, BalanceLayer, Fallback, LeastLoaded, Member, Members, NoMember, Periodic, Policy, Preferred,
    Random, RoundRobin, Route, Routed, Signal, Single,
};
use tokio::time::Instant;
use tower::{Layer as _, Service};

/// A request with the time at which it was made.
#[derive(Clone, Copy)]
struct Request(Instant);

type AnyPolicy = Arc<dyn Policy<usize, Request>>;

/// A service that responds at once.
#[derive(Clone)]
struct Echo;

impl Service<Routed<usize, Request>> for Echo {
    type Response = Member<usize>;
    type Error = NoMember;
    type Future = Ready<Result<Member<usize>, NoMember>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), NoMember>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, routed: Routed<usize, Request>) -> Self::Future {
        ready(Ok(routed.member))
    }
}

/// Numbers of calls per round, of rounds and of threads.
#[derive(Clone, Copy)]
struct BenchConfig {
    calls: u32,
    rounds: u32,
    threads: usize,
}

fn policies() -> Vec<(&'static str, AnyPolicy)> {
    let near = |member: &usize| member.is_multiple_of(2);
    vec![
        ("RoundRobin", Arc::new(RoundRobin::default())),
        ("Random", Arc::new(Random::new())),
        ("LeastLoaded", Arc::new(LeastLoaded::new())),
        ("Single", Arc::new(Single::new())),
        ("Fallback", Arc::new(Fallback)),
        ("Periodic, 100 requests", Arc::new(Periodic::after_requests(100))),
        ("Periodic, 1 s", Arc::new(Periodic::after_time(Duration::from_secs(1)))),
        ("Preferred, RoundRobin", {
            Arc::new(Preferred::new(near, RoundRobin::default(), RoundRobin::default()))
        }),
    ]
}

fn layer(members: &Members<usize>, policy: AnyPolicy) -> Balance<Echo, usize, AnyPolicy, Request> {
    BalanceLayer::new(members.clone(), policy)
        .route_by(|request: &Request| Route { now: Some(request.0), ..Route::any() })
        .layer(Echo)
}

/// Runs `work` in all threads concurrently; returns nanoseconds per call.
///
/// With one thread the fastest round counts, because disturbances only make it slower. With several it is the median:
/// in the fastest round they may have run one after the other, without contention.
fn nanoseconds<W: FnMut()>(config: BenchConfig, work: impl Fn() -> W + Sync) -> f64 {
    let round = || {
        let ready = AtomicUsize::new(0);
        let run = || {
            let mut work = work();
            // Spin, so that no thread is asleep when the last one is ready.
            ready.fetch_add(1, Ordering::SeqCst);
            while ready.load(Ordering::SeqCst) < config.threads {
                std::hint::spin_loop();
            }
            let begin = Clock::now();
            for _ in 0..config.calls {
                work();
            }
            begin.elapsed()
        };
        let slowest = thread::scope(|scope| {
            let threads: Vec<_> = (0..config.threads).map(|_| scope.spawn(run)).collect();
            threads.into_iter().map(|thread| thread.join().expect("the work does not panic")).max()
        });
        slowest.expect("there is a thread").as_secs_f64() * 1e9 / f64::from(config.calls)
    };
    let mut rounds: Vec<f64> = (0..config.rounds).map(|_| round()).collect();
    rounds.sort_by(f64::total_cmp);
    if config.threads == 1 { rounds[0] } else { rounds[rounds.len() / 2] }
}

/// Creates a set of `size` members, each with one recorded success.
fn member_set(size: usize, policy: &AnyPolicy) -> Members<usize> {
    let members = Members::new(0..size);
    drop(layer(&members, Arc::clone(policy))); // starts measuring load if the policy uses it
    let now = Instant::now();
    for member in members.snapshot().iter() {
        member.record(Signal::Success, now);
    }
    members
}

fn pick(members: &Members<usize>, policy: &AnyPolicy, config: BenchConfig) -> f64 {
    nanoseconds(config, || {
        let mut service = layer(members, Arc::clone(policy));
        let request = Request(Instant::now());
        move || {
            let mut response = pin!(service.call(black_box(request)));
            let response = response.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(black_box(response), Poll::Ready(Ok(_))));
        }
    })
}

fn record(members: &Members<usize>, config: BenchConfig) -> f64 {
    let list = members.snapshot();
    nanoseconds(config, || {
        let (member, started) = (list[0].clone(), Instant::now());
        move || black_box(&member).record(Signal::Success, black_box(started))
    })
}

fn main() -> std::io::Result<()> {
    let measured = std::env::args().any(|argument| argument == "--bench");
    // Short rounds, so that some of them are not disturbed.
    let (calls, rounds) = if measured { (10_000, 500) } else { (100, 1) };
    let cores = thread::available_parallelism()?.get();
    let single = BenchConfig { calls, rounds, threads: 1 };
    let concurrent = BenchConfig { threads: cores, ..single };

    let mut out = std::io::stdout().lock();
    writeln!(out, "ns per request in each thread\n")?;
    writeln!(out, "{:<24} {:^21} {:^21} {:>14}", "", "3 members", "1000 members", "1000, 1 ejected")?;
    let threads = format!("{cores} threads");
    writeln!(
        out,
        "{:<24} {:>10} {:>10} {:>10} {:>10} {:>14}",
        "", "1 thread", threads, "1 thread", threads, "1 thread"
    )?;
    let row = |out: &mut std::io::StdoutLock<'_>, name: &str, row: [f64; 5]| {
        let [few, few_concurrent, many, many_concurrent, one_ejected] = row;
        writeln!(
            out,
            "{name:<24} {few:>10.0} {few_concurrent:>10.0} {many:>10.0} {many_concurrent:>10.0} {one_ejected:>14.0}"
        )
    };
    for (name, policy) in policies() {
        let (few, many) = (member_set(3, &policy), member_set(1_000, &policy));
        let one_ejected = member_set(1_000, &policy);
        for _ in 0..3 {
            one_ejected.snapshot()[7].record(Signal::Unreachable, Instant::now());
        }
        let shorter = BenchConfig { calls: calls.div_ceil(100), rounds: rounds.div_ceil(5), ..single };
        row(
            &mut out,
            name,
            [
                pick(&few, &policy, single),
                pick(&few, &policy, concurrent),
                pick(&many, &policy, single),
                pick(&many, &policy, concurrent),
                pick(&one_ejected, &policy, shorter),
            ],
        )?;
    }
    for (name, policy) in
        policies().into_iter().filter(|(name, _)| ["RoundRobin", "LeastLoaded"].contains(name))
    {
        let (few, many) = (member_set(3, &policy), member_set(1_000, &policy));
        let (few_single, few_concurrent) = (record(&few, single), record(&few, concurrent));
        let (many_single, many_concurrent) = (record(&many, single), record(&many, concurrent));
        row(
            &mut out,
            &format!("record, {name}"),
            [few_single, few_concurrent, many_single, many_concurrent, many_single],
        )?;
    }
    Ok(())
}
