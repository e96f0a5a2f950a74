//! Current and former addresses of the coordinators, and addresses of untrusted hosts.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use arango::Coordinator as Address;
use arango::Host;
use arango_test_cluster::TestCluster;

/// Listed hosts outside the cluster: one that accepts connections but sends nothing, and one that is unavailable.
pub(crate) const LISTED_UNTRUSTED_HOSTS: [SocketAddr; 2] = [untrusted_address(77), untrusted_address(78)];

const fn untrusted_address(last: u8) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), PORT)
}

/// Port of coordinators on separate machines.
const PORT: u16 = 8529;

/// Returns the address of a coordinator after `moves` moves.
pub(crate) fn address_of(coordinator: usize, moves: usize) -> SocketAddr {
    let part = |number: usize| u8::try_from(number).expect("there are few");
    SocketAddr::from((Ipv4Addr::new(10, 0, part(moves), part(coordinator + 1)), PORT))
}

/// Returns the name of a coordinator for name resolution.
pub(crate) fn host_name(coordinator: usize) -> String {
    format!("k{coordinator}.cluster.example")
}

/// All current and former addresses of coordinators.
pub(crate) struct AddressBook(Mutex<Vec<(SocketAddr, usize, AddressState)>>);

/// Whether a coordinator accepts connections at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AddressState {
    Current,
    /// No longer.
    Former,
}

/// What is at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressOwner {
    /// This coordinator.
    Coordinator(usize),
    /// A former address, where connections are refused.
    Closed,
    /// A host outside the cluster that a list has named.
    Listed,
    /// Any other host.
    Untrusted,
}

impl AddressBook {
    /// The coordinators' own addresses, all on one machine.
    pub(crate) fn from_cluster(cluster: &TestCluster) -> Self {
        let each = cluster.coordinators().iter().enumerate();
        Self(Mutex::new(
            each.map(|(index, coordinator)| (coordinator.address(), index, AddressState::Current)).collect(),
        ))
    }

    /// Adds an address of a coordinator.
    pub(crate) fn add(&self, coordinator: usize, address: SocketAddr) {
        self.lock().push((address, coordinator, AddressState::Current));
    }

    /// Closes the addresses that a coordinator had before `address`.
    pub(crate) fn retire_older(&self, coordinator: usize, address: SocketAddr) {
        let mut addresses = self.lock();
        let older = addresses.iter_mut().take_while(|(known, ..)| *known != address);
        older
            .filter(|(_, index, _)| *index == coordinator)
            .for_each(|(.., state)| *state = AddressState::Former);
    }

    /// Returns what is at an address.
    pub(crate) fn owner(&self, address: SocketAddr) -> AddressOwner {
        match self.lock().iter().find(|(known, ..)| *known == address) {
            Some((_, index, AddressState::Current)) => AddressOwner::Coordinator(*index),
            Some((.., AddressState::Former)) => AddressOwner::Closed,
            None if LISTED_UNTRUSTED_HOSTS.contains(&address) => AddressOwner::Listed,
            None => AddressOwner::Untrusted,
        }
    }

    /// Returns the last address of a coordinator.
    pub(crate) fn current(&self, coordinator: usize) -> SocketAddr {
        let addresses = self.lock();
        let known = addresses
            .iter()
            .rev()
            .find(|(_, index, state)| *index == coordinator && *state == AddressState::Current);
        known.expect("a coordinator has an address").0
    }

    /// Returns the coordinator that is or was at the address of a client's member.
    pub(crate) fn coordinator_at(&self, coordinator: &Address) -> Option<usize> {
        let addresses = self.lock();
        let named = |name: &str| (0..addresses.len()).find(|index| host_name(*index) == name);
        match coordinator.host() {
            Host::Name(name) => named(name),
            Host::Ip(ip) => {
                let address = SocketAddr::new(*ip, coordinator.port());
                addresses.iter().find(|(known, ..)| *known == address).map(|(_, index, _)| *index)
            }
            _ => None,
        }
    }

    /// Whether a coordinator is at the address of a client's member.
    pub(crate) fn is_current(&self, coordinator: &Address) -> bool {
        match coordinator.host() {
            Host::Ip(ip) => {
                matches!(self.owner(SocketAddr::new(*ip, coordinator.port())), AddressOwner::Coordinator(_))
            }
            _ => self.coordinator_at(coordinator).is_some(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(SocketAddr, usize, AddressState)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
