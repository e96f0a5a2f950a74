//! Applies the schedule: begins and ends its faults.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use arango_test_cluster::{ConditionGuard, FaultGuard, RefuseGuard, TestCluster};
use tokio::time::sleep_until;

use super::link::{Link, LinkConditions};
use super::membership_check::MembershipCheck;
use super::network::Network;
use super::schedule::{Event, FaultKind, LinkFault};
use super::trace::Trace;

/// Injects the faults of a schedule.
pub(crate) struct FaultDriver<'a> {
    cluster: &'a TestCluster,
    network: &'a Network,
    membership_check: &'a MembershipCheck<'a>,
    trace: &'a Trace,
    /// Coordinators that do not belong to the cluster, for now or for good.
    removed: RefCell<BTreeSet<usize>>,
}

/// Ends a fault when it is dropped.
enum Guard {
    Fault(#[expect(dead_code, reason = "it ends the fault when it is dropped")] FaultGuard),
    Refuse(#[expect(dead_code, reason = "it accepts connections again when it is dropped")] RefuseGuard),
    Condition(#[expect(dead_code, reason = "it ends the condition when it is dropped")] ConditionGuard),
}

impl<'a> FaultDriver<'a> {
    /// Creates a driver. Coordinators that are not running now do not belong to the cluster.
    pub(crate) fn new(
        cluster: &'a TestCluster,
        network: &'a Network,
        membership_check: &'a MembershipCheck<'a>,
        trace: &'a Trace,
    ) -> Self {
        let coordinators = cluster.coordinators().iter().enumerate();
        let removed = coordinators.filter(|(_, one)| !one.is_up()).map(|(index, _)| index).collect();
        Self { cluster, network, membership_check, trace, removed: RefCell::new(removed) }
    }

    /// Returns the coordinators that do not belong to the cluster now.
    pub(crate) fn removed(&self) -> BTreeSet<usize> {
        self.removed.borrow().clone()
    }

    /// Runs the whole schedule, then ends all faults that are left.
    pub(crate) async fn run(&self, events: &[Event]) {
        let begins = (0..events.len()).map(|index| (events[index].at, index, true));
        let ends = (0..events.len()).map(|index| (events[index].at + events[index].duration, index, false));
        let mut steps: Vec<(Duration, usize, bool)> = begins.chain(ends).collect();
        steps.sort_unstable();
        let mut guards: Vec<Option<Guard>> = events.iter().map(|_| None).collect();
        for (at, index, begins) in steps {
            sleep_until(self.trace.instant_at(at)).await;
            let event = &events[index];
            let coordinator = event.coordinator;
            if begins {
                self.trace.log(format_args!("k{coordinator} FAULT {:?}", event.fault.name()));
                guards[index] = self.begin(event).await;
            } else {
                self.trace.log(format_args!("k{coordinator} END {:?}", event.fault.name()));
                guards[index] = None;
                self.end(event).await;
            }
            self.membership_check.run();
        }
        drop(guards);
        self.heal().await;
    }

    async fn begin(&self, event: &Event) -> Option<Guard> {
        let coordinator = self.cluster.coordinator(event.coordinator);
        match &event.fault {
            FaultKind::Kill => coordinator.kill(),
            FaultKind::Pause => coordinator.pause(),
            FaultKind::Refuse => return Some(Guard::Refuse(coordinator.refuse())),
            FaultKind::RequestFault(_, fault) => {
                return Some(Guard::Fault(coordinator.inject(fault.clone())));
            }
            FaultKind::Link(client, link_fault) => {
                self.network.links(*client, event.coordinator).for_each(|link| link_fault.begin(link));
            }
            FaultKind::DnsDown(client) => self.network.set_dns_down(*client, true),
            FaultKind::Handshake(fault) => {
                return Some(Guard::Condition(coordinator.fail_handshakes(*fault)));
            }
            FaultKind::Leave { .. } => {
                self.removed.borrow_mut().insert(event.coordinator);
                coordinator.deregister();
            }
            FaultKind::Join => {
                self.removed.borrow_mut().remove(&event.coordinator);
                let starting = coordinator.starting();
                coordinator.restart().await.expect("a coordinator in memory needs no port");
                return Some(Guard::Condition(starting));
            }
            FaultKind::Move(to) => {
                self.network.addresses().add(event.coordinator, *to);
                coordinator.advertise(Some(&format!("tcp://{to}")));
            }
        }
        None
    }

    async fn end(&self, event: &Event) {
        let coordinator = self.cluster.coordinator(event.coordinator);
        match &event.fault {
            // A coordinator that has left the cluster is not restarted.
            FaultKind::Kill if self.is_removed(event.coordinator) => {}
            FaultKind::Kill => coordinator.restart().await.expect("a coordinator in memory needs no port"),
            FaultKind::Pause => coordinator.resume(),
            // It may have joined again meanwhile.
            FaultKind::Leave { stays: false } if self.is_removed(event.coordinator) => coordinator.kill(),
            FaultKind::Move(to) => self.network.addresses().retire_older(event.coordinator, *to),
            FaultKind::Refuse
            | FaultKind::RequestFault(..)
            | FaultKind::Handshake(_)
            | FaultKind::Leave { .. }
            | FaultKind::Join => {}
            FaultKind::Link(client, _) => {
                self.network.links(*client, event.coordinator).for_each(Link::heal);
            }
            FaultKind::DnsDown(client) => self.network.set_dns_down(*client, false),
        }
    }

    fn is_removed(&self, coordinator: usize) -> bool {
        self.removed.borrow().contains(&coordinator)
    }

    /// Ends all faults that are left.
    async fn heal(&self) {
        self.trace.log(format_args!("HEALED"));
        self.network.heal();
        for (index, coordinator) in self.cluster.coordinators().iter().enumerate() {
            coordinator.resume();
            if !coordinator.is_up() && !self.is_removed(index) {
                coordinator.restart().await.expect("a coordinator in memory needs no port");
            }
        }
    }
}

impl LinkFault {
    fn begin(self, link: &Link) {
        let change: Box<dyn FnOnce(&mut LinkConditions)> = match self {
            Self::Latency(latency) => Box::new(move |conditions| conditions.latency = latency),
            Self::Hold => Box::new(|conditions| conditions.held = true),
            Self::Connect(behavior) => Box::new(move |conditions| conditions.connect = behavior),
            Self::CutAfterBytes(direction, bytes) => return link.cut_after_bytes(direction, bytes),
            Self::Cut => return link.cut(),
        };
        link.update(change);
    }
}

impl FaultKind {
    fn name(&self) -> String {
        match self {
            Self::RequestFault(name, _) => name.clone(),
            other => format!("{other:?}"),
        }
    }
}
