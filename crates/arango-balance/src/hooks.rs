//! Who is told what happens to members.

use std::sync::OnceLock;

use crate::Member;

/// Is told of a member.
type Told<K> = Box<dyn Fn(&Member<K>) + Send + Sync>;

/// Who is told what happens to members.
pub(crate) struct Hooks<K> {
    pub(crate) ejected: Option<Told<K>>,
    /// Who looks for others, if anybody does.
    pub(crate) looking: OnceLock<Box<dyn Fn() + Send + Sync>>,
    pub(crate) removed: Option<Told<K>>,
    pub(crate) gone: Option<Told<K>>,
}

impl<K> Hooks<K> {
    pub(crate) fn ejected(&self, member: &Member<K>) {
        self.ejected.iter().for_each(|tell| tell(member));
        self.look_around();
    }

    pub(crate) fn look_around(&self) {
        self.looking.get().into_iter().for_each(|tell| tell());
    }

    pub(crate) fn removed(&self, member: &Member<K>) {
        self.removed.iter().for_each(|tell| tell(member));
    }

    pub(crate) fn gone(&self, member: &Member<K>) {
        self.gone.iter().for_each(|tell| tell(member));
    }
}

impl<K> Default for Hooks<K> {
    fn default() -> Self {
        Self { ejected: None, looking: OnceLock::new(), removed: None, gone: None }
    }
}
