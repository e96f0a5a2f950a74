//! Adding and removing members.
//!
//! ```text
//!           add_unverified          insert                  remove            nothing in flight,
//!   (none) ───────────────► unverified ─────► member ─────────────► removed ──────────────────► retired
//!      │                         │              ▲                      ▲    or after 30 s
//!      └─────────────────────────┼── insert ────┘                      │
//!                                └──────────── remove ─────────────────┘
//! ```
//!
//! A member of the set gets requests. An unverified member gets only requests that are pinned to it to verify it. A
//! removed member gets none, and keeps those that are in flight.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::health::state_machine::Health;
use crate::members::member::Member;
use crate::members::set::{Members, Set};

/// How long a removed member is kept for requests in flight.
const REMOVAL_TIMEOUT: Duration = Duration::from_secs(30);

/// A member that was removed.
pub(crate) struct RemovedMember<K> {
    member: Member<K>,
    until: Instant,
}

impl<K: PartialEq + Clone> Members<K> {
    /// Adds a member with this key at the end.
    ///
    /// An existing member stays as it is. An unverified member keeps its request counts.
    pub fn insert(&self, key: K) -> Member<K> {
        let mut change = self.change();
        let member = change.insert(key);
        change.commit().notify();
        member
    }

    /// Returns the member with this key, unless it is unverified.
    pub fn get(&self, key: &K) -> Option<Member<K>> {
        find(&self.0.list.load(), key)
    }

    /// Replaces the members by those with these keys, in this order.
    ///
    /// Members that stay keep their counts and health. Members whose key is not given are removed, as by
    /// [`remove`](Self::remove).
    pub fn set(&self, keys: impl IntoIterator<Item = K>) {
        let mut change = self.change();
        change.set(keys);
        change.commit().notify();
    }

    /// Removes the member with this key.
    ///
    /// It may be in the set or unverified. From then on it gets no requests. Requests in flight continue: it is retired
    /// when the last of them has ended, or after 30 seconds, and even then they are not cancelled. Needs no runtime.
    pub fn remove(&self, key: &K) -> Option<Member<K>> {
        let mut change = self.change();
        let removed = change.remove(key);
        change.commit().notify();
        removed
    }

    /// Adds an unverified member with this key, unless the key exists already.
    ///
    /// It gets only requests pinned to it that [allow unverified members](crate::Route::allow_unverified): so it can be
    /// checked before other requests depend on it.
    #[cfg(test)]
    pub(crate) fn add_unverified(&self, key: K) -> Member<K> {
        let mut change = self.change();
        let member = change.add_unverified(key);
        change.commit().notify();
        member
    }
}

impl<K> Members<K> {
    /// Returns the members that get only requests pinned to them.
    #[doc(hidden)] // for the crate `arango-transport`
    pub fn unverified(&self) -> Arc<Vec<Member<K>>> {
        self.0.unverified.load_full()
    }

    /// Returns the removed members that are not retired yet.
    pub fn removed(&self) -> Vec<Member<K>> {
        self.0.retire_idle();
        self.0.lock_removed().iter().map(|removed| removed.member.clone()).collect()
    }
}

/// A change of the members. It holds the lock, so there is only one at a time.
pub(crate) struct MembershipChange<'a, K> {
    set: &'a Arc<Set<K>>,
    list: Vec<Member<K>>,
    unverified: Vec<Member<K>>,
    removed: Vec<Member<K>>,
    removed_list: MutexGuard<'a, Vec<RemovedMember<K>>>,
}

impl<K> Members<K> {
    pub(crate) fn change(&self) -> MembershipChange<'_, K> {
        let leaving = self.0.lock_removed();
        let list = self.0.list.load().as_ref().clone();
        let unverified = self.0.unverified.load().as_ref().clone();
        MembershipChange { set: &self.0, list, unverified, removed: Vec::new(), removed_list: leaving }
    }
}

impl<K: PartialEq> MembershipChange<'_, K> {
    pub(crate) fn insert(&mut self, key: K) -> Member<K> {
        if let Some(existing) = find(&self.list, &key) {
            return existing;
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
        if let Some(existing) = find(&self.list, &key).or_else(|| find(&self.unverified, &key)) {
            return existing;
        }
        let now = Instant::now();
        let member = self.set.create_member(key, None, now);
        member.set_unverified();
        self.unverified.push(member.clone());
        member
    }

    /// Sets whether several servers respond under this key.
    pub(crate) fn set_shared(&mut self, key: &K, shared: bool) {
        if let Some(member) = find(&self.list, key) {
            member.set_shared(shared);
        }
    }

    /// Returns a member to be added to the set, new or unverified before. Its slow start begins now.
    fn new_member(&mut self, key: K) -> Member<K> {
        let now = Instant::now();
        match take(&mut self.unverified, &key) {
            Some(member) => {
                member.verified(Health::slow_starting(now, &self.set.policy), now);
                member
            }
            None => self.set.create_member(key, Some(Health::slow_starting(now, &self.set.policy)), now),
        }
    }
}

impl<'a, K> MembershipChange<'a, K> {
    /// Applies the change. Observers are called only by [`CommittedChange::notify`]: they may call the owner of the
    /// change, so no lock may be held then.
    pub(crate) fn commit(mut self) -> CommittedChange<'a, K> {
        let until = Instant::now() + REMOVAL_TIMEOUT;
        // In this order a member that moves from `unverified` to `list` is always in one of them.
        self.set.len.store(self.list.len(), Ordering::Relaxed);
        self.set.list.store(Arc::new(self.list));
        self.set.unverified.store(Arc::new(self.unverified));
        self.removed_list
            .extend(self.removed.iter().map(|member| RemovedMember { member: member.clone(), until }));
        CommittedChange { set: self.set, removed: self.removed }
    }
}

/// A change that was applied, and whose observers have not been called yet.
#[must_use = "observers must be notified"]
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
    fn create_member(self: &Arc<Self>, key: K, health: Option<Health>, now: Instant) -> Member<K> {
        Member::new(key, self.slots.allocate(), Arc::downgrade(self), &self.flags, health, now)
    }

    /// Retires removed members that have no request in flight or whose time is over.
    pub(crate) fn retire_idle(&self) {
        let now = Instant::now();
        let mut retired = Vec::new();
        self.lock_removed().retain(|removed| {
            let stays = !removed.member.retire(now >= removed.until);
            if !stays {
                retired.push(removed.member.clone());
            }
            stays
        });
        // With no lock held: observers may use the set.
        for member in retired {
            tracing::debug!(slot = member.slot(), in_flight = member.in_flight(), "a member was retired");
            self.observers.retired(&member);
        }
    }

    fn lock_removed(&self) -> MutexGuard<'_, Vec<RemovedMember<K>>> {
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
