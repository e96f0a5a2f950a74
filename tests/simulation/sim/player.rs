//! Makes go wrong what the schedule says, and right again.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use arango_test_cluster::{ConditionGuard, FaultGuard, RefuseGuard, TestCluster};
use tokio::time::sleep_until;

use super::census::Census;
use super::link::{Link, Weather};
use super::network::Network;
use super::schedule::{Event, Storm, Trouble};
use super::trace::Trace;

/// Brings trouble over a world.
pub(crate) struct Player<'a> {
    cluster: &'a TestCluster,
    network: &'a Network,
    census: &'a Census<'a>,
    trace: &'a Trace,
    /// Those that are none of the cluster for now, or for good.
    away: RefCell<BTreeSet<usize>>,
}

/// What is dropped when trouble ends.
enum Guard {
    Fault(#[expect(dead_code, reason = "it ends the fault when it is dropped")] FaultGuard),
    Refuse(#[expect(dead_code, reason = "it opens the door when it is dropped")] RefuseGuard),
    Condition(#[expect(dead_code, reason = "it ends the condition when it is dropped")] ConditionGuard),
}

impl<'a> Player<'a> {
    /// Plays on this cluster and this network, where those are away that the list lacks now.
    pub(crate) fn new(
        cluster: &'a TestCluster,
        network: &'a Network,
        census: &'a Census<'a>,
        trace: &'a Trace,
    ) -> Self {
        let coordinators = cluster.coordinators().iter().enumerate();
        let away = coordinators.filter(|(_, one)| !one.is_up()).map(|(index, _)| index).collect();
        Self { cluster, network, census, trace, away: RefCell::new(away) }
    }

    /// Those that are none of the cluster now.
    pub(crate) fn away(&self) -> BTreeSet<usize> {
        self.away.borrow().clone()
    }

    /// Plays the whole schedule, then heals everything that is left.
    pub(crate) async fn play(&self, events: &[Event]) {
        let begins = (0..events.len()).map(|index| (events[index].at, index, true));
        let ends = (0..events.len()).map(|index| (events[index].at + events[index].lasts, index, false));
        let mut steps: Vec<(Duration, usize, bool)> = begins.chain(ends).collect();
        steps.sort_unstable();
        let mut guards: Vec<Option<Guard>> = events.iter().map(|_| None).collect();
        for (at, index, begins) in steps {
            sleep_until(self.trace.moment(at)).await;
            let event = &events[index];
            let coordinator = event.coordinator;
            if begins {
                self.trace.note(format_args!("k{coordinator} TROUBLE {:?}", event.trouble.name()));
                guards[index] = self.begin(event).await;
            } else {
                self.trace.note(format_args!("k{coordinator} END {:?}", event.trouble.name()));
                guards[index] = None;
                self.end(event).await;
            }
            self.census.take();
        }
        drop(guards);
        self.heal().await;
    }

    async fn begin(&self, event: &Event) -> Option<Guard> {
        let coordinator = self.cluster.coordinator(event.coordinator);
        match &event.trouble {
            Trouble::Kill => coordinator.kill(),
            Trouble::Pause => coordinator.pause(),
            Trouble::Refuse => return Some(Guard::Refuse(coordinator.refuse())),
            Trouble::Fault(_, fault) => return Some(Guard::Fault(coordinator.inject(fault.clone()))),
            Trouble::Weather(client, storm) => {
                self.network.links(*client, event.coordinator).for_each(|link| storm.begin(link));
            }
            Trouble::Mute(client) => self.network.set_mute(*client, true),
            Trouble::Handshake(how) => return Some(Guard::Condition(coordinator.spoil_handshakes(*how))),
            Trouble::Leave { .. } => {
                self.away.borrow_mut().insert(event.coordinator);
                coordinator.deregister();
            }
            Trouble::Join => {
                self.away.borrow_mut().remove(&event.coordinator);
                let starting = coordinator.starting();
                coordinator.restart().await.expect("a coordinator in memory needs no port");
                return Some(Guard::Condition(starting));
            }
            Trouble::Move(to) => {
                self.network.places().add(event.coordinator, *to);
                coordinator.advertise(Some(&format!("tcp://{to}")));
            }
        }
        None
    }

    async fn end(&self, event: &Event) {
        let coordinator = self.cluster.coordinator(event.coordinator);
        match &event.trouble {
            // Whoever is not of the cluster any more does not come back by itself.
            Trouble::Kill if self.is_away(event.coordinator) => {}
            Trouble::Kill => coordinator.restart().await.expect("a coordinator in memory needs no port"),
            Trouble::Pause => coordinator.resume(),
            // It may have come back meanwhile.
            Trouble::Leave { stays: false } if self.is_away(event.coordinator) => coordinator.kill(),
            Trouble::Move(to) => self.network.places().leave_older(event.coordinator, *to),
            Trouble::Refuse
            | Trouble::Fault(..)
            | Trouble::Handshake(_)
            | Trouble::Leave { .. }
            | Trouble::Join => {}
            Trouble::Weather(client, _) => {
                self.network.links(*client, event.coordinator).for_each(Link::heal);
            }
            Trouble::Mute(client) => self.network.set_mute(*client, false),
        }
    }

    fn is_away(&self, coordinator: usize) -> bool {
        self.away.borrow().contains(&coordinator)
    }

    /// Makes right whatever is wrong still.
    async fn heal(&self) {
        self.trace.note(format_args!("HEALED"));
        self.network.heal();
        for (index, coordinator) in self.cluster.coordinators().iter().enumerate() {
            coordinator.resume();
            if !coordinator.is_up() && !self.is_away(index) {
                coordinator.restart().await.expect("a coordinator in memory needs no port");
            }
        }
    }
}

impl Storm {
    fn begin(self, link: &Link) {
        let change: Box<dyn FnOnce(&mut Weather)> = match self {
            Self::Latency(latency) => Box::new(move |weather| weather.latency = latency),
            Self::Hold => Box::new(|weather| weather.held = true),
            Self::Opening(opening) => Box::new(move |weather| weather.opening = opening),
            Self::Fuse(direction, bytes) => return link.set_fuse(direction, bytes),
            Self::Cut => return link.cut(),
        };
        link.change(change);
    }
}

impl Trouble {
    fn name(&self) -> String {
        match self {
            Self::Fault(name, _) => name.clone(),
            other => format!("{other:?}"),
        }
    }
}
