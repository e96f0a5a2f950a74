//! Who comes, and who goes.
//!
//! ```text
//!             try_out            insert                 remove             nothing under way,
//!   (nobody) ────────► aside ───────────► member ─────────────────► leaving ───────────────► gone
//!      │                 │                  ▲                          ▲    or 30 s are over
//!      └─────────────────┼──── insert ──────┘                          │
//!                        └───────────────────── remove ────────────────┘
//! ```
//!
//! A member of the set takes requests. One aside takes those that are meant for it alone and try it out. One that is
//! leaving takes none, and is no less the place of those that are under way.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::health::Health;
use crate::members::Set;
use crate::{Member, Members};

/// For how long a member that was removed is kept for what is under way there.
const FAREWELL: Duration = Duration::from_secs(30);

/// A member that was removed.
pub(crate) struct RemovedMember<K> {
    member: Member<K>,
    until: Instant,
}

impl<K: PartialEq + Clone> Members<K> {
    /// Takes in a member of this key, behind all others. One that is there stays as it is; one that was
    /// [aside](Self::try_out) keeps its counts, and begins anew otherwise.
    pub fn insert(&self, key: K) -> Member<K> {
        let mut change = self.change();
        let member = change.insert(key);
        change.commit().notify();
        member
    }

    /// Makes these keys the members, in this order; those that stay keep counts and health.
    ///
    /// Whoever is not among them is removed, as by [`remove`](Self::remove).
    pub fn set(&self, keys: impl IntoIterator<Item = K>) {
        let mut change = self.change();
        change.set(keys);
        change.commit().notify();
    }

    /// Takes out the member of this key, whether it is in the set or aside.
    ///
    /// From then on it is given no requests. Those that are under way go on: it is gone for good when the last of
    /// them has ended, or after 30 seconds, and even then they are not cut. Needs no runtime.
    pub fn remove(&self, key: &K) -> Option<Member<K>> {
        let mut change = self.change();
        let removed = change.remove(key);
        change.commit().notify();
        removed
    }

    /// Makes a member of this key that takes only requests pinned to it that [try it out](crate::Route::tries_out), unless
    /// there is one already: for finding out whether it is of any use, before others depend on it.
    pub fn add_unverified(&self, key: K) -> Member<K> {
        let mut change = self.change();
        let member = change.add_unverified(key);
        change.commit().notify();
        member
    }
}

impl<K> Members<K> {
    /// Those that take only requests pinned to them.
    pub fn unverified(&self) -> Arc<Vec<Member<K>>> {
        self.0.unverified.load_full()
    }

    /// Those that were removed and are not gone yet.
    pub fn leaving(&self) -> Vec<Member<K>> {
        self.0.retire_idle();
        self.0.leaving().iter().map(|leaving| leaving.member.clone()).collect()
    }
}

/// A change of who is there; nobody else makes one meanwhile.
pub(crate) struct MembershipChange<'a, K> {
    set: &'a Arc<Set<K>>,
    list: Vec<Member<K>>,
    unverified: Vec<Member<K>>,
    removed: Vec<Member<K>>,
    leaving: MutexGuard<'a, Vec<RemovedMember<K>>>,
}

impl<K> Members<K> {
    pub(crate) fn change(&self) -> MembershipChange<'_, K> {
        let leaving = self.0.leaving();
        let list = self.0.list.load().as_ref().clone();
        let aside = self.0.unverified.load().as_ref().clone();
        MembershipChange { set: &self.0, list, unverified: aside, removed: Vec::new(), leaving }
    }
}

impl<K: PartialEq> MembershipChange<'_, K> {
    pub(crate) fn insert(&mut self, key: K) -> Member<K> {
        if let Some(there) = find(&self.list, &key) {
            return there;
        }
        let member = self.new_member(key);
        self.list.push(member.clone());
        member
    }

    pub(crate) fn set(&mut self, keys: impl IntoIterator<Item = K>) {
        let mut list: Vec<Member<K>> = Vec::new();
        for key in keys {
            if find(&list, &key).is_none() {
                let member = find(&self.list, &key).unwrap_or_else(|| self.new_member(key));
                list.push(member);
            }
        }
        let before = std::mem::replace(&mut self.list, list);
        self.removed.extend(before.into_iter().filter(|member| !self.list.contains(member)));
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<Member<K>> {
        let removed = take(&mut self.list, key).or_else(|| take(&mut self.unverified, key))?;
        self.removed.push(removed.clone());
        Some(removed)
    }

    pub(crate) fn add_unverified(&mut self, key: K) -> Member<K> {
        if let Some(there) = find(&self.list, &key).or_else(|| find(&self.unverified, &key)) {
            return there;
        }
        let now = Instant::now();
        let member = self.set.make(key, None, now);
        self.unverified.push(member.clone());
        member
    }

    /// Notes whether several answer under this key.
    pub(crate) fn set_shared(&mut self, key: &K, shared: bool) {
        if let Some(member) = find(&self.list, key) {
            member.set_shared(shared);
        }
    }

    /// One that comes into the rotation now, new or from aside: what it is to be spared at first begins here.
    fn new_member(&mut self, key: K) -> Member<K> {
        let now = Instant::now();
        match take(&mut self.unverified, &key) {
            // What went wrong while it was tried out was no request of anybody's.
            Some(member) => {
                member.reset(Health::slow_starting(now, &self.set.policy), now);
                member
            }
            None => self.set.make(key, Some(Health::slow_starting(now, &self.set.policy)), now),
        }
    }
}

impl<'a, K> MembershipChange<'a, K> {
    /// Makes it so. Whoever is to be told hears of it only when the answer is asked to: they may ask whoever has made
    /// the change, and then no lock may be held.
    pub(crate) fn commit(mut self) -> CommittedChange<'a, K> {
        let until = Instant::now() + FAREWELL;
        // From aside into the rotation: at no moment nowhere.
        self.set.len.store(self.list.len(), Ordering::Relaxed);
        self.set.list.store(Arc::new(self.list));
        self.set.unverified.store(Arc::new(self.unverified));
        self.leaving
            .extend(self.removed.iter().map(|member| RemovedMember { member: member.clone(), until }));
        CommittedChange { set: self.set, removed: self.removed }
    }
}

/// A change that was made, of which nobody has been told yet.
#[must_use = "somebody is to be told"]
pub(crate) struct CommittedChange<'a, K> {
    set: &'a Arc<Set<K>>,
    removed: Vec<Member<K>>,
}

impl<K> CommittedChange<'_, K> {
    pub(crate) fn notify(self) {
        for member in &self.removed {
            member.end_probe();
            tracing::debug!(slot = member.slot(), "a member was removed");
            self.set.observers.removed(member);
        }
        self.set.retire_idle();
    }
}

impl<K> Set<K> {
    fn make(self: &Arc<Self>, key: K, health: Option<Health>, now: Instant) -> Member<K> {
        Member::new(key, self.slots.allocate(), Arc::downgrade(self), &self.flags, health, now)
    }

    /// Lets go of those that have nothing under way any more, or have had long enough.
    pub(crate) fn retire_idle(&self) {
        let now = Instant::now();
        let mut gone = Vec::new();
        self.leaving().retain(|leaving| {
            let stays = !leaving.member.retire(now >= leaving.until);
            if !stays {
                gone.push(leaving.member.clone());
            }
            stays
        });
        // With no lock held: whoever is told may ask the set.
        for member in gone {
            tracing::debug!(slot = member.slot(), in_flight = member.in_flight(), "a member is gone");
            self.observers.retired(&member);
        }
    }

    fn leaving(&self) -> MutexGuard<'_, Vec<RemovedMember<K>>> {
        self.removed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn find<K: PartialEq>(list: &[Member<K>], key: &K) -> Option<Member<K>> {
    list.iter().find(|member| member.key() == key).cloned()
}

fn take<K: PartialEq>(list: &mut Vec<Member<K>>, key: &K) -> Option<Member<K>> {
    let index = list.iter().position(|member| member.key() == key)?;
    Some(list.remove(index))
}

#[cfg(test)]
mod tests;
