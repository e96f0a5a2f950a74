//! The pools of all coordinators: made when one is first needed, gone with the member.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use arango_balance::{Member, RandomSource};

use crate::dial::{Dialer, Network};
use crate::pool::Pool;
use crate::tls::Handshakes;
use crate::{Coordinator, PoolLimits};

/// The pools of all coordinators. Clones are the same ones.
#[derive(Clone)]
pub(crate) struct Pools(Arc<Shared>);

struct Shared {
    network: Network,
    handshakes: Arc<Handshakes>,
    limits: PoolLimits,
    jitter: Arc<dyn RandomSource>,
    table: RwLock<Table>,
}

#[derive(Default)]
struct Table {
    /// By the member's slot.
    pools: Vec<Option<Pool>>,
    /// Those of members that are gone, of which something is still being read.
    lingering: Vec<Pool>,
}

impl Pools {
    pub(crate) fn new(
        network: Network,
        handshakes: Arc<Handshakes>,
        limits: PoolLimits,
        jitter: Arc<dyn RandomSource>,
    ) -> Self {
        Self(Arc::new(Shared { network, handshakes, limits, jitter, table: RwLock::default() }))
    }

    /// The pool of a member.
    pub(crate) fn of(&self, member: &Member<Coordinator>) -> Pool {
        if let Some(pool) = self.get(member) {
            return pool;
        }
        let mut table = self.write();
        let slot = member.slot();
        if table.pools.len() <= slot {
            table.pools.resize_with(slot + 1, || None);
        }
        let place = &mut table.pools[slot];
        match place {
            Some(pool) if pool.coordinator() == member.key() => pool.clone(),
            // Nothing, or what was made for another who had the slot, by somebody who came too late.
            _ => place.insert(self.make(member.key())).clone(),
        }
    }

    /// The pool of a member, if one was needed so far.
    pub(crate) fn get(&self, member: &Member<Coordinator>) -> Option<Pool> {
        self.read().pools.get(member.slot())?.clone().filter(|pool| pool.coordinator() == member.key())
    }

    /// Forgets the pool of a member that is gone. What is being read from it may be read to its end.
    pub(crate) fn forget(&self, member: &Member<Coordinator>) {
        let mut table = self.write();
        let pool = table.pools.get_mut(member.slot()).and_then(Option::take);
        let unused: Vec<_> = table.lingering.extract_if(.., |pool| !pool.is_in_use()).collect();
        table.lingering.extend(pool.clone().filter(Pool::is_in_use));
        drop(table);
        drop((pool, unused));
    }

    /// All of them, also those of members that are leaving or gone, as long as something is under way there.
    pub(crate) fn all(&self) -> Vec<Pool> {
        let table = self.read();
        table.pools.iter().flatten().chain(&table.lingering).cloned().collect()
    }

    fn make(&self, coordinator: &Coordinator) -> Pool {
        let Shared { network, handshakes, limits, jitter, .. } = &*self.0;
        let handshake = handshakes.of(coordinator);
        let dialer = Dialer::new(coordinator.clone(), network.clone(), handshake);
        Pool::new(dialer, limits.clone(), Arc::clone(jitter))
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
    use crate::connect::{SystemConnect, SystemResolve};
    use crate::http2::Choice;
    use crate::settings::Live;

    #[tokio::test]
    async fn who_comes_late_for_a_pool_leaves_none_for_the_next_in_its_slot() {
        let network = Network {
            resolve: Arc::new(SystemResolve),
            connect: Arc::new(SystemConnect),
            settings: Live::default(),
            http2: Choice::default(),
        };
        let handshakes = Arc::new(Handshakes::new(None, Choice::default()).unwrap());
        let pools = Pools::new(network, handshakes, PoolLimits::default(), Arc::new(SeededRandom::new(1)));
        let [one, two, three] = ["http://one", "http://two", "http://three"].map(|url| url.parse().unwrap());
        let members: Members<Coordinator> = Members::new([one, two]);
        let gone = members.remove(members.snapshot()[0].key()).unwrap();
        pools.forget(&gone);
        let slot = gone.slot();
        // A probe that was under way when it went.
        drop(pools.of(&gone));
        drop(gone);
        let next = members.insert(three);
        assert_eq!(next.slot(), slot);
        assert!(pools.get(&next).is_none());
        assert_eq!(pools.of(&next).coordinator(), next.key());
    }
}
