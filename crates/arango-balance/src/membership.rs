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
pub(crate) struct Leaving<K> {
    member: Member<K>,
    until: Instant,
}

impl<K: PartialEq + Clone> Members<K> {
    /// Takes in a member of this key, behind all others. One that is there stays as it is; one that was
    /// [aside](Self::try_out) keeps its counts, and begins anew otherwise.
    pub fn insert(&self, key: K) -> Member<K> {
        let mut change = self.change();
        let member = change.insert(key);
        change.commit().tell();
        member
    }

    /// Makes these keys the members, in this order; those that stay keep counts and health.
    ///
    /// Whoever is not among them is removed, as by [`remove`](Self::remove).
    pub fn set(&self, keys: impl IntoIterator<Item = K>) {
        let mut change = self.change();
        change.set(keys);
        change.commit().tell();
    }

    /// Takes out the member of this key, whether it is in the set or aside.
    ///
    /// From then on it is given no requests. Those that are under way go on: it is gone for good when the last of
    /// them has ended, or after 30 seconds, and even then they are not cut. Needs no runtime.
    pub fn remove(&self, key: &K) -> Option<Member<K>> {
        let mut change = self.change();
        let removed = change.remove(key);
        change.commit().tell();
        removed
    }

    /// Makes a member of this key that takes only requests pinned to it that [try it out](crate::Route::tries_out), unless
    /// there is one already: for finding out whether it is of any use, before others depend on it.
    pub fn try_out(&self, key: K) -> Member<K> {
        let mut change = self.change();
        let member = change.try_out(key);
        change.commit().tell();
        member
    }
}

impl<K> Members<K> {
    /// Those that take only requests pinned to them.
    pub fn aside(&self) -> Arc<Vec<Member<K>>> {
        self.0.aside.load_full()
    }

    /// Those that were removed and are not gone yet.
    pub fn leaving(&self) -> Vec<Member<K>> {
        self.0.let_go();
        self.0.leaving().iter().map(|leaving| leaving.member.clone()).collect()
    }
}

/// A change of who is there; nobody else makes one meanwhile.
pub(crate) struct Change<'a, K> {
    set: &'a Arc<Set<K>>,
    list: Vec<Member<K>>,
    aside: Vec<Member<K>>,
    removed: Vec<Member<K>>,
    leaving: MutexGuard<'a, Vec<Leaving<K>>>,
}

impl<K> Members<K> {
    pub(crate) fn change(&self) -> Change<'_, K> {
        let leaving = self.0.leaving();
        let list = self.0.list.load().as_ref().clone();
        let aside = self.0.aside.load().as_ref().clone();
        Change { set: &self.0, list, aside, removed: Vec::new(), leaving }
    }
}

impl<K: PartialEq> Change<'_, K> {
    pub(crate) fn insert(&mut self, key: K) -> Member<K> {
        if let Some(there) = find(&self.list, &key) {
            return there;
        }
        let member = self.newcomer(key);
        self.list.push(member.clone());
        member
    }

    pub(crate) fn set(&mut self, keys: impl IntoIterator<Item = K>) {
        let mut list: Vec<Member<K>> = Vec::new();
        for key in keys {
            if find(&list, &key).is_none() {
                let member = find(&self.list, &key).unwrap_or_else(|| self.newcomer(key));
                list.push(member);
            }
        }
        let before = std::mem::replace(&mut self.list, list);
        self.removed.extend(before.into_iter().filter(|member| !self.list.contains(member)));
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<Member<K>> {
        let removed = take(&mut self.list, key).or_else(|| take(&mut self.aside, key))?;
        self.removed.push(removed.clone());
        Some(removed)
    }

    pub(crate) fn try_out(&mut self, key: K) -> Member<K> {
        if let Some(there) = find(&self.list, &key).or_else(|| find(&self.aside, &key)) {
            return there;
        }
        let now = Instant::now();
        let member = self.set.make(key, None, now);
        self.aside.push(member.clone());
        member
    }

    /// Notes whether several answer under this key.
    pub(crate) fn share(&mut self, key: &K, shared: bool) {
        if let Some(member) = find(&self.list, key) {
            member.share(shared);
        }
    }

    /// One that comes into the rotation now, new or from aside: what it is to be spared at first begins here.
    fn newcomer(&mut self, key: K) -> Member<K> {
        let now = Instant::now();
        match take(&mut self.aside, &key) {
            // What went wrong while it was tried out was no request of anybody's.
            Some(member) => {
                member.begin_anew(Health::newcomer(now, &self.set.policy), now);
                member
            }
            None => self.set.make(key, Some(Health::newcomer(now, &self.set.policy)), now),
        }
    }
}

impl<'a, K> Change<'a, K> {
    /// Makes it so. Whoever is to be told hears of it only when the answer is asked to: they may ask whoever has made
    /// the change, and then no lock may be held.
    pub(crate) fn commit(mut self) -> Changed<'a, K> {
        let until = Instant::now() + FAREWELL;
        // From aside into the rotation: at no moment nowhere.
        self.set.count.store(self.list.len(), Ordering::Relaxed);
        self.set.list.store(Arc::new(self.list));
        self.set.aside.store(Arc::new(self.aside));
        self.leaving.extend(self.removed.iter().map(|member| Leaving { member: member.clone(), until }));
        Changed { set: self.set, removed: self.removed }
    }
}

/// A change that was made, of which nobody has been told yet.
#[must_use = "somebody is to be told"]
pub(crate) struct Changed<'a, K> {
    set: &'a Arc<Set<K>>,
    removed: Vec<Member<K>>,
}

impl<K> Changed<'_, K> {
    pub(crate) fn tell(self) {
        for member in &self.removed {
            member.end_probe();
            tracing::debug!(slot = member.slot(), "a member was removed");
            self.set.hooks.removed(member);
        }
        self.set.let_go();
    }
}

impl<K> Set<K> {
    fn make(self: &Arc<Self>, key: K, health: Option<Health>, now: Instant) -> Member<K> {
        Member::new(key, self.slots.take(), Arc::downgrade(self), &self.glance, health, now)
    }

    /// Lets go of those that have nothing under way any more, or have had long enough.
    pub(crate) fn let_go(&self) {
        let now = Instant::now();
        let mut gone = Vec::new();
        self.leaving().retain(|leaving| {
            let stays = !leaving.member.let_go(now >= leaving.until);
            if !stays {
                gone.push(leaving.member.clone());
            }
            stays
        });
        // With no lock held: whoever is told may ask the set.
        for member in gone {
            tracing::debug!(slot = member.slot(), in_flight = member.in_flight(), "a member is gone");
            self.hooks.gone(&member);
        }
    }

    fn leaving(&self) -> MutexGuard<'_, Vec<Leaving<K>>> {
        self.leaving.lock().unwrap_or_else(PoisonError::into_inner)
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
