//! Makes go wrong what the schedule says, and right again.

use std::time::Duration;

use arango_test_cluster::{FaultGuard, RefuseGuard, TestCluster};
use tokio::time::sleep_until;

use super::link::{Link, Weather};
use super::network::Network;
use super::schedule::{Event, Storm, Trouble};
use super::trace::Trace;

/// Brings trouble over a world.
pub(crate) struct Player<'a> {
    pub(crate) cluster: &'a TestCluster,
    pub(crate) network: &'a Network,
    pub(crate) trace: &'a Trace,
}

/// What is dropped when trouble ends.
enum Guard {
    Fault(#[expect(dead_code, reason = "it ends the fault when it is dropped")] FaultGuard),
    Refuse(#[expect(dead_code, reason = "it opens the door when it is dropped")] RefuseGuard),
}

impl Player<'_> {
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
                guards[index] = self.begin(event);
            } else {
                self.trace.note(format_args!("k{coordinator} END {:?}", event.trouble.name()));
                guards[index] = None;
                self.end(event).await;
            }
        }
        drop(guards);
        self.heal().await;
    }

    fn begin(&self, event: &Event) -> Option<Guard> {
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
        }
        None
    }

    async fn end(&self, event: &Event) {
        let coordinator = self.cluster.coordinator(event.coordinator);
        match &event.trouble {
            Trouble::Kill => coordinator.restart().await.expect("a coordinator in memory needs no port"),
            Trouble::Pause => coordinator.resume(),
            Trouble::Refuse | Trouble::Fault(..) => {}
            Trouble::Weather(client, _) => {
                self.network.links(*client, event.coordinator).for_each(Link::heal);
            }
            Trouble::Mute(client) => self.network.set_mute(*client, false),
        }
    }

    /// Makes right whatever is wrong still.
    async fn heal(&self) {
        self.trace.note(format_args!("HEALED"));
        self.network.heal();
        for coordinator in self.cluster.coordinators() {
            coordinator.resume();
            if !coordinator.is_up() {
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
