//! The simulation: clients and coordinators in virtual time, driven by a queue of events.
//!
//! ```text
//!   client                                  coordinator
//!   StartCall ── pick ────────────────────► Arrive ── served, queued or rejected
//!   AttemptDone ◄────────────────────────── Finish
//!     └─ record; done, retry after a backoff, or failed
//!   ProbeDue ── a probe is due ───────────► its result
//!   ProbeDone ◄───────────────────────────────┘
//! ```
//!
//! Picks and member states come from the crate: each client has its set of members and its policy, with time as a
//! parameter.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use arango_balance::{Member, ProbeResult, RandomSource, Route, SeededRandom, Timing};
use tokio::time::Instant;

use crate::client::{Attempt, Call, Client, backoff, fraction_of, signal};
use crate::coordinator::{Admission, AttemptResult, Coordinator, State};
use crate::event_queue::{EventQueue, HOP};
use crate::run_config::RunConfig;
use crate::scenario::{CoordinatorChange, END, Schedule, WARM_UP};
use crate::statistics::Statistics;
use crate::time::{Clock, MILLISECOND, Nanos, SECOND};

/// Mean time that a worker needs for a request, without a latency factor.
pub(crate) const SERVICE: Nanos = 5 * MILLISECOND;
/// Standard deviation of the logarithm of that time.
const SIGMA: f64 = 0.5;

/// Runs one simulation to its end.
pub(crate) fn run(config: &RunConfig, seed: u64) -> Statistics {
    let mut world = World::new(config, seed);
    world.schedule_next_call();
    world.run()
}

/// Runs one simulation in which each client starts a call when its last one has ended, whatever the load is.
pub(crate) fn run_back_to_back(config: &RunConfig, seed: u64) -> Statistics {
    let mut world = World::new(config, seed);
    world.back_to_back = true;
    for client in 0..world.clients.len() {
        let at = fraction_of(SERVICE, world.random.next_f64());
        world.schedule(at, Event::NextCall { client });
    }
    world.run()
}

enum Event {
    /// Any client starts a call.
    StartCall,
    /// A client whose last call has ended starts another one.
    NextCall {
        client: usize,
    },
    /// A call is retried.
    Retry {
        call: usize,
    },
    Arrive {
        call: usize,
        coordinator: usize,
    },
    Finish {
        call: usize,
        coordinator: usize,
        incarnation: u32,
    },
    AttemptDone {
        call: usize,
        result: AttemptResult,
    },
    /// The probe of a member is due, unless it was postponed meanwhile.
    ProbeDue {
        client: usize,
        member: Member<usize>,
    },
    ProbeDone(Box<Probe>),
    Change {
        coordinator: usize,
        change: CoordinatorChange,
    },
    /// A client discovers a coordinator.
    Join {
        client: usize,
        coordinator: usize,
    },
}

/// A probe in flight, and its result.
struct Probe {
    client: usize,
    member: Member<usize>,
    due: Instant,
    result: ProbeResult,
}

struct World {
    clock: Clock,
    random: Arc<dyn RandomSource>,
    now: Nanos,
    events: EventQueue<Event>,
    clients: Vec<Client>,
    coordinators: Vec<Coordinator>,
    calls: Vec<Call>,
    /// Indices in `calls` that can be reused.
    free_slots: Vec<usize>,
    /// Members for which a probe is scheduled.
    probes_scheduled: HashSet<(usize, usize)>,
    /// Mean time between two calls of any clients.
    mean_interarrival: f64,
    /// Whether a client starts a call when its last one has ended.
    back_to_back: bool,
    statistics: Statistics,
}

impl World {
    fn run(mut self) -> Statistics {
        while let Some((at, event)) = self.events.pop() {
            // The remaining events are probes of coordinators that stay down, which never end.
            if at >= END && self.free_slots.len() == self.calls.len() {
                break;
            }
            self.now = at;
            self.handle(event);
        }
        self.statistics
    }

    fn new(config: &RunConfig, seed: u64) -> Self {
        let clock = Clock::new();
        let random: Arc<dyn RandomSource> = Arc::new(SeededRandom::new(seed));
        let size = config.size;
        let schedule = config.scenario.schedule(size.coordinators);
        let clients = clock.run_at(0, || {
            let client = |index| Client::new(index, size.coordinators, config.strategy, &random);
            (0..size.clients).map(client).collect()
        });
        let mut coordinators: Vec<_> =
            (0..size.coordinators + schedule.joins.len()).map(|_| Coordinator::new(size.workers)).collect();
        for added in &mut coordinators[size.coordinators..] {
            added.kill();
        }
        let mut world = Self {
            clock,
            random,
            now: 0,
            events: EventQueue::new(),
            clients,
            statistics: Statistics::new(coordinators.len()),
            coordinators,
            calls: Vec::new(),
            free_slots: Vec::new(),
            probes_scheduled: HashSet::new(),
            mean_interarrival: config.mean_interarrival(),
            back_to_back: false,
        };
        world.schedule_scenario(schedule, size.coordinators);
        world
    }

    /// Schedules the changes of the scenario.
    fn schedule_scenario(&mut self, schedule: Schedule, coordinators: usize) {
        for (at, coordinator, turn) in schedule.changes {
            self.schedule(at, Event::Change { coordinator, change: turn });
        }
        for (coordinator, (at, within)) in (coordinators..).zip(schedule.joins) {
            self.schedule(at, Event::Change { coordinator, change: CoordinatorChange::State(State::Up) });
            for client in 0..self.clients.len() {
                let joins = at + fraction_of(within, self.random.next_f64());
                self.schedule(joins, Event::Join { client, coordinator });
            }
        }
    }

    fn schedule(&mut self, at: Nanos, event: Event) {
        self.events.schedule(at, event);
    }

    /// Schedules the next call of any client.
    ///
    /// Calls of many equal clients at random times are one Poisson process, in which the client of each call is random.
    fn schedule_next_call(&mut self) {
        let at = self.now + nanos(self.mean_interarrival * -(1.0 - self.random.next_f64()).ln());
        if at < END {
            self.schedule(at, Event::StartCall);
        }
    }

    fn random_client(&self) -> usize {
        let clients = self.clients.len();
        index(self.random.next_f64(), clients).min(clients - 1)
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::StartCall => {
                self.schedule_next_call();
                let client = self.random_client();
                self.start_call(client);
            }
            Event::NextCall { client } => self.start_call(client),
            Event::Retry { call } => self.send(call),
            Event::Arrive { call, coordinator } => {
                match self.coordinators[coordinator].arrive(call, self.now) {
                    Admission::Served => self.serve(call, coordinator),
                    Admission::Queued => {}
                    Admission::Rejected(heard) => {
                        self.events.schedule_hop(self.now, Event::AttemptDone { call, result: heard });
                    }
                }
            }
            Event::Finish { call, coordinator, incarnation: life } => {
                if self.coordinators[coordinator].incarnation == life {
                    let (heard, next) = self.coordinators[coordinator].finish(call, self.now);
                    self.events.schedule_hop(self.now, Event::AttemptDone { call, result: heard });
                    if let Some(next) = next {
                        self.serve(next, coordinator);
                    }
                }
            }
            Event::AttemptDone { call, result: heard } => self.handle_result(call, heard),
            Event::ProbeDue { client, member } => self.probe_if_due(client, member),
            Event::ProbeDone(probe) => {
                let Probe { client, member, due, result } = *probe;
                member.record_probe_at(due, result, self.clock.instant(self.now));
                self.probe_if_due(client, member);
            }
            Event::Change { coordinator, change: turn } => self.apply_change(coordinator, turn),
            Event::Join { client, coordinator } => {
                let members = &self.clients[client].members;
                self.clock.run_at(self.now, || members.insert(coordinator));
            }
        }
    }

    fn start_call(&mut self, client: usize) {
        self.statistics.record_started(self.now);
        let call = Call { client, started: self.now, attempt: None, tried: Vec::new() };
        let index = if let Some(index) = self.free_slots.pop() {
            self.calls[index] = call;
            index
        } else {
            self.calls.push(call);
            self.calls.len() - 1
        };
        self.send(index);
    }

    fn end_call(&mut self, index: usize) {
        self.free_slots.push(index);
        if self.back_to_back && self.now < END {
            self.schedule(self.now, Event::NextCall { client: self.calls[index].client });
        }
    }

    /// Picks a member for a call, and sends the next attempt there.
    fn send(&mut self, index: usize) {
        let now = self.clock.instant(self.now);
        let call = &mut self.calls[index];
        let client = &self.clients[call.client];
        let route = Route { tried: &call.tried, now: Some(now), ..Route::any() };
        let in_flight =
            client.members.pick(&*client.policy, &(), &route, now).expect("every set has members");
        let coordinator = *in_flight.member().key();
        call.attempt = Some(Attempt { started: self.now, in_flight });
        self.events.schedule_hop(self.now, Event::Arrive { call: index, coordinator });
    }

    fn serve(&mut self, call: usize, coordinator: usize) {
        let Coordinator { latency_factor, incarnation: life, .. } = self.coordinators[coordinator];
        let takes = nanos(lognormal(&*self.random) * latency_factor);
        self.schedule(self.now + takes, Event::Finish { call, coordinator, incarnation: life });
    }

    /// Records the outcome of an attempt, and ends or retries the call.
    fn handle_result(&mut self, index: usize, heard: AttemptResult) {
        let (now, call) = (self.clock.instant(self.now), &mut self.calls[index]);
        let Attempt { started: began, in_flight } = call.attempt.take().expect("an attempt is in flight");
        let member = in_flight.member().clone();
        if let AttemptResult::Success { queue } = heard {
            member.record_queue_time_at(Duration::from_nanos(queue), now);
        }
        member.record(signal(heard), Timing::since(self.clock.instant(began)).at(now));
        drop(in_flight);

        let (client, began, coordinator) = (call.client, call.started, *member.key());
        if let AttemptResult::Success { .. } = heard {
            self.end_call(index);
            self.statistics.record_success(began, self.now, coordinator);
            return;
        }
        call.tried.push(coordinator);
        let failed = call.tried.len();
        let (max_attempts, members) =
            (self.clients[client].max_attempts(), self.clients[client].members.len());
        self.statistics.record_rejected(began);
        self.schedule_probe(client, member);
        if failed == max_attempts {
            self.end_call(index);
            self.statistics.record_failure(began);
            return;
        }
        let retries = u32::try_from(failed - 1).expect("a few attempts");
        match backoff(heard, retries, failed < members, self.random.next_f64()) {
            0 => self.send(index),
            delay => self.schedule(self.now + delay, Event::Retry { call: index }),
        }
    }

    /// Schedules the next probe of a member unless none is due or one is scheduled.
    fn schedule_probe(&mut self, client: usize, member: Member<usize>) {
        if let Some(due) = member.status().next_probe
            && self.probes_scheduled.insert((client, *member.key()))
        {
            self.schedule(self.clock.nanos(due), Event::ProbeDue { client, member });
        }
    }

    /// Probes a member if its probe is due; schedules it again if it was postponed.
    fn probe_if_due(&mut self, client: usize, member: Member<usize>) {
        let Some(due) = member.status().next_probe else {
            self.probes_scheduled.remove(&(client, *member.key()));
            return;
        };
        let at = self.clock.nanos(due);
        if at > self.now {
            self.schedule(at, Event::ProbeDue { client, member });
            return;
        }
        let result = self.coordinators[*member.key()].probe();
        self.schedule(self.now + 2 * HOP, Event::ProbeDone(Box::new(Probe { client, member, due, result })));
    }

    fn apply_change(&mut self, coordinator: usize, turn: CoordinatorChange) {
        let changed = &mut self.coordinators[coordinator];
        match turn {
            CoordinatorChange::LatencyFactor(factor) => changed.latency_factor = factor,
            CoordinatorChange::State(State::Down) => {
                for call in changed.kill() {
                    self.events.schedule_hop(
                        self.now,
                        Event::AttemptDone { call, result: AttemptResult::ConnectionLost },
                    );
                }
            }
            CoordinatorChange::State(state) => changed.state = state,
        }
    }
}

/// Returns a log-normally distributed time with the mean [`SERVICE`].
#[expect(clippy::cast_precision_loss, reason = "some milliseconds")]
fn lognormal(random: &dyn RandomSource) -> f64 {
    // One of the two results of the Box-Muller transform.
    let (radius, angle) =
        ((-2.0 * (1.0 - random.next_f64()).ln()).sqrt(), std::f64::consts::TAU * random.next_f64());
    let normal = radius * angle.cos();
    SERVICE as f64 * (SIGMA * normal - SIGMA * SIGMA / 2.0).exp()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive time of some seconds"
)]
fn nanos(time: f64) -> Nanos {
    time as Nanos
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a part of some number of clients"
)]
fn index(random: f64, count: usize) -> usize {
    (random * count as f64) as usize
}

/// Whether calls that start at this time are counted.
pub(crate) fn is_measured(started: Nanos) -> bool {
    (WARM_UP..END).contains(&started)
}

/// Converts a time to seconds, for output.
#[expect(clippy::cast_precision_loss, reason = "some seconds")]
pub(crate) fn seconds(time: Nanos) -> f64 {
    time as f64 / SECOND as f64
}
