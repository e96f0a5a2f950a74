//! The pools of all coordinators: created on first use, removed with the member.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use arango_balance::{Member, RandomSource};

use crate::config::limits::PoolLimits;
use crate::connect::connector::{Connector, Network};
use crate::pool::Pool;
use crate::tls::Handshakes;
use crate::types::coordinator::Coordinator;

/// The pools of all coordinators. Clones share them.
#[derive(Clone)]
pub(crate) struct Pools(Arc<Shared>);

struct Shared {
    network: Network,
    handshakes: Arc<Handshakes>,
    limits: PoolLimits,
    random: Arc<dyn RandomSource>,
    table: RwLock<Table>,
}

#[derive(Default)]
struct Table {
    /// Indexed by the member's slot.
    pools: Vec<Option<Pool>>,
    /// Pools of removed members whose connections are still in use.
    retiring: Vec<Pool>,
    /// Whether the client has ended: new pools are closed.
    is_closed: bool,
}

impl Pools {
    pub(crate) fn new(
        network: Network,
        handshakes: Arc<Handshakes>,
        limits: PoolLimits,
        random: Arc<dyn RandomSource>,
    ) -> Self {
        Self(Arc::new(Shared { network, handshakes, limits, random, table: RwLock::default() }))
    }

    /// Returns the pool of a member, creating it if needed.
    pub(crate) fn of(&self, member: &Member<Coordinator>) -> Pool {
        if let Some(pool) = self.get(member) {
            return pool;
        }
        let mut table = self.write();
        let slot = member.slot();
        if table.pools.len() <= slot {
            table.pools.resize_with(slot + 1, || None);
        }
        let entry = &mut table.pools[slot];
        match entry {
            Some(pool) if pool.coordinator() == member.key() => pool.clone(),
            // Empty, or left by a late user of the slot's previous member.
            _ => {
                let pool = entry.insert(self.make(member.key())).clone();
                if table.is_closed {
                    pool.close();
                }
                pool
            }
        }
    }

    /// Returns the pool of a member, if it exists.
    pub(crate) fn get(&self, member: &Member<Coordinator>) -> Option<Pool> {
        self.read().pools.get(member.slot())?.clone().filter(|pool| pool.coordinator() == member.key())
    }

    /// Removes the pool of a removed member. Responses that are being read continue.
    pub(crate) fn forget(&self, member: &Member<Coordinator>) {
        let mut table = self.write();
        let pool = table.pools.get_mut(member.slot()).and_then(Option::take);
        let unused: Vec<_> = table.retiring.extract_if(.., |pool| !pool.is_in_use()).collect();
        table.retiring.extend(pool.clone().filter(Pool::is_in_use));
        drop(table);
        drop((pool, unused));
    }

    /// Returns all pools, including those of removed members while they are in use.
    pub(crate) fn all(&self) -> Vec<Pool> {
        let table = self.read();
        table.pools.iter().flatten().chain(&table.retiring).cloned().collect()
    }

    /// Closes all pools that are created from now on. Returns those that exist.
    pub(crate) fn close(&self) -> Vec<Pool> {
        self.write().is_closed = true;
        self.all()
    }

    fn make(&self, coordinator: &Coordinator) -> Pool {
        let Shared { network, handshakes, limits, random, .. } = &*self.0;
        let handshake = handshakes.of(coordinator);
        let connector = Connector::new(coordinator.clone(), network.clone(), handshake);
        Pool::new(connector, limits.clone(), Arc::clone(random))
    }

    fn read(&self) -> RwLockReadGuard<'_, Table> {
        self.0.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Table> {
        self.0.table.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all()).finish()
    }
}

#[cfg(test)]
mod tests {
    use arango_balance::{Members, SeededRandom};

    use super::*;
    use crate::config::http2::Http2Setting;
    use crate::config::limits::Limits;
    use crate::connect::{SystemConnect, SystemResolve};

    #[tokio::test]
    async fn a_late_pool_of_a_removed_member_is_not_used_by_the_next_in_its_slot() {
        let network = Network {
            resolve: Arc::new(SystemResolve),
            connect: Arc::new(SystemConnect),
            limits: Arc::new(Limits::default),
            http2: Http2Setting::default(),
        };
        let handshakes = Arc::new(Handshakes::new(None, Http2Setting::default()).unwrap());
        let pools = Pools::new(network, handshakes, PoolLimits::default(), Arc::new(SeededRandom::new(1)));
        let [one, two, three] = ["http://one", "http://two", "http://three"].map(|url| url.parse().unwrap());
        let members: Members<Coordinator> = Members::new([one, two]);
        let removed = members.remove(members.snapshot()[0].key()).unwrap();
        pools.forget(&removed);
        let slot = removed.slot();
        // A probe that was running when the member was removed.
        drop(pools.of(&removed));
        drop(removed);
        let next = members.insert(three);
        assert_eq!(next.slot(), slot);
        assert!(pools.get(&next).is_none());
        assert_eq!(pools.of(&next).coordinator(), next.key());
    }
}
