//! What it costs to find a member for a request, policy beside policy.
//!
//! ```text
//! cargo bench -p arango-balance --bench pick
//! ```
//!
//! A request passes the whole layer: the set is looked at, the policy picks, the request is counted as in flight, a
//! service answers at once, and the request ends. The time of a request is given, as a client gives it that has read
//! the clock anyway. The last two rows are a good report about a member, where its load is measured and where it is not.
//!
//! Without `--bench`, which `cargo bench` adds and `cargo test` does not, it only shows that it works.

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

/// A request that knows when it was made.
#[derive(Clone, Copy)]
struct Request(Instant);

type AnyPolicy = Arc<dyn Policy<usize, Request>>;

/// Answers at once.
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

/// How often, and by how many at once.
#[derive(Clone, Copy)]
struct Effort {
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

/// Runs `work` so often in each thread, all at once; tells the nanoseconds that each time took.
///
/// Of one thread the quickest round counts, for what disturbs is never a gain. Of several it is the middle one: in the
/// quickest they may have run one after the other, and met nobody.
fn nanoseconds<W: FnMut()>(effort: Effort, work: impl Fn() -> W + Sync) -> f64 {
    let round = || {
        let there = AtomicUsize::new(0);
        let run = || {
            let mut work = work();
            // Not asleep when the last one comes.
            there.fetch_add(1, Ordering::SeqCst);
            while there.load(Ordering::SeqCst) < effort.threads {
                std::hint::spin_loop();
            }
            let begin = Clock::now();
            for _ in 0..effort.calls {
                work();
            }
            begin.elapsed()
        };
        let slowest = thread::scope(|scope| {
            let threads: Vec<_> = (0..effort.threads).map(|_| scope.spawn(run)).collect();
            threads.into_iter().map(|thread| thread.join().expect("it only counts")).max()
        });
        slowest.expect("there is a thread").as_secs_f64() * 1e9 / f64::from(effort.calls)
    };
    let mut rounds: Vec<f64> = (0..effort.rounds).map(|_| round()).collect();
    rounds.sort_by(f64::total_cmp);
    if effort.threads == 1 { rounds[0] } else { rounds[rounds.len() / 2] }
}

/// A set of so many, of which each has answered.
fn set(size: usize, policy: &AnyPolicy) -> Members<usize> {
    let members = Members::new(0..size);
    drop(layer(&members, Arc::clone(policy))); // has it measured what the policy looks at
    let now = Instant::now();
    for member in members.snapshot().iter() {
        member.record(Signal::Success, now);
    }
    members
}

fn pick(members: &Members<usize>, policy: &AnyPolicy, effort: Effort) -> f64 {
    nanoseconds(effort, || {
        let mut service = layer(members, Arc::clone(policy));
        let request = Request(Instant::now());
        move || {
            let mut answer = pin!(service.call(black_box(request)));
            let answer = answer.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(black_box(answer), Poll::Ready(Ok(_))));
        }
    })
}

fn report(members: &Members<usize>, effort: Effort) -> f64 {
    let list = members.snapshot();
    nanoseconds(effort, || {
        let (member, began) = (list[0].clone(), Instant::now());
        move || black_box(&member).record(Signal::Success, black_box(began))
    })
}

fn main() -> std::io::Result<()> {
    let measured = std::env::args().any(|argument| argument == "--bench");
    // Short ones, so that some of them are disturbed by nobody.
    let (calls, rounds) = if measured { (10_000, 500) } else { (100, 1) };
    let cores = thread::available_parallelism()?.get();
    let alone = Effort { calls, rounds, threads: 1 };
    let together = Effort { threads: cores, ..alone };

    let mut out = std::io::stdout().lock();
    writeln!(out, "ns for each request, in each thread\n")?;
    writeln!(out, "{:<24} {:^21} {:^21} {:>14}", "", "3 members", "1000 members", "1000, 1 is out")?;
    let of = |threads: usize| format!("{threads} threads");
    writeln!(
        out,
        "{:<24} {:>10} {:>10} {:>10} {:>10} {:>14}",
        "",
        "1 thread",
        of(cores),
        "1 thread",
        of(cores),
        "1 thread"
    )?;
    let row = |out: &mut std::io::StdoutLock<'_>, name: &str, row: [f64; 5]| {
        let [few, few_together, many, many_together, looked_at] = row;
        writeln!(
            out,
            "{name:<24} {few:>10.0} {few_together:>10.0} {many:>10.0} {many_together:>10.0} {looked_at:>14.0}"
        )
    };
    for (name, policy) in policies() {
        let (few, many) = (set(3, &policy), set(1_000, &policy));
        let one_out = set(1_000, &policy);
        for _ in 0..3 {
            one_out.snapshot()[7].record(Signal::Unreachable, Instant::now());
        }
        let seldom = Effort { calls: calls.div_ceil(100), rounds: rounds.div_ceil(5), ..alone };
        row(
            &mut out,
            name,
            [
                pick(&few, &policy, alone),
                pick(&few, &policy, together),
                pick(&many, &policy, alone),
                pick(&many, &policy, together),
                pick(&one_out, &policy, seldom),
            ],
        )?;
    }
    for (name, policy) in
        policies().into_iter().filter(|(name, _)| ["RoundRobin", "LeastLoaded"].contains(name))
    {
        let (few, many) = (set(3, &policy), set(1_000, &policy));
        let (one, all) = (report(&few, alone), report(&few, together));
        let (of_many, all_of_many) = (report(&many, alone), report(&many, together));
        row(&mut out, &format!("a report, {name}"), [one, all, of_many, all_of_many, of_many])?;
    }
    Ok(())
}
