//! Clients and coordinators in virtual time: an agenda of events, and nothing else that moves.
//!
//! ```text
//!   client                            coordinator
//!   Begin ── pick ──────────────────► Arrive ── a worker, or the queue, or no
//!   Heard ◄─────────────────────────── Finish
//!     └─ report, end; again elsewhere, after a pause, or counted
//!   Due ── a term is over: the probe ─► what it finds
//!   Probed ◄──────────────────────────────┘
//! ```
//!
//! What is picked, and what becomes of a coordinator's standing, is left to the balancer: each client has a set of
//! members and a policy of its own, which are handed the time.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use arango_balance::{Member, ProbeResult, RandomSource, Route, SeededRandom};
use tokio::time::Instant;

use crate::agenda::{Agenda, HOP};
use crate::client::{Attempt, Call, Client, part, pause, verdict};
use crate::coordinator::{Arrived, Coordinator, Heard, State};
use crate::figures::Figures;
use crate::plan::Plan;
use crate::scenario::{END, Script, Turn, WARM_UP};
use crate::time::{Clock, MILLISECOND, Nanos, SECOND};

/// How long a request takes a worker, on average and where all is well.
pub(crate) const SERVICE: Nanos = 5 * MILLISECOND;
/// How much that varies: the standard deviation of its logarithm.
const SIGMA: f64 = 0.5;

/// Runs one world to its end.
pub(crate) fn run(plan: &Plan, seed: u64) -> Figures {
    let mut world = World::new(plan, seed);
    while let Some((at, what)) = world.agenda.next() {
        // What is left are probes of those that stay away, which have no end.
        if at >= END && world.done.len() == world.calls.len() {
            break;
        }
        world.now = at;
        world.happen(what);
    }
    world.figures
}

enum What {
    /// One of the clients has something to ask.
    Begin,
    /// A call is sent, not for the first time.
    Again {
        call: usize,
    },
    Arrive {
        call: usize,
        coordinator: usize,
    },
    Finish {
        call: usize,
        coordinator: usize,
        life: u32,
    },
    Heard {
        call: usize,
        heard: Heard,
    },
    /// The term of a member is over, as far as was known.
    Due {
        client: usize,
        member: Member<usize>,
    },
    Probed(Box<Look>),
    Turn {
        coordinator: usize,
        turn: Turn,
    },
    /// A client learns of a coordinator.
    Join {
        client: usize,
        coordinator: usize,
    },
}

/// What a client finds of a member.
struct Look {
    client: usize,
    member: Member<usize>,
    due: Instant,
    found: ProbeResult,
}

struct World {
    clock: Clock,
    jitter: Arc<dyn RandomSource>,
    now: Nanos,
    agenda: Agenda<What>,
    clients: Vec<Client>,
    coordinators: Vec<Coordinator>,
    calls: Vec<Call>,
    /// Places in `calls` that can be taken again.
    done: Vec<usize>,
    /// Members for whose term an event is planned.
    watched: HashSet<(usize, usize)>,
    /// Between two calls, of whatever clients, on average.
    between: f64,
    figures: Figures,
}

impl World {
    fn new(plan: &Plan, seed: u64) -> Self {
        let clock = Clock::new();
        let jitter: Arc<dyn RandomSource> = Arc::new(SeededRandom::new(seed));
        let size = plan.size;
        let script = plan.scenario.script(size.coordinators);
        let clients = clock.at(0, || {
            let client = |index| Client::new(index, size.coordinators, plan.strategy, &jitter);
            (0..size.clients).map(client).collect()
        });
        let mut coordinators: Vec<_> =
            (0..size.coordinators + script.joins.len()).map(|_| Coordinator::new(size.workers)).collect();
        for coming in &mut coordinators[size.coordinators..] {
            coming.die();
        }
        let mut world = Self {
            clock,
            jitter,
            now: 0,
            agenda: Agenda::new(),
            clients,
            figures: Figures::new(coordinators.len()),
            coordinators,
            calls: Vec::new(),
            done: Vec::new(),
            watched: HashSet::new(),
            between: plan.between(),
        };
        world.follow(script, size.coordinators);
        world
    }

    /// Plans what goes wrong, and the first call.
    fn follow(&mut self, script: Script, coordinators: usize) {
        for (at, coordinator, turn) in script.turns {
            self.plan(at, What::Turn { coordinator, turn });
        }
        for (coordinator, (at, within)) in (coordinators..).zip(script.joins) {
            self.plan(at, What::Turn { coordinator, turn: Turn::Becomes(State::Up) });
            for client in 0..self.clients.len() {
                let learns = at + part(within, self.jitter.next_f64());
                self.plan(learns, What::Join { client, coordinator });
            }
        }
        self.plan_next_call();
    }

    fn plan(&mut self, at: Nanos, what: What) {
        self.agenda.plan(at, what);
    }

    /// Many clients that each begin calls at any time, one as often as the other, are one process that does, and each time
    /// leaves it to chance which of them it is.
    fn plan_next_call(&mut self) {
        let at = self.now + nanos(self.between * -(1.0 - self.jitter.next_f64()).ln());
        if at < END {
            self.plan(at, What::Begin);
        }
    }

    fn any_client(&self) -> usize {
        let clients = self.clients.len();
        index(self.jitter.next_f64(), clients).min(clients - 1)
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Begin => {
                self.plan_next_call();
                let client = self.any_client();
                self.figures.begun(self.now);
                let call = Call { client, began: self.now, attempt: None, tried: Vec::new() };
                let place = if let Some(place) = self.done.pop() {
                    self.calls[place] = call;
                    place
                } else {
                    self.calls.push(call);
                    self.calls.len() - 1
                };
                self.send(place);
            }
            What::Again { call } => self.send(call),
            What::Arrive { call, coordinator } => match self.coordinators[coordinator].arrive(call, self.now)
            {
                Arrived::Served => self.serve(call, coordinator),
                Arrived::Queued => {}
                Arrived::Turned(heard) => self.agenda.plan_hop(self.now, What::Heard { call, heard }),
            },
            What::Finish { call, coordinator, life } => {
                if self.coordinators[coordinator].life == life {
                    let (heard, next) = self.coordinators[coordinator].finish(call, self.now);
                    self.agenda.plan_hop(self.now, What::Heard { call, heard });
                    if let Some(next) = next {
                        self.serve(next, coordinator);
                    }
                }
            }
            What::Heard { call, heard } => self.hear(call, heard),
            What::Due { client, member } => self.due(client, member),
            What::Probed(look) => {
                let Look { client, member, due, found } = *look;
                member.record_probe_at(due, found, self.clock.instant(self.now));
                self.due(client, member);
            }
            What::Turn { coordinator, turn } => self.turn(coordinator, turn),
            What::Join { client, coordinator } => {
                let members = &self.clients[client].members;
                self.clock.at(self.now, || members.insert(coordinator));
            }
        }
    }

    /// Has a member picked for a call, and sends it there.
    fn send(&mut self, place: usize) {
        let now = self.clock.instant(self.now);
        let call = &mut self.calls[place];
        let client = &self.clients[call.client];
        let route = Route { tried: &call.tried, now: Some(now), ..Route::any() };
        let in_flight =
            client.members.pick(&*client.policy, &(), &route, now).expect("every set has members");
        let coordinator = *in_flight.member().key();
        call.attempt = Some(Attempt { began: self.now, in_flight });
        self.agenda.plan_hop(self.now, What::Arrive { call: place, coordinator });
    }

    fn serve(&mut self, call: usize, coordinator: usize) {
        let Coordinator { slowness, life, .. } = self.coordinators[coordinator];
        let takes = nanos(lognormal(&*self.jitter) * slowness);
        self.plan(self.now + takes, What::Finish { call, coordinator, life });
    }

    /// Tells the balancer what came of an attempt, and ends the call or sends it again.
    fn hear(&mut self, place: usize, heard: Heard) {
        let (now, call) = (self.clock.instant(self.now), &mut self.calls[place]);
        let Attempt { began, in_flight } = call.attempt.take().expect("who hears has asked");
        let member = in_flight.member().clone();
        if let Heard::Answer { queue } = heard {
            member.record_queue_time_at(Duration::from_nanos(queue), now);
        }
        member.record_at(verdict(heard), self.clock.instant(began), now);
        drop(in_flight);

        let (client, began, coordinator) = (call.client, call.began, *member.key());
        if let Heard::Answer { .. } = heard {
            self.done.push(place);
            self.figures.answered(began, self.now, coordinator);
            return;
        }
        call.tried.push(coordinator);
        let failed = call.tried.len();
        let (most, there) = (self.clients[client].attempts(), self.clients[client].members.len());
        self.figures.refused(began);
        self.watch(client, member);
        if failed == most {
            self.done.push(place);
            self.figures.failed(began);
            return;
        }
        let repetitions = u32::try_from(failed - 1).expect("a few attempts");
        match pause(heard, repetitions, failed < there, self.jitter.next_f64()) {
            0 => self.send(place),
            pause => self.plan(self.now + pause, What::Again { call: place }),
        }
    }

    /// Plans the end of a member's term, if it has one for which nothing is planned yet.
    fn watch(&mut self, client: usize, member: Member<usize>) {
        if let Some(due) = member.status().next_probe
            && self.watched.insert((client, *member.key()))
        {
            self.plan(self.clock.nanos(due), What::Due { client, member });
        }
    }

    /// Probes a member whose term is over; one whose term was prolonged has to wait.
    fn due(&mut self, client: usize, member: Member<usize>) {
        let Some(due) = member.status().next_probe else {
            self.watched.remove(&(client, *member.key()));
            return;
        };
        let at = self.clock.nanos(due);
        if at > self.now {
            self.plan(at, What::Due { client, member });
            return;
        }
        let found = self.coordinators[*member.key()].probe();
        self.plan(self.now + 2 * HOP, What::Probed(Box::new(Look { client, member, due, found })));
    }

    fn turn(&mut self, coordinator: usize, turn: Turn) {
        let it = &mut self.coordinators[coordinator];
        match turn {
            Turn::TakesTimesAsLong(slowness) => it.slowness = slowness,
            Turn::Becomes(State::Down) => {
                for call in it.die() {
                    self.agenda.plan_hop(self.now, What::Heard { call, heard: Heard::ConnectionLost });
                }
            }
            Turn::Becomes(state) => it.state = state,
        }
    }
}

/// A time with the average of [`SERVICE`], of which the logarithm is normally distributed.
#[expect(clippy::cast_precision_loss, reason = "some milliseconds")]
fn lognormal(jitter: &dyn RandomSource) -> f64 {
    // Box and Muller; one of the two that come of it.
    let (radius, angle) =
        ((-2.0 * (1.0 - jitter.next_f64()).ln()).sqrt(), std::f64::consts::TAU * jitter.next_f64());
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
fn index(chance: f64, of: usize) -> usize {
    (chance * of as f64) as usize
}

/// Whether a call that began then is counted.
pub(crate) fn counts(began: Nanos) -> bool {
    (WARM_UP..END).contains(&began)
}

/// In seconds, for people.
#[expect(clippy::cast_precision_loss, reason = "some seconds")]
pub(crate) fn seconds(time: Nanos) -> f64 {
    time as f64 / SECOND as f64
}
