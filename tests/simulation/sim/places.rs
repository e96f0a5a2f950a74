//! Where coordinators are: addresses and names, some of which were theirs before, and some are nobody's.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use arango::Coordinator as Place;
use arango::transport::Host;
use arango_test_cluster::TestCluster;

/// Those who are listed and are none of the cluster: one who listens and says nothing, and one who takes no requests.
pub(crate) const LISTED: [SocketAddr; 2] = [outside(77), outside(78)];

const fn outside(last: u8) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)), PORT)
}

/// Where coordinators listen that are not all on one machine.
const PORT: u16 = 8529;

/// The address that a coordinator has after it has moved so many times.
pub(crate) fn address_of(coordinator: usize, moves: usize) -> SocketAddr {
    let part = |number: usize| u8::try_from(number).expect("there are few");
    SocketAddr::from((Ipv4Addr::new(10, 0, part(moves), part(coordinator + 1)), PORT))
}

/// The name under which a coordinator can be resolved.
pub(crate) fn name_of(coordinator: usize) -> String {
    format!("k{coordinator}.cluster.example")
}

/// All addresses at which coordinators are or were.
pub(crate) struct Places(Mutex<Vec<(SocketAddr, usize, Reach)>>);

/// Whether somebody listens at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Here,
    /// Nobody does any more.
    Left,
}

/// Who is at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// This coordinator.
    Coordinator(usize),
    /// Nobody any more.
    Nobody,
    /// Somebody of whom a list has told.
    Listed,
    /// Nobody of whom one should know.
    Stranger,
}

impl Places {
    /// Each at its own address, all on one machine.
    pub(crate) fn of(cluster: &TestCluster) -> Self {
        let each = cluster.coordinators().iter().enumerate();
        Self(Mutex::new(each.map(|(index, one)| (one.address(), index, Reach::Here)).collect()))
    }

    /// Has a coordinator be here, too.
    pub(crate) fn add(&self, coordinator: usize, address: SocketAddr) {
        self.lock().push((address, coordinator, Reach::Here));
    }

    /// Has a coordinator be nowhere any more where it was before it was here.
    pub(crate) fn leave_older(&self, coordinator: usize, address: SocketAddr) {
        let mut places = self.lock();
        let older = places.iter_mut().take_while(|(here, ..)| *here != address);
        older.filter(|(_, index, _)| *index == coordinator).for_each(|(.., reach)| *reach = Reach::Left);
    }

    /// Who is at an address.
    pub(crate) fn find(&self, address: SocketAddr) -> Found {
        match self.lock().iter().find(|(here, ..)| *here == address) {
            Some((_, index, Reach::Here)) => Found::Coordinator(*index),
            Some((.., Reach::Left)) => Found::Nobody,
            None if LISTED.contains(&address) => Found::Listed,
            None => Found::Stranger,
        }
    }

    /// Where a coordinator has come to last.
    pub(crate) fn newest(&self, coordinator: usize) -> SocketAddr {
        let places = self.lock();
        let here =
            places.iter().rev().find(|(_, index, reach)| *index == coordinator && *reach == Reach::Here);
        here.expect("a coordinator is somewhere").0
    }

    /// Who is or was where a client calls it so.
    pub(crate) fn who(&self, place: &Place) -> Option<usize> {
        let places = self.lock();
        let named = |name: &str| (0..places.len()).find(|index| name_of(*index) == name);
        match place.host() {
            Host::Name(name) => named(name),
            Host::Ip(ip) => {
                let address = SocketAddr::new(*ip, place.port());
                places.iter().find(|(here, ..)| *here == address).map(|(_, index, _)| *index)
            }
            _ => None,
        }
    }

    /// Whether somebody is where a client calls it so.
    pub(crate) fn is_inhabited(&self, place: &Place) -> bool {
        match place.host() {
            Host::Ip(ip) => matches!(self.find(SocketAddr::new(*ip, place.port())), Found::Coordinator(_)),
            _ => self.who(place).is_some(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(SocketAddr, usize, Reach)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
