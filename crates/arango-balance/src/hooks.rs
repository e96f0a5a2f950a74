//! Who is told what happens to members.

use std::sync::OnceLock;

use crate::Member;

/// Is told of a member.
type Observer<K> = Box<dyn Fn(&Member<K>) + Send + Sync>;

/// Who is told what happens to members.
pub(crate) struct Observers<K> {
    pub(crate) ejected: Option<Observer<K>>,
    /// Who looks for others, if anybody does.
    pub(crate) discovery: OnceLock<Box<dyn Fn() + Send + Sync>>,
    pub(crate) removed: Option<Observer<K>>,
    pub(crate) retired: Option<Observer<K>>,
}

impl<K> Observers<K> {
    pub(crate) fn ejected(&self, member: &Member<K>) {
        self.ejected.iter().for_each(|tell| tell(member));
        self.refresh_discovery();
    }

    pub(crate) fn refresh_discovery(&self) {
        self.discovery.get().into_iter().for_each(|tell| tell());
    }

    pub(crate) fn removed(&self, member: &Member<K>) {
        self.removed.iter().for_each(|tell| tell(member));
    }

    pub(crate) fn retired(&self, member: &Member<K>) {
        self.retired.iter().for_each(|tell| tell(member));
    }
}

impl<K> Default for Observers<K> {
    fn default() -> Self {
        Self { ejected: None, discovery: OnceLock::new(), removed: None, retired: None }
    }
}
