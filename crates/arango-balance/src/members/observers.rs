//! Callbacks for events of members.

use std::sync::OnceLock;

use crate::members::events::StateChange;
use crate::members::member::Member;

/// A callback for one event of a member.
type Observer<K> = Box<dyn Fn(&Member<K>) + Send + Sync>;
/// A callback for each state change of a member.
type ChangeObserver<K> = Box<dyn Fn(&StateChange<K>) + Send + Sync>;

/// The callbacks of a set.
pub(crate) struct Observers<K> {
    pub(crate) changed: Option<ChangeObserver<K>>,
    pub(crate) ejected: Option<Observer<K>>,
    /// Called to refresh discovery, if there is any.
    pub(crate) discovery: OnceLock<Box<dyn Fn() + Send + Sync>>,
    pub(crate) removed: Option<Observer<K>>,
    pub(crate) retired: Option<Observer<K>>,
}

impl<K> Observers<K> {
    pub(crate) fn ejected(&self, member: &Member<K>) {
        self.ejected.iter().for_each(|observer| observer(member));
        self.refresh_discovery();
    }

    pub(crate) fn refresh_discovery(&self) {
        self.discovery.get().into_iter().for_each(|refresh| refresh());
    }

    pub(crate) fn removed(&self, member: &Member<K>) {
        self.removed.iter().for_each(|observer| observer(member));
    }

    pub(crate) fn retired(&self, member: &Member<K>) {
        self.retired.iter().for_each(|observer| observer(member));
    }
}

impl<K> Default for Observers<K> {
    fn default() -> Self {
        Self { changed: None, ejected: None, discovery: OnceLock::new(), removed: None, retired: None }
    }
}
